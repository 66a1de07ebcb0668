"""What `--fix` did, round by round, and whether the project says so, too: after each round it is linted again.

A file is put back where that shows that a finding is still there, or a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from txlint.fix.plan import FilePlan, Proposal
from txlint.model.finding import Finding, Fix

MOST = 10
"""Rounds of rewriting; each may open the way for the next, as two rewrites never meet in one statement."""

Identity = tuple[str, str, str, str]
"""A finding without its line and ordinal, which a rewrite of a neighbour changes: path, kind, function, callee."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """One run of `--fix` or `--diff`. ``refused`` holds what was not fixed, each with the reason; ``failed`` the files that could not
    be written (path and reason); ``plans`` what was written, or for ``--diff`` would be; ``notes`` what else the user should know;
    ``unignored`` how many ignore comments that did nothing are gone, by path."""

    done: tuple[Proposal, ...] = ()
    refused: tuple[Proposal, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    plans: tuple[FilePlan, ...] = ()
    notes: tuple[str, ...] = ()
    unignored: tuple[tuple[str, int], ...] = ()

    @property
    def is_for_unsafe(self) -> int:
        """How many of the refused would be fixed with ``--unsafe-fixes``."""
        return sum(proposal.fix.applicability == "unsafe" and bool(proposal.rewrites) for proposal in self.refused)


def identity(finding: Finding) -> Identity:
    return finding.place.path, finding.effect.kind, finding.function, finding.effect.callee


def to_put_back(before: Iterable[Finding], after: Iterable[Finding], written: Sequence[FilePlan]) -> dict[str, str]:
    """Files of these plans that should be what they were, with the reason: the fixed finding is still there, or one came up that was
    not there before."""
    had = Counter(map(identity, before))
    has = Counter(map(identity, after))
    by_path = {plan.path for plan in written}
    found: dict[str, str] = {}
    fixed: Counter[Identity] = Counter()
    homes: dict[Identity, set[str]] = {}
    for proposal in {id(proposal): proposal for plan in written for proposal in plan.fixed}.values():
        key = identity(proposal.finding)
        fixed[key] += 1
        homes.setdefault(key, set()).update(path for path, _ in proposal.rewrites)
    for key, count in has.items():
        if count > had[key] - fixed[key]:
            reason = "the finding was still there afterwards" if had[key] else f"`{key[3]}` in {key[2]} became a finding"
            for path in homes.get(key, set()) & by_path or {key[0]} & by_path or by_path:
                found.setdefault(path, reason)
    return found


def unwritten(plans: Iterable[FilePlan], reasons: Mapping[str, str]) -> list[Proposal]:
    """The proposals of files that were not written after all, refused for these reasons."""
    return [
        Proposal(proposal.finding, replace(proposal.fix, applicability="none", reason=reasons[plan.path]))
        for plan in plans
        if plan.path in reasons
        for proposal in plan.fixed
    ]


def refusals(plans: Iterable[FilePlan], findings: Iterable[Finding]) -> list[Proposal]:
    """What these plans do not fix of the findings in their files."""
    found: list[Proposal] = []
    for plan in plans:
        found += plan.refused
        if plan.error is not None:
            found += [Proposal(f, Fix("none", None, plan.error)) for f in findings if f.place.path == plan.path]
    return found
