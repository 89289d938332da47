# SPDX-License-Identifier: Apache-2.0
"""Shapes of published models against their published sizes, and formulas against the papers they are from."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from optinet.catalogue import load_catalogue
from optinet.jobs.transformer import Transformer
from optinet.models.job_on_fabric import transformers

CATALOGUE = load_catalogue()
MODELS = transformers(CATALOGUE)

# Brown et al. 2020, table 2.1, with the plain feed-forward of four times the width
GPT3 = Transformer(
    layers=96, hidden=12288, heads=96, kv_heads=96, head_width=128, ffn=49152, vocabulary=50257, gated=False,
    tied_embedding=True,
)  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_published_shape_has_its_published_parameters(name):
    model, listed = MODELS[name], CATALOGUE[name].values
    assert model.parameters == pytest.approx(listed["published_parameters"].value, rel=0.01)
    if "published_active_parameters" in listed:  # 37B in the paper, 37.55B with the embedding
        assert model.active_parameters == pytest.approx(listed["published_active_parameters"].value, rel=0.02)


@pytest.mark.parametrize(("name", "factor"), [("llama_3_405b", 1.2), ("llama_3_70b", 1.3)])
def test_feed_forward_width_is_what_the_code_of_the_weights_makes_of_the_hidden_one(name, factor):
    model = MODELS[name]
    width = int(factor * int(2 * 4 * model.hidden / 3))
    assert model.ffn == -(-width // 4096) * 4096


def test_parameters_of_deepseek_v3_piece_by_piece():
    model = MODELS["deepseek_v3"]
    queries = 7168 * 1536 + 1536 * 128 * (128 + 64)
    keys_and_values = 7168 * (512 + 64) + 512 * 128 * (128 + 128)
    attention = queries + keys_and_values + 128 * 128 * 7168 + 1536 + 512
    expert = 3 * 7168 * 2048
    mixture = 58 * (257 * expert + 256 * 7168)
    dense = 3 * 3 * 7168 * 18432
    assert model.parameters == 61 * (attention + 2 * 7168) + mixture + dense + 2 * 129280 * 7168 + 7168
    assert model.active_parameters == model.parameters - 58 * 248 * expert
    assert model.cache_width == 512 + 64


def test_operations_of_a_token_are_six_for_each_weight_and_attention_over_half_the_sequence():
    model = MODELS["llama_3_405b"]
    weights = 6.0 * (model.parameters - 128256 * 16384)
    attention = 3 * 126 * 2 * 2 * 128 * 128 * 8192 / 2
    assert model.training_flop(8192) == pytest.approx(weights + attention, rel=1e-12)


def test_activations_are_those_of_korthikanti_without_dropout():
    # 34 bytes for each token and hidden unit, of which two are the masks of dropout; 16-bit numbers
    assert GPT3.activation_width == 16 * GPT3.hidden
    assert GPT3.parameters == pytest.approx(175e9, rel=0.01)


@pytest.mark.parametrize("wrong", [{"kv_heads": 5}, {"experts": 8}, {"ffn": 0}, {"kv_rank": 512}, {"dense_layers": 97}])
def test_a_shape_that_does_not_go_together_is_refused(wrong):
    with pytest.raises(ValidationError):
        Transformer.model_validate({**GPT3.model_dump(), **wrong})
