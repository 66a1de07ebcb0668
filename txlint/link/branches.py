"""What branches leave, and what holds where they meet: a `State` for each branch, a `WayOut` for each way out of a function.

A transaction that one branch has ended and the other has not is in doubt behind both (`either`), unless a parameter decides which is taken
(`given_after`, `closes_given`: ``if commit: session.commit()``) or the same test is asked again (`Way`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from txlint.link.values import Value
from txlint.model.facts import Expr, Pos
from txlint.model.graph import Given, Key, Opened, Test


class State(NamedTuple):
    """What branches tell apart."""

    env: dict[str, Value]
    open: dict[Key, Opened]
    closed: frozenset[Key]
    guards: tuple[Test, ...]
    region: tuple[Opened, ...]
    dead: bool
    keys: dict[str, Key]
    given: Given
    written: bool | None
    past: frozenset[Pos]


class WayOut(NamedTuple):
    """A ``return``, or the end of a function: what is left open and what is closed there, whether something true is returned (None: not
    known), whether an exception is being handled; what is closed, and what holds, by tests of parameters; what `Frame.past` is there."""

    open: dict[Key, Opened]
    closed: frozenset[Key]
    truth: bool | None
    handling: bool
    given: Given
    guards: tuple[Test, ...]
    past: frozenset[Pos]


class Way(NamedTuple):
    """What a local name, or an attribute of one, is on a way, ``is_new``, ``kind != "a"``, ``not self.physical``: which name is equal to
    what (None: true), and whether that is so."""

    name: str
    value: Expr | None
    truth: bool

    def excludes(self, other: Way) -> bool:
        """Is the one never so where the other is?"""
        return self[:2] == other[:2] and self.truth is not other.truth


SAME = {"==": True, "!=": False, "is": True, "is not": False}
"""Comparisons: does one that is true say that both sides are the same?"""


def ways_of(test: Expr, wanted: bool) -> tuple[Way, ...]:
    """All that is so where a test gives what is wanted, as far as it asks for names."""
    while test.__class__ is tuple and test[0] == "not":
        test, wanted = test[1], not wanted
    if test.__class__ is str:
        return (Way(test, None, wanted),) if test.count(".") < 2 else ()
    if test[0] == "bool" and (test[1] == "and") is wanted:
        return tuple(way for part in test[2] for way in ways_of(part, wanted))
    if test[0] == "cmp" and len(test[2]) == 1 and test[2][0] in SAME and test[1].__class__ is str and test[1].count(".") < 2:
        if test[3][0].__class__ is tuple and test[3][0][0] == "const":
            return (Way(test[1], test[3][0], wanted is SAME[test[2][0]]),)
    return ()


def either(before: dict[Key, Opened], one: dict[Key, Opened], two: dict[Key, Opened], test: Test | None) -> dict[Key, Opened]:
    """What is open on either of two ways: written to where one of them has written (where ``test`` holds, that is the first); in doubt
    where one of them has ended it; begun under a condition where only one of them has."""
    both = {**one, **two}
    for key, opened in one.items():
        other = two.get(key, opened)
        if opened.reads is not other.reads:
            writing, asked = (other, test and test.otherwise()) if opened.reads else (opened, test)
            both[key] = replace(writing, writes_if=writing.writes_if or asked)
        elif other.writes_if is not None and not opened.reads:
            both[key] = opened
    for key in before.keys() & both.keys():
        if key not in one or key not in two:
            both[key] = replace(both[key], confidence=both[key].confidence.doubted)
    for key, opened in both.items():
        mine, theirs = one.get(key), two.get(key)
        if mine is None or theirs is None:
            if key not in before:
                if_so = () if test is None else (test if theirs is None else test.otherwise(),)
                both[key] = replace(opened, begun_if=tuple(dict.fromkeys((*(opened.begun_if or ()), *if_so))))
        elif opened.begun_if is not None and mine is not theirs:
            both[key] = _begun_on_both(opened, mine, theirs)
    return both


def _begun_on_both(opened: Opened, one: Opened, two: Opened) -> Opened:
    """What has begun on either of two ways: it has for sure where it has on each, and the one to show is one that surely has."""
    sure = one if one.begun_if is None else two
    if sure.begun_if is None:
        is_alike = one.reads is two.reads and one.writes_if == two.writes_if
        return sure if is_alike else replace(opened, begun_if=None)
    return replace(opened, begun_if=tuple(test for test in one.begun_if or () if test in sure.begun_if))


def guards_of_all(ways: Sequence[WayOut]) -> tuple[Test, ...]:
    """The tests that hold on every way out: where they do not, an exception is raised."""
    first = ways[0].guards if ways else ()
    return tuple(test for test in first if all(test in way.guards for way in ways)) if first else ()


def begun_on_ways(opened: Opened, ways: Sequence[WayOut]) -> Opened:
    """What some ways out leave open, with the tests that hold on each of these."""
    found = [(way.open[opened.key], way.guards) for way in ways if opened.key in way.open]
    if len(found) == len(ways) and all(each.begun_if is None for each, _ in found):
        return opened
    each_asks = [(*guards, *(each.begun_if or ())) for each, guards in found]
    return replace(opened, begun_if=tuple(test for test in dict.fromkeys(each_asks[0]) if all(test in asks for asks in each_asks)))


def given_after(one: State, two: State, test: Test | None) -> Given:
    """What is closed by tests of parameters behind two branches, the first of which is taken where ``test`` holds."""
    given = {key: known for key, known in one.given.items() if two.given.get(key) == known}
    if test is not None:
        given |= {key: (test, two.open.get(key)) for key in one.closed - two.closed}
        given |= {key: (test.otherwise(), one.open.get(key)) for key in two.closed - one.closed}
    return given


def closes_given(ways: Sequence[WayOut], closes: frozenset[Key]) -> Given:
    """What every way out closes on which a test of a parameter holds, besides what all close: ``if commit: session.commit()``."""
    found: Given = {}
    closed = frozenset[Key]().union(*(way.closed for way in ways), *(way.given for way in ways))
    for key in sorted(closed - closes, key=str):
        others = [way for way in ways if key not in way.closed]
        tests = dict.fromkeys(
            test for way in ways for test in ((way.given[key][0],) if key in way.given else way.guards if key in way.closed else ())
        )
        for test in tests:
            if all((key in way.given and way.given[key][0] == test) or test.otherwise() in way.guards for way in others):
                found[key] = test, next((way.given[key][1] if key in way.given else way.open.get(key) for way in others), None)
                break
    return found
