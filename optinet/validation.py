# SPDX-License-Identifier: Apache-2.0
"""Pydantic's errors in plain words: where, what was found, what is allowed, and the nearest valid name."""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Protocol, TypeVar, Union

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from optinet.errors import Problem, nearest_name
from optinet.toml_source import KeyPath

Model = TypeVar("Model", bound=BaseModel)


class Locator(Protocol):
    """Whatever knows where a key was written, such as a `TomlSource`."""

    def location(self, key_path: KeyPath) -> str:
        """Return ``file:line``, an option, or an empty string."""


def checked(
    model: type[Model], values: Mapping[str, Any], prefix: KeyPath = (), source: Locator | None = None
) -> tuple[Model | None, tuple[Problem, ...]]:
    """Validate plain TOML values strictly and return the model, or None and every problem.

    Strictly: text is not a number and true is not 1, but a list may be a tuple and a whole number may be a float.

    A model tells what became of keys that it once had by a class attribute `retired`, text by key.
    """
    try:
        # only the strictness of JSON is meant for values that come from a file: Python's rejects a list for a tuple
        return model.model_validate_json(json.dumps(values, default=str), strict=True), ()
    except ValidationError as error:
        return None, problems_of(error, model, prefix, source)


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    prefix: KeyPath = (),
    source: Locator | None = None,
    option: Mapping[KeyPath, str] | None = None,
) -> tuple[Problem, ...]:
    """Describe what a model did not accept, one problem for each mistake.

    Parameters
    ----------
    error
        What pydantic raised.
    model
        The model that raised it; it tells which keys and values are allowed.
    prefix
        The key path of the table the model was read from.
    source
        Knows the line of each key.
    option
        For each key path set on the command line, the option's text; cited instead of a line.
    """
    mistakes = [_mistake(model, details) for details in error.errors(include_url=False)]
    problems = []
    for mistake in _one_per_union(mistakes):
        problem = _problem(mistake)
        path = (*prefix, *mistake.path)
        location = _option_of(path, option or {}) or (source.location(path) if source else "")
        problems.append(Problem(dotted(path), problem.found, problem.allowed, problem.nearest, location))
    return tuple(dict.fromkeys(problems))


