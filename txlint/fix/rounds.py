"""What `--fix` did, round by round, and whether the project says so, too: after each round it is linted again.

A file is put back where that shows that a finding is still there, or a new one; the next round leaves out the fix that did not help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a look at a written round shows to be wrong: files that should be what they were, each with the reason, and the fixes to
    blame. In a file where none is, all are."""

    files: Mapping[str, str]
    blamed: frozenset[Identity] = frozenset()


def wrong(before: Iterable[Finding], after: Iterable[Finding], written: Sequence[FilePlan]) -> Wrong:
    """What of these plans is wrong: a fixed finding is still there, or one came up that was not there before."""
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
    blamed = {key for key, count in has.items() if count > had[key] - fixed[key]}
    for key in has:
        if key in blamed:
            reason = "the finding was still there afterwards" if had[key] else f"`{key[3]}` in {key[2]} became a finding"
            for path in homes.get(key, set()) & by_path or {key[0]} & by_path or by_path:
                found.setdefault(path, reason)
    return Wrong(found, frozenset(blamed & fixed.keys()))


def unwritten(plans: Iterable[FilePlan], reasons: Mapping[str, str], blamed: Collection[Identity] = ()) -> list[Proposal]:
    """The proposals that are not to be tried again, refused for these reasons: of the files that have one those that are to blame, or all
    where none is."""
    found = []
    for plan in plans:
        if plan.path in reasons:
            mine = [proposal for proposal in plan.fixed if identity(proposal.finding) in blamed] or plan.fixed
            found += [Proposal(each.finding, replace(each.fix, applicability="none", reason=reasons[plan.path])) for each in mine]
    return found


def refusals(plans: Iterable[FilePlan], findings: Iterable[Finding]) -> list[Proposal]:
    """What these plans do not fix of the findings in their files."""
    found: list[Proposal] = []
    for plan in plans:
        found += plan.refused
        if plan.error is not None:
            found += [Proposal(f, Fix("none", None, plan.error)) for f in findings if f.place.path == plan.path]
    return found
