"""Hazards: what propagation hands to the rules. An effect site with every (opener, entry) pair that reaches it.

Not yet a finding: no code, no words, no threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from txlint.model.catalog import Effect
from txlint.model.facts import Pos
from txlint.model.kinds import Confidence

TEST = 2
"""What an undecided test weighs where ways are compared: as much as two calls."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A span in a file, columns as in the facts (bytes)."""

    path: str
    pos: Pos


@dataclass(frozen=True, slots=True)
class Hop:
    """One call on the way; ``callee`` is the dotted name of what is called, or its text where that is a library's."""

    kind: str
    spot: Spot
    function: str
    callee: str
    confidence: Confidence = Confidence.CERTAIN
    tests: int = 0  # undecided tests around the call in its function


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a transaction is opened. ``name`` as the catalog or the project calls it."""

    kind: str
    name: str
    spot: Spot
    function: str
    alias: str | None = None
    confidence: Confidence = Confidence.CERTAIN
    retry: bool = False
    reads_only: bool = False
    condition: str | None = None  # ready to be read after a comma: "if not dry_run"
    family: str = "django"  # the catalog entry's: decides how one defers past this transaction's commit
    owner: str | None = None  # as of `Opened`


MOST_UNDECIDED = 1
"""So many undecided tests leave a way certain. Of findings that readers judged before their causes were repaired, those with more were
true in 72 of 100 cases, all others (36) in 100 (`docs/precision.md`, "What the tests on the way say")."""


def doubt(hops: Sequence[Hop]) -> int:
    """How much stands between the opener and the effect: what is shown first is what has least of it."""
    return len(hops) + TEST * undecided(hops)


def undecided(hops: Sequence[Hop]) -> int:
    """The tests on a way of which nothing says whether they hold. Those in its first function do not count: whoever wrote a transaction
    around a branch runs that branch. What is called may ask for just what this caller rules out."""
    return sum(hop.tests for hop in hops[1:])


_SCRIPTS = frozenset({"commands", "migrations", "patches", "scripts"})
"""Folders of what somebody starts by hand, once."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One pair: an opener, the entry through which the site is reached, and the hops from there (the effect call is the last). ``entered``:
    the first hop is the code that is called with the transaction open, by what is not in the project."""

    origin: Origin
    hops: tuple[Hop, ...]
    confidence: Confidence
    entry_count: int = 1
    entered: bool = False

    @property
    def doubt(self) -> int:
        return doubt(self.calls)

    @property
    def calls(self) -> tuple[Hop, ...]:
        """The hops that are calls of the project's code."""
        return self.hops[1:] if self.entered else self.hops

    @property
    def rank(self) -> tuple[object, ...]:
        """What comes first of ways that are equally sure: code that opens a transaction convinces more than who relies on one, than the
        admin, and than one that only reads; what runs every day more than a script; then what has least doubt in it, by place."""
        first = self.hops[0].spot if self.hops else self.origin.spot
        spot = self.origin.spot
        relies = self.origin.kind in ("asserted", "admin") or self.origin.reads_only
        is_script = not _SCRIPTS.isdisjoint(spot.path.split("/")[:-1])
        return relies, is_script, self.doubt, spot.path, spot.pos, first.path, first.pos, self.origin.name

    @property
    def sure(self) -> Confidence:
        """Its own confidence, and what the tests on it leave of that."""
        return min(self.confidence, Confidence.LIKELY) if undecided(self.calls) > MOST_UNDECIDED else self.confidence

    @property
    def least(self) -> Confidence:
        """The least of that, its opener's confidence and that of each call."""
        return min(self.sure, self.origin.confidence, *(hop.confidence for hop in self.hops))


@dataclass(frozen=True, slots=True)
class EffectSite:
    """A call that is an effect, wherever it stands. ``written`` says that the call is given the instance or key of a row that
    the same function saved; ``sibling_deferred`` that a call of the same callee in this function is deferred."""

    spot: Spot
    function: str  # dotted name of the enclosing function
    callee: str  # as written, shortened
    effect: Effect
    ordinal: int  # n-th call with this text in its function
    result_used: bool
    confidence: Confidence
    written: bool = False
    sibling_deferred: bool = False


@dataclass(frozen=True, slots=True)
class Omitted:
    """How many passages (``ways``) are left out that are as sure as this (`Passage.least`), from a hook or not, of a transaction that only
    reads or not."""

    confidence: Confidence
    is_hook: bool
    reads_only: bool
    ways: int


@dataclass(frozen=True, slots=True)
class Hazard:
    site: EffectSite
    passages: tuple[Passage, ...]  # sorted: confidence, doubt, path, line; none for what is a misuse wherever it is
    omitted: tuple[Omitted, ...] = ()
