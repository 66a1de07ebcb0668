"""From findings to suggestions and to the new text of files. Reads and writes no file: bytes come in, plans go out.

`open_file` once per file, then `suggest` for single findings (parses only the top-level definition around each); or `plan` for everything
that is to be written (parses whole files, checks the result)."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from txlint.fix.case import Case, Project, Rewrite
from txlint.fix.check import checked
from txlint.fix.depth import deep
from txlint.fix.imports import import_edits
from txlint.fix.meanings import LEXICAL, Meanings, family_of, from_findings, span_of
from txlint.fix.names import Names
from txlint.fix.recipes import RECIPES
from txlint.fix.scopes import Walked, definition_lines, walk
from txlint.fix.source import Edit, Refused, Source, Span, decode, parse, splice
from txlint.model.finding import Finding, Fix

T = TypeVar("T")
NOT_REPRODUCED = "the place was not found again by the second reading of the file"


@dataclass(slots=True)
class OpenFile:
    """One file made ready for its findings: its text, its names, what the engine says of it, and the definitions walked already."""

    source: Source
    names: Names
    findings: tuple[Finding, ...]
    meanings: Meanings
    project: Project
    walked: dict[tuple[int, int], Walked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one finding; ``rewrite`` is ``None`` where nothing is."""

    finding: Finding
    fix: Fix
    rewrite: Rewrite | None = None


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What would happen to one file. ``error`` says why it cannot be rewritten at all; then ``new`` equals ``old``."""

    path: str
    old: bytes
    new: bytes
    fixed: tuple[Proposal, ...] = ()
    refused: tuple[Proposal, ...] = ()
    error: str | None = None

    @property
    def is_changed(self) -> bool:
        return self.new != self.old


def open_file(
    path: str, data: bytes, findings: Iterable[Finding], meanings: Meanings | None = None, project: Project | None = None
) -> OpenFile:
    """Decode and parse (stdlib only); raises `Refused` with the reason. ``findings`` are all that will be asked about; without
    ``meanings`` they also say what opens a transaction and what is an effect."""
    source = decode(path, data)
    there = tuple(findings)
    project = project or Project()
    return OpenFile(source, Names(source, parse(source.text)), there, meanings or from_findings(there, path), project)


def suggest(finding: Finding, file: OpenFile) -> Fix:
    """The suggestion for one of the file's findings, preview included; parses only the top-level definition around it."""
    result = _quietly(lambda: _propose(file, finding, whole=False))
    if isinstance(result, str):
        return Fix("none", None, result)
    return replace(result.fix, preview=preview(file, result.rewrite) if result.rewrite else None)


def plan(
    findings: Sequence[Finding],
    sources: Mapping[str, bytes],
    meanings: Mapping[str, Meanings] | None = None,
    project: Project | None = None,
    unsafe: bool = False,
) -> tuple[FilePlan, ...]:
    """What ``--fix`` would write, one plan for each file that has findings, sorted by path. ``unsafe`` applies what is not ``safe`` too.
    Findings in files that are not in ``sources`` are left out."""
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.place.path in sources:
            by_file.setdefault(finding.place.path, []).append(finding)
    found = []
    for path, there in sorted(by_file.items()):
        data = sources[path]
        result = _quietly(partial(_plan_file, path, data, there, (meanings or {}).get(path), project or Project(), unsafe))
        found.append(FilePlan(path, data, data, error=result) if isinstance(result, str) else result)
    return tuple(found)


def _quietly(work: Callable[[], T]) -> T | str:
    """Run with a deep stack; a refusal comes back as its reason."""
    try:
        return deep(work)
    except Refused as error:
        return str(error)


def _plan_file(path: str, data: bytes, findings: list[Finding], meanings: Meanings | None, project: Project, unsafe: bool) -> FilePlan:
    file = open_file(path, data, findings, meanings, project)
    taken: list[Proposal] = []
    refused: list[Proposal] = []
    changes: dict[tuple[Edit, ...], None] = {}
    occupied = _Occupied()
    for proposal in [_propose(file, finding, whole=True) for finding in findings]:
        rewrite = proposal.rewrite
        if rewrite is None or not (proposal.fix.applicability == "safe" or unsafe):
            refused.append(proposal)
        elif rewrite.edits in changes or occupied.take(rewrite.edits):
            taken.append(proposal)
            changes[rewrite.edits] = None
        else:
            reason = "another rewrite changes the same statement; run again"
            refused.append(replace(proposal, fix=replace(proposal.fix, applicability="none", reason=reason), rewrite=None))
    if not taken:
        return FilePlan(path, data, data, (), tuple(refused))
    edits = [edit for change in changes for edit in change]
    edits += import_edits(file.source, file.names.tree, (n for p in taken if p.rewrite for n in p.rewrite.needs))
    return FilePlan(path, data, checked(file.source, edits), tuple(taken), tuple(refused))


