"""What a report is limited to: ``without_known`` leaves out what a baseline knows, ``touched`` what no change touches.

Both ask pair by pair. Where only some pairs of a finding are left, it is told in the words of these: its message names the first opener,
and its confidence is that of the surest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from txlint import baseline
from txlint.baseline import Baseline
from txlint.discover import File
from txlint.model.finding import Finding, Known, Opener, Place, Report
from txlint.report.counts import paths_of
from txlint.select import with_twins

if TYPE_CHECKING:
    from txlint.changes import Changes

EffectAt: TypeAlias = tuple[Place, str]
"""Where an effect stands, and of what kind it is."""
Narrowed: TypeAlias = Callable[[Mapping[EffectAt, frozenset[str]]], Mapping[EffectAt, Finding]]
"""Findings as they read with some of their pairs only, by the fingerprints of these."""


def without_known(
    report: Report, known: Baseline, judged: Callable[[str, str], bool], findings: tuple[Finding, ...], narrowed: Narrowed
) -> Report:
    """The report with only what the baseline does not know, and with what the baseline has to say. ``judged`` as in `baseline.not_met`;
    ``findings`` are all, as they were judged, before anything was selected."""
    new = _limited(report.findings, lambda finding, opener: not known.knows(finding, opener), findings, narrowed)
    errors = tuple(each for each in report.errors if not known.knows_problem(each))
    stale = baseline.not_met(known, baseline.entries(known.file, report.findings, report.errors), judged)
    pairs = sum(map(paths_of, report.findings)) - sum(map(paths_of, new))
    files = len(report.errors) - len(errors)
    summary = replace(report.summary, skipped=report.summary.skipped + files)
    told = Known(os.path.relpath(known.file), pairs, files, tuple(stale.values()))
    return replace(report, findings=new, errors=errors, summary=summary, known=told)


def touched(report: Report, changes: Changes, findings: tuple[Finding, ...], narrowed: Narrowed) -> Report:
    """The report with only what the changes touch; ``findings`` as above."""
    errors = tuple(each for each in report.errors if changes.touch_problem(each))
    return replace(report, findings=_limited(report.findings, changes.touch, findings, narrowed), errors=errors)


def judged_by(files: Iterable[File], on: frozenset[str], file: str) -> Callable[[str, str], bool]:
    """Would a run over these files, with the rules that are ``on``, have met what an entry of the baseline ``file`` names by its path and
    code? Not where the rule is off, or the file was not given; a file that is gone was looked at where everything was."""
    given = {baseline.relative(each.display, file): each.given for each in files}
    everything = all(given.values())
    return lambda path, code: with_twins((code,)) <= on and given.get(path, everything)


def _limited(
    selected: tuple[Finding, ...],
    wanted: Callable[[Finding, Opener | None], bool],
    findings: tuple[Finding, ...],
    narrowed: Narrowed,
) -> tuple[Finding, ...]:
    """The selected findings with the pairs that are wanted, in the words of these."""
    kept: list[tuple[Finding, frozenset[str]]] = []
    for finding in selected:
        left = frozenset(opener.fingerprint for opener in finding.openers if wanted(finding, opener))
        if left or (not finding.openers and wanted(finding, None)):
            kept.append((finding, left))
    partly = {_at(finding): left for finding, left in kept if len(left) < len(finding.openers)}
    if not partly:
        return tuple(finding for finding, _ in kept)
    new = narrowed(partly)
    judged = {_at(finding): finding.message for finding in findings if _at(finding) in partly}
    reworded = []
    for finding, _ in kept:
        if other := new.get(_at(finding)):
            said_since = finding.message.removeprefix(judged[_at(finding)])
            finding = replace(other, message=other.message + said_since)
        reworded.append(finding)
    return tuple(reworded)


def _at(finding: Finding) -> EffectAt:
    return finding.place, finding.effect.kind
