"""From findings to suggestions and to the new text of files. Reads and writes no file: bytes come in, plans go out.

`open_file` once per file, then `suggest` for single findings (parses only the top-level definition around each); or `plan` for everything
that is to be written (parses whole files, checks the result).

A finding is fixed at the effect, or, where that is refused, at all its entries: the calls in the openers' own functions through which the
effect is reached. Entries may lie in other files, so that one finding may change several."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from txlint.fix.case import Case, Project, Rewrite, Verdict
from txlint.fix.check import checked
from txlint.fix.depth import deep
from txlint.fix.imports import import_edits, in_file_order
from txlint.fix.meanings import LEXICAL, Meanings, family_of, from_findings, span_of
from txlint.fix.names import Names
from txlint.fix.recipes import MISUSE_RECIPES, RECIPES, Recipe
from txlint.fix.sketch import sketch, words
from txlint.fix.source import Edit, Refused, Source, decode, parse, splice
from txlint.fix.walk import Walked, definition_lines, walk
from txlint.model.finding import Finding, Fix, Place

T = TypeVar("T")
_NO_CALLS = ("hook", "signal", "override", "property", "setter")
"""Steps by which a framework's own call reaches an effect, one that writes rows or checks what is written: it belongs into its
transaction. And attributes that are read or assigned: there is no call to put off."""
_NO_RECIPE = "there is no rewrite for this rule"
NOT_REPRODUCED = "the place was not found again by the second reading of the file"


@dataclass(slots=True)
class OpenFile:
    """One file made ready for the findings that are about it: its text, its names, what the engine says of it, and the definitions
    walked already. ``whole``: it is to be rewritten, and is parsed completely."""

    source: Source
    names: Names
    places: frozenset[Place]
    meanings: Meanings
    project: Project
    whole: bool = False
    walked: dict[tuple[int, int], Walked] = field(default_factory=dict)


Opening = Callable[[str], OpenFile | None]
"""Another file of the same run by its path, ``None`` where it cannot be had."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one finding. ``rewrites`` are by path; empty where nothing is proposed."""

    finding: Finding
    fix: Fix
    rewrites: tuple[tuple[str, Rewrite], ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """What behaves otherwise afterwards, one sentence each."""
        risks = [self.fix.reason] if self.fix.applicability == "unsafe" and self.fix.reason else []
        return tuple(dict.fromkeys([*(said for _, rewrite in self.rewrites for said in rewrite.changes), *risks]))


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What would happen to one file. ``fixed`` are the findings whose fix changes it, ``refused`` those in it that are not fixed.
    ``error`` says why it cannot be rewritten at all; then ``new`` equals ``old``."""

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
    path: str,
    data: bytes,
    findings: Iterable[Finding],
    meanings: Meanings | None = None,
    project: Project | None = None,
    whole: bool = False,
) -> OpenFile:
    """Decode and parse (stdlib only); raises `Refused` with the reason. ``findings`` are all that will be asked about; without
    ``meanings`` they also say what opens a transaction and what is an effect."""
    source = decode(path, data)
    found = tuple(findings)
    places = frozenset(p for f in found for p in (f.place, *(o.entry for o in f.openers)) if p.path == path)
    return OpenFile(source, Names(source, parse(source.text)), places, meanings or from_findings(found, path), project or Project(), whole)


def suggest(finding: Finding, file: OpenFile, opening: Opening | None = None) -> Fix:
    """The suggestion for one of the file's findings, preview included; parses only the top-level definitions concerned. ``opening``
    gives the other files, where a fix at the entries is wanted."""
    opened = {file.source.path: file}

    def look_up(path: str) -> OpenFile | None:
        if path not in opened and opening is not None and (other := opening(path)) is not None:
            opened[path] = other
        return opened.get(path)

    result = _quietly(lambda: _propose(finding, look_up))
    if isinstance(result, str):
        return Fix("none", None, result)
    if not result.rewrites and (case := _case(file, finding, finding.place)) is not None and case.site.statement is None:
        reason = "; ".join(told for told in (result.fix.reason, words(case)) if told)
        return replace(result.fix, reason=reason or None, preview=sketch(case))
    shown = [preview(opened[path], rewrite) for path, rewrite in result.rewrites]
    return replace(result.fix, preview="\n".join(dict.fromkeys(shown)) if shown else None)


def plan(
    findings: Sequence[Finding],
    sources: Mapping[str, bytes],
    meanings: Mapping[str, Meanings] | None = None,
    project: Project | None = None,
    unsafe: bool = False,
) -> tuple[FilePlan, ...]:
    """What ``--fix`` would write, one plan for each file that has findings or is changed, sorted by path. ``unsafe`` applies what is not
    ``safe`` too. Nothing is proposed for files that are not in ``sources``."""
    opened: dict[str, OpenFile | str] = {}

    def look_up(path: str) -> OpenFile | None:
        if path not in opened and path in sources:
            given = (meanings or {}).get(path)
            opened[path] = _quietly(partial(_opened, path, sources[path], by_place.get(path, []), given, project))
        file = opened.get(path)
        return file if isinstance(file, OpenFile) else None

    by_place: dict[str, list[Finding]] = {}
    for finding in findings:
        for path in {finding.place.path, *(p for o in finding.openers for p in (o.entry.path, o.place.path))}:
            by_place.setdefault(path, []).append(finding)
    drafts: dict[str, _Draft] = {}
    for finding in findings:
        path = finding.place.path
        if look_up(path) is not None:
            _take(_quietly(partial(_propose, finding, look_up)), finding, drafts, unsafe)
        elif path in sources:
            drafts.setdefault(path, _Draft())
    return tuple(_finished(path, sources[path], opened[path], draft) for path, draft in sorted(drafts.items()))


def _quietly(work: Callable[[], T]) -> T | str:
    """Run with a deep stack; a refusal comes back as its reason."""
    try:
        return deep(work)
    except Refused as error:
        return str(error)


def _opened(path: str, data: bytes, findings: list[Finding], meanings: Meanings | None, project: Project | None) -> OpenFile:
    """A file that is to be rewritten, walked at once, so that a file that libcst does not take is refused as a whole."""
    file = open_file(path, data, findings, meanings, project, whole=True)
    _walked(file, 1)
    return file


# ---- proposing


def _propose(finding: Finding, look_up: Opening) -> Proposal:
    """What is proposed for a finding: at the effect, else at its entries."""
    file = look_up(finding.place.path)
    assert file is not None, "the finding's own file is open"
    here = _decide(file, finding, finding.place)
    entries = {o.entry for o in finding.openers} - {finding.place} if not _is_misuse(finding) else set()
    if here.rewrites or not entries or finding.omitted or any(o.entry_count > 1 or o.entry == finding.place for o in finding.openers):
        return here
    if any(o.stays for o in finding.openers) or any(step.kind in _NO_CALLS for o in finding.openers for step in o.trace[:1]):
        return here
    found = []
    for entry in sorted(entries, key=lambda e: (e.path, e.line, e.column)):
        other = look_up(entry.path)
        if other is None:
            return here
        through = replace(finding, openers=tuple(o for o in finding.openers if o.entry == entry))
        proposal = _decide(other, through, entry, at_entry=True)
        if not proposal.rewrites:
            return here
        found.append(proposal)
    reasons = dict.fromkeys(p.fix.reason for p in found if p.fix.reason)
    return Proposal(finding, replace(found[0].fix, reason="; ".join(reasons)), tuple(r for p in found for r in p.rewrites))


def _walked(file: OpenFile, line: int) -> Walked:
    lines = (1, len(file.source.starts)) if file.whole else definition_lines(file.source, file.names.tree, line)
    if lines not in file.walked:
        file.walked[lines] = walk(file.source, file.meanings, {span_of(place) for place in file.places}, lines)
    return file.walked[lines]


def _case(file: OpenFile, finding: Finding, place: Place, at_entry: bool = False) -> Case | None:
    """What recipes look at; ``None`` where the second reading of the file does not come by the place."""
    walked = _walked(file, place.line)
    site = walked.sites.get(span_of(place))
    family = next((family_of(opener) for opener in finding.openers), "")
    return None if site is None else Case(finding, site, walked, file.source, file.names, file.project, family, at_entry)


def _decide(file: OpenFile, finding: Finding, place: Place, at_entry: bool = False) -> Proposal:
    """The first recipe that is safe, else the first that is not refused, else the reason of the first that applies."""
    case = _case(file, finding, place, at_entry)
    if case is None:
        return Proposal(finding, Fix("none", None, _NO_RECIPE if _is_misuse(finding) else NOT_REPRODUCED))
    own = any(o.kind in LEXICAL and o.place.path == place.path and (at_entry or len(o.trace) <= 1) for o in finding.openers)
    if own and not case.site.openers:
        return Proposal(finding, Fix("none", None, "no open transaction was seen around it by the second reading of the file"))
    if len({family_of(o) for o in finding.openers}) > 1:
        return Proposal(finding, Fix("none", None, "it is reached from transactions of different libraries"))
    recipes = MISUSE_RECIPES if _is_misuse(finding) else RECIPES
    verdicts: list[tuple[Verdict, Recipe]] = []
    for recipe in recipes:
        if recipe.applies(case):
            verdicts.append((recipe.applicability(case), recipe))
            if verdicts[-1][0].applicability == "safe":
                break
    for wanted in ("safe", "unsafe"):
        for verdict, recipe in verdicts:
            if verdict.applicability == wanted:
                return Proposal(finding, Fix(wanted, recipe.NAME, verdict.reason), ((place.path, recipe.rewrite(case)),))
    for verdict, recipe in verdicts:
        return Proposal(finding, Fix("none", recipe.NAME, verdict.reason))
    return Proposal(finding, Fix("none", None, _NO_RECIPE if _is_misuse(finding) else "there is no rewrite for this kind of transaction"))


def _is_misuse(finding: Finding) -> bool:
    """Is it about a deferral or transaction itself, not about an effect?"""
    return finding.code[2] in "35"


# ---- putting the rewrites of a file together


@dataclass(slots=True)
class _Draft:
    """What is to be done to one file so far. ``spans`` are the stretches rewritten already, sorted, so that thousands stay cheap."""

    taken: list[Proposal] = field(default_factory=list)
    refused: list[Proposal] = field(default_factory=list)
    rewrites: dict[Rewrite, None] = field(default_factory=dict)
    spans: list[tuple[int, int]] = field(default_factory=list)

    def has_room(self, rewrite: Rewrite) -> bool:
        """Whether no other rewrite reaches into this one's stretch."""
        low, high = rewrite.span
        at = bisect_left(self.spans, (low, high))
        return not ((at and self.spans[at - 1][1] > low) or (at < len(self.spans) and self.spans[at][0] < high))

    def add(self, rewrite: Rewrite) -> None:
        self.rewrites[rewrite] = None
        self.spans.insert(bisect_left(self.spans, rewrite.span), rewrite.span)


def _take(result: Proposal | str, finding: Finding, drafts: dict[str, _Draft], unsafe: bool) -> None:
    """Enter a proposal into the drafts of the files that it changes, or as refused into that of its own."""
    proposal = Proposal(finding, Fix("none", None, result)) if isinstance(result, str) else result
    own = drafts.setdefault(finding.place.path, _Draft())
    if not proposal.rewrites or not (proposal.fix.applicability == "safe" or unsafe):
        own.refused.append(proposal)
        return
    wanted = [(drafts.setdefault(path, _Draft()), rewrite) for path, rewrite in proposal.rewrites]
    if not all(rewrite in draft.rewrites or draft.has_room(rewrite) for draft, rewrite in wanted):
        reason = "another rewrite changes the same statement; run again"
        own.refused.append(Proposal(finding, replace(proposal.fix, applicability="none", reason=reason)))
        return
    for draft, rewrite in wanted:
        if rewrite not in draft.rewrites:
            draft.add(rewrite)
        if not draft.taken or draft.taken[-1] is not proposal:
            draft.taken.append(proposal)


def _finished(path: str, data: bytes, file: OpenFile | str, draft: _Draft) -> FilePlan:
    """The plan of one file, its new text checked."""
    if isinstance(file, str):
        return FilePlan(path, data, data, error=file)
    if not draft.rewrites:
        return FilePlan(path, data, data, (), tuple(draft.refused))
    edits = [edit for rewrite in draft.rewrites for edit in rewrite.edits]
    edits += import_edits(file.source, file.names.tree, (need for rewrite in draft.rewrites for need in rewrite.needs))
    result = _quietly(partial(checked, file.source, edits))
    if isinstance(result, str):
        return FilePlan(path, data, data, error=result)
    return FilePlan(path, data, result, tuple(draft.taken), tuple(draft.refused))


# ---- showing


def preview(file: OpenFile, rewrite: Rewrite) -> str:
    """The lines before (``-``) and after (``+``), without the imports, and a line for each import that is added."""
    source = file.source
    low, high = rewrite.span
    first, last = source.place(low)[0], source.place(max(high, low + 1) - 1)[0]
    begin = source.starts[first - 1]
    end = source.starts[last] if last < len(source.starts) else len(source.text)
    new = splice(source.text[begin:end], tuple(Edit(e.start - begin, e.end - begin, e.text) for e in rewrite.edits))
    lines = [f"+{need.statement}" for need in sorted(set(rewrite.needs), key=in_file_order)]
    lines += _changed(source.text[begin:end], new)
    return "\n".join(lines)


def _changed(old: str, new: str) -> Iterator[str]:
    """The lines of both, where they differ first those before, then those after."""
    before, after = ([line.rstrip("\r\n") for line in _lines(text)] for text in (old, new))
    for tag, i, k, m, n in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield from (f" {line}" for line in before[i:k] if tag == "equal")
        yield from (f"-{line}" for line in before[i:k] if tag != "equal")
        yield from (f"+{line}" for line in after[m:n] if tag != "equal")


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
