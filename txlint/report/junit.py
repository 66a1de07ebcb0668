"""JUnit's XML, which CI servers show as tests: a suite for each file, a failed case for each (effect, entry).

Only what the stricter readers know: the elements and attributes of Jenkins's schema (`junit-10.xsd` of its xUnit plugin). A run without
findings is one case that passed, since servers take a report without cases for a fault."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from txlint.model.finding import Problem, Report
from txlint.report.concise import Line, lines, location, told
from txlint.report.counts import headline
from txlint.report.escape import visible


def render_junit(report: Report, report_at: str = "auto") -> str:
    failed = list(lines(report, report_at))
    problems = sorted(report.errors, key=lambda each: (each.path, each.line))
    cases = [(line.place.path, _failure(line)) for line in failed] + [(each.path, _problem(each)) for each in problems]
    if not cases:
        cases = [("txlint", Element("testcase", name=visible(headline(report)), classname="txlint"))]
    top = Element("testsuites", {"name": "txlint", **_counts([case for _, case in cases])})
    for path, group in groupby(sorted(cases, key=lambda each: each[0]), key=lambda each: each[0]):
        those = [case for _, case in group]
        suite = SubElement(top, "testsuite", {"name": visible(path), **_counts(those), "skipped": str(_count(those, "skipped"))})
        suite.extend(those)
    indent(top, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(top, "us-ascii").decode()}\n'


def _failure(line: Line) -> Element:
    finding = line.finding
    case = Element("testcase", name=f"{finding.code} {location(line.place)}", classname=visible(line.function or line.place.path))
    failure = SubElement(case, "failure", type=f"{finding.code} {finding.name}", message=told(line))
    failure.text = f"{location(line.place)}: {finding.code} {told(line)}\n{visible(finding.remedy)}"
    return case


def _problem(problem: Problem) -> Element:
    """An error where a given file could not be analysed, a failure for what is wrong with a comment, else a skipped case."""
    kind = "failure" if problem.code != "TX900" else "error" if problem.given else "skipped"
    place = f"{visible(problem.path)}:{problem.line}"
    case = Element("testcase", name=f"{problem.code} {place}", classname=visible(problem.path))
    SubElement(case, kind, type=problem.code, message=visible(problem.message)).text = f"{place}: {visible(problem.message)}"
    return case


def _counts(cases: Iterable[Element]) -> dict[str, str]:
    cases = list(cases)
    return {"tests": str(len(cases)), "failures": str(_count(cases, "failure")), "errors": str(_count(cases, "error"))}


def _count(cases: Iterable[Element], kind: str) -> int:
    return sum(case.find(kind) is not None for case in cases)
