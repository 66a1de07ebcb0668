"""Selection: which rules are on, what ignore comments silence or cut, which findings concern the given files.

Ignores work twice. ``cuts`` gives the engine the lines on which edges are cut before it searches for paths, since a finding remains if
another path does; ``without_cut`` drops what was found through such a line all the same. ``select`` silences effect sites, keeps to the
given files and says which comments did nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from txlint.model.facts import FileFacts, Ignore
from txlint.model.finding import Finding, Opener, Place, Problem
from txlint.model.hazard import Hazard, Passage, Spot
from txlint.model.kinds import code_of
from txlint.rules import NAMES, RULES
from txlint.rules.judge import report_order

REASON_FROM = 5
"""A comment that silences a site with more entries than this has to say why."""


class SelectionError(ValueError):
    """A selector that names no rule; the message names the nearest one."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What is left to report: findings in report order, problems (TX901) by path and line."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


def codes_of(selector: str) -> frozenset[str]:
    """The rules that a selector stands for: a code, the start of one, a rule's name, ``ALL`` or ``DEFAULT``, in any case."""
    word = selector.strip()
    if word.upper() == "ALL":
        return frozenset(RULES)
    if word.upper() in ("DEFAULT", "DEFAULTS"):
        return frozenset(code for code, rule in RULES.items() if rule.default)
    if word.lower() in NAMES:
        return frozenset((NAMES[word.lower()].code,))
    if word.upper().startswith("TX"):
        return frozenset(code for code in RULES if code.startswith(word.upper()))
    return frozenset()


def enabled(select: Iterable[str] = (), extend_select: Iterable[str] = (), ignore: Iterable[str] = ()) -> frozenset[str]:
    """The codes that are on: ``select`` (nothing: the defaults) and ``extend_select`` without ``ignore``. Where both name a rule the
    longer selector wins, so that ``--select ALL --ignore TX2 --extend-select TX201`` leaves TX201 on."""
    wanted = [*(tuple(select) or ("DEFAULT",)), *extend_select]
    on = _by_weight(wanted)
    off = _by_weight(ignore)
    return frozenset(code for code, weight in on.items() if weight > off.get(code, -1))


def require(selectors: Iterable[str]) -> None:
    """Raises ``SelectionError`` for the first selector that names no rule."""
    for selector in selectors:
        if not codes_of(selector):
            raise SelectionError(_unknown(selector))


def _by_weight(selectors: Iterable[str]) -> dict[str, int]:
    """Each code with the length of the longest selector that names it; a full code or name outweighs every prefix."""
    weights: dict[str, int] = {}
    for selector in selectors:
        require((selector,))
        codes = codes_of(selector)
        word = selector.strip().upper()
        weight = 0 if word in ("ALL", "DEFAULT", "DEFAULTS") else 99 if len(codes) == 1 else len(word)
        for code in codes:
            weights[code] = max(weights.get(code, -1), weight)
    return weights


def _unknown(selector: str) -> str:
    from difflib import SequenceMatcher  # only on the way to an error

    words = ("ALL", *RULES, *NAMES)
    likeness = {word: SequenceMatcher(None, word.upper(), selector.strip().upper()).ratio() for word in words}
    nearest = max(words, key=likeness.__getitem__)
    return f"unknown rule {selector.strip()!r}" + (f", did you mean {nearest}?" if likeness[nearest] > 0.6 else "")


def with_twins(codes: Iterable[str]) -> frozenset[str]:
    """The codes and, for an effect's rule, the other of TX1xx and TX2xx: an ignore covers both."""
    twins = {"1": "2", "2": "1"}
    both = set(codes)
    both.update(f"TX{twins[code[2]]}{code[3:]}" for code in list(both) if code[2:3] in twins)
    return frozenset(both & RULES.keys())


def covered(ignore: Ignore) -> frozenset[str]:
    """The codes that a comment covers; a comment without codes covers all rules about the project."""
    if not ignore.codes:
        return frozenset(code for code in RULES if code < "TX9")
    return with_twins(code for selector in ignore.codes for code in codes_of(selector))


