"""The JSON document: a contract (DESIGN section 4). Keys stand in the order of the contract, the same report gives the same bytes.

Everything but ASCII is escaped, so that no terminal or log viewer can be fooled; bytes of a file name that are not UTF-8 are written
``\\xe9``, since a lone surrogate is not valid in JSON for most readers."""

from __future__ import annotations

import json
from typing import Any

from txlint import __version__
from txlint.model.finding import Assumption, Finding, Opener, Place, Problem, Report, Step
from txlint.report.counts import fixable, pairs
from txlint.report.escape import encodable


def render_json(report: Report) -> str:
    """One line, as a document of its own."""
    data = document(report)
    text = _dumped(data)
    # An escaped surrogate may be half of a pair, which is fine; looking closer is slow, and seldom needed.
    return (_dumped(_valid(data)) if "\\ud" in text else text) + "\n"


def _dumped(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True, separators=(",", ":"))


def document(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    summary = report.summary
    return {
        "version": 1,
        "tool": {"name": "txlint", "version": __version__},
        "summary": {
            "files": summary.files,
            "skipped": summary.skipped,
            "findings": len(report.findings),
            "pairs": pairs(report),
            "errors": len(report.errors),
            "fixable": fixable(report),
            "scopes": summary.scopes,
            "effects": summary.effects,
            "unresolved": summary.unresolved,
        },
        "assumed": [_assumption(each) for each in report.assumed],
        "findings": [_finding(each) for each in report.findings],
        "errors": [_problem(each) for each in report.errors],
        **_limits(report),
    }


def _limits(report: Report) -> dict[str, Any]:
    """What the report leaves out, where it leaves something out."""
    limits: dict[str, Any] = {}
    if report.known is not None:
        known = report.known
        limits["baseline"] = {"path": known.path, "pairs": known.pairs, "files": known.files, "stale": list(known.stale)}
    if report.since is not None:
        limits["since"] = report.since
    return limits


def _finding(finding: Finding) -> dict[str, Any]:
    fix = finding.fix
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "remedy": finding.remedy,
        "confidence": finding.confidence.word,
        "severity": finding.severity,
        "held": finding.held,
        **_span(finding.place),
        "effect": {"kind": finding.effect.kind, "callee": finding.effect.callee, "library": finding.effect.library},
        "openers": [_opener(each) for each in finding.openers],
        "omitted": finding.omitted,
        "fix": {"applicability": fix.applicability, "recipe": fix.recipe, "reason": fix.reason, "preview": fix.preview},
        "fingerprint": finding.fingerprint,
    }


def _opener(opener: Opener) -> dict[str, Any]:
    entry = opener.entry
    return {
        "kind": opener.kind,
        "opener": opener.opener,
        "path": opener.place.path,
        "line": opener.place.line,
        "alias": opener.alias,
        "confidence": opener.confidence.word,
        "fingerprint": opener.fingerprint,
        "entry": {"path": entry.path, "line": entry.line, "column": entry.column},
        "entry_count": opener.entry_count,
        "condition": opener.condition,
        "trace": [_step(each) for each in opener.trace],
    }


def _step(step: Step) -> dict[str, Any]:
    return {"kind": step.kind, **_span(step.place), "function": step.function, "label": step.label}


def _span(place: Place) -> dict[str, Any]:
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }


def _assumption(assumed: Assumption) -> dict[str, Any]:
    return {"what": assumed.what, "value": assumed.value, "path": assumed.path, "line": assumed.line}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "path": problem.path, "line": problem.line, "message": problem.message}


def _valid(data: Any) -> Any:
    match data:
        case str():
            return encodable(data)
        case dict():
            return {key: _valid(value) for key, value in data.items()}
        case list():
            return [_valid(value) for value in data]
        case _:
            return data
