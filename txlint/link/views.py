"""Views behind a request-wide transaction, and methods of classes that a class decorator wraps: what the framework calls in them.

The framework's reading of its configuration says which functions and classes; here they become nodes of the program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.django.urls import ViewEntry, atomic_views, read_views
from txlint.frameworks.resolver import Resolved
from txlint.link.calls import call
from txlint.link.decorate import class_openers
from txlint.link.linker import Linker
from txlint.link.project import Fun, Klass
from txlint.link.replay import Frame
from txlint.link.site import Site
from txlint.link.values import Atom, Cls, ExtMethod, Fn
from txlint.model.facts import Pos
from txlint.model.graph import NO_CLASS, Entrance, Opened, SignalTarget, Target
from txlint.model.kinds import Confidence

VIEW = "django.views.generic.View"
ADMIN = "django.contrib.admin.ModelAdmin"
VIEWSET = "rest_framework.viewsets.ViewSetMixin"
_ACTIONS = ("list", "create", "retrieve", "update", "partial_update", "destroy")
_BEFORE = ("initial", "get_queryset", "get_object", "get_serializer", "finalize_response")


def atomic_requests(linker: Linker, settings: DjangoSettings) -> Iterator[Entrance]:
    """Every view whose request runs in a transaction, with the line of the setting."""
    if not settings.atomic_aliases:
        return
    facts = {module.name: module.facts for module in linker.project.modules.values()}
    for view, alias in atomic_views(read_views(facts, settings), settings):
        switch = settings.atomic_requests[alias]
        sure = min(view.confidence, switch.confidence)
        for fun, cls in _called(linker, view):
            yield Entrance(
                (fun.id, cls, True),
                "atomic_requests",
                "ATOMIC_REQUESTS",
                switch.path,
                (switch.line, 0, switch.line, 0),
                fun.dotted,
                alias,
                sure,
            )


def middleware(linker: Linker, settings: DjangoSettings) -> Iterator[Entrance]:
    """Middleware of the project that calls what lies behind it inside a transaction: the middleware after it, and all views."""
    layers: list[tuple[Fun, Klass | None]] = []
    behind: list[Opened] = []
    found: list[Entrance] = []
    for dotted in settings.middleware:
        fun, klass = _layer(linker, dotted)
        if fun is None:
            continue
        for opened in behind:
            found.append(_request(fun, klass, opened))
        layers.append((fun, klass))
        flow = linker.replay(fun, klass, True).flow
        called = [(event.func, event.region) for event in flow.events] + [(expr, region) for _, expr, _, region in flow.unresolved]
        for expr, region in called:
            if isinstance(expr, str) and expr.rpartition(".")[2] == "get_response":
                place = fun.module.facts.path
                behind.extend(replace(opened, path=place, function=fun.dotted) for opened in region)
    yield from found
    if behind:
        facts = {module.name: module.facts for module in linker.project.modules.values()}
        for view in read_views(facts, settings):
            for fun, cls in _called(linker, view):
                klass = linker.project.klasses[cls] if cls >= 0 else None
                for opened in behind:
                    yield _request(fun, klass, opened)


def _request(fun: Fun, klass: Klass | None, opened: Opened) -> Entrance:
    assert opened.path is not None and opened.function is not None
    node = (fun.id, klass.id if klass is not None else NO_CLASS, True)
    return Entrance(node, "request", opened.name, opened.path, opened.pos, opened.function, opened.alias, opened.confidence)


def _layer(linker: Linker, dotted: str) -> tuple[Fun | None, Klass | None]:
    """The function that runs for each request: a class's ``__call__``, or what a factory returns."""
    module, _, name = dotted.rpartition(".")
    home = linker.project.find_module(module)
    for atom in linker.module_name(home, name) if home is not None else ():
        if isinstance(atom, Cls):
            for method in linker.class_attribute(atom.klass, "__call__"):
                if isinstance(method, Fn):
                    return method.fun, atom.klass
        elif isinstance(atom, Fn):
            for inner in linker.replay(atom.fun, None, True).returns:
                if isinstance(inner, Fn):
                    return inner.fun, None
    return None, None


