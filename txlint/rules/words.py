"""Names, steps and openers in words: the sentences of a finding, without judgement.

Names here are the project's own, as the user wrote them; what is long is shortened in the middle of nowhere, never dropped."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Sequence

from txlint.catalog.families import deferring
from txlint.model.hazard import Hop, Origin
from txlint.rules.source import Sources, as_written

_LONGEST = 80
_WRITTEN = frozenset({"with", "decorator", "implicit", "autobegin", "custom", "asserted"})  # openers that are an expression of the user's

_CALLS = {
    "call": "calls {}",
    "hook": "runs the hook {}",
    "signal": "sends a signal to {}",
    "override": "calls the override {}",
    "callback": "runs the callback {}",
    "super": "calls {} of the base class",
    "property": "reads {} (property)",
    "setter": "assigns {} (property)",
}


def shorten(text: str, limit: int = _LONGEST) -> str:
    """One line of at most ``limit`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def short_name(dotted: str, modules: Container[str] = ()) -> str:
    """``shop.models.Order.save`` as ``Order.save``, ``shop.orders.place_order`` as ``place_order``: without the module, or, where it is
    none of ``modules``, from the first name on that looks like a class."""
    parts = dotted.split(".")
    for length in range(len(parts) - 1, 0, -1):
        if ".".join(parts[:length]) in modules:
            return shorten(".".join(parts[length:]))
    for index, part in enumerate(parts[:-1]):
        if part[:1].isupper():
            return shorten(".".join(parts[index:]))
    return shorten(parts[-1])


def step_label(hop: Hop, does: str = "", tests: int = 0) -> str:
    """What happens in this step; ``does`` says it of the last one, the effect itself. ``tests``: on so many it depends that it does."""
    label = does or _CALLS.get(hop.kind, "calls {}").format(shorten(hop.callee, 120))
    return f"{label}, if {tests} tests hold" if tests > 1 else f"{label}, if a test holds" if tests else label


def opener_name(origin: Origin, sources: Sources) -> str:
    """What opens the transaction as the user wrote it (``transaction.atomic``), else as the catalog calls it."""
    if origin.kind in _WRITTEN or awaited(origin):
        match sources.call(origin.spot):
            case ((ast.Call(func=ast.Name() | ast.Attribute() as func) | (ast.Name() | ast.Attribute() as func)), text):
                written = as_written(func, text)
                if all(part.isidentifier() for part in written.split(".")):
                    return shorten(written)
    return shorten(".".join(origin.name.split(".")[-2:])) if origin.kind != "request" or awaited(origin) else shorten(origin.name)


def decorates(origin: Origin, sources: Sources) -> bool:
    """Is the transaction opened by a decorator, a library's or the project's own?"""
    return origin.kind == "decorator" or (origin.kind == "custom" and sources.before(origin.spot).strip() == "@")


def awaited(origin: Origin) -> str | None:
    """What a write of the project's waits for, where the framework commits at the end of a request."""
    return deferring(origin.family).awaits if origin.kind == "request" else None


def where(origin: Origin, name: str, modules: Container[str] = (), called_by_library: bool = False) -> str:
    """The open transaction, as the part of a sentence after the effect: ``inside `transaction.atomic` of `checkout```. ``name`` is the
    opener's; ``called_by_library`` says that the opener's function is itself what runs inside."""
    function = short_name(origin.function, modules) if origin.function else ""
    of = f" of `{function}`" if function else " at module level"
    match origin.kind:
        case "decorator":
            return f"inside `{function or name}`, which `@{name}` wraps in a transaction"
        case "atomic_requests":
            view = f" that `{function}` handles" if function else ""
            return f"inside the transaction of the request{view} ({name})"
        case "request" if commit := awaited(origin):
            return f"while what `{name}` wrote{f' in `{function}`' if function else ''} waits for {commit}"
        case "request":
            view = f" that `{function}` handles" if function else ""
            return f"inside the transaction that {name} keeps open for the request{view}"
        case "admin":
            return f"inside the transaction in which the admin runs `{function or name}`"
        case "hook":
            return f"in `{function or name}`, which runs before the commit that its caller decides on"
        case "implicit" if called_by_library:
            return f"inside the transaction in which `{name}` runs `{function}`"
        case "implicit":
            return f"inside the transaction that `{name}` opens{f' in `{function}`' if function else ''}"
        case "autobegin":
            return f"while the transaction that `{name}` began{f' in `{function}`' if function else ''} is still open"
        case "asserted":
            return f"in a transaction that `{name}`{of} relies on"
        case _:
            return f"inside `{name}`{of}"


def through(origin: Origin, hops: Sequence[Hop], modules: Container[str] = ()) -> str:
    """The functions between opener and effect: ``, through `place_order` and `notify```; empty for a lexical finding."""
    names = [f"`{short_name(hop.callee, modules)}`" for hop in hops[:-1] if hop.callee != origin.function]
    if not names:
        return ""
    if len(names) > 4:
        names = [*names[:2], f"{len(names) - 3} more", names[-1]]
    return ", through " + listed(names)


def listed(names: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
