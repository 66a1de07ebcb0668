"""Code frames: lines of source with spans underlined, one block per file, in plain ASCII.

::

      --> shop/views.py:30:10
       |
    30 |     with transaction.atomic():
       |          -------------------- 1. opens the transaction
    ...
    33 |         place_order(order)
       |         ------------------ 2. calls shop.orders.place_order
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from txlint.model.finding import Place
from txlint.report.escape import visible, width
from txlint.report.paint import Paint
from txlint.rules.source import Sources

_WIDEST = 140
_LEAD = 40  # columns that are kept before the span where a line has to be cut


@dataclass(frozen=True, slots=True)
class Mark:
    """A span with what is said of it; ``main`` spans are the effect itself."""

    place: Place
    label: str
    main: bool = False


def gutter_of(marks: Sequence[Mark]) -> int:
    """Columns that the line numbers of these marks need."""
    return max((len(str(mark.place.line)) for mark in marks), default=1)


def frames(marks: Sequence[Mark], gutter: int, sources: Sources, paint: Paint) -> Iterator[str]:
    """Lines of text: one block per file, files in the order in which the marks first name them."""
    bar = paint(f"{' ' * gutter} |", "gutter")
    by_file: dict[str, list[Mark]] = {}
    for mark in marks:
        by_file.setdefault(mark.place.path, []).append(mark)
    for number, (path, group) in enumerate(by_file.items()):
        first = group[0].place
        arrow = "-->" if number == 0 else ":::"
        where = paint(f"{visible(path)}:{first.line}:{first.column}", "path")
        yield f"{' ' * gutter}{paint(arrow, 'gutter')} {where}"
        yield bar
        yield from _block(sorted(group, key=lambda mark: (mark.place.line, mark.place.column)), gutter, bar, sources, paint)
        yield bar


def _block(marks: list[Mark], gutter: int, bar: str, sources: Sources, paint: Paint) -> Iterator[str]:
    above = 0
    for mark in marks:
        place = mark.place
        source = sources.line(place.path, place.line)
        last = place.end_column if place.end_line == place.line else len(source) + 1
        shown, lead, length = _excerpt(source, place.column - 1, last - 1)
        if place.line != above:
            if above and place.line > above + 1:
                yield paint("...", "gutter")
            yield f"{paint(f'{place.line:>{gutter}} |', 'gutter')} {shown}".rstrip()
        above = place.line
        role = "effect" if mark.main else "step"
        yield f"{bar} {' ' * lead}{paint(('^' if mark.main else '-') * length + ' ' + visible(mark.label), role)}"


def _excerpt(source: str, start: int, end: int) -> tuple[str, int, int]:
    """The line as it is shown, and where its span begins and how wide it is, in columns of a terminal."""
    start, end = min(start, len(source)), min(end, len(source))
    cut_before, cut_after = "", ""
    if len(source) > _WIDEST:
        first = max(0, start - _LEAD) if start > _WIDEST - _LEAD else 0
        cut_before, cut_after = "..." if first else "", "..." if len(source) > first + _WIDEST else ""
        source, start, end = source[first : first + _WIDEST], start - first, min(end - first, _WIDEST)
    before, span, after = (_shown(part) for part in (source[:start], source[start:end], source[end:]))
    return f"{cut_before}{before}{span}{after}{cut_after}", len(cut_before) + width(before), max(1, width(span.rstrip()))


def _shown(source: str) -> str:
    return visible(source.replace("\t", "    "))
