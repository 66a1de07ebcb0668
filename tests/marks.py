"""Marks: what a fixture says of itself, in comments on the lines that it is about, and how a report is held against it.

```
@transaction.atomic            # open: a
def pay():
    notify()                   # via: a              a step of the trace, in order
    requests.post(URL)         # want: TX103=a       a finding here, opened at `open: a`; `TX103=a,b TX109=a` says more
    getattr(x, n)()            # missed: TX101 -- dynamic        a known gap: fails when it closes
    cache.set(k, v)            # spurious: TX106 -- reason       a known false alarm: fails when it is gone
def helper():                  # summary: opens                  what is inferred of the function
    ship(order)                # want: TX101=a   # unproved: why the proof cannot run it
```

A case is one file, or a folder with everything under it; names of openers belong to the case. Silence is the expectation of every line
without a mark: a finding there fails, and so does an opener that the line's mark does not name. A mark that cannot be read fails.

`via` lines of one file are in their order there; `via: a.1`, `via: a.2` give another one (a caller below its callee), or one over several
files. Where one opener leads to several places, each `via` has to lie on the way to one of them.
`missed: TX101=b` on a line with `want: TX101=a` is about the opener alone, and `spurious` likewise.
Lines `# proof: expression; expression` at the head of a file are run by `tests/proof`.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from txlint.model.finding import Finding, Opener, Report

WORDS = ("open", "via", "want", "missed", "spurious", "summary", "proof", "unproved")
_CODE = re.compile(r"TX\d{3}")
_NAME = re.compile(r"[a-z][a-z_0-9]*")
# What looks like a mark: one of the words, or a near miss of it, followed by a colon at the start of a comment's part.
_MARK = re.compile(r"#\s*(open|opens?|via|wants?|missed|miss|spurious|summary|proof|proofs|unproved)\s*:", re.IGNORECASE)


class MalformedMark(ValueError):
    """A mark that cannot be read; the message names the place."""


Line = tuple[Path, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """A code with the openers that it is expected from (empty: any) on one line; ``reason`` for known gaps and false alarms."""

    place: Line
    code: str
    openers: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Via:
    place: Line
    opener: str
    order: int | None


@dataclass(slots=True)
class Case:
    """All marks of one fixture. ``proofs`` are (file, expression), ``unproved`` maps a line (0: the whole file) to the reason."""

    path: Path
    files: tuple[Path, ...] = ()
    opens: dict[str, Line] = field(default_factory=dict)
    vias: list[Via] = field(default_factory=list)
    wants: list[Expected] = field(default_factory=list)
    missed: list[Expected] = field(default_factory=list)
    spurious: list[Expected] = field(default_factory=list)
    summaries: dict[Line, tuple[str, ...]] = field(default_factory=dict)
    proofs: list[tuple[Path, str]] = field(default_factory=list)
    unproved: dict[Line, str] = field(default_factory=dict)

    def reason_unproved(self, place: Line) -> str | None:
        """Why the expectation at ``place`` is not executed, or None when it has to be."""
        return self.unproved.get(place) or self.unproved.get((place[0], 0))


def cases(root: Path) -> list[Path]:
    """The fixtures under ``root``: ``<group>/<case>.py`` and ``<group>/<case>/``, and the projects that stand at the top.

    Fixed twins (``*.fixed.py``, ``*.fixed/``) belong to their case."""
    found: list[Path] = []
    for top in sorted(root.iterdir()):
        if top.name in GROUPS and top.is_dir():
            found += [entry for entry in sorted(top.iterdir()) if _is_case(entry)]
        elif top.is_dir() and top.name not in NOT_CASES:
            found.append(top)
    return found


GROUPS = ("TX1xx", "TX2xx", "TX3xx", "TX4xx", "TX5xx", "fix", "flow", "link", "settings")
NOT_CASES = ("catalog", "fix")


def _is_case(entry: Path) -> bool:
    if entry.name.startswith((".", "__pycache__")) or entry.stem.endswith(".fixed") or entry.name.endswith(".fixed"):
        return False
    return entry.is_dir() or entry.suffix == ".py"


def read_case(path: Path) -> Case:
    """Every mark under ``path``. Raises MalformedMark for one that cannot be read, names no opener, or names one twice."""
    path = path.resolve()
    case = Case(path, tuple(sorted(path.rglob("*.py"))) if path.is_dir() else (path,))
    for file in case.files:
        for line, word, text in _marks(file):
            _add(case, (file, line), word, text)
    for expected in [*case.wants, *case.missed, *case.spurious]:
        for name in expected.openers:
            if name not in case.opens:
                raise MalformedMark(f"{_at(expected.place)}: no line says `open: {name}`")
    for via in case.vias:
        if via.opener not in case.opens:
            raise MalformedMark(f"{_at(via.place)}: no line says `open: {via.opener}`")
    used = {name for expected in [*case.wants, *case.missed, *case.spurious] for name in expected.openers}
    for name, place in case.opens.items():
        if name not in used:
            raise MalformedMark(f"{_at(place)}: nothing is expected from `open: {name}`")
    return case


def _marks(file: Path) -> Iterator[tuple[int, str, str]]:
    source = file.read_text(encoding="utf-8")
    code_lines: set[int] = set()
    comments = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments.append((token.start[0], token.string))
        elif token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            code_lines.update(range(token.start[0], token.end[0] + 1))
    for line, comment in comments:
        starts = [match.start() for match in _MARK.finditer(comment)]
        for start, end in pairwise([*starts, len(comment)]):
            word, _, text = comment[start + 1 : end].partition(":")
            word, text = word.strip(), text.strip()
            if word not in WORDS:
                raise MalformedMark(f"{file.name}:{line}: `{word}:` is not a mark; marks are {', '.join(WORDS)}")
            if not text:
                raise MalformedMark(f"{file.name}:{line}: `{word}:` says nothing")
            if line not in code_lines and word not in ("proof", "unproved"):
                raise MalformedMark(f"{file.name}:{line}: `{word}:` stands on a line without code")
            yield (line if line in code_lines else 0), word, text


def _add(case: Case, place: Line, word: str, text: str) -> None:
    match word:
        case "open" | "via":
            for item in text.replace(",", " ").split():
                name, _, order = item.partition(".")
                if not _NAME.fullmatch(name) or (order and (word == "open" or not order.isdigit())):
                    raise MalformedMark(f"{_at(place)}: `{item}` is not the name of an opener")
                if word == "via":
                    case.vias.append(Via(place, name, int(order) if order else None))
                elif name in case.opens:
                    raise MalformedMark(f"{_at(place)}: `open: {name}` stands at {_at(case.opens[name])} too")
                else:
                    case.opens[name] = place
        case "want" | "missed" | "spurious":
            items, dash, reason = text.partition("--")
            if (word == "want") == bool(dash) or (dash and not reason.strip()):
                raise MalformedMark(f"{_at(place)}: `{word}:` has {'no' if word == 'want' else 'a'} reason after `--`")
            target = {"want": case.wants, "missed": case.missed, "spurious": case.spurious}[word]
            for item in items.split():
                code, equals, names = item.partition("=")
                openers = tuple(names.split(",")) if equals else ()
                if not _CODE.fullmatch(code) or any(not _NAME.fullmatch(name) for name in openers):
                    raise MalformedMark(f"{_at(place)}: `{item}` is not a code with openers (TX101=a,b)")
                target.append(Expected(place, code, openers, reason.strip()))
        case "summary":
            case.summaries[place] = tuple(text.split())
        case "proof":
            if place[1]:
                raise MalformedMark(f"{_at(place)}: `proof:` stands on a line of its own")
            case.proofs += [(place[0], expression.strip()) for expression in text.split(";") if expression.strip()]
        case "unproved":
            case.unproved[place] = text


def check_case(case: Case, report: Report) -> list[str]:
    """What the report says against the marks: one line per difference, none when they agree."""
    wrong: list[str] = []
    names = {place: name for name, place in case.opens.items()}
    by_line: dict[tuple[Line, str], list[Finding]] = {}
    for finding in report.findings:
        by_line.setdefault(((_path(finding.place.path), finding.place.line), finding.code), []).append(finding)
    wants = {(want.place, want.code): want for want in case.wants}
    spurious = {(mark.place, mark.code): mark for mark in case.spurious}
    missed = {(mark.place, mark.code): mark for mark in case.missed}

    for key, findings in sorted(by_line.items(), key=lambda item: (str(item[0][0][0]), item[0][0][1], item[0][1])):
        place, code = key
        allowed: set[str] = set()
        for marks in (wants, spurious):
            if key in marks:
                allowed |= set(marks[key].openers)
        anything = any(key in marks and not marks[key].openers for marks in (wants, spurious))
        if key in missed and (not missed[key].openers or key not in wants):
            wrong.append(f"{_at(place)}: {code} is found now: turn `missed` into `want`")
            continue
        if key not in wants and key not in spurious:
            wrong.append(f"{_at(place)}: {code} is not expected: {'; '.join(_story(finding) for finding in findings)}")
            continue
        for opener in _openers(findings):
            name = names.get(_line_of(opener))
            if name is not None and key in missed and name in missed[key].openers:
                wrong.append(f"{_at(place)}: {code} is found from `{name}` now: turn `missed` into `want`")
            elif not anything and name not in allowed:
                wrong.append(f"{_at(place)}: {code} is not expected from the {opener.kind} {opener.opener} at {_at(_line_of(opener))}")

    for what, marks in (("not found", wants), ("no longer found: take the `spurious` mark away", spurious)):
        for key, mark in marks.items():
            findings = by_line.get(key, [])
            if not findings:
                wrong.append(f"{_at(key[0])}: {key[1]} is {what}")
                continue
            found = {_line_of(opener) for opener in _openers(findings)}
            wrong += [f"{_at(key[0])}: {key[1]} from `{name}` is {what}" for name in mark.openers if case.opens[name] not in found]
    wrong += _check_vias(case, by_line)
    return wrong


def _check_vias(case: Case, by_line: dict[tuple[Line, str], list[Finding]]) -> list[str]:
    """A `via` is covered by the trace of one wanted pair of its opener; every trace has the `via` lines that it passes in their order."""
    wrong = []
    for name, opened_at in case.opens.items():
        vias = [via for via in case.vias if via.opener == name]
        if not vias:
            continue
        traces = [
            [(_path(step.place.path), step.place.line) for step in opener.trace]
            for want in case.wants
            if name in want.openers
            for opener in _openers(by_line.get((want.place, want.code), []))
            if _line_of(opener) == opened_at
        ]
        if not traces:
            continue  # said already: not found
        for via in vias:
            if not any(via.place in trace for trace in traces):
                shown = " or ".join(" > ".join(_at(place) for place in trace) for trace in traces)
                wrong.append(f"{_at(via.place)}: not on the way from `{name}`: {shown}")
        for trace in traces:
            passed = [via for place in trace for via in vias if via.place == place]
            if any(_after(first, second) for first, second in pairwise(passed)):
                wrong.append(f"the way from `{name}` has its `via` lines in another order: {' > '.join(_at(place) for place in trace)}")
    return wrong


def _after(first: Via, second: Via) -> bool:
    """Does the first belong behind the second? Numbers say it; without them the lines of one file do."""
    if first.order is not None and second.order is not None:
        return first.order > second.order
    return first.place[0] == second.place[0] and first.place[1] > second.place[1]


def _openers(findings: list[Finding]) -> list[Opener]:
    return [opener for finding in findings for opener in finding.openers]


def _line_of(opener: Opener) -> Line:
    return (_path(opener.place.path), opener.place.line)


def _path(reported: str) -> Path:
    return Path(reported).resolve()


def _at(place: Line) -> str:
    return f"{place[0].name}:{place[1]}"


def _story(finding: Finding) -> str:
    return f"{finding.effect.callee} from " + ", ".join(f"{opener.kind} at {_at(_line_of(opener))}" for opener in finding.openers)