def _called(linker: Linker, view: ViewEntry) -> Iterator[tuple[Fun, int]]:
    """What Django calls for a view: functions with the class of their receiver."""
    target = view.target
    if view.call == "admin":
        yield from _admin(linker)
    elif target.kind == "function":
        fun = _function(linker, target)
        if fun is not None:
            receiver = _class(linker, view.receiver) if view.receiver is not None else None
            yield fun, receiver.id if receiver is not None else NO_CLASS
            for atom in linker.decoration(fun).value:
                if isinstance(atom, Fn) and atom.fun is not fun:
                    yield atom.fun, NO_CLASS  # what a decorator of the project puts around it
    elif target.kind == "class":
        klass = _class(linker, target)
        if klass is not None:
            names = ["__call__"] if view.call == "__call__" else ["dispatch", *handlers(linker, klass, dict(view.actions).values())]
            yield from methods(linker, klass, names)


def _admin(linker: Linker) -> Iterator[tuple[Fun, int]]:
    """All that a request to the admin may run: methods of model admins, and their actions."""
    for klass in linker.project.klasses:
        if not linker.is_a(klass, ADMIN):
            continue
        for base in linker.mro(klass):
            if isinstance(base, Klass):
                for fun in linker.project.methods(base):
                    yield fun, klass.id
        for value in linker.items(linker.class_attribute(klass, "actions")):
            if isinstance(value, Fn) and value.fun.klass is None:
                yield value.fun, NO_CLASS


def handlers(linker: Linker, klass: Klass, wired: Iterable[str]) -> list[str]:
    """The names of methods that a request may run besides ``dispatch``."""
    names = list(wired)
    if VIEWSET in linker.mro(klass):
        if not names:
            names.extend(_ACTIONS)
        for base in linker.mro(klass):
            if isinstance(base, Klass):
                for fun in linker.project.methods(base):
                    assert fun.fact is not None
                    if any(_text(expr).rpartition(".")[2] in ("action", "list_route", "detail_route") for expr, _ in fun.fact.decorators):
                        names.append(fun.fact.name)
        names.extend(_BEFORE)
    return names


def _text(expr: object) -> str:
    if isinstance(expr, tuple) and expr and expr[0] == "call":
        expr = expr[1]
    return expr if isinstance(expr, str) else ""


def methods(linker: Linker, klass: Klass, names: Iterable[str]) -> Iterator[tuple[Fun, int]]:
    """The project's functions that run when methods of a class are called by a library, directly or behind the library's own."""
    seen: set[tuple[int, int]] = set()
    nowhere: Pos = (0, 0, 0, 0)
    for name in names:
        frame = Frame(linker, klass.module.body, None, True)
        frame.silent = True
        receiver = linker.instance(klass, True)
        for atom in linker.attribute(receiver, name):
            site = Site(frame, ("call", name, (), (), nowhere), True, False, False)
            _follow(site, atom)
            for target in site.targets:
                if isinstance(target, Target):
                    key = (target.fun, target.cls)
                    if key not in seen:
                        seen.add(key)
                        yield linker.project.funs[target.fun], target.cls
                elif isinstance(target, SignalTarget):
                    continue


def _follow(site: Site, atom: Atom) -> None:
    if isinstance(atom, (Fn, ExtMethod)):
        call(site, atom)


def wrapped_classes(linker: Linker) -> Iterator[Entrance]:
    """``@method_decorator(atomic, name="dispatch")`` on a class that inherits the method."""
    for klass in linker.project.klasses:
        if not klass.fact.decorators:
            continue
        for opened, name in class_openers(linker, klass):
            if name in klass.names:
                continue  # a decorator of that very function
            for sub in (klass, *klass.subclasses):
                for fun, cls in methods(linker, sub, [name, *(handlers(linker, sub, ()) if name == "dispatch" else ())]):
                    yield Entrance(
                        (fun.id, cls, True), "decorator", opened.name, klass.module.facts.path, opened.pos, klass.dotted, opened.alias,
                        min(opened.confidence, Confidence.CERTAIN),
                    )  # fmt: skip


def _function(linker: Linker, target: Resolved) -> Fun | None:
    module = linker.project.modules.get(target.module)
    return module.funs[target.index] if module is not None and target.index >= 0 else None


def _class(linker: Linker, target: Resolved) -> Klass | None:
    module = linker.project.modules.get(target.module)
    return module.klasses[target.index] if module is not None and target.kind == "class" and target.index >= 0 else None
