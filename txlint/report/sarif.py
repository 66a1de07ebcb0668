"""SARIF 2.1.0 for code scanning services: a result for each effect, its ways from a transaction as code flows.

What could not be analysed (TX900) is a notification of the run, as the standard has it, not a result. The fingerprint holds no line, so
that a service follows a finding through edits elsewhere."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from txlint import __version__
from txlint.model.finding import Finding, Opener, Place, Problem, Report
from txlint.report.escape import visible
from txlint.report.text import way_marks
from txlint.rules import RULES
from txlint.rules.rule import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"high": "error", "medium": "warning", "low": "note"}


def render_sarif(report: Report) -> str:
    numbers = {code: number for number, code in enumerate(RULES)}
    failed = [each for each in report.errors if each.code == "TX900"]
    others = [each for each in report.errors if each.code != "TX900"]
    run = {
        "tool": {"driver": {"name": "txlint", "version": __version__, "rules": [_rule(rule) for rule in RULES.values()]}},
        "invocations": [
            {
                "executionSuccessful": not any(each.given for each in failed),
                "toolExecutionNotifications": [_notification(each) for each in failed],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, numbers[each.code]) for each in report.findings]
        + [_problem(each, numbers[each.code]) for each in others],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=True, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    sections = rule.sections()
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": sections.get("What it finds", rule.summary)},
        "help": {"text": rule.page(), "markdown": rule.page()},
        "defaultConfiguration": {"enabled": rule.default, "level": "warning"},
    }


def _result(finding: Finding, number: int) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{visible(finding.message)}. {visible(finding.remedy)}"},
        "locations": [_location(finding.place)],
        "codeFlows": [_flow(finding, opener) for opener in finding.openers],
        "partialFingerprints": {"txlintEffect/v1": finding.fingerprint},
        "properties": {"confidence": finding.confidence.word, "severity": finding.severity, "omitted": finding.omitted},
    }


def _flow(finding: Finding, opener: Opener) -> dict[str, Any]:
    """One way: the opener, the calls from there, the effect."""
    marks = [(mark.place, mark.label) for mark in way_marks(opener)]
    steps = [*marks, (finding.place, opener.trace[-1].label)]
    return {
        "message": {"text": visible(opener.told)},
        "threadFlows": [{"locations": [{"location": _location(place, label)} for place, label in steps]}],
    }


def _problem(problem: Problem, number: int) -> dict[str, Any]:
    return {
        "ruleId": problem.code,
        "ruleIndex": number,
        "level": "note",
        "message": {"text": visible(problem.message)},
        "locations": [_line(problem)],
    }


def _notification(problem: Problem) -> dict[str, Any]:
    return {
        "descriptor": {"id": problem.code},
        "level": "error" if problem.given else "note",
        "message": {"text": visible(problem.message)},
        "locations": [_line(problem)],
    }


def _location(place: Place, label: str = "") -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": region}}
    if label:
        location["message"] = {"text": visible(label)}
    return location


def _line(problem: Problem) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(problem.path), "region": {"startLine": problem.line}}}


def _artifact(path: str) -> dict[str, str]:
    """A file as a URI: relative to the checkout, where services look for it."""
    uri = quote(path, errors="surrogateescape")
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": "%SRCROOT%"}
