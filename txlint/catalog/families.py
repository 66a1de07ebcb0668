"""How code is deferred past the commit, by the family of the opener: data for remedies, and for fixes later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deferring:
    """``call`` defers a callable given as ``{callable}``; ``on_alias`` does so on another database than the default one. ``None``:
    the family has no such call, the effect has to move behind the commit. ``ends`` is the call that commits, on ``{owner}``.
    ``awaits`` is said of what has been written where the framework, and not the code, commits it: "the commit at the end of ...".
    ``apart`` says how a view is taken out of the transaction that a setting puts around all of them."""

    call: str | None = None
    on_alias: str | None = None
    ends: str | None = None
    awaits: str | None = None
    apart: str | None = None


_DJANGO = Deferring(
    "transaction.on_commit({callable})",
    "transaction.on_commit({callable}, using={alias})",
    "transaction.commit()",
    apart="take the view out of ATOMIC_REQUESTS (`@transaction.non_atomic_requests`), with `transaction.atomic()` around what it writes "
    "before and after the call",
)
_BY_FAMILY = {
    "django": _DJANGO,
    "sqlalchemy": Deferring(ends="{owner}.commit()"),
    "pep249": Deferring(ends="{owner}.commit()"),
    "frappe": Deferring(
        "frappe.db.after_commit.add({callable})", None, "frappe.db.commit()", "the commit at the end of the request or job"
    ),
    "odoo": Deferring(
        "self.env.cr.postcommit.add({callable})", None, "self.env.cr.commit()", "the commit at the end of the request or job"
    ),
}

JOINED_BY = {"sqlalchemy": "zope.sqlalchemy"}
"""By family the module whose ``register`` makes its transactions part of others: ``session.commit()`` is refused then."""


def deferring(family: str) -> Deferring:
    """How code is deferred in transactions of this family; an unknown family has no way."""
    return _BY_FAMILY.get(family, Deferring())
