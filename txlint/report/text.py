"""The report for people: what happens, the way there in code frames, what to do instead; at the end what was looked at."""

from __future__ import annotations

from collections.abc import Iterator

from txlint.catalog.families import deferring
from txlint.model.finding import Finding, Opener, Problem, Report
from txlint.report.concise import location
from txlint.report.counts import counted, headline, looked_at, paths_of
from txlint.report.escape import visible
from txlint.report.fixes import suggestion_lines
from txlint.report.frame import Mark, frames, gutter_of
from txlint.report.paint import Paint, plain
from txlint.rules.source import Sources

ENTRIES = 3
"""Pairs that a finding shows: the first in code frames, the others on a line each."""

_STALE = 10  # entries of a baseline that are shown
_ALIKE = 3  # files that fail alike and have a line each
_OPENS = {
    "with": "opens the transaction",
    "decorator": "wraps the function in a transaction",
    "atomic_requests": "wraps every request in a transaction",
    "request": "keeps a transaction open for the request",
    "admin": "the admin runs this in a transaction",
    "hook": "runs before the commit of whoever calls it",
    "implicit": "opens a transaction of its own",
    "autobegin": "begins the transaction",
    "custom": "opens the transaction",
    "asserted": "relies on an open transaction",
}


def render_text(report: Report, sources: Sources, paint: Paint = plain, most: int | None = None, quiet: bool = False) -> str:
    """The whole report. ``most`` caps the findings that are shown in full; ``quiet`` leaves out everything but findings."""
    blocks = ["\n".join(finding_lines(finding, sources, paint)) for finding in report.findings[:most]]
    if most is not None and len(report.findings) > most:
        rest = counted(len(report.findings) - most, "more finding")
        blocks.append(paint(f"... and {rest}: --output-format concise lists them all.", "warning"))
    unused = [f"{visible(each.path)}:{each.line}: {each.code} {visible(each.message)}" for each in report.errors if each.code != "TX900"]
    if unused:
        blocks.append("\n".join(unused))
    if not quiet:
        blocks.append("\n".join(_summary(report, paint)))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def finding_lines(finding: Finding, sources: Sources, paint: Paint, entries: int = ENTRIES, rest: bool = True) -> Iterator[str]:
    """One finding; ``entries`` of its pairs are shown, and with ``rest`` where to see the others."""
    others = finding.openers[1:entries]
    marks = story(finding, finding.openers[0]) if finding.openers else [Mark(finding.place, finding.name.replace("-", " "), main=True)]
    gutter = gutter_of(marks)
    yield f"{paint(finding.code, 'code')} {paint(visible(finding.message), 'message')}"
    yield from frames(marks, gutter, sources, paint)

    def note(key: str, text: str) -> str:
        return f"{' ' * gutter} {paint('=', 'gutter')} {paint(f'{key}:', 'key')} {text}"

    yield note("instead", visible(finding.remedy))
    for number, line in enumerate(suggestion_lines(finding, paint)):
        yield note("suggested", line) if number == 0 else f"{' ' * gutter} {paint('|', 'gutter')}   {line}"
    yield note("rule", f"{finding.name}, severity {finding.severity}, confidence {finding.confidence.word}")
    for opener in others:
        yield note("also", f"{_way(opener)}")
    more = paths_of(finding) - len(others) - 1
    if more > 0 and rest:
        yield note("more", f"{counted(more, 'path')}, see `txlint why {visible(finding.place.path)}:{finding.place.line}`")


def story(finding: Finding, opener: Opener) -> list[Mark]:
    """The marks of one pair, the effect first; numbered in the order in which they run where that is not plain to see."""
    steps = way_marks(opener)
    if opener.place == finding.place:
        steps = steps[1:]
    steps.append(Mark(finding.place, opener.trace[-1].label, main=True))
    if len(steps) > 2:
        steps = [Mark(mark.place, f"{number}. {mark.label}", mark.main) for number, mark in enumerate(steps, 1)]
    return [steps[-1], *steps[:-1]]


