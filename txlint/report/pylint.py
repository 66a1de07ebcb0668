"""The lines that pylint prints and that many editors and CI servers read: one per (effect, entry)."""

from __future__ import annotations

from txlint.model.finding import Report
from txlint.report.concise import lines, told
from txlint.report.escape import visible


def render_pylint(report: Report, report_at: str = "auto") -> str:
    out = []
    for line in lines(report, report_at):
        finding, place = line.finding, line.place
        out.append(f"{visible(place.path)}:{place.line}: [{finding.code}({finding.name}), {visible(line.function)}] {told(line)}")
    out += [f"{visible(each.path)}:{each.line}: [{each.code}, ] {visible(each.message)}" for each in report.errors]
    return "".join(f"{line}\n" for line in out)
