"""The one concrete sentence of a finding that says what to do, in the user's own names, from facts and the source text alone.

Whether an automatic rewrite is safe is not decided here: that is the business of ``fix``."""

from __future__ import annotations

import ast
from collections.abc import Container
from dataclasses import dataclass

from txlint.catalog.families import Deferring, deferring
from txlint.model.hazard import EffectSite, Hop, Origin, Passage, Spot
from txlint.rules.leading import Caught
from txlint.rules.rule import Family
from txlint.rules.source import Sources, as_written
from txlint.rules.words import awaited, decorates, short_name, shorten

_LONGEST = 100
_ASKED = frozenset({"http", "rpc"})  # kinds that are there for their answer


@dataclass(frozen=True, slots=True)
class Case:
    """What a remedy is made from: a site, what is left of its passages (best first) and how many there were."""

    site: EffectSite
    family: Family
    passages: tuple[Passage, ...]
    pairs: int
    held: bool
    modules: Container[str] = ()  # the project's, by dotted name
    relay: bool = False
    leading: Hop | None = None  # the call that can be deferred in the effect's place
    joined: Container[str] = ()  # families whose transactions another one commits
    closed: str = ""  # a name in the call that a `with` around it closes before the commit
    clears: bool = False  # files, in a handler or a `finally`
    caught: Caught | None = None  # what handles its exceptions inside of the transaction

    @property
    def origin(self) -> Origin:
        return self.passages[0].origin

    @property
    def does(self) -> str:
        """What the call does, in the words of its catalog entry, else of its kind."""
        return self.site.effect.verb or self.family.does

    def short(self, dotted: str) -> str:
        """A function's name without its module."""
        return short_name(dotted, self.modules)


def remedy(case: Case, sources: Sources) -> str:
    """A sentence or two."""
    call, begun = _callee(case.site), _transaction(case, sources)
    if case.relay:
        return (
            f"Lease the rows first: mark them as taken and commit, then call `{call}` with no transaction open, "
            "then mark them as done in another."
        )
    if case.held:
        return f"Read what is needed and end the transaction, then call `{call}`, then write in a new one."
    if case.site.effect.reads:
        return f"Call `{call}` before {begun} begins, or commit first and use its answer in a second transaction."
    if case.site.effect.assigns:
        return (
            f"`{call}` also sets what is saved with the row, so it cannot be deferred: call it before {begun} begins, or "
            "commit first and save the row in a second transaction."
        )
    if case.site.effect.raises:
        return (
            f"`{call}` ends by an exception, so {begun} is rolled back and nothing can wait for its commit: "
            f"let the error that leads to it leave {begun}, and call `{call}` behind that."
        )
    if case.site.result_used:
        if case.family.kind not in _ASKED and (deferred := _defer_the_way(case, sources)):
            return deferred
        return f"The result of `{call}` is used, so it cannot be deferred: {_apart(case, sources)}."
    if case.clears:
        return (
            f"`{call}` clears up whatever becomes of the transaction, so it cannot wait for the commit: call it after "
            f"{_ending(case, deferring(case.origin.family), sources)}, whichever way that ends."
        )
    parts = [_outside(case, sources) if case.family.way == "outside" else _defer(case, sources)]
    if case.site.sibling_deferred:
        parts.append(f"Another call of `{call}` in `{case.short(case.site.function)}` is deferred already.")
    return " ".join(parts)


def _outside(case: Case, sources: Sources) -> str:
    if awaited(case.origin):
        return f"Call `{_callee(case.site)}` before anything is written, or in a job that is enqueued at the commit."
    return f"Call `{_callee(case.site)}` before {_transaction(case, sources)} begins or after it has committed."


def _defer(case: Case, sources: Sources) -> str:
    origin, how = case.origin, deferring(case.origin.family)
    if keyword := case.site.effect.deferred_by:
        return f"Let it wait for the commit: pass `{keyword}=True` to `{_callee(case.site)}`.{_covered(case)}"
    if sources.before(case.site.spot).rstrip().endswith("await"):
        return f"Await `{_callee(case.site)}` after {_ending(case, how, sources)}."
    alias = _alias(case, sources)
    template = how.call if alias is None else how.on_alias
    if template is None:
        return f"Call `{_callee(case.site)}` after {_ending(case, how, sources)}."
    if case.closed:
        return _with_its_block(case, sources)
    if case.caught is not None and case.caught.decides:
        return _with_its_try(case, case.caught.line, sources)
    unsaved = _unsaved(case, sources)
    deferred = template.format(callable=_callable(case.site.spot, case.site.callee, sources, unsaved), alias=alias)
    at_once = " (with no transaction open it runs at once)" if origin.kind == "hook" else ""
    along = f", together with the `try` on line {case.caught.line} that handles what it raises" if case.caught is not None else ""
    row = f" (without `{unsaved}` it would save the row as well, behind the commit)" if unsaved else ""
    return f"Defer it to the commit: `{deferred}`{row}{at_once}{along}.{_covered(case)}"


def _unsaved(case: Case, sources: Sources) -> str:
    """What keeps the call from saving its row as well; empty where it does not, or is told already whether to."""
    match sources.call(case.site.spot):
        case ast.Call(args=[], keywords=[]), _ if case.site.effect.saves:
            return f"{case.site.effect.saves}=False"
        case _:
            return ""


def _covered(case: Case) -> str:
    return f" One deferral here covers all {case.pairs} paths." if case.pairs > 1 else ""


