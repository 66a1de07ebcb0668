"""Django: ``f(x)`` becomes ``transaction.on_commit(partial(f, x))``.

The arguments are evaluated where the call stood; the call itself happens when the outermost transaction commits, never if it is rolled
back, and at once where none is open. ``using=`` names the database of the transaction, because on_commit never infers it. ``partial``
rather than a lambda, which would see its names as they are at the commit; ``robust=True`` is never added, it hides failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from txlint.fix.after import dotted, find, targets
from txlint.fix.capture import is_plain
from txlint.fix.case import Case, Rewrite, Verdict, short
from txlint.fix.names import Reference
from txlint.fix.references import by_reference
from txlint.fix.safety import judge, saves_deleted
from txlint.fix.scopes import Scope
from txlint.fix.wrap import wrap

NAME = "on-commit"


def applies(case: Case) -> bool:
    return case.family == "django"


def applicability(case: Case) -> Verdict:
    verdict = judge(case)
    if verdict.applicability == "none":
        return verdict
    if case.project.allows_before("django", 1, 9):
        return Verdict("none", f"the project allows Django {case.project.versions['django']}, which has no on_commit")
    using = database(case)
    if isinstance(using, Verdict):
        if using.applicability == "none":
            return using
        return Verdict("unsafe", "; ".join(r for r in (verdict.reason, using.reason) if r))
    return verdict


def rewrite(case: Case) -> Rewrite:
    habit = ("django.db.transaction", "on_commit") if case.names.imports_from("django.db.transaction") else ("django.db", "transaction")
    return deferred(case, case.reference("django.db.transaction", "on_commit", importing=habit))


def deferred(case: Case, on_commit: Reference) -> Rewrite:
    """The call handed to Django's on_commit, or to what takes the same, on the database of the transaction."""
    using = database(case)
    after = f", using={using})" if isinstance(using, str) and using else ")"
    more = ("save=False",) if saves_deleted(case) else ()
    return wrap(case, f"{on_commit.text}(", after, behaviour(case), on_commit, more)


def behaviour(case: Case) -> tuple[str, ...]:
    """What is different afterwards, in words, for ``--fix`` to print."""
    said = [f"`{case.callee}` runs after the commit, and not at all after a rollback", "if it fails, the transaction stays committed"]
    if not case.ends_here and (named := [name for name in by_reference(case) if _may_be_changed(case, name)]):
        said.append(f"`{'`, `'.join(named)}` {'is' if len(named) == 1 else 'are'} taken as at the commit, should a caller change it before")
    if line := _handled_outside(case):
        said.append(f"the `except` of the `try` on line {line} may find the transaction committed")
    return (*said, *_times(case))


_SPANS = frozenset({"countdown", "delay", "expires"})
_MOMENTS = frozenset({"eta"})
_TAKE_TIMES = frozenset({"apply_async", "schedule", "set", "send_with_options", "send_task"})
_FIRST_IS_TIME = {"enqueue_in": "counts from the commit", "enqueue_at": "may have passed at the commit"}


def _times(case: Case) -> Iterator[str]:
    """What becomes of delays and moments, of the call itself and of what it is called on (``task.s(1).set(countdown=3).delay()``)."""
    node: cst.BaseExpression = case.site.call
    while isinstance(node, (cst.Call, cst.Attribute)):
        if isinstance(node, cst.Attribute):
            node = node.value
            continue
        method = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
        if method in _FIRST_IS_TIME and node.args:
            yield f"`{short(case.code(node.args[0].value))}` {_FIRST_IS_TIME[method]}"
        for argument in node.args if method in _TAKE_TIMES else ():
            name = argument.keyword.value if argument.keyword else ""
            if name in _MOMENTS:
                yield f"`{name}` may have passed at the commit"
            elif name in _SPANS:
                yield f"`{name}` counts from the commit"
        node = node.func


def _may_be_changed(case: Case, name: str) -> bool:
    """Whether a caller may hold the object of a local name, too, and change it."""
    return name in case.locals and name not in ("self", "cls") and not is_plain(case, name)


def _handled_outside(case: Case) -> int | None:
    """The line of a ``try`` with handlers around the ``with`` that opens the transaction."""
    region = {id(scope) for scope in case.region}
    tries = (s for s in case.site.chain if s.kind == "try" and id(s) not in region)
    return next((s.line for s in tries if isinstance(s.node, (cst.Try, cst.TryStar)) and s.node.handlers), None)


def database(case: Case) -> str | Verdict:
    """What to write after ``using=``: empty for the default database, else an expression; a `Verdict` where it is not known."""
    aliases = {opener.alias for opener in case.finding.openers}
    known = aliases - {None}
    if len(known) > 1:
        return Verdict("none", f"it is reached from transactions on different databases ({', '.join(sorted(map(str, known)))})")
    if not aliases or (aliases == known and known == {"default"}):
        return ""
    if aliases == known:
        return _written(case) or f'"{known.pop()}"'
    if case.project.databases == frozenset({"default"}):
        return ""
    if not known and len(case.finding.openers) == 1 and (written := _written(case)):
        return written
    return Verdict("unsafe", "the database of the open transaction is not known, and on_commit takes the default one")


def _written(case: Case) -> str | None:
    """The ``using`` expression of the innermost ``with`` around the call that opens the transaction, where it means the same here."""
    chain = case.site.chain
    at = next((i for i in reversed(range(len(chain))) if chain[i].kind == "with" and chain[i].opener), None)
    if at is None or not isinstance(item := chain[at].node, cst.WithItem) or not isinstance(call := item.item, cst.Call):
        return None
    given = [a.value for a in call.args if a.keyword and a.keyword.value == "using"]
    given += [a.value for a in call.args[:1] if a.keyword is None and not a.star]
    if given and isinstance(given[0], cst.SimpleString):
        return case.code(given[0])
    name = dotted(given[0]) if given else ""
    return name if name and not _rebound(chain[at + 1 :], name) else None


def _rebound(chain: Sequence[Scope], name: str) -> bool:
    """Whether the name (or its root) is assigned anywhere inside these scopes."""
    root = name.partition(".")[0]

    def rebinds(node: cst.CSTNode) -> bool:
        return any(dotted(each).partition(".")[0] == root for each in targets(node))

    return any(find(scope.node, rebinds) is not None for scope in chain if scope.kind in ("suite", "loop", "branch", "with"))
