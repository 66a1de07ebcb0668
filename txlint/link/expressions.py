"""Expressions evaluated: `EXPRESSIONS` maps each tag to the function that gives its value, calls and their events included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from txlint.link import texts
from txlint.link.calls import evaluate_call
from txlint.link.chosen import each_of, entry_of, is_table, lists_keys
from txlint.link.guards import assume, constant_test, library_test, only_test, tests
from txlint.link.kept import item_name
from txlint.link.keyed import key_of, tag_of, with_key
from txlint.link.library import by_language, configured, operated, subscript
from txlint.link.members import shared
from txlint.link.properties import line_of, look, read
from txlint.link.statements import assign, kept
from txlint.link.targets import consume
from txlint.link.texts import text_of
from txlint.link.values import UNKNOWN, Atom, Chosen, Const, ExtObj, Fn, Many, Obj, Param, SelfObj, Seq, Stored, Table, Value, union
from txlint.model.facts import Expr
from txlint.model.graph import FLAG

if TYPE_CHECKING:
    from txlint.link.replay import Frame


def _const(frame: Frame, expr: Any) -> Value:
    return (frame.linker.atoms.const(expr[1]),)


def _attr(frame: Frame, expr: Any) -> Value:
    base = frame.ev(expr[1])
    value = frame.getattr(base, expr[2])
    if expr[2] in frame.reads:
        read(frame, base, expr[2], expr)
    return value


def _call(frame: Frame, expr: Any) -> Value:
    value = evaluate_call(frame, expr, used=True)
    if not value and expr[2] and expr[2][0][0] == "const" and expr[1].__class__ is str and expr[1].endswith(".get"):
        return configured(frame.linker, expr[2][0][1], expr[1][: -len(".get")])
    return value


def _sub(frame: Frame, expr: Any) -> Value:
    base = frame.ev(expr[1])
    if (
        base
        and expr[1].__class__ is str
        and all(isinstance(a, (Obj, SelfObj)) and frame.linker.has_own(a.klass, "__getitem__") for a in base)
    ):
        if expr[2].__class__ is str or expr[2][0] != "other":  # `registry[kind]`: a method of the project's
            return evaluate_call(frame, ("call", f"{expr[1]}.__getitem__", (expr[2],), (), line_of(frame)), used=True)
    index = frame.ev(expr[2])
    for atom in base if "__getitem__" in frame.linker.catalog.by_language else ():
        if type(atom) is ExtObj:
            by_language(frame, atom, "__getitem__", expr[1])
    position = index[0].value if len(index) == 1 and isinstance(index[0], Const) else None
    if not base:
        return configured(frame.linker, position, expr[1])
    if expr[2].__class__ is not str and expr[2][0] == "other":
        return base  # a slice
    linker = frame.linker
    if len(index) == 1 and isinstance(index[0], Chosen):
        return each_of(linker, index[0], lambda key: _under(frame, base, key, expr[1]))
    if (len(index) != 1 or not isinstance(index[0], Const)) and (is_table(base) or lists_keys(base, index)):
        table: Any = base[0]
        return with_key(linker, entry_of(linker, table, index), key_of(frame, expr[2], index))
    if linker.catalog.namespaces and (item := item_name(expr[2])):
        kept = [shared(linker, atom.name, item) for atom in base if isinstance(atom, ExtObj) and atom.name in linker.catalog.namespaces]
        if any(kept):
            return tuple(dict.fromkeys(atom for value in kept for atom in value))
    return with_key(linker, subscript(frame, base, position, expr[1]), key_of(frame, expr[2], index))


def _under(frame: Frame, base: Value, key: Value, source: Expr) -> Value:
    """What stands, or is kept, under one of several keys that a caller chooses among."""
    position = key[0].value if isinstance(key[0], Const) else None
    return with_key(frame.linker, subscript(frame, base, position, source), tag_of(key))


def _seq(frame: Frame, expr: Any) -> Value:
    items = tuple(frame.ev(item) for item in expr[1])
    if len(items) > 64 or any(item.__class__ is not str and item[0] == "star" for item in expr[1]):
        value: Value = UNKNOWN
        for item in items:
            value = union(value, item)
        return (frame.linker.atoms(Many, value),)
    return (frame.linker.atoms(Seq, items),)


def _set(frame: Frame, expr: Any) -> Value:
    value: Value = UNKNOWN
    for item in expr[1]:
        value = union(value, frame.ev(item))
    return (frame.linker.atoms(Many, value),)


def _dict(frame: Frame, expr: Any) -> Value:
    items: list[tuple[Any, Value]] = []
    rest: Value = UNKNOWN
    for key, item in zip(expr[1], expr[2], strict=True):
        value = frame.ev(item)
        if key is None:
            for atom in value:
                if isinstance(atom, Table):
                    items.extend(atom.items)
                    rest = union(rest, atom.rest)
            continue
        if key.__class__ is not str and key[0] == "const":
            items.append((key[1], value))
        else:
            known = frame.ev(key)
            if len(known) == 1 and isinstance(known[0], Const):
                items.append((known[0].value, value))
            elif len(known) == 1 and type(known[0]) is Seq:
                parts = [item[0].value for item in known[0].items if len(item) == 1 and isinstance(item[0], Const)]
                if len(parts) == len(known[0].items):
                    items.append((tuple(parts), value))
                else:
                    rest = union(rest, value)
            else:
                rest = union(rest, value)
    return (frame.linker.atoms(Table, tuple(items[:256]), rest),)


def _parts(frame: Frame, expr: Any) -> Value:
    for part in expr[1]:
        if part is not None and part.__class__ is not str:
            if part[0] != "const":
                frame.ev(part)
        elif part and frame.reads and "." in part:
            look(frame, part)
    return UNKNOWN


def _fstring(frame: Frame, expr: Any) -> Value:
    _parts(frame, expr)
    first = expr[1][0] if expr[1] else ""
    if first.__class__ is str:  # a name: below a path, as by `folder + "/name"`
        return operated(frame, frame.looked_at(first), "__add__") if first else UNKNOWN
    return texts.started(frame.linker, first[1]) if first[0] == "const" else UNKNOWN


def _cmp(frame: Frame, expr: Any) -> Value:
    frame.ev(expr[1])
    for part in expr[3]:
        if part.__class__ is not str:
            frame.ev(part)
        elif frame.reads and "." in part:
            look(frame, part)
    return UNKNOWN


def _bool(frame: Frame, expr: Any) -> Value:
    value: Value = UNKNOWN
    is_unknown = False
    before = frame.state()
    for position, part in enumerate(expr[2]):
        one = frame.ev(part)
        is_unknown = is_unknown or not one or any(isinstance(atom, (ExtObj, Param, Stored)) for atom in one)
        value = union(value, one) if position or expr[1] == "or" else one
        if position and (frame.open is not before.open or frame.closed is not before.closed):
            # What the second part opens or closes depends on the first: `commit and session.commit()`.
            yes, no = tests(frame, expr[2][0])
            after = frame.state()
            frame.restore(before)
            frame.join(before, after, frame.state(), only_test(yes if expr[1] == "and" else no))
        before = frame.state()
    if is_unknown and expr[1] == "or":  # `row.ways or ["mail"]` may be any word
        return tuple(atom for atom in value if not _is_constant(atom))
    return tuple(atom for atom in value if not (isinstance(atom, Const) and not atom.value)) if len(value) > 1 else value


def _is_constant(atom: Atom) -> bool:
    """Is it a constant that is not false, or a list of such?"""
    if isinstance(atom, Seq):
        return bool(atom.items) and all(_is_constant(each) for item in atom.items for each in item)
    return isinstance(atom, Const) and bool(atom.value)


def _not(frame: Frame, expr: Any) -> Value:
    frame.ev(expr[1])
    known = library_test(frame, expr)
    return UNKNOWN if known is None else (frame.linker.atoms.const(known),)


def _unary(frame: Frame, expr: Any) -> Value:
    value = frame.ev(expr[2])
    if expr[1] == "-" and len(value) == 1 and isinstance(value[0], Const) and isinstance(value[0].value, (int, float)):
        return (frame.linker.atoms.const(-value[0].value),)
    return UNKNOWN


_METHODS = {"|": "__or__", "&": "__and__", "/": "__truediv__"}
"""What an operator calls on its left side."""


def _bin(frame: Frame, expr: Any) -> Value:
    left, right = frame.ev(expr[2]), frame.ev(expr[3])
    if (text := text_of(left)) is not None:
        return texts.operated(frame.linker, expr[1], text, right)
    if (method := _METHODS.get(expr[1])) is not None and (made := operated(frame, left, method)):
        return made
    if expr[1] == "+" or expr[1] == "|":
        if left and right and type(left[0]) is Seq and type(right[0]) is Seq:
            return (frame.linker.atoms(Seq, left[0].items + right[0].items),)
        joined = tuple(a for a in left + right if isinstance(a, (ExtObj, Obj, Many, Table, SelfObj)))
        return joined[:1]
    return UNKNOWN


def _ifexp(frame: Frame, expr: Any) -> Value:
    frame.ev(expr[1])
    if frame.constants and (decided := constant_test(expr[1], frame.constants)) is not None:
        return frame.ev(expr[2] if decided else expr[3])
    guards = frame.guards
    yes, no = tests(frame, expr[1])
    assume(frame, [fact for fact in yes if fact[0] == "test"])
    one = frame.ev(expr[2])
    frame.guards = guards
    assume(frame, [fact for fact in no if fact[0] == "test"])
    two = frame.ev(expr[3])
    frame.guards = guards
    return union(one, two)


def _lambda(frame: Frame, expr: Any) -> Value:
    fun = frame.module.funs[expr[1]]
    return (frame.linker.atoms(Fn, fun, frame.closure()),)


def _await(frame: Frame, expr: Any) -> Value:
    return frame.ev(expr[1])


def _yield(frame: Frame, expr: Any) -> Value:
    value = frame.ev(expr[1]) if expr[1] is not None else UNKNOWN
    if not frame.yields:
        frame.is_quiet = not frame.flow.events
    region, flags = frame.now_open(), tuple(test for test in frame.guards if test.param.startswith(FLAG))
    if flags:
        region = tuple(replace(opened, flags=(*opened.flags, *flags)) for opened in region)
    frame.yields.append((region, value))
    return UNKNOWN


def _yieldfrom(frame: Frame, expr: Any) -> Value:
    value = frame.ev(expr[1])
    consume(frame, value, expr[1])
    frame.yields.append((frame.now_open(), frame.linker.items(value)))
    return UNKNOWN


def _comp(frame: Frame, expr: Any) -> Value:
    saved = dict(frame.env)
    for target, source, ifs, _ in expr[2]:
        value = frame.ev(source)
        consume(frame, value, source)
        _bind(frame, target, frame.linker.items(value))
        for test in ifs:
            frame.ev(test)
    values = [frame.ev(item) for item in expr[3]]
    frame.env = saved
    if expr[1] == "dict":
        return (frame.linker.atoms(Table, (), values[-1]),)
    return (frame.linker.atoms(Many, values[0]),)


def _named(frame: Frame, expr: Any) -> Value:
    value = kept(frame, expr[2])
    assign(frame, expr[1], value, expr[2])
    return value


def _star(frame: Frame, expr: Any) -> Value:
    value = frame.ev(expr[1])
    consume(frame, value, expr[1])
    return frame.linker.items(value)


def _bind(frame: Frame, target: Expr, value: Value) -> None:
    """A comprehension's own names."""
    if target.__class__ is str:
        frame.env[target] = value
    elif target[0] in ("tuple", "list"):
        for position, item in enumerate(target[1]):
            _bind(frame, item, frame.linker.item_at(value, position))


EXPRESSIONS: dict[str, Callable[[Frame, Any], Value]] = {
    "const": _const, "attr": _attr, "call": _call, "sub": _sub, "tuple": _seq, "list": _seq,
    "set": _set, "dict": _dict, "cmp": _cmp, "bool": _bool, "not": _not, "unary": _unary,
    "bin": _bin, "ifexp": _ifexp, "lambda": _lambda, "await": _await, "yield": _yield,
    "yieldfrom": _yieldfrom, "comp": _comp, "fstring": _fstring, "named": _named, "star": _star,
    "other": _parts,
}  # fmt: skip
