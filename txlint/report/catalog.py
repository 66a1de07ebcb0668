"""What `txlint catalog` prints: the libraries as a table, entries in words, and what is wrong with a project's own; as text and as JSON.

A table for people fits the width that it is given, by rich; without one it has a line for each library, for other programs to cut."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, fields
from typing import Any

from txlint import __version__
from txlint.catalog.listing import GROUPS, TESTS, Listed, Told
from txlint.model.catalog import Fault
from txlint.model.kinds import Confidence
from txlint.report.counts import counted
from txlint.report.escape import visible
from txlint.report.paint import Paint, plain

_FEW = 4  # names that are told at length
_HEAD = ("library", "versions", "effects", "opens", "defers", "hooks", "types", "silent", "tests")
_NUMBERS = range(2, 8)
_WIDE = 100  # columns from which on there is room between those of the table


def render_libraries(libraries: Sequence[Listed], paint: Paint = plain, width: int | None = None) -> str:
    """One row for each library; ``width`` in columns of the terminal, None where it is no terminal."""
    rows = [_row(each) for each in libraries]
    table = "\n".join(_plain_table(rows)) + "\n" if width is None else _rich_table(rows, width, paint is not plain)
    return f"{table}\n{_summary(libraries)}\n"


def _row(each: Listed) -> tuple[str, ...]:
    counts = (f"{count:,}" if (count := each.count(group)) else "" for group in GROUPS)
    return (_name(each), ", ".join(each.tested.versions), *counts, _tests(each))


def _name(each: Listed) -> str:
    return "this project" if each.is_project else each.library.name


def _tests(each: Listed) -> str:
    """The initials of the tests that are passed, a dash for each that is not: ``TUE-``; nothing where none were recorded."""
    passed = each.tested.passed
    return "".join(test[0].upper() if test in passed else "-" for test in TESTS) if each.tested.counts else ""


def _summary(libraries: Sequence[Listed]) -> str:
    built_in = [each for each in libraries if not each.is_project]
    all_four = sum(not each.tested.failed for each in built_in)
    entries = sum(len(each.library.entries) for each in built_in)
    mine = sum(len(each.library.entries) for each in libraries if each.is_project)
    own = f"This project's own tables have {mine:,}: `txlint catalog test` looks whether they are in order.\n" if mine else ""
    tests = "".join(f"  {test[0].upper()}  {test}: {meaning}\n" for test, meaning in TESTS.items())
    return (
        f"{len(built_in):,} libraries with {entries:,} entries; {all_four:,} of the libraries pass all four tests:\n{tests}{own}"
        "`txlint catalog WORD` shows a library, a name or a method."
    )


def _plain_table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    lines = [_HEAD, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    for line in lines:
        cells = (
            cell.rjust(width) if at in _NUMBERS else cell.ljust(width) for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _rich_table(rows: Iterable[tuple[str, ...]], width: int, colour: bool) -> str:
    from io import StringIO

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, int(width >= _WIDE), 0, 0), header_style="bold" if colour else ""
    )
    for at, head in enumerate(_HEAD):
        table.add_column(head, justify="right" if at in _NUMBERS else "left", style="cyan" if at == 0 and colour else "", no_wrap=at == 0)
    for row in rows:
        table.add_row(*row)
    out = StringIO()
    Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None, markup=False, emoji=False).print(
        table
    )
    return out.getvalue()


def render_entries(word: str, told: Sequence[Told], libraries: Sequence[Listed], paint: Paint = plain) -> str:
    """What was found for a word: at length where it is about a few names, else a line each."""
    by_name = {each.library.name: each for each in libraries}
    blocks = []
    if len(dict.fromkeys(each.entry.name for each in told)) <= _FEW:
        for origin in dict.fromkeys((each.entry.name, _origin(each)) for each in told):
            blocks.append("\n".join(_at_length(*origin, [each for each in told if (each.entry.name, _origin(each)) == origin], paint)))
    else:
        for library in dict.fromkeys(each.entry.library for each in told):
            mine = [each for each in told if each.entry.library == library]
            blocks.append("\n".join([*_of_library(by_name[library], paint), *(f"  {_line(each)}" for each in mine)]))
    names = len(dict.fromkeys(each.entry.name for each in told))
    blocks.append(f"{counted(names, 'name')} for {visible(word)!r}")
    return "\n\n".join(blocks) + "\n"


def _at_length(name: str, origin: str, told: Iterable[Told], paint: Paint) -> Iterator[str]:
    yield f"{paint(visible(name), 'key')}  {paint(origin, 'dim')}"
    for each in told:
        yield f"  {visible(each.what)}"
        for label, text in each.notes:
            yield f"    {label}: {visible(text)}"


def _origin(told: Told) -> str:
    source = visible(told.source)
    return f"this project ({source})" if told.entry.library == "project" else f"{told.entry.library} ({source})"


def _of_library(each: Listed, paint: Paint) -> Iterator[str]:
    library, tested = each.library, each.tested
    name = "this project" if each.is_project else library.name
    known = f" {library.distribution}" if library.distribution else ""
    versions = f"{known} {', '.join(tested.versions)}" if tested.versions else known
    yield paint(name, "key") + f"{versions}  {paint(visible(each.source), 'dim')}"
    if not each.is_project:
        counts = [f"{test} {tested.counts[test][0]:,} of {tested.counts[test][1]:,}" for test in TESTS if test in tested.counts]
        without = f", {tested.untested:,} not executed" if tested.untested else ""
        yield f"  tests: {', '.join(counts) or 'not recorded'}{without}"


def _line(told: Told) -> str:
    why = f": {visible(told.entry.why)}" if told.table == "silent" and told.entry.why else ""
    return f"{visible(told.entry.name)}  {visible(told.what)}{why}"


def render_json_libraries(libraries: Iterable[Listed]) -> str:
    """All libraries as one document."""
    return _document({"libraries": [_library(each) for each in libraries]})


def render_json_entries(told: Iterable[Told]) -> str:
    """Entries as one document."""
    return _document({"entries": [_entry(each) for each in told]})


def render_faults(faults: Sequence[Fault], entries: int, source: str, lines: Sequence[int | None], paint: Paint = plain) -> str:
    """One line for each fault, as other tools say where and what, and the counts."""
    out = []
    for fault, line in zip(faults, lines, strict=True):
        where = paint(visible(source) + (f":{line}" if line is not None else ""), "path")
        severity = paint(fault.severity, {"error": "code", "warning": "warning"}.get(fault.severity, "dim"))
        key = "" if fault.key == "name" else f"{fault.key}: "
        out.append(f"{where}: {severity}: {paint(visible(fault.name), 'message')} ({fault.table}): {visible(key + fault.text)}")
    count = {severity: sum(fault.severity == severity for fault in faults) for severity in ("error", "warning")}
    told = f"{counted(entries, 'name')} taught: {counted(count['error'], 'error')}, {counted(count['warning'], 'warning')}"
    return "\n".join([*out, told]) + "\n"


def render_json_faults(faults: Sequence[Fault], entries: int, source: str, lines: Sequence[int | None]) -> str:
    """The same as one document."""
    found = [
        {
            "severity": fault.severity,
            "path": source,
            "line": line,
            "table": fault.table,
            "name": fault.name,
            "key": fault.key,
            "message": fault.text,
        }
        for fault, line in zip(faults, lines, strict=True)
    ]
    return _document({"entries": entries, "problems": found})


def _document(data: dict[str, Any]) -> str:
    head = {"version": 1, "tool": {"name": "txlint", "version": __version__}}
    return json.dumps(head | data, ensure_ascii=True, separators=(",", ":")) + "\n"


def _library(each: Listed) -> dict[str, Any]:
    library, tested = each.library, each.tested
    return {
        "name": library.name,
        "project": each.is_project,
        "distribution": library.distribution,
        "packages": list(library.packages),
        "source": each.source,
        "versions": list(tested.versions),
        "tests": {test: list(tested.counts[test]) for test in TESTS if test in tested.counts},
        "untested": tested.untested,
        "passed": list(tested.passed),
        "entries": {group: each.count(group) for group in GROUPS},
        "silent": [entry.name for entry in each.silent],
    }


def _entry(told: Told) -> dict[str, Any]:
    entry = told.entry
    return {
        "name": entry.name,
        "table": told.table,
        "library": entry.library,
        "project": entry.library == "project",
        "source": told.source,
        "codes": list(told.codes),
        "what": told.what,
        "notes": [{"label": label, "text": text} for label, text in told.notes],
        "fields": {name: said for name, said in _said(entry).items() if name not in ("name", "library", "why")},
    }


def _said(row: Any) -> dict[str, Any]:
    """The fields of a decoded row, or of a part of it, that it speaks of: position 0 is one, and so is what equals false."""
    said = {}
    for each in fields(row):
        value = getattr(row, each.name)
        default = each.default if each.default_factory is MISSING else each.default_factory()
        if (value or value != default) and value is not Confidence.CERTAIN:
            said[each.name] = _plain(value)
    return said


def _plain(value: Any) -> Any:
    """A decoded value as JSON can hold it, without what is not said."""
    if isinstance(value, Confidence):
        return value.word
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return _said(value)
    return dict(value) if hasattr(value, "keys") else value
