"""The two small languages of the catalog: type expressions (`parse_type`) and what a call runs (`parse_run`).

Their words are listed in `txlint.model.catalog`. Both give flat named tuples to match on; a malformed text is a `ValueError`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class TypeExpr(NamedTuple):
    """One node. By ``op``:

    ``instance``  of class ``name``; ``args`` is empty or its item type
    ``class``     the class ``name`` itself; ``args`` likewise
    ``self``      the receiver; ``args`` is empty or its new item type
    ``attr``      attribute ``name`` of the receiver
    ``gives``     what the receiver's method ``name`` gives, where the project has it
    ``item`` ``owner`` ``decorated`` ``none`` ``bool`` ``false`` ``never``
    ``receivers`` what the receiver, a signal, is sent to: to call one of them is to send it
    ``arg``       the argument at ``position`` (or None) or with keyword ``name`` (or "")
    ``init``      the same of the call that made the receiver
    ``put``       what the project assigns to attribute ``name`` of instances of the receiver's class, a namespace, if it is one thing
    ``new``       an instance of what ``args[0]`` is
    ``holding``   the class ``args[0]``, for instances that hold ``args[1]``
    ``bound``     the callable ``args[0]`` with arguments bound
    ``context``   a factory of context managers, made of the generator function ``args[0]``
    ``setting``   the project's own classes or functions that its setting ``name`` names by dotted strings
    ``text``      the strings that the setting ``name`` may hold; ``*`` in it is the first argument
    ``stored`` ``unsaved``  what ``args[0]`` is, with or without a row in the database
    ``result``    what the callable ``args[0]``, or the callables in that tuple, give
    ``tuple``     of ``args``
    ``union``     the first of ``args`` that is known
    """

    op: str
    name: str = ""
    position: int | None = None
    args: tuple[TypeExpr, ...] = ()


class Run(NamedTuple):
    """Code that a library call runs. By ``op``: ``method`` (``method`` of the value ``target``), ``call`` (the value ``target`` is
    called), ``named`` (the receiver's method of the name that is the value ``target``), ``below`` (the method of that name of the project's
    classes below the library class ``signal``), ``receivers`` (of the signal ``signal``; ``target`` is its sender, where that is not the
    receiver), ``decorated``."""

    op: str
    target: TypeExpr | None = None
    method: str = ""
    signal: str = ""


@cache
def parse_type(text: str) -> TypeExpr:
    parts = _split(text, "|")
    if len(parts) > 1:
        return TypeExpr("union", args=tuple(parse_type(part) for part in parts))
    text = parts[0]
    if text in ("self", "item", "owner", "decorated", "none", "bool", "false", "never", "receivers"):
        return TypeExpr(text)
    if text.startswith("class "):
        return parse_type(text[6:].strip())._replace(op="class")
    if text.endswith(")"):
        head, _, inner = text[:-1].partition("(")
        if head in ("arg", "init"):
            return _argument(head, inner)
        if head.startswith("self.") and not inner:
            return TypeExpr("gives", _dotted(head[5:]))
        if head in ("setting", "put"):
            return TypeExpr(head, _dotted(inner))
        if head == "text":
            _dotted(inner.replace(".*", ""))
            return TypeExpr(head, inner)
        if head in ("new", "bound", "context", "result", "stored", "unsaved"):
            return TypeExpr(head, args=(parse_type(inner),))
        if head == "holding" and len(held := _split(inner, ",")) == 2:
            return TypeExpr(head, args=tuple(parse_type(part) for part in held))
        raise ValueError(
            f"unknown word {head!r} in {text!r}: "
            "arg, init, put, new, holding, bound, context, result, setting, stored, text, unsaved take them"
        )
    if text.endswith("]"):
        head, _, inner = text[:-1].partition("[")
        items = tuple(parse_type(part) for part in _split(inner, ","))
        if head == "tuple":
            return TypeExpr("tuple", args=items)
        if len(items) != 1:
            raise ValueError(f"{head!r} takes one item type in {text!r}")
        return TypeExpr("self", args=items) if head == "self" else TypeExpr("instance", _dotted(head), args=items)
    if text.startswith("self."):
        return TypeExpr("attr", _dotted(text[5:]))
    return TypeExpr("instance", _dotted(text))


@cache
def asked(expr: TypeExpr) -> tuple[str, ...]:
    """The methods of the receiver that a type expression asks for what they give."""
    return (expr.name,) if expr.op == "gives" else tuple(name for part in expr.args for name in asked(part))


@cache
def reads_receiver(expr: TypeExpr) -> bool:
    """Is an attribute of the receiver in a type expression?"""
    return expr.op == "attr" or any(map(reads_receiver, expr.args))


@cache
def as_passed(expr: TypeExpr, attribute: str) -> TypeExpr:
    """A type expression in which an attribute of the receiver, or what a method of it gives, is an argument of this very name,
    ``self.attribute``."""
    if expr.op in ("attr", "gives") and expr.name == attribute:
        return TypeExpr("arg", f"self.{attribute}")
    return expr._replace(args=tuple(as_passed(part, attribute) for part in expr.args)) if expr.args else expr


@cache
def parse_run(text: str) -> Run:
    if text == "decorated":
        return Run("decorated")
    if text.startswith("receivers(") and text.endswith(")"):
        signal, comma, sender = text[10:-1].partition(", ")
        return Run("receivers", parse_type(sender) if comma else None, signal=_dotted(signal))
    if text.startswith("self[arg(") and text.endswith(")]"):
        return Run("named", parse_type(text[5:-1]))
    if text.startswith("below(") and text.endswith("]"):
        base, _, method = text[6:-1].partition(")[")
        return Run("below", parse_type(method), signal=_dotted(base))
    if text.endswith((")", "]")):
        return Run("call", parse_type(text))
    target, dot, method = text.rpartition(".")
    if not dot:
        raise ValueError(f"cannot read {text!r}: expected self.method, item.method, arg(..), arg(..).method, receivers(..) or decorated")
    return Run("method", parse_type(target), _dotted(method))


def _argument(op: str, inner: str) -> TypeExpr:
    position, colon, name = inner.partition(":")
    if position.isdigit():
        return TypeExpr(op, _dotted(name) if colon else "", int(position))
    if colon:
        raise ValueError(f"{op}({inner}) needs a position before the colon")
    return TypeExpr(op, _dotted(inner))


def _dotted(text: str) -> str:
    if not all(part.isidentifier() for part in text.split(".")):
        raise ValueError(f"{text!r} is not a dotted name")
    return text


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that stand outside of brackets."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == separator and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    if depth:
        raise ValueError(f"unbalanced brackets in {text!r}")
    return [*parts, text[start:].strip()]
