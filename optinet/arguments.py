# SPDX-License-Identifier: Apache-2.0
"""Arguments of the public functions: one of the wrong type is told by its name, before anything is computed.

A function marked `public` has its arguments held against its own annotations. Ranges and shapes are the function's to
check, and so is whatever an annotation leaves open: `ArrayLike` takes lists as well as arrays.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, wraps
from typing import Any, Literal, ParamSpec, TypeVar, Union

import numpy as np

from optinet.errors import ArgumentError, Problem

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")

_HOW_MADE = {
    "Catalogue": "what optinet.load_catalogue() returns",
    "ConcurrentFlow": "what optinet.concurrent_flow(fabric, demand) returns",
    "Demand": "such as optinet.Demand.uniform(fabric) or optinet.Demand.from_matrix(fabric, gbps)",
    "Design": "such as {'switch': 'switch_51t2', ...}, or optinet.Design.from_roles(roles)",
    "Fabric": "what topologies.build(name, ...) or optinet.Fabric.from_networkx(graph) returns",
    "Failure": "such as optinet.Failure(links=(0, 1))",
    "OpticalPlant": "what fabric.plant is, where links pass an OCS",
    "Solution": "what optinet.solve(fabric, demand) returns",
}
_NOUNS: dict[Any, str] = {
    bool: "True or False",
    float: "a number",
    int: "an int",
    str: "text",
    np.ndarray: "an array",
    Callable: "a function",
    types.NoneType: "None",
    **dict.fromkeys((Collection, Iterable, Sequence, list, tuple), "a list"),
    **dict.fromkeys((Mapping, dict), "a dict"),
}


def public(function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
    """Mark a function that users call: `ArgumentError` names every argument that its annotation does not allow."""
    signature = inspect.signature(function)
    type_of = cache(lambda: _types(function, signature))

    @wraps(function)
    def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:  # one is missing or unknown: Python says it better
            return function(*args, **kwargs)
        types_ = type_of()
        if wrong := [name for name, value in given.items() if name in types_ and not _fits(value, types_[name])]:
            raise ArgumentError(_problem(name, given[name], types_[name]) for name in wrong)
        return function(*args, **kwargs)

    return checked


def _types(function: Callable[..., Any], signature: inspect.Signature) -> dict[str, Any]:
    """Return what each annotated parameter takes, resolved when first called: modules are complete by then."""
    found = {}
    for name, parameter in signature.parameters.items():
        if parameter.annotation is not parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            found[name] = eval(parameter.annotation, function.__globals__)
    return found


def _fits(value: Any, type_: Any) -> bool:
    kind = typing.get_origin(type_) or type_
    if kind in (Union, types.UnionType):
        return any(_fits(value, member) for member in typing.get_args(type_))
    if kind in (float, int):
        number = hasattr(value, "__float__") and not isinstance(value, bool | np.bool_) and np.ndim(value) == 0
        return number and (kind is float or hasattr(value, "__index__"))
    if kind is bool:
        return isinstance(value, bool | np.bool_)
    if kind is np.ndarray:  # the function tells its shape and what its entries are
        return value is not None
    if _NOUNS.get(kind) == "a list":
        return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    if kind is Literal:  # the function names those allowed
        return isinstance(value, str)
    if kind is None:
        return value is None
    return not isinstance(kind, type) or getattr(kind, "_is_protocol", False) or isinstance(value, kind)


def _problem(name: str, value: Any, type_: Any) -> Problem:
    kinds = [typing.get_origin(member) or member for member in _members(type_)]
    wanted = " or ".join(dict.fromkeys(_noun(kind) for kind in kinds))
    allowed = "; ".join(_HOW_MADE[kind.__name__] for kind in kinds if getattr(kind, "__name__", "") in _HOW_MADE)
    return Problem(name, f"{_in_words(value)} where {wanted} belongs", allowed)


def _members(type_: Any) -> Sequence[Any]:
    return typing.get_args(type_) if typing.get_origin(type_) in (Union, types.UnionType) else (type_,)


def _noun(kind: Any) -> str:
    return "text" if kind is Literal else _NOUNS.get(kind) or _with_article(kind.__name__)


def _in_words(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | np.generic):
        return str(value)
    if isinstance(value, np.ndarray):
        return _NOUNS[np.ndarray]
    if isinstance(value, str):
        return f"text '{value}'" if len(value) < 40 else f"text '{value[:40]}...'"
    return f"the class {value.__name__}" if isinstance(value, type) else _with_article(type(value).__name__)


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"
