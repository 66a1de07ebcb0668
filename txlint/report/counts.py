"""The numbers that several formats print: findings and paths are always counted together."""

from __future__ import annotations

from collections.abc import Sequence

from txlint.model.finding import Finding, Report
from txlint.report.escape import visible


def paths_of(finding: Finding) -> int:
    """The (opener, entry) pairs of one finding, with those that are not listed; one that needs no open transaction is one path."""
    return max(1, len(finding.openers) + finding.omitted)


def pairs(report: Report) -> int:
    return sum(map(paths_of, report.findings))


def fixable(report: Report) -> int:
    return sum(finding.fix.applicability in ("safe", "unsafe") for finding in report.findings)


def counted(number: int, noun: str) -> str:
    """``1 path``, ``4,012 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def headline(report: Report) -> str:
    """``12 effects, 431 paths``, what that is limited to, and what could not be analysed."""
    failed = sum(problem.code == "TX900" for problem in report.errors)
    told = f"{counted(len(report.findings), 'effect')}, {counted(pairs(report), 'path')}"
    if report.since is not None:
        told += f" touched since {visible(report.since)}"
    if report.known is not None:
        told += f", {counted(report.known.pairs, 'path')} known to {visible(report.known.path)}"
    return f"{told}, {counted(failed, 'file')} not analysed" if failed else told


def looked_at(report: Report) -> str:
    """``4,012 files (412 tests left out), 312 transaction scopes, 1,204 effect calls in reach, 87 calls unresolved inside
    transactions, 12 of packages (koji 7, bugzilla 5) that the catalog does not know``."""
    summary = report.summary
    left_out = []
    if summary.tests:
        left_out.append(f"{counted(summary.tests, 'test')} left out")
    if summary.skipped:
        left_out.append(f"{summary.skipped:,} skipped")
    return ", ".join(
        (
            counted(summary.files, "file") + (f" ({', '.join(left_out)})" if left_out else ""),
            counted(summary.scopes, "transaction scope"),
            f"{counted(summary.effects, 'effect call')} in reach",
            f"{counted(summary.unresolved, 'call')} unresolved inside transactions",
            *([_of_packages(summary.foreign)] if summary.foreign else []),
        )
    )


def _of_packages(calls: Sequence[tuple[str, int]]) -> str:
    """``12 of packages (koji 7, bugzilla 5) that the catalog does not know``, of many the first five."""
    named = ", ".join(f"{visible(package)} {number:,}" for package, number in calls[:5])
    rest = f" and {len(calls) - 5:,} more" if len(calls) > 5 else ""
    number = sum(number for _, number in calls)
    return f"{number:,} of {'a package' if len(calls) == 1 else 'packages'} ({named}{rest}) that the catalog does not know"


def by_rule(report: Report) -> list[str]:
    """``   3  TX101  task-in-transaction``, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for finding in report.findings:
        key = finding.code, finding.name
        counts[key] = counts.get(key, 0) + 1
    return [f"{number:>6,}  {code}  {name}" for (code, name), number in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