def dotted(path: KeyPath) -> str:
    """Write a key path as TOML does: ``topology.dims[1]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." * bool(text) + (part if re.fullmatch(r"[\w-]+", part) else json.dumps(part))
    return text


def type_in_words(type_: Any, *, ranges: bool = True) -> str:
    """Say what belongs in a place of this type, ``a whole number of at least 1``; its limits only with `ranges`."""
    base, metadata = _unwrapped(type_)
    if members := _members(base):
        return " or ".join(dict.fromkeys(type_in_words(member, ranges=ranges) for member in members))
    if choices := _choices(base):
        return ", ".join(map(str, choices))
    noun = _NOUNS.get(base) or _compound_in_words(base, ranges)
    return noun + _range_in_words(metadata) if ranges else noun


def choices_of(type_: Any) -> tuple[Any, ...]:
    """Return the values that a type of few values allows, as a Literal or bool does; nothing for any other type."""
    base, _ = _unwrapped(type_)
    return (True, False) if base is bool else tuple(_choices(base))


def is_text(type_: Any) -> bool:
    """Whether a place of this type holds text, whatever its value looks like."""
    base, _ = _unwrapped(type_)
    return base is str or (bool(_choices(base)) and all(isinstance(choice, str) for choice in _choices(base)))


def is_number(text: str) -> bool:
    """Whether a text is one number, as Python writes them."""
    try:
        float(text)
    except ValueError:
        return False
    return True


_NOUNS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", Any: "a value"}


@dataclass(frozen=True)
class _Mistake:
    """One pydantic error, with its place in the file and in the model."""

    kind: str
    found: Any
    context: Mapping[str, Any]
    message: str
    path: KeyPath
    type_: Any  # what belongs at `path`
    help: str  # the field's own description, or what became of a key that is no field any more
    keys: tuple[str, ...]  # what the table around `path` may hold
    union: tuple[KeyPath, str] | None  # path of the outermost union on the way, and the member this error is about

    @property
    def is_mismatch(self) -> bool:
        """True if the value is of another type altogether, not merely out of range."""
        return self.kind.endswith(("_type", "_parsing", "_from_float")) or self.kind in ("literal_error", "enum")


def _mistake(model: type[BaseModel], details: Any) -> _Mistake:
    """Follow pydantic's location through the model: it names union members, which are no part of the user's path."""
    type_: Any = model
    path: KeyPath = ()
    help_ = ""
    keys: tuple[str, ...] = ()
    union: tuple[KeyPath, str] | None = None
    remaining = list(details["loc"])
    while remaining:
        base, _ = _unwrapped(type_)
        if members := _members(base):
            tag = str(remaining.pop(0))
            union = union or (path, tag)
            if remaining:
                type_ = _member_of(members, tag, remaining[0])
            continue
        part = remaining.pop(0)
        if part == "[key]":
            continue
        path = (*path, part)
        type_, help_, keys = _inside(base, part)
    path = (*path, *remaining)
    context = details.get("ctx", {})
    return _Mistake(details["type"], details["input"], context, details["msg"], path, type_, help_, keys, union)


def _inside(base: Any, part: str | int) -> tuple[Any, str, tuple[str, ...]]:
    """Return type and help of an entry of a table or list, and the keys that a table of fixed keys has."""
    if isinstance(base, type) and issubclass(base, BaseModel):
        fields = {info.alias or name: info for name, info in base.model_fields.items()}
        if part not in fields:
            return Any, getattr(base, "retired", {}).get(part, ""), tuple(fields)
        info = fields[str(part)]
        type_ = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        return type_, info.description or "", tuple(fields)
    arguments = typing.get_args(base)
    if typing.get_origin(base) is tuple and arguments[-1:] != (Ellipsis,):
        return (arguments[part] if isinstance(part, int) and part < len(arguments) else Any), "", ()
    if isinstance(part, int):
        return (arguments[0] if arguments else Any), "", ()
    return (arguments[-1] if arguments else Any), "", ()


def _one_per_union(mistakes: Iterable[_Mistake]) -> list[_Mistake]:
    """Pydantic reports every member of a union that failed: keep the member the user most likely meant."""
    groups: dict[Any, list[_Mistake]] = {}
    for number, mistake in enumerate(mistakes):
        groups.setdefault(mistake.union[0] if mistake.union else number, []).append(mistake)
    kept = []
    for group in groups.values():
        members: dict[Any, list[_Mistake]] = {}
        for mistake in group:
            members.setdefault(mistake.union, []).append(mistake)
        meant = [
            errors
            for (union, errors) in members.items()
            if not (union and errors[0].is_mismatch and errors[0].path == union[0])
        ]
        chosen: list[_Mistake] = min(meant, key=len) if meant else group[:1]
        kept += chosen
    return kept


def _problem(mistake: _Mistake) -> Problem:
    """Put one mistake into words; the caller adds where it is."""
    value, context = _value_in_words(mistake.found), mistake.context
    allowed = type_in_words(mistake.type_) if mistake.type_ is not Any else ""
    if mistake.kind == "extra_forbidden":
        key = str(mistake.path[-1])
        if mistake.help:
            return Problem("", f"is no key any more: {mistake.help}", "leave it out")
        return Problem("", f"unknown key '{key}'", ", ".join(mistake.keys), nearest_name(key, mistake.keys))
    if mistake.kind == "missing":
        return Problem("", "is missing", allowed + (f" ({mistake.help})" if mistake.help else ""))
    if mistake.kind.startswith("union_tag"):
        return _tag_problem(mistake)
    if mistake.is_mismatch:
        return _mismatch_problem(mistake, value, allowed)
    if mistake.kind in _BOUNDS:
        limit, words = _BOUNDS[mistake.kind]
        return Problem("", f"{value} {words} {_number(context[limit])}", allowed)
    if mistake.kind in ("too_short", "too_long"):
        entries = len(mistake.found)
        return Problem("", f"has {entries} {'entry' if entries == 1 else 'entries'}", allowed)
    if mistake.kind in ("value_error", "assertion_error"):
        return Problem("", str(context["error"]).rstrip("."))
    return Problem("", _other_words(mistake, value), allowed)


_BOUNDS = {
    "greater_than_equal": ("ge", "is below the smallest allowed value"),
    "greater_than": ("gt", "is not above"),
    "less_than_equal": ("le", "is above the largest allowed value"),
    "less_than": ("lt", "is not below"),
    "multiple_of": ("multiple_of", "is not a multiple of"),
}


def _mismatch_problem(mistake: _Mistake, value: str, allowed: str) -> Problem:
    choices = [str(choice) for choice in _all_choices(mistake.type_)]
    nearest = nearest_name(mistake.found, choices) if isinstance(mistake.found, str) else ""
    nearest = nearest or _meant(mistake)
    if mistake.kind in ("literal_error", "enum") and isinstance(mistake.found, str) and not _members(mistake.type_):
        return Problem("", f"unknown value '{mistake.found}'", allowed, nearest)
    wanted = type_in_words(mistake.type_, ranges=False)
    wanted = f"one of {wanted}" if _choices(_unwrapped(mistake.type_)[0]) else wanted
    return Problem("", f"{value} where {wanted} belongs", "" if allowed in wanted else allowed, nearest)


def _meant(mistake: _Mistake) -> str:
    """Return what a text was probably meant to be: the number in ``800 Gb/s``, the list that ``4x4x8`` stands for."""
    base = _unwrapped(mistake.type_)[0]
    if not isinstance(mistake.found, str):
        return ""
    if base in (int, float):
        number = re.match(r"\s*([+-]?\d+(\.\d+)?)(?![\d.])", mistake.found)
        return number[1] if number and (base is float or not number[2]) else ""
    if typing.get_origin(base) not in (list, tuple):
        return ""
    parts = [part for part in re.split(r"[x×,;\s]+", mistake.found.strip(" []()")) if part]
    if all(re.fullmatch(r"[+-]?\d+", part) for part in parts):
        return f"[{', '.join(parts)}]" if parts else ""
    is_of_texts = str in typing.get_args(base)
    return json.dumps([part.strip("'\"") for part in parts], ensure_ascii=False) if parts and is_of_texts else ""


def _tag_problem(mistake: _Mistake) -> Problem:
    """Describe a table whose key that tells its kind is unknown or missing."""
    key = str(mistake.context.get("discriminator", "")).strip("'")
    tags = [str(tag) for member in _members(_unwrapped(mistake.type_)[0]) for tag in _choices(_inside(member, key)[0])]
    if mistake.kind == "union_tag_not_found":
        return Problem("", f"key '{key}' is missing", ", ".join(tags))
    tag = str(mistake.context["tag"])
    return Problem("", f"unknown {key} '{tag}'", ", ".join(tags), nearest_name(tag, tags))


def _other_words(mistake: _Mistake, value: str) -> str:
    if mistake.kind.startswith("string_too_"):
        return f"{value} is too {mistake.kind.removeprefix('string_too_')}"
    if mistake.kind == "finite_number":
        return f"{value} is not a finite number"
    if mistake.kind == "string_pattern_mismatch":
        pattern = str(mistake.context["pattern"])
        asked_for = re.fullmatch(r"\\(.)", pattern)  # a character that has to be there
        return f"{value} has no '{asked_for[1]}'" if asked_for else f"{value} does not match the pattern {pattern}"
    message = re.sub(r"^(Input|String|Value)( error,)? ", "", mistake.message)
    return f"{value} {message}"


def _value_in_words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"text '{value[:40]}...'" if len(value) > 43 else f"text '{value}'"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence):
        return "a list"
    return "nothing" if value is None else str(value)


def _compound_in_words(base: Any, ranges: bool) -> str:
    origin, arguments = typing.get_origin(base) or base, typing.get_args(base)
    if not isinstance(origin, type):
        return "a value"
    if issubclass(origin, Mapping) or issubclass(origin, BaseModel):
        return "a table"
    if not issubclass(origin, Sequence) and origin not in (set, frozenset):
        return "a value"
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        return f"a list of {len(arguments)} entries"
    return f"a list, each entry {type_in_words(arguments[0])}" if ranges and arguments else "a list"


def _range_in_words(metadata: Sequence[Any]) -> str:
    """Read the limits that pydantic keeps beside a type."""
    limits: dict[str, str] = {}
    for item in metadata:
        found = {name: getattr(item, name, None) for name in (*_LIMITS, "min_length", "max_length")}
        limits |= {name: _number(value) for name, value in found.items() if value is not None}
    if "min_length" in limits or "max_length" in limits:
        least, most = limits.get("min_length", "0"), limits.get("max_length")
        return f" ({least} to {most} long)" if most else f" (at least {least} long)"
    if "ge" in limits and "le" in limits:
        return f" from {limits['ge']} to {limits['le']}"
    return " and".join(words.format(limits[name]) for name, words in _LIMITS.items() if name in limits)


_LIMITS = {
    "ge": " of at least {}",
    "gt": " above {}",
    "le": " of at most {}",
    "lt": " below {}",
    "multiple_of": " that is a multiple of {}",
}


def _number(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _unwrapped(type_: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take a type out of Annotated, TypeAliasType and Optional; return it and its metadata."""
    metadata: tuple[Any, ...] = ()
    while True:
        if typing.get_origin(type_) is Annotated:
            type_, *more = typing.get_args(type_)
            for item in more:
                metadata = (*metadata, *(item.metadata if isinstance(item, FieldInfo) else (item,)))
        elif typing.get_origin(type_) in (Union, types.UnionType):
            members = [member for member in typing.get_args(type_) if member is not types.NoneType]
            if len(members) != 1:
                return type_, metadata
            type_ = members[0]
        else:
            return type_, metadata