class _Occupied:
    """Which stretches of a text are rewritten already. Kept sorted, so that thousands of rewrites stay cheap."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def take(self, edits: Sequence[Edit]) -> bool:
        """Claim the stretch of these edits; False where another rewrite reaches into it."""
        low, high = min(e.start for e in edits), max(e.end for e in edits)
        at = bisect_left(self._spans, (low, high))
        if (at and self._spans[at - 1][1] > low) or (at < len(self._spans) and self._spans[at][0] < high):
            return False
        self._spans.insert(at, (low, high))
        return True


def _propose(file: OpenFile, finding: Finding, whole: bool) -> Proposal:
    """What is proposed for a finding. ``whole``: its file is to be rewritten, and is parsed completely."""
    lines = (1, len(file.source.starts)) if whole else definition_lines(file.source, file.names.tree, finding.place.line)
    if lines not in file.walked:
        file.walked[lines] = walk(file.source, file.meanings, {span_of(f.place) for f in file.findings}, lines)
    return _decide(file, file.walked[lines], finding, span_of(finding.place))


def _decide(file: OpenFile, walked: Walked, finding: Finding, span: Span) -> Proposal:
    """The first recipe that is safe, else the first that is not refused, else the reason of the first that applies."""
    site = walked.sites.get(span)
    if site is None:
        return Proposal(finding, Fix("none", None, NOT_REPRODUCED))
    if not _reproduced(finding, bool(site.openers)):
        return Proposal(finding, Fix("none", None, "no open transaction was seen around it by the second reading of the file"))
    families = {family_of(o) for o in finding.openers}
    if len(families) > 1:
        return Proposal(finding, Fix("none", None, "it is reached from transactions of different libraries"))
    case = Case(finding, site, walked, file.source, file.names, file.project, next(iter(families), ""))
    verdicts = [(recipe.applicability(case), recipe) for recipe in RECIPES if recipe.applies(case)]
    for wanted in ("safe", "unsafe"):
        for verdict, recipe in verdicts:
            if verdict.applicability == wanted:
                return Proposal(finding, Fix(wanted, recipe.NAME, verdict.reason), recipe.rewrite(case))
    for verdict, recipe in verdicts:
        return Proposal(finding, Fix("none", recipe.NAME, verdict.reason))
    return Proposal(finding, Fix("none", None, "there is no rewrite for this kind of transaction"))


def _reproduced(finding: Finding, is_open: bool) -> bool:
    """A finding with an opener in the effect's own function must be seen by the visitor too."""
    own = any(o.kind in LEXICAL and o.place.path == finding.place.path and len(o.trace) <= 1 for o in finding.openers)
    return is_open or not own


# ---- showing


def preview(file: OpenFile, rewrite: Rewrite) -> str:
    """The lines before (``-``) and after (``+``), without the imports, and a line for each import that is added."""
    source = file.source
    first = source.place(min(e.start for e in rewrite.edits))[0]
    last = source.place(max(max(e.end, e.start + 1) for e in rewrite.edits) - 1)[0]
    begin = source.starts[first - 1]
    end = source.starts[last] if last < len(source.starts) else len(source.text)
    new = splice(source.text[begin:end], tuple(Edit(e.start - begin, e.end - begin, e.text) for e in rewrite.edits))
    lines = [f"+{need.statement}" for need in sorted(set(rewrite.needs))]
    lines += _changed(source.text[begin:end], new)
    return "\n".join(lines)


def _changed(old: str, new: str) -> Iterator[str]:
    before, after = _lines(old), _lines(new)
    for line in difflib.ndiff([x.rstrip("\r\n") for x in before], [x.rstrip("\r\n") for x in after]):
        if line[:2] != "? ":
            yield line[0] + line[2:]


def diff(planned: FilePlan) -> str:
    """A unified diff of a plan, empty where nothing changes; ``patch -p1`` applies it."""
    if not planned.is_changed:
        return ""
    source = decode(planned.path, planned.old)
    new = decode(planned.path, planned.new)
    parts = difflib.unified_diff(_lines(source.text), _lines(new.text), f"a/{planned.path}", f"b/{planned.path}")
    return "".join(part if part.endswith("\n") else part + "\n\\ No newline at end of file\n" for part in parts)


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")[:-1]] + ([rest] if (rest := text.rpartition("\n")[2]) else [])
