"""What `--fix` and `--diff` did, in words: per file what is fixed and what behaves otherwise now; what was refused, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from txlint.model.finding import Finding, Fix
from txlint.report.concise import location
from txlint.report.counts import counted
from txlint.report.escape import visible
from txlint.report.paint import Paint, plain

if TYPE_CHECKING:
    from txlint.fix.ignores import Ignored
    from txlint.fix.plan import Proposal
    from txlint.fix.rounds import Fixed


def fixed_lines(fixed: Fixed, would: bool = False, show: bool = False, paint: Paint = plain) -> Iterator[str]:
    """The whole account. ``would``: nothing was written (``--diff``). ``show``: each refusal has its line (``--show-fixes``)."""
    by_path: dict[str, list[Proposal]] = {}
    for proposal in fixed.done:
        for path in dict.fromkeys(path for path, _ in proposal.rewrites):
            by_path.setdefault(path, []).append(proposal)
    for path in sorted(by_path):
        yield paint(f"{visible(path)}: {'would be fixed' if would else 'fixed'} {counted(len(by_path[path]), 'effect')}", "path")
        yield from _changes(by_path[path])
    for path, number in fixed.unignored:
        yield paint(f"{visible(path)}: {'would remove' if would else 'removed'} {counted(number, 'unused ignore comment')}", "path")
    for path, reason in fixed.failed:
        yield f"{visible(path)}: not written: {visible(reason)}"
    if show:
        for proposal in sorted(fixed.refused, key=_order):
            finding = proposal.finding
            yield f"{location(finding.place)}: {finding.code} not fixed: {visible(_reason(proposal.fix))}"
    yield from (f"{paint('note:', 'warning')} {visible(note)}" for note in fixed.notes)
    yield paint(_summary(fixed, would), "good" if fixed.done or fixed.unignored else "key")


def ignored_lines(ignored: Ignored, quiet: bool = False) -> Iterator[str]:
    """What `--add-ignore` did. ``quiet``: only what it could not do."""
    for path, number in ignored.added if not quiet else ():
        yield f"{visible(path)}: added {counted(number, 'ignore comment')}"
    for path, reason in ignored.failed:
        yield f"{visible(path)}: not written: {visible(reason)}"
    for finding, reason in ignored.refused:
        yield f"{location(finding.place)}: {finding.code} not ignored: {visible(reason)}"
    if not quiet:
        comments, files = sum(number for _, number in ignored.added), len(ignored.added)
        left = f", {counted(len(ignored.refused), 'effect')} not ignored" if ignored.refused else ""
        yield f"added {counted(comments, 'ignore comment')} in {counted(files, 'file')}{left}"


def _changes(proposals: Iterable[Proposal]) -> Iterator[str]:
    """The changes of behaviour, each said once with the lines that it is about."""
    lines: dict[str, list[str]] = {}
    for proposal in proposals:
        for change in proposal.changes:
            lines.setdefault(change, []).append(str(proposal.finding.place.line))
    for change, where in lines.items():
        yield f"  line{'s' if len(where) > 1 else ''} {', '.join(dict.fromkeys(where))}: {visible(change)}"


def _order(proposal: Proposal) -> tuple[str, int, int, str]:
    finding = proposal.finding
    return finding.place.path, finding.place.line, finding.place.column, finding.code


def _reason(fix: Fix) -> str:
    return f"only with --unsafe-fixes: {fix.reason}" if fix.applicability == "unsafe" else fix.reason or "no reason is known"


def _summary(fixed: Fixed, would: bool) -> str:
    told = f"{'would fix' if would else 'fixed'} {counted(len(fixed.done), 'effect')}, {len(fixed.refused):,} not"
    unsafe = fixed.is_for_unsafe
    return told + (f" ({unsafe:,} of them could be with --unsafe-fixes)" if unsafe else "")


def suggestion_lines(finding: Finding, paint: Paint) -> Iterator[str]:
    """``suggested:`` with the lines before and after, or why there is none; nothing where it was not worked out."""
    fix = finding.fix
    if fix.applicability is None:
        return
    if fix.applicability == "none":
        yield f"{'by hand' if fix.preview else 'none'}: {visible(fix.reason or '')}"
    elif fix.applicability == "safe":
        yield f"{fix.recipe} (safe: --fix)"
    else:
        yield f"{fix.recipe} (--unsafe-fixes: {visible(fix.reason or '')})"
    if fix.preview is None:
        return
    for line in fix.preview.split("\n"):
        yield paint(visible(line), "effect" if line.startswith("-") else "good" if line.startswith("+") else "dim")