def cuts(facts: Iterable[FileFacts]) -> dict[tuple[str, int], frozenset[str]]:
    """Lines on which calls and openers are to be cut, with the codes for which; both twins are in the set."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    for each in facts:
        for ignore in each.ignores:
            if not ignore.file:
                key = each.path, ignore.line
                found[key] = found.get(key, frozenset()) | covered(ignore)
    return found


def without_cut(
    hazards: Iterable[Hazard], lines: Mapping[tuple[str, int], frozenset[str]]
) -> tuple[tuple[Hazard, ...], frozenset[tuple[str, int]]]:
    """The hazards without the passages whose opener or calls stand on one of ``cuts``, and the lines that did something. A comment at
    the effect itself silences the finding instead, in ``select``."""
    met: set[tuple[str, int]] = set()
    kept = []
    for hazard in hazards if lines else ():
        code = code_of(hazard.site.effect.kind, 1)
        passages = []
        for passage in hazard.passages:
            hits = [at for at in _edges(passage) if code in lines.get(at, ())]
            met.update(hits)
            if not hits:
                passages.append(passage)
        if passages or not hazard.passages:
            kept.append(hazard if len(passages) == len(hazard.passages) else replace(hazard, passages=tuple(passages)))
    return (tuple(kept) if lines else tuple(hazards)), frozenset(met)


def _edges(passage: Passage) -> Iterable[tuple[str, int]]:
    for spot in (passage.origin.spot, *(hop.spot for hop in passage.hops[:-1])):
        for line in _ends(spot):
            yield spot.path, line


def _ends(spot: Spot) -> tuple[int, ...]:
    return (spot.pos[0],) if spot.pos[0] == spot.pos[2] else (spot.pos[0], spot.pos[2])


def select(
    findings: Iterable[Finding],
    facts: Iterable[FileFacts],
    on: Collection[str],
    *,
    per_file: Mapping[str, Iterable[str]] | None = None,
    given: Collection[str] | None = None,
    cut: Collection[tuple[str, int]] = (),
    doubtful: Collection[tuple[str, int, str]] = (),
    unjudged: Collection[str] = (),
) -> Selected:
    """What is reported of ``findings``: rules that are ``on``, without what comments and ``per_file`` (glob -> selectors) silence,
    limited to findings of which a pair passes through a ``given`` file (``None``: no limit). ``cut`` are the lines at which the
    engine met one of ``cuts``. Comments in ``unjudged`` files (tests) are not held to be unused, nor those at effects that a run with a
    lower threshold of confidence may report: ``doubtful`` are their lines and codes."""
    facts = tuple(facts)
    limit = None if given is None else frozenset(given)
    comments = _Comments(facts)
    comments.used.update(cut)
    comments.spare(doubtful)
    kept = []
    for finding in findings:
        left = comments.silence(finding)
        if left is None or left.code not in on or left.code in ignored_in(left.place.path, per_file):
            continue
        if limit is None or not limit.isdisjoint(_files(left)):
            kept.append(left)
    problems: list[Problem] = []
    if "TX901" in on:
        looked_at = [each for each in facts if each.path not in unjudged and (limit is None or each.path in limit)]
        problems = [problem for problem in comments.unused(looked_at, on) if "TX901" not in ignored_in(problem.path, per_file)]
    return Selected(tuple(sorted(kept, key=report_order)), tuple(sorted(problems, key=lambda each: (each.path, each.line))))


def unreadable(
    problems: Iterable[Problem], on: Collection[str], per_file: Mapping[str, Iterable[str]] | None = None
) -> tuple[tuple[Problem, ...], int]:
    """The files that could not be analysed and are to be reported, and the number of those that were declared to be so."""
    problems = tuple(problems)
    kept = tuple(each for each in problems if each.code in on and each.code not in ignored_in(each.path, per_file))
    return kept, len(problems) - len(kept)


def ignored_in(path: str, per_file: Mapping[str, Iterable[str]] | None) -> frozenset[str]:
    """The codes that per-file-ignores switch off for a path. A pattern without a slash is matched with the file's name as well."""
    off: frozenset[str] = frozenset()
    for pattern, selectors in (per_file or {}).items():
        if matches(path, pattern):
            off |= frozenset().union(*(codes_of(selector) for selector in selectors))
    return off


def matches(path: str, pattern: str) -> bool:
    """Whether a path, its end from some folder on, or a folder above it fits a glob; ``*`` also stands for slashes."""
    pattern = pattern.removeprefix("./").removeprefix("**/").rstrip("/")
    return any(fnmatchcase(f"/{path}/", f"{start}{pattern}{end}") for start in ("/", "*/") for end in ("/", "/*"))


def _files(finding: Finding) -> set[str]:
    return {place.path for opener in finding.openers for place in _places(opener)} | {finding.place.path}


def _places(opener: Opener) -> Iterable[Place]:
    yield opener.place
    yield opener.entry
    for step in opener.trace:
        yield step.place


class _Comments:
    """The ignore comments of all files by place, and which of them had an effect."""

    def __init__(self, facts: tuple[FileFacts, ...]) -> None:
        self.reasons: dict[tuple[str, int], str] = {}
        self.whole_files: dict[str, list[Ignore]] = {}
        self.used: set[tuple[str, int]] = set()
        self.by_line = cuts(facts)
        for each in facts:
            for ignore in each.ignores:
                if ignore.file:
                    self.whole_files.setdefault(each.path, []).append(ignore)
                else:
                    self.reasons[each.path, ignore.line] = self.reasons.get((each.path, ignore.line), "") + ignore.reason

    def silence(self, finding: Finding) -> Finding | None:
        """The finding, or ``None`` where a comment at its site or for its file silences it."""
        path = finding.place.path
        for ignore in self.whole_files.get(path, ()):
            if finding.code in covered(ignore):
                self.used.add((path, -ignore.comment_line))
                return None
        if site := next((line for line in _lines(finding.place) if finding.code in self.by_line.get((path, line), ())), None):
            self.used.add((path, site))
            entries = sum(opener.entry_count for opener in finding.openers) + finding.omitted
            if entries <= REASON_FROM or self.reasons.get((path, site)):
                return None
            needed = f"the ignore comment would silence {entries} entries: it needs a reason"
            return replace(finding, message=f"{finding.message} ({needed})")
        return finding

    def spare(self, doubtful: Collection[tuple[str, int, str]]) -> None:
        for path, line, code in doubtful:
            if code in self.by_line.get((path, line), ()):
                self.used.add((path, line))
            self.used.update((path, -ignore.comment_line) for ignore in self.whole_files.get(path, ()) if code in covered(ignore))

    def unused(self, facts: Iterable[FileFacts], on: Collection[str]) -> Iterable[Problem]:
        for each in facts:
            for ignore in each.ignores:
                unknown = [selector for selector in ignore.codes if not codes_of(selector)]
                if unknown:
                    yield Problem("TX901", each.path, ignore.comment_line, f"the ignore comment names no rule: {', '.join(unknown)}")
                    continue
                at = (each.path, -ignore.comment_line if ignore.file else ignore.line)
                if at not in self.used and not covered(ignore).isdisjoint(on):
                    yield Problem("TX901", each.path, ignore.comment_line, "the ignore comment silences nothing")


def _lines(place: Place) -> Iterable[int]:
    """Lines on which a comment stands at a place: the first and the last of a call that is spread over several."""
    return (place.line,) if place.line == place.end_line else (place.line, place.end_line)
