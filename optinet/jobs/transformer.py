# SPDX-License-Identifier: Apache-2.0
"""A decoder-only transformer by its shape: parameters, operations, cache and activations of a token.

Grouped-query attention (J. Ainslie et al., arXiv 2305.13245), or multi-head latent attention where `kv_rank` is given
(DeepSeek-V2, arXiv 2405.04434); a gated feed-forward of three matrices or a plain one of two; mixtures of experts with
shared experts and first layers that stay dense (DeepSeek-V3, arXiv 2412.19437).

An operation is an addition or a multiplication. A token passes every weight it meets once, 2 operations each, and
attends to half the sequence on average, because the mask is causal; a backward pass takes twice the forward pass
(D. Narayanan et al., SC 2021, arXiv 2104.04473, who count the whole sequence).
"""

from __future__ import annotations

from functools import cached_property
from math import ceil
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Count = Annotated[int, Field(ge=1)]
_OrNone = Annotated[int, Field(ge=0)]


class Transformer(BaseModel):
    """The shape of a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layers: _Count = Field(description="transformer layers")
    hidden: _Count = Field(description="width of the residual stream")
    heads: _Count = Field(description="attention heads of the queries")
    kv_heads: _Count = Field(description="attention heads of keys and values; as many as heads without grouping")
    head_width: _Count = Field(description="width of a head of queries and keys, rotary part apart in latent attention")
    ffn: _OrNone = Field(default=0, description="inner width of the feed-forward of a dense layer")
    vocabulary: _Count = Field(description="tokens of the vocabulary")
    gated: bool = Field(default=True, description="whether the feed-forward has a gate: three matrices, else two")
    tied_embedding: bool = Field(default=False, description="whether the output head is the embedding")
    experts: _OrNone = Field(default=0, description="routed experts of a layer; 0 for a dense model")
    experts_per_token: _OrNone = Field(default=0, description="routed experts that a token passes")
    shared_experts: _OrNone = Field(default=0, description="experts that every token passes")
    expert_ffn: _OrNone = Field(default=0, description="inner width of an expert")
    dense_layers: _OrNone = Field(default=0, description="layers of a mixture of experts that stay dense")
    query_rank: _OrNone = Field(default=0, description="latent attention: rank of the queries")
    kv_rank: _OrNone = Field(default=0, description="latent attention: rank of keys and values; 0 for grouped heads")
    rotary_width: _OrNone = Field(default=0, description="latent attention: width of the rotary part of a key")
    value_width: _OrNone = Field(default=0, description="latent attention: width of a head of values")

    @model_validator(mode="after")
    def _is_whole(self) -> Transformer:
        if self.experts:
            if not (1 <= self.experts_per_token <= self.experts and self.expert_ffn):
                msg = "a mixture of experts needs expert_ffn and 1 <= experts_per_token <= experts"
                raise ValueError(msg)
        elif not self.ffn:
            msg = "a dense model needs ffn"
            raise ValueError(msg)
        if self.dense_layers > self.layers or (self.dense_layers and not self.ffn):
            msg = "dense_layers are at most the layers, and need ffn"
            raise ValueError(msg)
        if self.heads % self.kv_heads:
            msg = "kv_heads must divide heads"
            raise ValueError(msg)
        if self.kv_rank and not (self.query_rank and self.rotary_width and self.value_width):
            msg = "latent attention needs query_rank, rotary_width and value_width"
            raise ValueError(msg)
        return self

    @property
    def is_mixture(self) -> bool:
        """Whether it has routed experts."""
        return self.experts > 0

    def stage_layers(self, stages: int) -> int:
        """Layers of the fullest of so many pipeline stages."""
        return ceil(self.layers / stages)

    @property
    def mixture_layers(self) -> int:
        """Layers with routed experts."""
        return self.layers - self.dense_layers if self.is_mixture else 0

    @property
    def query_width(self) -> int:
        """Width of all queries of a token, and of all keys of as many heads."""
        return self.heads * (self.head_width + (self.rotary_width if self.kv_rank else 0))

    @property
    def output_width(self) -> int:
        """Width of what attention returns before its last matrix."""
        return self.heads * (self.value_width or self.head_width)

    @property
    def cache_width(self) -> int:
        """Numbers a token leaves in the cache of a layer: keys and values, or their latent."""
        return self.kv_rank + self.rotary_width if self.kv_rank else 2 * self.kv_heads * self.head_width

    @cached_property
    def attention_parameters(self) -> int:
        """Weights of a layer's attention."""
        if not self.kv_rank:
            return self.hidden * (self.query_width + self.cache_width) + self.output_width * self.hidden
        queries = self.hidden * self.query_rank + self.query_rank * self.query_width
        latent = self.hidden * (self.kv_rank + self.rotary_width)
        keys_and_values = self.kv_rank * self.heads * (self.head_width + self.value_width)
        return queries + latent + keys_and_values + self.output_width * self.hidden + self.query_rank + self.kv_rank

    @property
    def expert_parameters(self) -> int:
        """Weights of one expert."""
        return self._matrices * self.hidden * self.expert_ffn

    @cached_property
    def routed_parameters(self) -> int:
        """Weights of all routed experts of all layers."""
        return self.mixture_layers * self.experts * self.expert_parameters

    @cached_property
    def layer_parameters(self) -> int:
        """Weights of all layers that every token passes: all but embedding, head and routed experts."""
        dense = (self.layers - self.mixture_layers) * self._matrices * self.hidden * self.ffn
        shared = self.mixture_layers * (self.shared_experts * self.expert_parameters + self.hidden * self.experts)
        return self.layers * (self.attention_parameters + 2 * self.hidden) + dense + shared

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding, as many as those of the output head."""
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> int:
        """All weights."""
        ends = self.embedding_parameters * (1 if self.tied_embedding else 2) + self.hidden
        return self.layer_parameters + self.routed_parameters + ends

    @property
    def active_parameters(self) -> int:
        """Weights that a token passes, embedding and output head inside."""
        unused = self.mixture_layers * (self.experts - self.experts_per_token) * self.expert_parameters
        return self.parameters - unused

    @property
    def routed_fraction(self) -> float:
        """Share of a token's weights that are in routed experts, head inside and embedding not."""
        return self.mixture_layers * self.experts_per_token * self.expert_parameters / self._passed

    def forward_flop(self, context: float) -> float:
        """Return the operations of a token's forward pass that attends to `context` tokens."""
        attention = 2.0 * self.layers * (self.query_width + self.output_width) * context
        return 2.0 * self._passed + attention

    def training_flop(self, sequence: int) -> float:
        """Return the operations of a token, forward and backward, in a causal sequence; nothing recomputed."""
        return 3.0 * self.forward_flop(sequence / 2)

    def attention_flop(self, context: float) -> float:
        """Return those of a token's forward pass between queries, keys and values alone."""
        return 2.0 * self.layers * (self.query_width + self.output_width) * context

    @cached_property
    def activation_width(self) -> float:
        """Numbers a token leaves for the backward pass in a layer, mean; scores of attention are recomputed.

        V. Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", arXiv 2205.05198: inputs
        of both norms and both blocks, queries, keys, values, what attention returns, and the inner widths of the feed-
        forward before and after its nonlinearity; 16 h for their shape, which are 32 of their 34 bytes (2 are dropout).
        """
        keys_and_values = 2 * self.kv_heads * self.head_width
        if self.kv_rank:
            keys_and_values = self.query_rank + self.kv_rank + self.rotary_width + self.query_width + self.output_width
        attention = 4 * self.hidden + self.query_width + keys_and_values + self.output_width
        dense = (self.layers - self.mixture_layers) * self._matrices * self.ffn
        routed = self.experts_per_token * (self.hidden + self._matrices * self.expert_ffn)
        mixture = self.mixture_layers * (routed + self.shared_experts * self._matrices * self.expert_ffn)
        return attention + (dense + mixture) / self.layers

    @property
    def _matrices(self) -> int:
        return 3 if self.gated else 2

    @property
    def _passed(self) -> int:
        """Weights that a token is multiplied with: looking up the embedding multiplies nothing."""
        return self.active_parameters - (0 if self.tied_embedding else self.embedding_parameters)
