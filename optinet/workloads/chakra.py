# SPDX-License-Identifier: Apache-2.0
"""Chakra execution traces: nodes of work, one file for every rank.

Chakra is MLCommons' format of execution traces (S. Sridharan et al., "Chakra: Advancing Performance Benchmarking and
Co-design using Standardized Execution Traces", arXiv 2305.14516; schema et_def.proto of version 0.0.4). A file is a
sequence of messages with their length in front: metadata, then nodes. The same as JSON, one object after another, is
read too. What optinet does not use of a node, it does not look at.

The messages are described here for Google's protobuf library, which reads them; it is an optional dependency.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from optinet.errors import DemandError, Problem


class NodeType(IntEnum):
    """What a node does, as numbered by the schema."""

    INVALID = 0
    METADATA = 1
    MEM_LOAD = 2
    MEM_STORE = 3
    COMP = 4
    COMM_SEND = 5
    COMM_RECV = 6
    COMM_COLL = 7


COLLECTIVES = (
    *("all_reduce", "reduce", "all_gather", "gather", "scatter", "broadcast", "all_to_all", "reduce_scatter"),
    *("reduce_scatter_block", "barrier"),
)
"""Names of the schema's collectives, by number."""

# name, number and type of the fields that are used; one attribute has one of the values
_VALUES = (
    *(("double", 3), ("float", 5), ("int32", 7), ("int64", 9), ("uint32", 11), ("uint64", 13), ("sint32", 15)),
    *(("sint64", 17), ("fixed32", 19), ("fixed64", 21), ("sfixed32", 23), ("sfixed64", 25), ("bool", 27)),
    ("string", 29),
)
_NODE = (("id", 1), ("name", 2), ("type", 3), ("ctrl_deps", 4), ("data_deps", 5), ("duration_micros", 7), ("attr", 10))


@dataclass(frozen=True)
class TraceNode:
    """One node of a rank's trace.

    Parameters
    ----------
    id, name, type
        As in the trace; `type` is a `NodeType`, or a number of a newer schema.
    waits_for
        Ids of the nodes of the same rank that have to end before.
    duration_s
        How long it took when it was recorded; 0 if that is not told.
    attributes
        Everything else, by name.
    """

    id: int
    name: str
    type: int
    waits_for: tuple[int, ...]
    duration_s: float
    attributes: Mapping[str, Any]


def read_trace(path: Path) -> list[TraceNode]:
    """Return the nodes of one rank.

    Parameters
    ----------
    path
        A Chakra trace; JSON if its name ends so.

    Raises
    ------
    DemandError
        If the file cannot be read, ends too early, is no trace, or protobuf is not installed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DemandError(Problem("", (error.strerror or "cannot be read").lower(), location=str(path))) from None
    kinds = _messages()
    nodes = [_node(message) for message in (_from_json if path.suffix == ".json" else _from_bytes)(path, data, kinds)]
    ids = {node.id for node in nodes}
    if not nodes or len(ids) < len(nodes):
        found = "has no nodes" if not nodes else "has several nodes of one id"
        raise DemandError(Problem("", f"{found}: it is no trace", "a Chakra trace of one rank", location=str(path)))
    for node in nodes:
        lost = [each for each in node.waits_for if each not in ids]
        if lost:
            found = f"node {node.id} '{node.name}' waits for node {lost[0]}, which is not there: the trace is cut short"
            raise DemandError(Problem("", found, "a whole trace", location=str(path)))
    return nodes


def _from_bytes(path: Path, data: bytes, kinds: dict[str, Any]) -> Iterator[Any]:
    from google.protobuf import proto
    from google.protobuf.message import DecodeError

    stream, count = io.BytesIO(data), 0
    kind = kinds["GlobalMetadata"]
    while stream.tell() < len(data):
        start = stream.tell()
        try:
            message = proto.parse_length_prefixed(kind, stream)
        except (DecodeError, ValueError, OSError):
            message = None
        if message is None or (count and message.type not in _KNOWN_TYPES):
            what = f"after {count - 1} nodes the trace is cut short or damaged" if count > 1 else "it is no trace"
            raise DemandError(Problem("", f"byte {start:,}: {what}", "a Chakra trace of one rank", location=str(path)))
        if count:
            yield message
        kind, count = kinds["Node"], count + 1


def _from_json(path: Path, data: bytes, kinds: dict[str, Any]) -> Iterator[Any]:
    from google.protobuf.json_format import ParseDict, ParseError

    decoder, position, count = json.JSONDecoder(), 0, 0
    try:
        text = data.decode("utf-8")
        while (position := _blanks_end(text, position)) < len(text):
            content, position = decoder.raw_decode(text, position)
            kind = kinds["Node"] if count else kinds["GlobalMetadata"]
            message = ParseDict(content, kind(), ignore_unknown_fields=True)
            if count:
                yield message
            count += 1
    except (ValueError, ParseError) as error:
        reason = str(error).partition("\n")[0]
        found = f"after {max(0, count - 1)} nodes the trace is cut short or damaged: {reason}"
        raise DemandError(Problem("", found, "a Chakra trace of one rank as JSON", location=str(path))) from None


def _blanks_end(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


_KNOWN_TYPES = range(1, 11)
_BLANKS = re.compile(r"\s*")


def _node(message: Any) -> TraceNode:
    return TraceNode(
        id=int(message.id),
        name=str(message.name),
        type=int(message.type),
        waits_for=tuple(dict.fromkeys((*message.ctrl_deps, *message.data_deps))),
        duration_s=message.duration_micros / 1e6,
        attributes={
            attribute.name: getattr(attribute, attribute.WhichOneof("value"))
            for attribute in message.attr
            if attribute.WhichOneof("value")
        },
    )


@lru_cache(maxsize=1)
def _messages() -> dict[str, Any]:
    """Return the classes of the messages, made from the numbers and types of their fields."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        allowed = "the package protobuf, which 'pip install optinet[traces]' brings"
        raise DemandError(Problem("workload.name", "reading Chakra traces needs protobuf", allowed)) from None
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="optinet/chakra.proto", package="ChakraProtoMsg", syntax="proto3")

    def add(message: Any, name: str, number: int, kind: str, *, many: bool = False, of: str = "") -> Any:
        label = field.LABEL_REPEATED if many else field.LABEL_OPTIONAL
        return message.field.add(
            name=name, number=number, label=label, type=getattr(field, f"TYPE_{kind.upper()}"), type_name=of or None
        )

    attribute = file.message_type.add(name="AttributeProto")
    attribute.oneof_decl.add(name="value")
    add(attribute, "name", 1, "string")
    for kind, number in _VALUES:
        add(attribute, f"{kind}_val", number, kind).oneof_index = 0
    metadata = file.message_type.add(name="GlobalMetadata")
    add(metadata, "version", 1, "string")
    types = file.enum_type.add(name="NodeType")
    for each in NodeType:
        types.value.add(name=f"{each.name}_NODE", number=each)
    node = file.message_type.add(name="Node")
    for name, number in _NODE:
        kind = {"name": "string", "type": "enum", "attr": "message"}.get(name, "uint64")
        of = {"type": ".ChakraProtoMsg.NodeType", "attr": ".ChakraProtoMsg.AttributeProto"}.get(name, "")
        add(node, name, number, kind, many=name in ("ctrl_deps", "data_deps", "attr"), of=of)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = ("Node", "GlobalMetadata", "AttributeProto")
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{name}")) for name in names
    }
