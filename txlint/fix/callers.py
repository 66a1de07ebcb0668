"""What callers do around the calls through which an effect is reached, inside of the transaction: a ``try`` of theirs counts on what the
callee raises, and a ``with`` of theirs on it being done when the block ends.

`safety` asks the same of the function in which the effect stands. Here the functions on the way are asked, which may lie in any file,
from the facts of the run."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from txlint.model.facts import Body, FileFacts, Stmt
from txlint.model.finding import Finding, Opener, Place, Step
from txlint.model.shapes import bodies, called, calls_in, last_name

Openers = Container[tuple[str, int, int]]
"""Files, lines and columns, as in the facts, at which transactions are opened."""


def around_callers(findings: Iterable[Finding], facts: Mapping[str, FileFacts], openers: Openers) -> dict[str, tuple[str, ...]]:
    """For the fingerprints of findings, what would behave otherwise if the effect ran at the commit. ``facts`` by path."""
    found: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        steps = [(opener, step) for opener in finding.openers for step in opener.trace if step.place != finding.place]
        risks = dict.fromkeys(risk for opener, step in steps for risk in _risks(opener, step, facts, openers))
        if risks:
            found[finding.fingerprint] = tuple(risks)
    return found


def _risks(opener: Opener, step: Step, facts: Mapping[str, FileFacts], openers: Openers) -> Iterator[str]:
    file = facts.get(step.place.path)
    function = file.function(step.function) if file is not None else None
    if function is None:
        return
    name = function.name
    # What begins above the opener in its own function is around the transaction.
    is_its_own = opener.place.path == step.place.path and step is opener.trace[0]
    first = (opener.place.line, opener.place.column - 1) if is_its_own else (0, 0)
    for stmt, number in _holding(function.body, step.place):
        if stmt[0] == "try" and stmt[5] > first[0]:
            handlers = len(stmt[2])
            if number == 0 and handlers:
                yield f"the `try` in `{name}` (line {stmt[5]}) would no longer catch what the call raises"
            if number <= handlers + 1 and stmt[4]:
                yield f"the `finally` in `{name}` (line {stmt[5]}) would run before the call"
            if number == handlers + 2:
                yield f"in a `finally` of `{name}` it also runs when an exception undoes the transaction; deferred, it would not"
            if 0 < number <= handlers and opener.family == "django" and (broad := _broad(stmt[2][number - 1][0])):
                yield f"`except {broad}` in `{name}` may run when an error of the database keeps the transaction from committing"
        elif stmt[0] == "with":
            for item, _, pos in stmt[1]:
                if pos[:2] > first and (step.place.path, *pos[:2]) not in openers:
                    yield f"the call would run after `with {last_name(called(item))}` in `{name}` (line {pos[0]}) has ended"


def _holding(body: Body, place: Place) -> Iterator[tuple[Stmt, int]]:
    """The statements around a call, outermost first, each with the number of the block that holds it."""
    for stmt in body:
        for number, inner in enumerate(bodies(stmt)):
            if any(call[4][0] == place.line and call[4][2] == place.end_line for call in calls_in(inner)):
                yield stmt, number
                yield from _holding(inner, place)
                return


BROAD = frozenset({"Exception", "BaseException", "Error", "DatabaseError", "IntegrityError", "OperationalError", "DataError"})
"""Exceptions that may be errors of the database."""


def _broad(caught: object) -> str:
    """The exception among those that a clause catches which may be an error of the database."""
    if caught is None:
        return "..."
    types = caught[1] if isinstance(caught, tuple) and caught[0] == "tuple" else (caught,)
    return next((last_name(each) for each in types if last_name(each) in BROAD), "")
