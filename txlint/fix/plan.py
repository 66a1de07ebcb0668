"""From findings to suggestions and to the new text of files. Reads and writes no file: bytes come in, plans go out.

`open_file` once per file, then `suggest` for single findings (parses only the top-level definition around each) or `plan` for everything
that is to be written (parses whole files, checks the result)."""

from __future__ import annotations

import ast
import difflib
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
    """One file made ready: its text, its names, and the definitions that were walked already."""

    source: Source
    names: Names
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


def open_file(path: str, data: bytes) -> OpenFile:
    """Decode and parse (stdlib only); raises `Refused` with the reason."""
    source = decode(path, data)
    tree: ast.Module = parse(source.text)
    return OpenFile(source, Names(source, tree))


def suggest(
    finding: Finding, file: OpenFile, meanings: Meanings | None = None, project: Project | None = None, context: Iterable[Finding] = ()
) -> Fix:
    """The suggestion for one finding, preview included. ``context`` are the file's other findings, from which meanings are taken where
    the engine gives none."""
    proposals = _quietly(lambda: _propose(file, [finding], meanings or _meanings([finding, *context], file), project or Project(), False))
    if isinstance(proposals, str):
        return Fix("none", None, proposals)
    return replace(proposals[0].fix, preview=preview(file, proposals[0].rewrite) if proposals[0].rewrite else None)


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
    file = open_file(path, data)
    proposals = _propose(file, findings, meanings or _meanings(findings, file), project, True)
    taken: list[Proposal] = []
    refused: list[Proposal] = []
    edits: list[Edit] = []
    for proposal in proposals:
        wanted = proposal.rewrite is not None and (proposal.fix.applicability == "safe" or unsafe)
        if not wanted or proposal.rewrite is None:
            refused.append(proposal)
        elif _overlaps(edits, proposal.rewrite.edits):
            reason = "another rewrite changes the same statement; run again"
            refused.append(replace(proposal, fix=replace(proposal.fix, applicability="none", reason=reason), rewrite=None))
        else:
            taken.append(proposal)
            edits += proposal.rewrite.edits
    if not edits:
        return FilePlan(path, data, data, (), tuple(refused))
    edits += import_edits(file.source, file.names.tree, (n for p in taken if p.rewrite for n in p.rewrite.needs))
    return FilePlan(path, data, checked(file.source, edits), tuple(taken), tuple(refused))


def _overlaps(edits: Iterable[Edit], new: Sequence[Edit]) -> bool:
    low, high = min(e.start for e in new), max(e.end for e in new)
    return any(e.start < high and low < e.end for e in edits)


def _meanings(findings: Iterable[Finding], file: OpenFile) -> Meanings:
    return from_findings(findings, file.source.path)


def _propose(file: OpenFile, findings: Sequence[Finding], meanings: Meanings, project: Project, whole: bool) -> list[Proposal]:
    """One proposal for each finding, in order."""
    watch = {span_of(f.place) for f in findings}
    found = []
    for finding in findings:
        try:
            walked = _walked(file, meanings, watch, finding, whole)
            found.append(_decide(file, walked, finding, span_of(finding.place), project))
        except Refused as error:
            if whole:
                raise
            found.append(Proposal(finding, Fix("none", None, str(error))))
    return found


def _walked(file: OpenFile, meanings: Meanings, watch: set[Span], finding: Finding, whole: bool) -> Walked:
    lines = (1, len(file.source.starts)) if whole else definition_lines(file.source, finding.place.line)
    if lines not in file.walked:
        file.walked[lines] = walk(file.source, meanings, watch, lines)
    return file.walked[lines]


def _decide(file: OpenFile, walked: Walked, finding: Finding, span: Span, project: Project) -> Proposal:
    """The first recipe that is not refused, else the reason of the first that applies."""
    site = walked.sites.get(span)
    if site is None:
        return Proposal(finding, Fix("none", None, NOT_REPRODUCED))
    if not _reproduced(finding, bool(site.openers)):
        return Proposal(finding, Fix("none", None, "no open transaction was seen around it by the second reading of the file"))
    families = {project.families.get(o.fingerprint) or family_of(o) for o in finding.openers}
    if len(families) > 1:
        return Proposal(finding, Fix("none", None, "it is reached from transactions of different libraries"))
    family = next(iter(families), "")
    case = Case(finding, site, walked, file.source, file.names, project, family)
    first: Proposal | None = None
    for recipe in RECIPES:
        if not recipe.applies(case):
            continue
        verdict = recipe.applicability(case)
        if verdict.applicability != "none":
            return Proposal(finding, Fix(verdict.applicability, recipe.NAME, verdict.reason), recipe.rewrite(case))
        first = first or Proposal(finding, Fix("none", recipe.NAME, verdict.reason))
    return first or Proposal(finding, Fix("none", None, "there is no rewrite for this kind of transaction"))


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
