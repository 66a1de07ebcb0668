"""Ignore comments, written and taken away: `--add-ignore`, and what `--fix` does about TX901.

Only comments change, and that is proved for each file: the tokens of the new text that are no comments are those of the old one, in
order, and every place that was to be covered is covered. A comment goes to the end of a line, behind one that is there already, or where
a string or a backslash holds the end of the line, on a line of its own above."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from txlint.fix.plan import FilePlan
from txlint.fix.source import Edit, Refused, Source, decode, parse, splice
from txlint.lower.ignores import ignore_comments, parse_comment
from txlint.model.finding import Finding, Place, Problem
from txlint.select import REASON_FROM, codes_of, covered

_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL})
_STRINGS_BEGIN = frozenset({getattr(tokenize, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(tokenize, name)})
_STRINGS_END = frozenset({getattr(tokenize, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(tokenize, name)})
_MARK = "txlint:"


@dataclass(frozen=True, slots=True)
class Ignored:
    """One run of `--add-ignore`: comments written by path, findings that have none with the reason, files not written with theirs."""

    added: tuple[tuple[str, int], ...] = ()
    refused: tuple[tuple[Finding, str], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


Wanted = Mapping[Place, Collection[str]]
"""The places in one file at which codes are to be silenced."""


def plan_ignores(
    places: Sequence[tuple[Finding, Sequence[Place]]], data: Mapping[str, bytes], reason: str
) -> tuple[tuple[tuple[FilePlan, int], ...], tuple[tuple[Finding, str], ...]]:
    """Plans for files with the number of comments that they write, and what is not ignored, with the reason. ``places`` says where each
    finding is to be silenced, ``data`` holds the files that may be written."""
    wanted: dict[str, dict[Place, set[str]]] = {}
    refused: dict[int, str] = {}
    for number, (finding, each) in enumerate(places):
        entries = sum(opener.entry_count for opener in finding.openers) + finding.omitted
        if finding.place in each and entries > REASON_FROM and not reason:
            refused[number] = f'the comment would silence {entries} entries and needs a reason: --add-ignore="..."'
            continue
        for place in each:
            if place.path in data:
                wanted.setdefault(place.path, {}).setdefault(place, set()).add(finding.code)
            else:
                refused[number] = f"{place.path} is not among the given files"
    planned = [_with_ignores(path, data[path], wanted[path], reason) for path in sorted(wanted)]
    without = {place: told for _, _, by_place in planned for place, told in by_place.items()}
    for number, (_, each) in enumerate(places):
        for place in each:
            if place in without:
                refused.setdefault(number, without[place])
    return tuple((plan, count) for plan, count, _ in planned), tuple((places[number][0], refused[number]) for number in sorted(refused))


def _with_ignores(path: str, data: bytes, wanted: Wanted, reason: str) -> tuple[FilePlan, int, dict[Place, str]]:
    """The plan for one file, how many comments it writes or extends, and the places at which none can stand, with the reason."""
    refused: dict[Place, str] = {}
    try:
        text = _Text(decode(path, data))
        by_line: dict[tuple[int, bool], set[str]] = {}
        covers: list[tuple[int, Collection[str]]] = []
        for place, codes in wanted.items():
            at = text.room(place)
            if at is None:
                refused[place] = "no comment can stand at its line, which begins and ends inside of a string"
                continue
            by_line.setdefault(at, set()).update(codes)
            covers.append((at[0], codes))
        edits = [text.ignore(line, above, sorted(codes), reason) for (line, above), codes in sorted(by_line.items())]
        new = _checked(text, edits)
        _check_covered(new, covers, [line for line, above in by_line if above])
    except Refused as error:
        return FilePlan(path, data, data, error=str(error)), 0, dict.fromkeys(wanted, str(error))
    return FilePlan(path, data, new), sum(edit is not None for edit in edits), refused


def without_unused(path: str, data: bytes, problems: Iterable[Problem]) -> tuple[FilePlan, int]:
    """The plan for a file without the comments that TX901 names, and how many these are. Of a comment with codes of which some name no
    rule only those go."""
    try:
        text = _Text(decode(path, data))
        edits = [edit for line in sorted({each.line for each in problems}) if (edit := text.removal(line)) is not None]
        return FilePlan(path, data, _checked(text, edits)), len(edits)
    except Refused as error:
        return FilePlan(path, data, data, error=str(error)), 0


class _Text:
    """The text of a file, its comments by line, and the lines at whose end no comment can stand."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = _tokens(source.text)
        self.comments: dict[int, tuple[int, str]] = {}
        self.held: set[int] = set()
        begun: list[int] = []
        for token in self.tokens:
            (first, column), (last, _) = token.start, token.end
            if token.type == tokenize.COMMENT:
                self.comments[first] = column, token.string.rstrip()
            elif token.type in _STRINGS_BEGIN:
                begun.append(first)
            elif token.type in _STRINGS_END and begun:
                self.held.update(range(begun.pop(), last))
            elif token.type == tokenize.STRING:
                self.held.update(range(first, last))
        for number in range(1, len(source.starts) + 1):
            if number not in self.comments and self.content(number).endswith("\\"):
                self.held.add(number)

    def content(self, line: int) -> str:
        return self.source.line(line).rstrip("\r\n")

    def room(self, place: Place) -> tuple[int, bool] | None:
        """The line of a place that a comment can cover, and whether it has to stand above it."""
        for line in dict.fromkeys((place.line, place.end_line)):
            if line not in self.held and self._takes(line):
                return line, False
        return (place.line, True) if place.line == 1 or place.line - 1 not in self.held else None

    def _takes(self, line: int) -> bool:
        """Can the comment of a line, if it has one, be made to ignore more?"""
        text = self.comments.get(line, (0, ""))[1]
        ignore = parse_comment(text, line)
        return _MARK not in text or (ignore is not None and not ignore.file)

    def ignore(self, line: int, above: bool, codes: Sequence[str], reason: str) -> Edit | None:
        """The edit that makes a comment ignore these codes; nothing where one does."""
        source = self.source
        words = f"# {_MARK} ignore[{','.join(codes)}]" + (f" {reason}" if reason else "")
        if above:
            at = source.offset(line, 1)
            return Edit(at, at, f"{source.indent(line)}{words}{source.ending(line)}")
        end = source.offset(line, 1) + len(self.content(line).rstrip())
        if line not in self.comments:
            return Edit(end, source.offset(line, 1) + len(self.content(line)), f"  {words}")
        column, text = self.comments[line]
        ignore = parse_comment(text, line)
        if ignore is None:
            return Edit(end, end, f"  {words}")
        begin = source.offset(line, column + 1)
        new = text
        missing = [code for code in codes if code not in covered(ignore)]
        if missing:
            at = text.index("]", text.index(_MARK))
            new = f"{text[:at].rstrip()},{','.join(missing)}{text[at:]}"
        if reason and not ignore.reason:
            new = f"{new.rstrip(' :-')} {reason}"
        return None if new == text else Edit(begin, begin + len(text), new)

    def removal(self, line: int) -> Edit | None:
        column, text = self.comments.get(line, (0, ""))
        ignore = parse_comment(text, line)
        if ignore is None:
            return None
        source = self.source
        begin = source.offset(line, column + 1)
        unknown = [code for code in ignore.codes if not codes_of(code)]
        if unknown and len(unknown) < len(ignore.codes):
            low, high = text.index("[", text.index(_MARK)) + 1, text.index("]", text.index(_MARK))
            known = [word.strip() for word in text[low:high].split(",") if codes_of(word)]
            return Edit(begin + low, begin + high, ",".join(known))
        low = text.rindex("#", 0, text.index(_MARK))
        left = "  ".join(part for part in (text[:low].rstrip(), text[_next_comment(text, low) :]) if part)
        if left:
            return Edit(begin, begin + len(text), left)
        code = self.content(line)[:column].rstrip()
        if code:
            return Edit(source.offset(line, 1) + len(code), source.offset(line, 1) + len(self.content(line)), "")
        return Edit(source.offset(line, 1), source.offset(line, 1) + len(source.line(line)), "")


