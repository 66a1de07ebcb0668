"""Where code of the project is entered with a transaction open, or may be: `hooks` that libraries call (from the catalog's `hook`
tables), and what decorators put around a function (`wrapped`).

What needs the reading of a framework's configuration is with that framework; `called_methods` helps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from txlint.frameworks.types import Called
from txlint.link.calls import call
from txlint.link.linker import Linker
from txlint.link.project import Fun, Klass
from txlint.link.replay import Frame
from txlint.link.signals import receiving
from txlint.link.site import Site
from txlint.link.unpassed import is_given
from txlint.link.values import UNKNOWN, ExtMethod, ExtObj, Fn
from txlint.model.catalog import Hook
from txlint.model.facts import Pos
from txlint.model.graph import NO_CLASS, SELF, Entrance, Made, SignalTarget, Target
from txlint.model.kinds import Confidence
from txlint.model.shapes import calls_in, last_name, speaks_of


def hooks(linker: Linker) -> Iterator[Entrance]:
    """Overridden methods, receivers of signals and listeners of events that a library calls before the commit."""
    by_class: dict[str, list[tuple[str, Hook]]] = {}
    by_signal: dict[str, Hook] = {}
    for entry in linker.catalog.entries:
        if isinstance(entry, Hook):
            if entry.by == "method":
                owner, _, method = entry.name.rpartition(".")
                by_class.setdefault(owner, []).append((method, entry))
            elif entry.by == "signal" or (entry.by == "decorator" and entry.sender is not None and not entry.events):
                by_signal[entry.name] = entry
    known: dict[tuple[int, str], bool] = {}  # parameters of overrides: are they what their defaults are?
    for klass in linker.project.klasses:
        for base in linker.mro(klass):
            if isinstance(base, str):
                for method, hook in by_class.get(base, ()):
                    yield from _method(linker, klass, method, hook, known)
    for connection in linker.connected:
        hook_of = by_signal.get(connection.signal)
        if hook_of is not None:
            fun = linker.project.funs[connection.fun]
            yield _entrance(fun, connection.cls, hook_of, hook_of.state, connection.signal)
    for number, (hook, state) in linker.listeners.items():
        if state in ("caller", "in"):
            yield _entrance(linker.project.funs[number], NO_CLASS, hook, state, hook.name)


def wrapped(linker: Linker) -> Iterator[Entrance]:
    """Functions that a decorator puts around another one, where a decorator above it opens a transaction."""
    for fun, opened, holder in linker.wrapped:
        path = holder.module.facts.path
        yield Entrance(
            (fun.id, NO_CLASS, True),
            opened.kind,
            opened.name,
            path,
            opened.pos,
            holder.dotted,
            opened.alias,
            opened.confidence,
            family=opened.family,
            given=linker.sealed.get(fun.id, {}).get(holder.id, ()),
        )


def _method(linker: Linker, klass: Klass, method: str, hook: Hook, known: dict[tuple[int, str], bool]) -> Iterator[Entrance]:
    found = linker.find(klass, method)
    if found is None or found.bindings is None or hook.state in ("after", "out"):
        return
    for value in linker.class_attribute(klass, method):
        if isinstance(value, Fn):
            entrance = _entrance(value.fun, klass.id, hook, hook.state, hook.name)
            yield replace(entrance, given=_left(linker, value.fun, method, known)) if entrance.kind == "hook" else entrance


def _left(linker: Linker, fun: Fun, method: str, known: dict[tuple[int, str], bool]) -> tuple[tuple[str, Any], ...]:
    """The parameters of an override that it keeps to itself, as the library's method has none of that name, and for which no call of the
    project gives anything but the default: that is what they are."""
    assert fun.fact is not None
    found = []
    for place, param in enumerate(fun.fact.params[1:]):
        default = param.default
        if default.__class__ is tuple and default[0] == "const":
            if (fun.id, param.name) not in known:
                above = [call for call in calls_in(fun.body) if last_name(call[1]) == method]
                is_own = bool(above) and not speaks_of([call[2:4] for call in above], {param.name})
                known[fun.id, param.name] = is_own and not is_given(linker, method, param, place)
            if known[fun.id, param.name]:
                found.append((param.name, default[1]))
    return tuple(found)


def _entrance(fun: Fun, cls: int, hook: Hook, state: str, name: str) -> Entrance:
    fact = fun.fact
    assert fact is not None
    kind = "hook" if state == "caller" else hook.opener if hook.opener != "hook" else "implicit"
    # Only Django has hooks of which the database is not known.
    alias = None if hook.family == "django" else "default"
    # That some caller of a hook has a transaction open is likely, and no more: none has been found.
    sure = min(hook.confidence, Confidence.LIKELY) if kind == "hook" else hook.confidence
    return Entrance((fun.id, cls, False), kind, name, fun.module.facts.path, fact.name_pos, fun.dotted, alias, sure, family=hook.family)


def called_methods(linker: Linker, klass: Klass | str, names: Iterable[str]) -> Iterator[Called]:
    """The project's functions that run when a library calls methods of a class, of the project or of a library, directly or behind the
    library's own, and the receivers of what these send."""
    seen: set[Called] = set()
    nowhere: Pos = (0, 0, 0, 0)
    for name in names:
        frame = Frame(linker, linker.project.funs[0] if isinstance(klass, str) else klass.module.body, None, True)
        frame.silent = True
        receiver = linker.atoms(ExtObj, klass, UNKNOWN, None) if isinstance(klass, str) else linker.instance(klass, True)
        for atom in linker.attribute(receiver, name):
            site = Site(frame, ("call", name, (), (), nowhere), True, False, False)
            if isinstance(atom, (Fn, ExtMethod)):
                call(site, atom)
            for called in _run(linker, site, klass):
                if called not in seen:
                    seen.add(called)
                    yield called


def _run(linker: Linker, site: Site, klass: Klass | str) -> Iterator[Called]:
    for target in site.targets:
        if isinstance(target, Target):
            given = target.given if target.kind != "signal" else ()
            yield Called(linker.project.funs[target.fun], target.cls, given, target.confidence)
        elif isinstance(target, SignalTarget):
            connections = [each for each in linker.connected if each.signal == target.signal]
            sender, exact = (klass.id, True) if target.sender == SELF and isinstance(klass, Klass) else (target.sender, target.exact)
            for received in receiving(linker, connections, target, sender, exact, NO_CLASS):
                row = tuple((name, Made(received.sender)) for name in ("instance", "sender") if received.sender != NO_CLASS)
                yield Called(linker.project.funs[received.fun], received.cls, (*received.given, *row), received.confidence)
