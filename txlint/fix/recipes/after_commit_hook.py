"""SQLAlchemy: ``f(x)`` becomes ``on_commit(session, partial(f, x))``, with the project's own helper.

SQLAlchemy has no safe call for this: an ``after_commit`` listener also fires when a savepoint is released, and one with ``once=True``
survives a rollback and fires at the next unrelated commit. So a project keeps one helper (``txlint helper sqlalchemy`` writes it, with
its test) and names it in the configuration."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import dotted
from txlint.fix.capture import passed_whole
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.references import by_reference
from txlint.fix.safety import judge
from txlint.fix.wrap import wrap

NAME = "after-commit-hook"


def applies(case: Case) -> bool:
    return case.family == "sqlalchemy" and bool(case.project.after_commit_helper)


def applicability(case: Case) -> Verdict:
    verdict = judge(case, _risks(case), in_async=True)
    if verdict.applicability != "none" and not _session(case):
        return Verdict("none", "the session of the transaction is not known by a name here")
    return verdict


def rewrite(case: Case) -> Rewrite:
    module, _, name = (case.project.after_commit_helper or "").rpartition(".")
    helper = case.reference(module, name)
    return wrap(case, f"{helper.text}({_session(case)}, ", ")", behaviour(case), helper)


def _risks(case: Case) -> Iterator[str]:
    whole = passed_whole(case, case.site.call)
    yield from (f"`{name}` is expired at the commit if it is an object of the session" for name in by_reference(case) if name in whole)


def _session(case: Case) -> str:
    """What the one open session is called where the call stands: the name that a ``with`` binds, or on which its transaction began."""
    scopes = [s for s in case.site.chain if s.kind == "with" and s.opener]
    found = {_bound(s.node) for s in scopes}
    for opener in case.finding.openers:
        if not any(case.is_here(opener, s) for s in scopes):
            found.add(case.receiver(opener) if opener.kind == "autobegin" else "")
    return found.pop() if len(found) == 1 else ""


def _bound(item: cst.CSTNode) -> str:
    """``s`` of ``with Session.begin() as s``, of ``with s.begin()`` and of ``with Session() as s``."""
    if not isinstance(item, cst.WithItem):
        return ""
    if item.asname and isinstance(item.asname.name, cst.Name):
        return item.asname.name.value
    call = item.item
    is_method = isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.attr.value in ("begin", "begin_nested")
    return dotted(call.func.value) if is_method and isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) else ""
