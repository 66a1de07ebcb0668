"""Turns the call ``f(x, y)`` into ``before(partial(f, x, y))after`` by inserting text around it, so that its own text, comments and line
breaks stay what they are. Shared by the recipes that defer; what ``before`` and ``after`` are is theirs."""

from __future__ import annotations

import libcst as cst

from txlint.fix.case import Case, Rewrite
from txlint.fix.names import Reference
from txlint.fix.source import Edit


def wrap(
    case: Case, before: str, after: str, changes: tuple[str, ...], name: Reference | None = None, more: tuple[str, ...] = ()
) -> Rewrite:
    """The rewrite; ``changes`` is what behaves otherwise afterwards. ``before`` ends in an opening bracket, ``after`` is what closes it,
    keywords first: ``)`` or ``, using="x")``. ``name`` is the reference that ``before`` begins with, where it needs one; ``more`` what the
    call is given besides."""
    partial = case.reference("functools", "partial")
    used = [name, partial if more or has_arguments(case, case.site.call) else None]
    needs = tuple(each.needs for each in used if each is not None and each.needs is not None)
    return Rewrite(_around(case, before, after, partial.text, more), needs, changes)


def _around(case: Case, before: str, after: str, partial: str, more: tuple[str, ...]) -> tuple[Edit, ...]:
    """The edits. ``partial`` is how this place names functools.partial; a call without arguments needs none of it, unless it is given
    ``more``."""
    call, source = case.site.call, case.source
    start, end = source.offset(*case.site.span[:2]), source.offset(*case.site.span[2:])
    if has_arguments(case, call) and "\n" not in source.text[start:end] and "\r" not in source.text[start:end]:
        parts = [case.code(call.func), *_arguments(case, call)]
        return (Edit(start, end, _fitted(case, before, after, f"{partial}(", parts)),)
    if more:
        return (Edit(start, end, _fitted(case, before, after, f"{partial}(", [case.code(call.func), *more])),)
    inner, _ = called(case, call, partial)
    first, *middle = inner
    first = Edit(first.start, first.end, before + first.text)
    return first, *middle, Edit(end, end, after)


def has_arguments(case: Case, call: cst.Call) -> bool:
    """Whether anything stands between the brackets of the call, a comment included."""
    return bool(call.args) or bool(case.code(call.whitespace_before_args).strip())


def called(case: Case, call: cst.Call, partial: str) -> tuple[tuple[Edit, ...], bool]:
    """``f(x, y)`` to ``partial(f, x, y)``, or ``f()`` to ``f``, with line breaks and comments where they are; whether partial is used."""
    source, span = case.source, case.span(call)
    start, end = source.offset(*span[:2]), source.offset(*span[2:])
    behind, opening = _brackets(case, call)
    function = source.text[start:behind]
    inside = source.text[opening + 1 : end - 1]
    if not has_arguments(case, call):
        return (Edit(start, start, ""), Edit(behind, end, "")), False
    bare = _bare_generator(call)
    if bare is not None:
        low, high = (source.offset(*p) for p in (case.span(bare)[:2], case.span(bare)[2:]))
        return (
            Edit(start, start, f"{partial}("),
            Edit(opening, opening + 1, "," if inside[:1].isspace() else ", "),
            Edit(low, low, "("),
            Edit(high, high, ")"),
        ), True
    first_line = inside.replace("\r", "\n").partition("\n")[0]
    stands_below = bool(call.args) and (not first_line.strip() or first_line.lstrip().startswith("#"))
    if stands_below and "\n" not in function and "\r" not in function:
        line, column = case.span(call.args[0])[:2]
        if not source.line(line)[: column - 1].strip():
            above = source.starts[line - 1]
            added = f"{source.indent(line)}{function},{source.ending(line)}"
            return (Edit(start, opening + 1, f"{partial}("), Edit(above, above, added)), True
    gap = "" if inside[:1].isspace() else " "
    return (Edit(start, start, f"{partial}("), Edit(opening, opening + 1, f",{gap}")), True


def _brackets(case: Case, call: cst.Call) -> tuple[int, int]:
    """Where the callee ends, its own brackets included, and where the bracket of the arguments opens. Read from the text, because libcst
    gives nodes without the indentation of their continued lines."""
    text, line = case.source.text, case.span(call.func)[2:]
    at = behind = case.source.offset(*line)
    closing = len(getattr(call.func, "rpar", ()))
    while True:
        if text[at] == "#":
            while text[at] not in "\r\n":
                at += 1
        elif text[at] == ")" and closing:
            closing -= 1
            behind = at + 1
        elif text[at] == "(":
            return behind, at
        at += 1


def _bare_generator(call: cst.Call) -> cst.GeneratorExp | None:
    """The generator of ``f(x for x in y)``, which needs brackets of its own beside another argument."""
    value = call.args[0].value if len(call.args) == 1 else None
    return value if isinstance(value, cst.GeneratorExp) and not value.lpar else None


def _arguments(case: Case, call: cst.Call) -> list[str]:
    """The arguments of a call on one line as written, without their commas."""
    found = []
    for argument in call.args:
        value = case.code(argument.value)
        if argument.value is _bare_generator(call):
            value = f"({value})"
        found.append(f"{argument.star}{argument.keyword.value}={value}" if argument.keyword else f"{argument.star}{value}")
    return found


def _fitted(case: Case, before: str, after: str, opening: str, parts: list[str]) -> str:
    """One line if it fits or if the statement shares its line, else broken as formatters do."""
    source, (line, column) = case.source, case.site.span[:2]
    flat = f"{before}{opening}{', '.join(parts)}){after}"
    text = source.line(line)
    indent = source.indent(line)
    rest = source.text[source.offset(*case.site.span[2:]) : source.starts[line - 1] + len(text)].rstrip("\r\n")
    alone = column - 1 == len(indent) and not rest.strip().startswith(";")
    head, _, lead = before.rpartition("(")
    if not alone or column - 1 + len(flat) <= case.names.width or not (lead.endswith(", ") or not lead):
        return flat
    step = "\t" if "\t" in indent else "    "
    ending = source.ending(line)
    inner = indent + step
    nested = f"{opening}{', '.join(parts)})"
    if len(inner) + len(nested) > case.names.width:
        nested = opening + ending + "".join(f"{inner}{step}{part},{ending}" for part in parts) + f"{inner})"
    given = [
        *(part for part in (lead.rstrip(", "),) if part),
        nested,
        *(part for part in (after.removesuffix(")").removeprefix(", "),) if part),
    ]
    comma = "," if len(given) > 1 else ""
    return f"{head}({ending}" + "".join(f"{inner}{part}{comma}{ending}" for part in given) + f"{indent})"
