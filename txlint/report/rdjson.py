"""reviewdog's diagnostics (`rdjson`, the message DiagnosticResult of its `reviewdog.proto`): one for each (effect, entry).

Columns are counted there in bytes of UTF-8, from 1, the end exclusive."""

from __future__ import annotations

import json
from typing import Any

from txlint.model.finding import Problem, Report
from txlint.report.concise import Line, lines, told
from txlint.report.escape import encodable, visible
from txlint.rules.source import Sources

_SEVERITIES = {"high": "ERROR", "medium": "WARNING", "low": "INFO"}


def render_rdjson(report: Report, sources: Sources, report_at: str = "auto") -> str:
    found = [_diagnostic(line, sources) for line in lines(report, report_at)] + [_problem(each) for each in report.errors]
    return json.dumps({"source": {"name": "txlint"}, "diagnostics": found}, ensure_ascii=True, indent=1) + "\n"


def _diagnostic(line: Line, sources: Sources) -> dict[str, Any]:
    finding, place = line.finding, line.place
    start = _position(sources, place.path, place.line, place.column)
    end = _position(sources, place.path, place.end_line, place.end_column)
    return {
        "message": f"{told(line)}. {visible(finding.remedy)}",
        "location": {"path": encodable(place.path), "range": {"start": start, "end": end}},
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code},
    }


def _position(sources: Sources, path: str, line: int, column: int) -> dict[str, int]:
    text = sources.line(path, line)
    before = column - 1 if text.isascii() else len(text[: column - 1].encode("utf-8", "surrogatepass"))
    return {"line": line, "column": before + 1}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "message": visible(problem.message),
        "location": {"path": encodable(problem.path), "range": {"start": {"line": problem.line}}},
        "severity": "ERROR" if problem.code == "TX900" and problem.given else "INFO",
        "code": {"value": problem.code},
    }
