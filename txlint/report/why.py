"""The answer to ``txlint why PATH:LINE``: is this an effect, is a transaction open here, by what path, and if it is silent, why."""

from __future__ import annotations

from collections.abc import Iterator

from txlint.model.finding import Explanation, Opener, Verdict
from txlint.report.counts import counted
from txlint.report.escape import visible
from txlint.report.frame import Mark, frames, gutter_of
from txlint.report.paint import Paint, plain
from txlint.report.text import finding_lines, way_marks
from txlint.rules.source import Sources

_SHOWN = 20


def render_why(explanation: Explanation, sources: Sources, paint: Paint = plain) -> str:
    """All that is known of the line."""
    where = f"{visible(explanation.path)}:{explanation.line}"
    blocks = [paint(where, "path") + (f" in {visible(explanation.function)}" if explanation.function else " at module level")]
    if explanation.note:
        blocks.append(visible(explanation.note))
    blocks += ["\n".join(finding_lines(each, sources, paint, entries=1, rest=False)) for each in explanation.misuses]
    blocks += ["\n".join(_verdict(each, sources, paint)) for each in explanation.calls]
    # A finding shows its own ways here; the rest is for lines on which nothing is reported.
    if not any(each.finding for each in explanation.calls):
        blocks.append("\n".join(_state(explanation, sources, paint)))
    if explanation.read:
        blocks.append(
            f"Only {visible(explanation.read)} was read: nothing marks where the project begins (`.git`, `pyproject.toml`, `manage.py`). "
            "An empty `txlint.toml` in its folder does."
        )
    return "\n\n".join(blocks) + "\n"


def _verdict(verdict: Verdict, sources: Sources, paint: Paint) -> Iterator[str]:
    callee = f"`{visible(verdict.callee)}`"
    if verdict.effect is None:
        yield f"{callee} {'is not an effect' if verdict.known else 'could not be resolved'}: {visible(verdict.target)}."
        return
    yield f"{callee} is an effect of kind {verdict.effect.kind} ({visible(verdict.effect.library)}): {visible(verdict.target)}."
    if verdict.silent:
        yield f"{paint('Silent:', 'good')} {visible(verdict.silent)}"
    if verdict.finding:
        yield ""
        yield from finding_lines(verdict.finding, sources, paint, entries=1, rest=False)
        for opener in verdict.finding.openers[1:]:
            yield ""
            yield from _path(opener, sources, paint)
        if verdict.finding.omitted:
            yield f"... and {counted(verdict.finding.omitted, 'path')} that are not listed."


def _state(explanation: Explanation, sources: Sources, paint: Paint) -> Iterator[str]:
    if not explanation.openers:
        yield "No transaction is known to be open here."
        return
    total = len(explanation.openers) + explanation.omitted
    also = "; it is also reached with none open" if explanation.closed else ""
    yield f"A transaction is open here on {counted(total, 'path')}{also}."
    for opener in explanation.openers[:_SHOWN]:
        yield ""
        yield from _path(opener, sources, paint)
    if total > _SHOWN:
        yield f"... and {total - _SHOWN:,} more."


def _path(opener: Opener, sources: Sources, paint: Paint) -> Iterator[str]:
    marks = [*way_marks(opener), Mark(opener.trace[-1].place, opener.trace[-1].label)]
    marks = [Mark(mark.place, f"{number}. {mark.label}") for number, mark in enumerate(marks, 1)]
    entries = f", {opener.entry_count:,} entries" if opener.entry_count > 1 else ""
    condition = f", {visible(opener.condition)}" if opener.condition else ""
    yield f"{paint(f'`{visible(opener.opener)}`', 'message')} (confidence {opener.confidence.word}{entries}{condition})"
    yield from frames(marks, gutter_of(marks), sources, paint)
