# SPDX-License-Identifier: Apache-2.0
"""Conditions over the keys of a scenario, such as ``topology.leaves >= 2 * topology.spines``.

Python's notation, but nothing of Python beyond arithmetic, comparison, ``and``, ``or``, ``not``, ``in``, lists, indices
and a few functions: a study is data and cannot run code.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from optinet.errors import Problem, ScenarioError

_LONGEST = 1000  # characters
_LARGEST_EXPONENT = 64
_LARGEST_NUMBER = 1e300

_ARITHMETIC: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: Mapping[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "len": len,
    "max": max,
    "min": min,
    "prod": math.prod,
    "sum": sum,
}
_ALLOWED = "keys of the scenario, numbers, texts, lists, + - * / // % **, comparisons, and, or, not, in, " + ", ".join(
    f"{name}()" for name in _FUNCTIONS
)


class AbsentKeyError(Exception):
    """A condition names a key that the scenario does not have."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True)
class Condition:
    """A condition that has been read.

    Parameters
    ----------
    text
        As the user wrote it.
    where, location
        Key path and line it stands at, for messages.
    """

    text: str
    where: str
    location: str

    def holds(self, look_up: Callable[[str], Any]) -> bool:
        """Return whether it holds.

        Parameters
        ----------
        look_up
            Returns the value of a dotted key, or raises `AbsentKeyError`.

        Raises
        ------
        ScenarioError
            If it cannot be evaluated, such as a text compared with a number.
        """
        try:
            return bool(_value(self._tree, look_up))
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise ScenarioError(self._problem(f"'{self.text}' cannot be evaluated: {error}")) from None

    def check(self) -> Iterator[Problem]:
        """Yield what is wrong with it, without any scenario."""
        try:
            tree = self._tree
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            found = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
            yield self._problem(f"'{self.text[:80]}' is not a condition: {found}", "such as topology.leaves >= 8")
            return
        if problem := next(_not_allowed(tree), ""):
            yield self._problem(f"'{self.text[:80]}' holds {problem}", _ALLOWED)

    @property
    def keys(self) -> tuple[str, ...]:
        """Dotted keys it names."""
        return tuple(dict.fromkeys(_names(self._tree)))

    @cached_property
    def _tree(self) -> ast.expr:
        if len(self.text) > _LONGEST:
            msg = f"more than {_LONGEST} characters"
            raise ValueError(msg)
        return ast.parse(self.text.strip(), mode="eval").body

    def _problem(self, found: str, allowed: str = "") -> Problem:
        return Problem(self.where, found, allowed, location=self.location)


def _dotted(node: ast.AST) -> str | None:
    """Return the key that a name or a chain of attributes spells."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _names(node: ast.AST) -> Iterator[str]:
    key = _dotted(node)
    if key is not None:
        yield key
        return
    children = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    for child in children:
        yield from _names(child)


def _not_allowed(node: ast.AST) -> Iterator[str]:
    """Yield what a condition may not hold."""
    if _dotted(node) is not None:
        return
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float | str):
            yield f"{node.value!r}"
    elif isinstance(node, ast.Call):
        name = _dotted(node.func)
        if name not in _FUNCTIONS or node.keywords or not node.args:
            yield f"the call '{ast.unparse(node)}'"
        for argument in node.args:
            yield from _not_allowed(argument)
    elif isinstance(node, ast.BoolOp | ast.Compare | ast.BinOp | ast.UnaryOp | ast.List | ast.Tuple | ast.Subscript):
        operators = [node.op] if isinstance(node, ast.BinOp) else getattr(node, "ops", [])
        for each in operators:
            if type(each) not in _ARITHMETIC and type(each) not in _COMPARISONS:
                yield f"the operator of '{ast.unparse(node)}'"
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not | ast.USub | ast.UAdd):
            yield f"'{ast.unparse(node)}'"
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _not_allowed(child)
    else:
        yield f"'{ast.unparse(node)}'"


def _value(node: ast.expr, look_up: Callable[[str], Any]) -> Any:
    key = _dotted(node)
    if key is not None:
        return look_up(key)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BoolOp):
        wanted = isinstance(node.op, ast.Or)  # decided by the first value that is so
        return next((wanted for each in node.values if bool(_value(each, look_up)) == wanted), not wanted)
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, look_up)
        if isinstance(node.op, ast.Not):
            return not operand
        return -_number(operand) if isinstance(node.op, ast.USub) else _number(operand)
    if isinstance(node, ast.BinOp):
        return _arithmetic(node, _number(_value(node.left, look_up)), _number(_value(node.right, look_up)))
    if isinstance(node, ast.Compare):
        values = [_value(each, look_up) for each in (node.left, *node.comparators)]
        pairs = zip(node.ops, values, values[1:], strict=False)
        return all(_COMPARISONS[type(each)](left, right) for each, left, right in pairs)
    if isinstance(node, ast.Call):
        return _FUNCTIONS[str(_dotted(node.func))](*(_value(each, look_up) for each in node.args))
    if isinstance(node, ast.Subscript):
        return _value(node.value, look_up)[_value(node.slice, look_up)]
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(each, look_up) for each in node.elts]
    raise TypeError(ast.unparse(node))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        msg = f"{value!r} where a number belongs"
        raise TypeError(msg)
    return value


def _arithmetic(node: ast.BinOp, left: float, right: float) -> float:
    if isinstance(node.op, ast.Pow) and abs(right) > _LARGEST_EXPONENT:
        msg = f"an exponent of {right}"
        raise ValueError(msg)
    result = _ARITHMETIC[type(node.op)](left, right)
    if isinstance(result, complex) or abs(result) > _LARGEST_NUMBER:
        msg = "a number too large"
        raise ValueError(msg)
    return result
