"""One line per (effect, entry): for editors, grep and diffs. Files that could not be analysed (TX900) go to stderr instead.

A line stands at the entry where the effect cannot be deferred at its own place (its result is used) or is reached from more than one
function; else at the effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from txlint.model.finding import Finding, Opener, Place, Report
from txlint.report.counts import headline, looked_at
from txlint.report.escape import visible


@dataclass(frozen=True, slots=True)
class Line:
    """A pair with the place at which a line format shows it; without an opener where the finding needs no open transaction."""

    place: Place
    finding: Finding
    opener: Opener | None

    @property
    def function(self) -> str:
        """The function in which the place stands."""
        entered = self.opener is not None and self.place == self.opener.entry
        return self.opener.trace[0].function if self.opener is not None and entered else self.finding.function

    @property
    def fingerprint(self) -> str:
        return self.finding.fingerprint if self.opener is None else self.opener.fingerprint


def lines(report: Report, report_at: str = "auto") -> Iterator[Line]:
    """The pairs in order of their places; ``report_at`` is ``auto``, ``effect`` or ``entry``."""
    found: dict[tuple[str, int, int, str, Place, Place], Line] = {}
    for finding in report.findings:
        at_entry = is_at_entry(finding, report_at)
        if not finding.openers:
            place = finding.place
            found[place.path, place.line, place.column, finding.code, place, place] = Line(place, finding, None)
        for opener in finding.openers:
            place = opener.entry if at_entry else finding.place
            found.setdefault(
                (place.path, place.line, place.column, finding.code, finding.place, opener.entry), Line(place, finding, opener)
            )
    yield from (found[key] for key in sorted(found, key=lambda key: (key[:4], _order(key[4]), _order(key[5]))))


def is_at_entry(finding: Finding, report_at: str) -> bool:
    """Is the finding shown at its entries?"""
    if report_at != "auto":
        return report_at == "entry"
    return finding.effect.result_used or len({opener.trace[0].function for opener in finding.openers}) > 1


def _order(place: Place) -> tuple[str, int, int]:
    return place.path, place.line, place.column


def location(place: Place) -> str:
    return f"{visible(place.path)}:{place.line}:{place.column}"


def told(line: Line) -> str:
    """The message of one pair on one line, with the places that are not the line's own."""
    finding, opener = line.finding, line.opener
    elsewhere = []
    if opener is None:
        return visible(finding.message)
    if line.place != finding.place:
        elsewhere.append(f"effect at {location(finding.place)}")
    elif opener.entry != finding.place:
        elsewhere.append(f"entered at {location(opener.entry)}")
    if (opener.place.path, opener.place.line) != (line.place.path, line.place.line):
        elsewhere.append(f"opened at {visible(opener.place.path)}:{opener.place.line}")
    if opener.entry_count > 1:
        elsewhere.append(f"{opener.entry_count:,} entries")
    return visible(opener.told or finding.message) + (f" [{', '.join(elsewhere)}]" if elsewhere else "")


def render_concise(report: Report, report_at: str = "auto", quiet: bool = False) -> str:
    out = [f"{location(line.place)}: {line.finding.code} {told(line)}" for line in lines(report, report_at)]
    out += [f"{visible(each.path)}:{each.line}:1: {each.code} {visible(each.message)}" for each in report.errors if each.code != "TX900"]
    if not quiet:
        out += [headline(report), looked_at(report)]
    return "".join(f"{line}\n" for line in out)