def _with_its_block(case: Case, sources: Sources) -> str:
    """What a block around the call closes has to be made behind the commit as well."""
    ends = f"`{case.closed}` is closed by its `with` before the commit, so"
    if way := _way(case, sources):
        return f"{ends} {way}"
    over = _ending(case, deferring(case.origin.family), sources) if decorates(case.origin, sources) else ""
    return f"{ends} let the whole block run after {over or f'{_transaction(case, sources)} has committed'}."


def _with_its_try(case: Case, line: int, sources: Sources) -> str:
    """Where the code goes on by whether the call succeeded, that can only be asked while it is there."""
    goes_by = f"The `try` on line {line} goes by whether `{_callee(case.site)}` succeeds, so"
    if way := _way(case, sources):
        return f"{goes_by} {way}"
    if case.origin.kind in _BEGUN_ELSEWHERE:
        return f"{goes_by} it cannot wait alone: {_apart(case, sources)}."
    return f"{goes_by} it cannot wait alone: call it, in that `try`, after {_ending(case, deferring(case.origin.family), sources)}."


_BEGUN_ELSEWHERE = frozenset({"atomic_requests", "request", "admin", "hook", "implicit"})
"""Transactions that no code of the project begins, so that nothing can be called before them."""


def _apart(case: Case, sources: Sources) -> str:
    """Where a call belongs that can be neither in the transaction nor at its commit."""
    apart = deferring(case.origin.family).apart if case.origin.kind == "atomic_requests" else None
    if apart is not None:
        return apart
    match case.origin.kind:
        case "request":
            return "commit before the call, and write its result in a second transaction"
        case "admin" | "hook" | "implicit":
            return "call it in a job that is enqueued at the commit and writes its result in a transaction of its own"
        case _:
            begun = _transaction(case, sources)
            return f"call it before {begun} begins, or commit first and write its result in a second transaction"


def _defer_the_way(case: Case, sources: Sources) -> str:
    """Deferring the call that leads to an effect whose own result is used; empty where there is none."""
    way = _way(case, sources)
    return f"The result of `{_callee(case.site)}` is used, so {way}" if way else ""


def _way(case: Case, sources: Sources) -> str:
    entry, how, alias = case.leading, deferring(case.origin.family), _alias(case, sources)
    template = how.call if alias is None else how.on_alias
    if entry is None or template is None:
        return ""
    call = template.format(callable=_callable(entry.spot, short_name(entry.callee), sources), alias=alias)
    return f"defer the call in `{case.short(entry.function)}` that leads to it: `{call}`."


def _callee(site: EffectSite) -> str:
    return shorten(site.callee)


def _transaction(case: Case, sources: Sources) -> str:
    origin = case.origin
    match origin.kind:
        case "atomic_requests" | "request":
            return "the request's transaction"
        case "hook":
            return "the caller's transaction"
        case _ if decorates(origin, sources):
            return f"`{case.short(origin.function)}`" if origin.function else f"`{shorten(origin.name)}`"
        case _ if origin.function and origin.function != case.site.function:
            return f"the transaction of `{case.short(origin.function)}`"
        case _:
            return "the transaction"


def _ending(case: Case, how: Deferring, sources: Sources) -> str:
    """What has to be over before the effect may happen."""
    origin = case.origin
    ends = how.ends if origin.family not in case.joined else None
    if origin.kind in ("autobegin", "asserted") and ends is not None:
        owner = _owner(origin.spot, sources) if origin.owner is None else origin.owner
        if owner:
            return f"`{ends.format(owner=owner)}`"
    if origin.kind in ("with", "custom") and not decorates(origin, sources):
        elsewhere = f" of `{case.short(origin.function)}`" if origin.function and origin.function != case.site.function else ""
        return f"the `with` block{elsewhere} has ended"
    if decorates(origin, sources) and origin.function:
        return f"`{case.short(origin.function)}` has returned"
    return f"{_transaction(case, sources)} has committed"


def _owner(spot: Spot, sources: Sources) -> str:
    """``session`` of ``session.execute(...)``: what a transaction is begun on, where that is a short name."""
    match sources.call(spot):
        case ast.Call(func=ast.Attribute(value=value)), text:
            name = as_written(value, text)
            return name if len(name) <= 40 and all(part.isidentifier() for part in name.split(".")) else ""
        case _:
            return ""


def _callable(spot: Spot, callee: str, sources: Sources, more: str = "") -> str:
    """A call as a callable without arguments: ``partial(send_receipt.delay, order.pk)``; ``more`` is an argument of one that has none."""
    match sources.call(spot):
        case ast.Call(func=func, args=[], keywords=[]), text if more:
            return f"partial({shorten(as_written(func, text), _LONGEST)}, {more})"
        case ast.Call(func=func, args=[], keywords=[]), text:
            return shorten(as_written(func, text), _LONGEST)
        case ast.Call(func=func, args=args, keywords=keywords), text:
            callee = as_written(func, text)
            whole = f"partial({', '.join([callee, *(as_written(each, text) for each in (*args, *keywords))])})"
            return whole if len(whole) <= _LONGEST else f"partial({shorten(callee, _LONGEST)}, ...)"
        case _:
            return f"partial({shorten(callee)}, ...)"


def _alias(case: Case, sources: Sources) -> str | None:
    """The database of the transaction as an argument; ``None`` for the default one."""
    origin = case.origin
    if origin.alias is not None:
        return None if origin.alias == "default" else repr(origin.alias)
    match sources.call(origin.spot) if origin.kind in ("with", "decorator") else None:
        case ast.Call(args=[given, *_]), text:
            pass
        case ast.Call(args=[], keywords=[ast.keyword(arg=str(), value=given), *_]), text:
            pass
        case _:
            return None
    # What the caller calls its database means nothing in another function.
    return as_written(given, text) if origin.function == case.site.function else "..."
