"""Odoo: ``f(x)`` becomes ``self.env.cr.postcommit.add(partial(f, x))``, on the cursor whose transaction is open.

The request or job commits at its end; what was added is dropped by a rollback of the whole, but not by that of a savepoint. What the
callback reads from records begins a transaction that nobody commits. Read in odoo/odoo, versions 14 to 17 (`odoo/sql_db.py`)."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from txlint.fix.after import dotted, find
from txlint.fix.capture import passed_whole
from txlint.fix.case import Case, Rewrite, Verdict
from txlint.fix.recipes.on_commit import behaviour
from txlint.fix.safety import judge
from txlint.fix.wrap import wrap

NAME = "odoo-postcommit"
_FIRST = 14  # the release whose cursors have postcommit


def applies(case: Case) -> bool:
    return case.family == "odoo"


def applicability(case: Case) -> Verdict:
    verdict = judge(case, _risks(case))
    if verdict.applicability == "none":
        return verdict
    if case.project.versions.get("odoo") and not case.project.is_at_least("odoo", _FIRST):
        return Verdict("none", f"it needs Odoo {_FIRST} or newer")
    if not _cursor(case):
        return Verdict("none", "the cursor of the transaction is not known by a name here")
    return verdict


def rewrite(case: Case) -> Rewrite:
    return wrap(case, f"{_cursor(case)}.postcommit.add(", ")", (*behaviour(case), "a test's cursor never runs it"))


def _risks(case: Case) -> Iterator[str]:
    yield from (f"`{name}` begins a new transaction at the commit if it is a record" for name in _records(case))
    if any(scope.kind == "with" and "savepoint" in scope.text for scope in case.site.chain):
        yield "a rolled back savepoint does not drop it"


def _records(case: Case) -> list[str]:
    """Names that the call would read records by: what it is handed as it is, and what its method is called on."""
    function = case.site.call.func
    receiver = dotted(function.value) if isinstance(function, cst.Attribute) else ""
    owner = [receiver] if receiver.partition(".")[0] in case.locals and not receiver.startswith("self.env.cr") else []
    return list(dict.fromkeys([*passed_whole(case, case.site.call), *owner]))


def _cursor(case: Case) -> str:
    """How the function calls the cursor: ``cr`` of ``cr.execute(...)``, ``orders.env.cr`` of ``orders.write(...)``, else that of the
    method's own records."""
    written = {case.receiver(opener) for opener in case.finding.openers if opener.kind != "implicit"} - {""}
    name = written.pop() if len(written) == 1 else ""
    if name and all(part.isidentifier() for part in name.split(".")):
        return name if name.rpartition(".")[2] in ("cr", "_cr") else f"{name}.env.cr"
    node = case.site.function.node
    if not isinstance(node, cst.FunctionDef) or not node.params.params or node.params.params[0].name.value != "self":
        return ""
    env = find(node.body, lambda n: isinstance(n, cst.Attribute) and dotted(n) == "self.env")
    return "self.env.cr" if env is not None or _has_hook(case) else ""


def _has_hook(case: Case) -> bool:
    """Whether the method is one that Odoo runs for its model: a transaction is open whenever it is entered."""
    node, path = case.site.function.node, case.source.path
    first, last = case.span(node)[0], case.span(node)[2]
    return any(o.kind in ("implicit", "hook") and o.place.path == path and first <= o.place.line <= last for o in case.finding.openers)