def _members(type_: Any) -> list[Any]:
    """Return the members of a union, or nothing."""
    if typing.get_origin(type_) not in (Union, types.UnionType):
        return []
    return [member for member in typing.get_args(type_) if member is not types.NoneType]


def _member_of(members: Sequence[Any], tag: str, following: str | int) -> Any:
    """Return the member of a union that pydantic calls `tag` and that holds `following`, or Any when in doubt."""

    def is_meant(base: Any) -> bool:
        if isinstance(base, type) and issubclass(base, BaseModel):
            tags = [choice for info in base.model_fields.values() for choice in _choices(info.annotation)]
            # a model with a validator of its own is called "function-after[..., Name]"
            return base.__name__ in re.findall(r"\w+", tag) or tag in map(str, tags)
        origin = typing.get_origin(base)
        return origin is dict if isinstance(following, str) else origin in (list, tuple)

    return next((member for member in members if is_meant(_unwrapped(member)[0])), Any)


def _choices(type_: Any) -> Sequence[Any]:
    """Return the values a Literal or an Enum allows, or nothing."""
    if typing.get_origin(type_) is Literal:
        return typing.get_args(type_)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return [member.value for member in type_]
    return ()


def _all_choices(type_: Any) -> list[Any]:
    base, _ = _unwrapped(type_)
    return [choice for member in _members(base) or [base] for choice in _choices(_unwrapped(member)[0])]


def _option_of(path: KeyPath, option: Mapping[KeyPath, str]) -> str:
    """Return the option that set a key or a table around it, or an empty string."""
    return next((option[path[:end]] for end in range(len(path), 0, -1) if path[:end] in option), "")
