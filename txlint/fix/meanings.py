"""What the engine tells the rewriting side: which places of one file open a transaction, are effects, defer, or are entered inside one.

Places are keyed by their `Span`. This is the whole of what the visitor knows of meaning; it resolves no name by itself. The engine may
hand over everything it knows of a file (``--verify``) or only what its findings say (`from_findings`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from txlint.fix.source import Span
from txlint.model.finding import Finding, Opener, Place

LEXICAL = frozenset({"with", "decorator"})
"""Kinds of opener whose place is looked up among the with items and decorators of a file; the others are known per function."""


@dataclass(frozen=True, slots=True)
class OpenerMeaning:
    """``family`` says how one defers past this commit (``django``, ``sqlalchemy``, ...); ``alias`` is ``None`` where not known."""

    kind: str
    name: str
    family: str
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class EffectMeaning:
    """What an effect call is: its kind, its callee and the library that knows it. ``reads``: it only asks the other side."""

    kind: str
    callee: str
    library: str
    reads: bool = False


@dataclass(frozen=True, slots=True)
class DeferralMeaning:
    """A call that stores its callable for the commit."""

    name: str
    family: str


class Meanings(Protocol):
    """Asked by the visitor while it walks; every answer is about one span of the file that it walks."""

    def opener(self, expression: Span, statement: Span) -> OpenerMeaning | None:
        """A with item or decorator, by its expression; ``statement`` is the ``with`` or the ``def`` that it belongs to."""

    def effect(self, call: Span) -> EffectMeaning | None: ...

    def deferral(self, call: Span) -> DeferralMeaning | None: ...

    def entered(self, function: Span) -> tuple[OpenerMeaning, ...]:
        """Transactions that are open whenever, or sometimes when, the ``def`` at this span is entered."""


_NONE: Mapping[Span, tuple[OpenerMeaning, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FileMeanings:
    """The plain implementation. ``openers`` are looked up by the start of the expression, then by the start of its statement, because
    engines differ in what they point at; ``functions`` (entered open) by the line of the ``def``."""

    openers: Mapping[tuple[int, int], tuple[OpenerMeaning, ...]] = field(default_factory=dict)
    effects: Mapping[Span, EffectMeaning] = field(default_factory=dict)
    deferrals: Mapping[Span, DeferralMeaning] = field(default_factory=dict)
    functions: Mapping[int, tuple[OpenerMeaning, ...]] = field(default_factory=dict)

    def opener(self, expression: Span, statement: Span) -> OpenerMeaning | None:
        for start in (expression[:2], (expression[0], expression[1] - 1), statement[:2]):
            if found := self.openers.get(start):
                return found[0]
        return None

    def effect(self, call: Span) -> EffectMeaning | None:
        return self.effects.get(call)

    def deferral(self, call: Span) -> DeferralMeaning | None:
        return self.deferrals.get(call)

    def entered(self, function: Span) -> tuple[OpenerMeaning, ...]:
        return self.functions.get(function[0], ())


def span_of(place: Place) -> Span:
    return place.line, place.column, place.end_line, place.end_column


def from_findings(findings: Iterable[Finding], path: str) -> FileMeanings:
    """What findings alone say of one file."""
    openers: dict[tuple[int, int], tuple[OpenerMeaning, ...]] = {}
    effects: dict[Span, EffectMeaning] = {}
    for finding in findings:
        if finding.place.path == path:
            effects[span_of(finding.place)] = EffectMeaning(
                finding.effect.kind, finding.effect.callee, finding.effect.library, finding.held
            )
        for opener in finding.openers:
            if opener.place.path == path and opener.kind not in ("atomic_requests", "request", "hook"):
                start = (opener.place.line, opener.place.column)
                openers[start] = (opener_meaning(opener),)
    return FileMeanings(openers, effects)


def opener_meaning(opener: Opener) -> OpenerMeaning:
    return OpenerMeaning(opener.kind, opener.opener, family_of(opener), opener.alias)


_BY_FIRST = {
    "django": "django",
    "rest_framework": "django",
    "reversion": "django",
    "pgtransaction": "django",
    "django_subatomic": "django",
    "sqlalchemy": "sqlalchemy",
    "sqlmodel": "sqlalchemy",
    "flask_sqlalchemy": "sqlalchemy",
    "peewee": "peewee",
    "playhouse": "peewee",
    "pyramid_tm": "zope",
    "zope": "zope",
    "frappe": "frappe",
    "odoo": "odoo",
}
_BY_NAME = {
    "transaction.atomic": "django",
    "atomic": "django",
    "pgtransaction.atomic": "django",
    "ATOMIC_REQUESTS": "django",
    "transaction.manager": "zope",
    "transaction.begin": "zope",
}
_BY_KIND = {"atomic_requests": "django", "admin": "django", "autobegin": "sqlalchemy"}


def family_of(opener: Opener) -> str:
    """The family of an opener, as the engine says, else from its name and kind; empty where they do not tell."""
    name = opener.opener
    return opener.family or _BY_NAME.get(name) or _BY_FIRST.get(name.partition(".")[0]) or _BY_KIND.get(opener.kind, "")
