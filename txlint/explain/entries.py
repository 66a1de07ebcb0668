"""An entry of the catalog in words: what a call is, under which rules it is reported, why, and what it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from txlint.catalog.listing import Told, waiting
from txlint.catalog.loader import table_of
from txlint.catalog.lookup import Catalog
from txlint.explain.words import condition
from txlint.model.catalog import (
    Arg,
    Calls,
    Closer,
    Deferral,
    Effect,
    Entry,
    Hook,
    LibraryClass,
    Opener,
    Returns,
    Signature,
)
from txlint.model.kinds import Confidence, code_of
from txlint.rules.words import listed

_FORMS = {
    "with": "around a `with` block",
    "decorator": "around a decorated function",
    "call": "until it is ended",
    "manual": "until it is ended",
    "asserts": "or proves that one is open",
    "runs": "around the callable that it is given",
    "body": "around the code that it runs",
    "autobegin": "until it is ended, as any statement does",
}
_STATES = {
    "caller": "in whatever transaction its caller has open",
    "in": "in an open transaction",
    "own": "in an open transaction",
    "end": "when its caller has returned, with what dependencies have open then",
    "after": "after the commit",
    "out": "with no transaction open",
    "never": "elsewhere",
}
_RUNS = {"commit": "after the commit", "thread": "in another thread", "worker": "in a worker", "exit": "when the process ends"}
_BY = {
    "signal": "receivers of this signal run",
    "decorator": "what it decorates runs",
    "register": "what it is given runs",
    "method": "overrides of this method run",
}


def told(catalog: Catalog, entry: Entry, source: str) -> Told:
    """All that is known of an entry; ``source`` is the file that it stands in."""
    codes: tuple[str, ...] = ()
    if isinstance(entry, Effect):
        codes = code_of(entry.kind, 1), code_of(entry.kind, 2)
    return Told(entry, table_of(entry), codes, _what(entry), tuple(_notes(catalog, entry)), source)


def _what(entry: Entry) -> str:
    match entry:
        case Effect():
            kind = f"an effect of kind {entry.kind}: {code_of(entry.kind, 1)}, in a hook {code_of(entry.kind, 2)}"
            return kind + (", cannot be undone" if entry.irreversible else ", only reads" if entry.reads else "")
        case Opener():
            return f"opens a transaction {listed(dict.fromkeys(_FORMS[form] for form in entry.forms))}"
        case Closer():
            return f"ends the transaction ({entry.how})"
        case Deferral(callable=None):
            return "itself waits for the commit" if entry.when_runs == "commit" else f"runs {_RUNS[entry.when_runs]}"
        case Deferral():
            return f"runs {_argument(entry.callable)} {_RUNS[entry.when_runs]}"
        case Hook():
            states = dict.fromkeys(_STATES[state] for state in (*entry.events.values(), *(() if entry.events else (entry.state,))))
            return f"a hook: {_BY[entry.by]} {' or '.join(states)}" + (", by the event" if entry.events else "")
        case Returns():
            return "; ".join(_gives(entry))
        case LibraryClass():
            return "a class" + (f" that derives from {listed(entry.bases)}" if entry.bases else "")
        case Calls():
            again = ", again after errors" if entry.retries else ""
            return f"runs {listed(f'`{run}`' for run in entry.runs)} {_STATES[entry.state]}{again}"
        case Signature():
            ways = ["by " + " or ".join(f"`{word}`" for word in entry.keywords)] if entry.keywords else []
            ways += ["without arguments"] if entry.bare and not entry.keywords else []
            ways += [f"for what is asked {' or '.join(f'`{word}`' for word in entry.answers)}"] if entry.answers else []
            return f"is told by its name where it is called {', or '.join(ways)} on something unknown"
    return "harmless"


def _gives(entry: Returns) -> Iterator[str]:
    if entry.type:
        yield f"{'is' if entry.attribute else 'gives'} `{entry.type}`"
    if entry.enter:
        yield f"binds `{entry.enter}` in a `with`"
    if entry.decorated:
        yield f"makes `{entry.decorated}` of what it decorates"
    if entry.becomes:
        what = "the object that it is called on" if entry.made is None or entry.made.name == "self" else f"its argument `{entry.made.name}`"
        yield f"makes `{entry.becomes}` of {what}"


def _notes(catalog: Catalog, entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.why:
        yield "why", entry.why
    if isinstance(entry, Effect):
        if entry.deferred_by:
            yield "waits for the commit", f"with `{entry.deferred_by}=True`"
        if entry.saves:
            yield "saves its row as well", f"unless `{entry.saves}=False`"
        if entry.assigns:
            yield "cannot wait", "it also sets what is saved with the row"
        if entry.raises:
            yield "cannot wait", "it ends by an exception, which rolls the transaction back"
        if waits := waiting(catalog, entry):
            yield "waits for the commit", ", ".join(waits)
        if entry.unless_overridden:
            yield "unless", f"the project overrides `{entry.unless_overridden}`"
    if isinstance(entry, Opener):
        yield from _of_opener(entry)
    if isinstance(entry, Deferral) and entry.callable is not None and entry.outside != "now":
        yield "outside of a transaction", {"error": "it raises", "lost": "it never runs"}[entry.outside]
    if entry.when:
        yield "only where", " and ".join(condition(when, entry) for when in entry.when)
    if entry.confidence < Confidence.CERTAIN:
        yield "confidence", f"{entry.confidence.word} at most"
    if entry.untested:
        yield "not tested", entry.untested


def _of_opener(entry: Opener) -> Iterator[tuple[str, str]]:
    if entry.alias is not None:
        yield "database", f"by {_argument(entry.alias)}"
    for label, when in (("runs again", entry.retry), ("must be the outermost", entry.durable)):
        if when is not None:
            yield label, f"where {condition(when, entry)}"
    if entry.reads:
        yield "reads", "it holds the transaction, and writes nothing"


def _argument(arg: Arg | None) -> str:
    if arg is None or (arg.name is None and arg.position is None):
        return "its argument"
    return f"`{arg.name}`" if arg.name is not None else f"argument {(arg.position or 0) + 1}"
