"""A call that can wait by itself: ``enqueue(f)`` becomes ``enqueue(f, enqueue_after_commit=True)``, by the keyword that the catalog names.

The arguments are evaluated where the call stands, and what it does happens after the commit, never after a rollback; it gives nothing
back then, which does not matter where its result is not used."""

from __future__ import annotations

import io
import tokenize
from typing import NamedTuple

import libcst as cst

from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.safety import judge
from txlint.fix.source import Edit

NAME = "defer-keyword"
_LAYOUT = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})


def applies(case: Case) -> bool:
    return bool(case.finding.effect.deferred_by) and not case.at_entry


def applicability(case: Case) -> Verdict:
    keyword = case.finding.effect.deferred_by
    given = _given(case)
    if given is not None and case.code(given.value) != "False":
        return Verdict("none", f"it is given `{keyword}` already, of which the value is not known")
    if any(argument.star == "**" for argument in case.site.call.args):
        return Verdict("none", f"`**` may give it `{keyword}` already")
    return judge(case)


def rewrite(case: Case) -> Rewrite:
    return Rewrite(_edits(case, f"{case.finding.effect.deferred_by}=True"), (), behaviour(case))


def _given(case: Case) -> cst.Arg | None:
    keyword = case.finding.effect.deferred_by
    return next((a for a in case.site.call.args if a.keyword is not None and a.keyword.value == keyword), None)


def _edits(case: Case, argument: str) -> tuple[Edit, ...]:
    """The keyword set where it stands, else added as the last argument, on a line of its own where the others are."""
    source = case.source
    start, end = source.offset(*case.site.span[:2]), source.offset(*case.site.span[2:])
    whole = Edit(start, start, "")  # changes nothing, so that the call is shown from its begin
    given = _given(case)
    if given is not None:
        span = case.span(given.value)
        return whole, Edit(source.offset(*span[:2]), source.offset(*span[2:]), "True")
    last = _last_token(source.text[start:end])
    behind, closing = start + last.end, end - 1
    number = source.place(closing)[0]
    if source.text[source.starts[number - 1] : closing].strip() or last.text == "(":
        return whole, Edit(behind, behind, {"(": "", ",": " "}.get(last.text, ", ") + argument)
    # The closing bracket has its line to itself: so has the new argument.
    above = source.starts[number - 1]
    indent = source.indent(case.span(case.site.call.args[-1])[0])
    line = f"{indent}{argument}{',' if last.text == ',' else ''}{source.ending(number - 1)}"
    comma = () if last.text == "," else (Edit(behind, behind, ","),)
    return whole, *comma, Edit(above, above, line)


class _Token(NamedTuple):
    text: str
    end: int


def _last_token(call: str) -> _Token:
    """What stands before the closing bracket of a call, comments apart."""
    starts = [0]
    for line in io.StringIO(call, newline=""):
        starts.append(starts[-1] + len(line))
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(call, newline="").readline) if t.type not in _LAYOUT]
    before = tokens[-2]
    return _Token(before.string, starts[before.end[0] - 1] + before.end[1])