def way_marks(opener: Opener) -> list[Mark]:
    """The opener and the steps from there, without the effect. What happens at one place is one mark."""
    marks = [Mark(opener.place, _opens(opener))]
    for step in opener.trace[:-1]:
        if step.place != marks[-1].place:
            marks.append(Mark(step.place, step.label))
        elif step.kind != "hook":  # a hook's first step only says once more that it is run
            marks[-1] = Mark(step.place, f"{marks[-1].label}, {step.label}")
    return marks


def _opens(opener: Opener) -> str:
    """What an opener does, as the label of its place."""
    alias = "" if opener.alias in (None, "default") else f" on {opener.alias!r}"
    if opener.kind == "implicit" and opener.trace[0].kind == "hook":
        return "runs in a transaction of the library"
    if opener.kind == "request" and deferring(opener.family).awaits:
        return "writes, and leaves the commit to the framework"
    return _OPENS.get(opener.kind, "opens the transaction") + alias


def _way(opener: Opener) -> str:
    """``from shop/admin.py:55:9 in shop.admin.OrderAdmin.save_model, opened at shop/admin.py:50``."""
    told = f"from {location(opener.entry)} in {visible(opener.trace[0].function)}"
    if (opener.place.path, opener.place.line) != (opener.entry.path, opener.entry.line):
        told += f", opened at {visible(opener.place.path)}:{opener.place.line}"
    return told + (f", {counted(opener.entry_count, 'entry').replace('entrys', 'entries')}" if opener.entry_count > 1 else "")


def _summary(report: Report, paint: Paint) -> Iterator[str]:
    for each in report.assumed:
        place = f" ({visible(each.path)}:{each.line})" if each.path else ""
        yield f"assumed: {visible(each.what)} = {visible(each.value)}{place}"
    if hint := _hint(report):
        yield f"{paint('hint:', 'warning')} {hint}"
    yield paint(headline(report), "key" if report.findings else "good")
    yield looked_at(report)


def _hint(report: Report) -> str:
    summary = report.summary
    if not summary.files:
        return ""
    if not summary.scopes and not report.findings:  # requests have transactions without a scope in the code
        return (
            "no transaction was found. If the project opens them through a library or helper that txlint does not know, "
            "name it under [[tool.txlint.opener]]."
        )
    if not summary.effects:
        return (
            "no effect call was found in the code that a transaction may reach. If the project's own clients make one there, "
            "name them under [[tool.txlint.effect]]."
        )
    return ""


def unresolved_lines(report: Report) -> Iterator[str]:
    """One line per call inside a transaction that could not be resolved."""
    for each in report.unresolved:
        yield f"{location(each.place)}: unresolved `{visible(each.callee)}` in {visible(each.function)}: {visible(each.reason)}"


def stale_lines(report: Report) -> Iterator[str]:
    """Lines for stderr: entries of the baseline that stand for nothing any more, the first of them in full."""
    stale = report.known.stale if report.known is not None else ()
    if report.known is None or not stale:
        return
    number = f"{len(stale):,} stale {'entry' if len(stale) == 1 else 'entries'}"
    yield f"{visible(report.known.path)}: {number}: nothing is found there any more; `txlint baseline` removes them"
    yield from (f"  {visible(line)}" for line in stale[:_STALE])
    if len(stale) > _STALE:
        yield f"  ... and {len(stale) - _STALE:,} more"


def problem_lines(report: Report) -> Iterator[str]:
    """Lines for stderr: files that could not be analysed. Many that want a newer Python, or fail alike, share a line."""
    groups: dict[tuple[str, bool], list[Problem]] = {}
    for each in report.errors:
        if each.code == "TX900":
            groups.setdefault(("" if each.needs else each.message, each.given), []).append(each)
    for (message, given), group in groups.items():
        word = "error" if given else "note"
        first = f"{visible(group[0].path)}:{group[0].line}: {word}:"
        if len(group) <= _ALIKE:
            yield from (f"{visible(each.path)}:{each.line}: {word}: {visible(each.message)} (TX900)" for each in group)
        elif message:
            yield f"{first} {visible(message)} (TX900), and so with {counted(len(group) - 1, 'other file')}"
        else:
            newest = max(
                (each.needs or "" for each in group), key=lambda version: [int(part) for part in version.split(".") if part.isdigit()]
            )
            yield f"{first} this and {counted(len(group) - 1, 'other file')} need Python {visible(newest)}: run txlint with it (TX900)"
