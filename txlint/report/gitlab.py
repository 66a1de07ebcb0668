"""GitLab's code quality report: an array of issues with fingerprints that survive edits elsewhere, one per (effect, entry)."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from txlint.model.finding import Problem, Report
from txlint.report.concise import Line, lines, told
from txlint.report.escape import encodable

_SEVERITIES = {"high": "critical", "medium": "major", "low": "minor"}


def render_gitlab(report: Report, report_at: str = "auto") -> str:
    issues = [_issue(line) for line in lines(report, report_at)] + [_problem(each) for each in report.errors]
    return json.dumps(issues, ensure_ascii=True, indent=1) + "\n"


def _issue(line: Line) -> dict[str, Any]:
    finding = line.finding
    return {
        "description": f"{told(line)}. {encodable(finding.remedy)}",
        "check_name": f"{finding.code} {finding.name}",
        "fingerprint": line.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": encodable(line.place.path), "lines": {"begin": line.place.line, "end": line.place.end_line}},
    }


def _problem(problem: Problem) -> dict[str, Any]:
    identity = f"{problem.code}\0{encodable(problem.path)}\0{encodable(problem.message)}"
    return {
        "description": encodable(problem.message),
        "check_name": problem.code,
        "fingerprint": blake2b(identity.encode(), digest_size=8).hexdigest(),
        "severity": "major" if problem.code == "TX900" and problem.given else "info",
        "location": {"path": encodable(problem.path), "lines": {"begin": problem.line}},
    }
