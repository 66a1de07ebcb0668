"""Where code of the project is entered with a transaction open, or may be: hooks that libraries call. From the catalog's `hook` tables.

What needs the reading of a framework's configuration (views behind ``ATOMIC_REQUESTS``) is in `views`."""

from __future__ import annotations

from collections.abc import Iterator

from txlint.link.linker import Linker
from txlint.link.project import Fun, Klass
from txlint.link.values import Const, Ext, Fn
from txlint.model.catalog import Hook
from txlint.model.facts import Expr
from txlint.model.graph import NO_CLASS, Entrance


def hooks(linker: Linker) -> Iterator[Entrance]:
    """Overridden methods, receivers of signals and listeners of events that a library calls before the commit."""
    by_class: dict[str, list[tuple[str, Hook]]] = {}
    by_signal: dict[str, Hook] = {}
    for entry in linker.catalog.entries():
        if isinstance(entry, Hook):
            if entry.by == "method":
                owner, _, method = entry.name.rpartition(".")
                by_class.setdefault(owner, []).append((method, entry))
            elif entry.by == "signal":
                by_signal[entry.name] = entry
    for klass in linker.project.klasses:
        for base in linker.mro(klass):
            if isinstance(base, str):
                for method, hook in by_class.get(base, ()):
                    yield from _method(linker, klass, method, hook)
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
        yield Entrance((fun.id, NO_CLASS, True), opened.kind, opened.name, path, opened.pos, holder.dotted, opened.alias, opened.confidence)


def migrations(linker: Linker) -> Iterator[Entrance]:
    """Functions that a migration runs: in its transaction, unless the migration (and, behind it, the operation) has none."""
    for klass in linker.project.klasses:
        if "operations" not in klass.names or not linker.is_a(klass, "django.db.migrations.Migration"):
            continue
        atomic = [a.value for a in linker.class_attribute(klass, "atomic") if isinstance(a, Const)]
        for expr in _operations(klass):
            yield from _operation(linker, klass, expr, atomic != [False])


def _operations(klass: Klass) -> Iterator[Expr]:
    for binding in klass.names["operations"]:
        expr = binding[1] if binding[0] == "value" else None
        if isinstance(expr, tuple) and expr[0] in ("list", "tuple"):
            for item in expr[1]:
                if isinstance(item, tuple) and item[0] == "call":
                    yield item


def _operation(linker: Linker, klass: Klass, expr: Expr, atomic: bool) -> Iterator[Entrance]:
    names = [a.name for a in linker.class_expression(klass, expr[1]) if isinstance(a, Ext)]
    if "django.db.migrations.RunPython" not in names:
        return
    keywords = dict(expr[3])
    own = keywords.get("atomic")
    if not atomic and own != ("const", True):
        return
    for code in (*expr[2][:2], *(keywords[name] for name in ("code", "reverse_code") if name in keywords)):
        for value in linker.class_expression(klass, code):
            if isinstance(value, Fn):
                path = klass.module.facts.path
                yield Entrance((value.fun.id, NO_CLASS, True), "implicit", names[0], path, expr[4], klass.dotted, None)


def _method(linker: Linker, klass: Klass, method: str, hook: Hook) -> Iterator[Entrance]:
    found = linker.find(klass, method)
    if found is None or found.bindings is None or hook.state in ("after", "out"):
        return
    for value in linker.class_attribute(klass, method):
        if isinstance(value, Fn):
            yield _entrance(value.fun, klass.id, hook, hook.state, hook.name)


def _entrance(fun: Fun, cls: int, hook: Hook, state: str, name: str) -> Entrance:
    fact = fun.fact
    assert fact is not None
    kind = "hook" if state == "caller" else hook.opener if hook.opener != "hook" else "implicit"
    return Entrance((fun.id, cls, False), kind, name, fun.module.facts.path, fact.name_pos, fun.dotted, None, hook.confidence)