def _next_comment(text: str, at: int) -> int:
    """Where another comment starts behind the ignore at ``at``: at a ``#`` before a word, which the number of an issue is not."""
    for index in range(text.index(_MARK, at), len(text) - 1):
        if text[index] == "#" and text[index - 1].isspace() and (text[index + 1].isspace() or text[index + 1].isalpha()):
            return index
    return len(text)


def _checked(text: _Text, edits: Sequence[Edit | None]) -> bytes:
    """The new bytes of a file in which nothing but comments is different. Raises `Refused`, a fault of txlint, where more is."""
    source = text.source
    new = splice(source.text, tuple(edit for edit in edits if edit is not None))
    data = source.encode(new)
    parse(new)
    if list(_code(text.tokens)) != list(_code(_tokens(new))) or decode(source.path, data).text != new:
        raise Refused("internal error: more than comments would change")
    return data


def _check_covered(data: bytes, covers: Iterable[tuple[int, Collection[str]]], above: Sequence[int]) -> None:
    found: dict[int, set[str]] = {}
    for ignore in ignore_comments(data):
        found.setdefault(ignore.line, set()).update(covered(ignore))
    for line, codes in covers:
        if not found.get(line + sum(each <= line for each in above), set()).issuperset(codes):
            raise Refused(f"internal error: the comment would not cover line {line}")


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return list(tokenize.generate_tokens(io.StringIO(plain).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise Refused(f"its comments cannot be read: {error}") from error


def _code(tokens: Iterable[tokenize.TokenInfo]) -> Iterator[tuple[int, str]]:
    """The tokens that are no comments. A line break at the very end may be there or not."""
    return ((token.type, token.string if token.type != tokenize.NEWLINE else "") for token in tokens if token.type not in _LAYOUT)
