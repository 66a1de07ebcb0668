"""What callers do around the calls through which an effect is reached, inside of the transaction: a ``try`` of theirs counts on what the
callee raises, and a ``with`` of theirs on it being done when the block ends.

`safety` asks the same of the function in which the effect stands. Here the functions on the way are asked, which may lie in any file,
from the facts of the run."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from txlint.model.facts import Body, FileFacts, Function, Stmt
from txlint.model.finding import Finding, Opener, Place, Step
from txlint.model.shapes import bodies, called, calls_in, last_name, statements

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
    function = next((each for each in file.functions if _is_of(file, each, step)), None) if file is not None else None
    if file is None or function is None:
        return
    name = function.name
    # What begins above the opener in its own function is around the transaction.
    is_its_own = opener.place.path == step.place.path and step is opener.trace[0]
    first = (opener.place.line, opener.place.column - 1) if is_its_own else (0, 0)
    if not is_its_own and (decorator := _catching(file, function)):
        yield f"the decorator `{decorator}` of `{name}` would no longer catch what the call raises"
    is_inside = not is_its_own or opener.kind not in ("with", "custom")
    for stmt, number, rest in _holding(function.body, step.place):
        if is_inside and (line := _undone(rest)):
            yield f"`{name}` undoes the transaction afterwards, so that the deferred call would never run (line {line})"
        is_inside = is_inside or (stmt[0] == "with" and any(pos[0] == opener.place.line for _, _, pos in stmt[1]))
        if number is None:
            continue
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


def _is_of(file: FileFacts, function: Function, step: Step) -> bool:
    """Is it the function in which a step stands? Of several of one name (a property and its setter) that which holds the line."""
    return f"{file.module}.{function.qualname}" == step.function and function.pos[0] <= step.place.line <= function.pos[2]


def _holding(body: Body, place: Place) -> Iterator[tuple[Stmt, int | None, Body]]:
    """The statements around a call, outermost first: each with the number of its block that holds the call (None: it is the statement of
    the call itself), and what follows it."""
    for at, stmt in enumerate(body):
        for number, inner in enumerate(bodies(stmt)):
            if _holds(inner, place):
                yield stmt, number, body[at + 1 :]
                yield from _holding(inner, place)
                return
        if _holds(stmt, place):
            yield stmt, None, body[at + 1 :]
            return


def _holds(part: object, place: Place) -> bool:
    return any(call[4][0] == place.line and call[4][2] == place.end_line for call in calls_in(part))


_UNDOING = frozenset({"abort", "doom", "rollback"})


def _undone(rest: Body) -> int | None:
    """The line of a statement among these that undoes the transaction wherever it is reached: a ``raise``, a rollback."""
    for stmt in rest:
        if stmt[0] == "raise":
            return int(stmt[3])
        call = stmt[1] if stmt[0] == "expr" and stmt[1].__class__ is tuple and stmt[1][0] == "call" else None
        if call is not None and last_name(call[1]) in _UNDOING and not call[2]:
            return int(stmt[2])
        if call is not None and last_name(call[1]) == "set_rollback" and call[2][:1] == (("const", True),):
            return int(stmt[2])
        if stmt[0] in ("return", "break", "continue"):
            return None
    return None


CATCHING = frozenset({"tenacity", "backoff", "retry", "retrying"})
"""Packages whose decorators call a function again when it raises."""


def _catching(file: FileFacts, function: Function) -> str:
    """A decorator that handles exceptions: one of the file's own with a ``try``, or of a package for retries."""
    packages = {each.binds: each.module.partition(".")[0] for each in file.imports}
    own = {each.name: each for each in file.functions if each.parent < 0 and each.owner < 0}
    for expr, _ in function.decorators:
        name = called(expr)
        head = name.partition(".")[0] if isinstance(name, str) else ""
        inner = (each for each in file.functions if head and each.qualname.partition(".")[0] == head)
        catches = head in own and any(stmt[0] == "try" and stmt[2] for each in inner for stmt in statements(each.body))
        if packages.get(head) in CATCHING or catches:
            return str(name)
    return ""


BROAD = frozenset({"Exception", "BaseException", "Error", "DatabaseError", "IntegrityError", "OperationalError", "DataError"})
"""Exceptions that may be errors of the database."""


def _broad(caught: object) -> str:
    """The exception among those that a clause catches which may be an error of the database."""
    if caught is None:
        return "..."
    types = caught[1] if isinstance(caught, tuple) and caught[0] == "tuple" else (caught,)
    return next((last_name(each) for each in types if last_name(each) in BROAD), "")
