"""Workflow commands, which GitHub shows beside the lines of a pull request: one per (effect, entry)."""

from __future__ import annotations

from txlint.model.finding import Report
from txlint.report.concise import lines, told
from txlint.report.escape import visible

_LEVELS = {"high": "error", "medium": "warning", "low": "notice"}


def render_github(report: Report, report_at: str = "auto") -> str:
    out = []
    for line in lines(report, report_at):
        place, finding = line.place, line.finding
        properties = (
            f"file={_property(place.path)},line={place.line},col={place.column},endLine={place.end_line},endColumn={place.end_column}"
        )
        title = _property(f"{finding.code} {finding.name}")
        out.append(f"::{_LEVELS[finding.severity]} {properties},title={title}::{_data(f'{told(line)} {finding.remedy}')}")
    for each in report.errors:
        level = "error" if each.code == "TX900" and each.given else "notice"
        out.append(f"::{level} file={_property(each.path)},line={each.line},title={each.code}::{_data(each.message)}")
    return "".join(f"{line}\n" for line in out)


def _data(text: str) -> str:
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
