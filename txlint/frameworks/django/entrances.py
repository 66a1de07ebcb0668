"""Where Django enters code of the project with a transaction open: views behind ``ATOMIC_REQUESTS`` or a middleware, methods that a class
decorator wraps, functions that migrations run. `entrances` gives them all.

The reading of its configuration says which functions and classes; the linker says what is called when one of them is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from txlint.catalog.types import parse_type
from txlint.frameworks.django.models import ADMIN, RUN_PYTHON
from txlint.frameworks.django.packages import REVISION, mutations, only_reads, revision
from txlint.frameworks.django.paths import Asked, Start
from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.django.transactions import NON_ATOMIC, method_named
from txlint.frameworks.django.urls import ViewEntry, atomic_views, read_views
from txlint.frameworks.named import bound_to
from txlint.frameworks.resolver import Resolved
from txlint.frameworks.routes import VERBS, Fork, around, decorators, placed, regions, way_to
from txlint.frameworks.types import Called
from txlint.model.facts import Body, Expr, Pos
from txlint.model.graph import CHANGED, IDENTITY, NO_CLASS, OF, Entrance, Opened
from txlint.model.kinds import Confidence
from txlint.model.shapes import called, calls_in, last_name, statements, times

if TYPE_CHECKING:
    from txlint.frameworks.django.models import DjangoModels
    from txlint.frameworks.types import Fun, Klass, Linker, Module

Marks: TypeAlias = tuple[tuple[str, bool], ...]
"""Attributes of a view that are asked, and what they are to be."""

MIGRATION = "django.db.migrations.Migration"
REQUEST = "django.http.HttpRequest"
VIEWSET = "rest_framework.viewsets.ViewSetMixin"
INLINE = "django.contrib.admin.options.InlineModelAdmin"
_ADD = ("has_add_permission",)
_SENT = frozenset({"sender", "instance", "created", "raw", "using", "update_fields", "origin", "signal"})
"""What Django sends with the signals of a row."""
_WRITES = (*_ADD, "has_change_permission")
_OF_ROWS = (("save", _WRITES), ("delete", ("has_delete_permission",)), ("clean", _WRITES))
"""What the admin does with a row, and the permissions of which one must be there."""
_ROWS = "django.db.models.QuerySet[new(self.model)]"
_ACTIONS = ("list", "create", "retrieve", "update", "partial_update", "destroy")
_BEFORE = ("initial", "get_queryset", "get_object", "get_serializer", "finalize_response")


def inform(linker: Linker, settings: DjangoSettings) -> None:
    """Tells the linker what ``request`` is in functions: views, and what decorators put around them. Without a
    middleware that authenticates it is nobody's."""
    if settings.middleware and not any("auth" in each.lower() for each in settings.middleware):
        return
    request = linker.atoms(linker.ExtObj, REQUEST, (), None)
    for module in linker.project.ordered:
        if "user" in module.facts.words and any(item.module.partition(".")[0] == "django" for item in module.facts.imports):
            for fun in module.funs:
                first = fun.fact.params[0] if fun.klass is None and fun.fact.params else None
                if first is not None and first.name == "request" and first.annotation is None:
                    linker.params[fun.id, first.name, NO_CLASS] = (request,)


def entrances(linker: Linker, models: DjangoModels, settings: DjangoSettings) -> Iterator[Entrance]:
    """Everything that Django runs inside a transaction of its own, or of a decorator's."""
    admin_actions(linker)
    yield from admin_rows(linker, models)
    yield from migrations(linker)
    yield from wrapped_classes(linker)
    yield from atomic_requests(linker, settings)
    yield from middleware(linker, settings)
    yield from mutations(linker, settings)


def atomic_requests(linker: Linker, settings: DjangoSettings) -> Iterator[Entrance]:
    """Every view whose request runs in a transaction, with the line of the setting."""
    if not settings.atomic_aliases:
        return
    facts = {module.name: module.facts for module in linker.project.modules.values()}
    for view, alias in atomic_views(read_views(facts, settings), settings):
        switch = settings.atomic_requests[alias]
        for fun, cls, given, told in _called(linker, view):
            sure = min(view.confidence, switch.confidence, told)
            yield Entrance(
                (fun.id, cls, True),
                "atomic_requests",
                "ATOMIC_REQUESTS",
                switch.path,
                (switch.line, 0, switch.line, 0),
                fun.dotted,
                alias,
                sure,
                given,
            )


def middleware(linker: Linker, settings: DjangoSettings) -> Iterator[Entrance]:
    """Middleware of the project that calls what lies behind it inside a transaction: the middleware after it, and all views; or, in
    ``process_view``, the view, perhaps only one that a decorator has marked.

    Where it calls it outside as well, the tests on the way decide: one of the path, for views whose path the URLconf tells, and one of the
    method, for handlers that are named after it. What they do not tell (a view whose path is not known, a test of a header, a user, the
    environment) and other middleware is `likely` inside."""
    behind: list[_Behind] = []
    of_views: list[tuple[Opened, Marks]] = []
    found: list[Entrance] = []
    for dotted in settings.middleware:
        of_views.extend(_process_view(linker, dotted))
        revised = revision(linker, settings, dotted)
        if revised is not None:
            behind.append(_Behind(revised))
            continue
        fun, klass = _layer(linker, dotted)
        if fun is None:
            continue
        for each in behind:
            told = each.told(None)
            if told is not None:
                found.append(_request(fun, klass, each.opened, told))
        behind.extend(_opens(linker, settings, fun, klass))
    yield from found
    if behind or of_views:
        facts = {module.name: module.facts for module in linker.project.modules.values()}
        for view in read_views(facts, settings):
            chosen = [opened for opened, marks in of_views if all(_has_mark(linker, view, name) is wanted for name, wanted in marks)]
            for fun, cls, _, told in _called(linker, view):
                klass = linker.project.klasses[cls] if cls >= 0 else None
                reads = only_reads(linker, view, fun, klass)
                verb = fun.fact.name.upper() if fun.klass is not None and fun.fact.name.upper() in VERBS else ""
                for each in behind:
                    if not (reads and each.opened.name == REVISION) and (sure := each.told(view.start, verb)) is not None:
                        yield _request(fun, klass, each.opened, min(told, sure))
                yield from (_request(fun, klass, opened, told) for opened in chosen)


class _Behind(NamedTuple):
    """What a piece of middleware has open around what lies behind it, with the tests on the way there."""

    opened: Opened
    asked: Asked | None = None
    way: tuple[Fork, ...] = ()

    def told(self, start: Start | None, verb: str = "") -> Confidence | None:
        return self.asked.told(self.way, start, verb) if self.asked is not None else Confidence.CERTAIN


def _opens(linker: Linker, settings: DjangoSettings, fun: Fun, klass: Klass | None) -> Iterator[_Behind]:
    names, at = {"get_response"}, fun.klass is not None
    called = regions(linker, fun, klass, names)
    for opened in around(linker, fun, klass, names):
        is_always = all(any(each.pos == opened.pos for each in region) for region in called)
        way = () if is_always or len(fun.fact.params) <= at else tuple(way_to(fun, opened, names))
        yield _Behind(opened, Asked(linker, settings, fun, fun.fact.params[at].name) if way else None, way)


def _process_view(linker: Linker, dotted: str) -> Iterator[tuple[Opened, Marks]]:
    """What a piece of middleware opens around the view that its ``process_view`` calls itself, and which attributes of it are asked
    before: ``getattr(view_func, "atomic", False)``."""
    for atom in bound_to(linker, dotted):
        for method in linker.class_attribute(atom.klass, "process_view") if isinstance(atom, linker.Cls) else ():
            fun = method.fun if isinstance(method, linker.Fn) else None
            if fun is None or len(fun.fact.params) < 3:
                continue
            view = fun.fact.params[2].name
            events = [event for event in linker.replay(fun, atom.klass, True).flow.events if event.func == view]
            is_asked = times(fun.body, view) > len({event.pos for event in events})
            for event in events:
                asked = [test for test in event.guards if test.param.startswith(f"{OF}{view}.") and test.op == "truthy"]
                marks = tuple((test.param.rpartition(".")[2], test.wanted) for test in asked)
                if marks or not is_asked:
                    for opened in event.region:
                        if not opened.reads:
                            # Views may be marked in more ways than by decorators: who has no mark may be exempt all the same.
                            sure = opened.confidence if all(wanted for _, wanted in marks) else min(opened.confidence, Confidence.LIKELY)
                            yield replace(placed(opened, fun), confidence=sure), marks


def _has_mark(linker: Linker, view: ViewEntry, name: str) -> bool:
    """Does a decorator of the project set this attribute on a view?"""
    fun = _function(linker, view.target) if view.target.kind == "function" else None
    klass = _class(linker, view.target)
    given: list[tuple[Expr, Module]] = [] if fun is None else [(expr, fun.module) for expr, _ in fun.fact.decorators]
    for base in linker.mro(klass) if klass is not None else ():  # Django gives the attributes of `dispatch` to the view of a class
        if not isinstance(base, str):
            given += [(expr, base.module) for expr, _ in base.fact.decorators if method_named(expr) == "dispatch"]
            own = [each for each in linker.project.methods(base) if each.fact is not None and each.fact.name == "dispatch"]
            given += [(expr, each.module) for each in own for expr, _ in each.fact.decorators]
            if own:
                break
    given += [
        (arg, of) for expr, of in given if isinstance(expr, tuple) and last_name(expr[1]) == "method_decorator" for arg in expr[2][:1]
    ]
    for expr, of in given:
        for atom in linker.value(called(expr), of) if isinstance(called(expr), str) else ():
            if isinstance(atom, linker.Fn) and any(_sets(each.body, name) for each in (atom.fun, *atom.fun.nested)):
                return True
    return False


def _sets(body: Body, name: str) -> bool:
    """Does a body set an attribute of this name: ``view.atomic = True``?"""
    assigned = (stmt for stmt in statements(body) if stmt[0] == "assign" and stmt[2] == ("const", True))
    return any(target.__class__ is str and target.endswith(f".{name}") for stmt in assigned for target in stmt[1])


def _request(fun: Fun, klass: Klass | None, opened: Opened, told: Confidence = Confidence.CERTAIN) -> Entrance:
    assert opened.path is not None and opened.function is not None
    node = (fun.id, klass.id if klass is not None else NO_CLASS, True)
    sure = min(opened.confidence, told)
    return Entrance(node, "request", opened.name, opened.path, opened.pos, opened.function, opened.alias, sure)


def _layer(linker: Linker, dotted: str) -> tuple[Fun | None, Klass | None]:
    """The function that runs for each request: a class's ``__call__``, or what a factory returns."""
    for atom in bound_to(linker, dotted):
        if isinstance(atom, linker.Cls):
            for method in linker.class_attribute(atom.klass, "__call__"):
                if isinstance(method, linker.Fn):
                    return method.fun, atom.klass
        elif isinstance(atom, linker.Fn):
            for inner in linker.replay(atom.fun, None, True).returns:
                if isinstance(inner, linker.Fn):
                    return inner.fun, None
    return None, None


def _called(linker: Linker, view: ViewEntry) -> Iterator[Called]:
    """What Django calls for a view."""
    target = view.target
    if view.call == "admin":
        yield from (Called(fun, cls, (), Confidence.CERTAIN) for fun, cls in _admin(linker))
    elif target.kind == "function":
        fun = _function(linker, target)
        if fun is not None:
            receiver = _class(linker, view.receiver) if view.receiver is not None else None
            yield Called(fun, receiver.id if receiver is not None else NO_CLASS, (), Confidence.CERTAIN)
            for atom in linker.decoration(fun).value:
                if isinstance(atom, linker.Fn) and atom.fun is not fun:
                    yield Called(atom.fun, NO_CLASS, (), Confidence.CERTAIN)  # what a decorator of the project puts around it
    elif target.kind == "class":
        klass = _class(linker, target)
        if klass is not None:
            names = ["__call__"] if view.call == "__call__" else ["dispatch", *handlers(linker, klass, dict(view.actions).values())]
            yield from linker.called_methods(klass, names)


def _admin(linker: Linker) -> Iterator[tuple[Fun, int]]:
    """All that a request to the admin may run: methods of model admins, and their actions."""
    for klass in linker.project.klasses:
        if not linker.is_a(klass, ADMIN):
            continue
        methods = [fun for base in linker.mro(klass) if not isinstance(base, str) for fun in linker.project.methods(base)]
        first = {fun.fact.name: fun for fun in reversed(methods) if fun.fact is not None}
        exempt = {
            name
            for fun in methods
            if NON_ATOMIC in fun.module.facts.words
            for name in _exempted(fun)
            if fun.fact is None or name != fun.fact.name or first[name] is fun  # a decorator is not inherited with the name
        }
        yield from ((fun, klass.id) for fun in methods if fun.fact is None or fun.fact.name not in exempt)
        for value in linker.items(linker.class_attribute(klass, "actions")):
            if isinstance(value, linker.Fn) and value.fun.klass is None:
                yield value.fun, NO_CLASS


def _exempted(method: Fun) -> Iterator[str]:
    """The methods that one of a model admin leaves out of the transaction of a request: itself, by a decorator, or those that it marks in
    the URLs which it gives."""
    fact = method.fact
    if fact is None or not fact.params:
        return
    if any(last_name(expr) == NON_ATOMIC for expr, _ in fact.decorators if expr.__class__ is str):
        yield fact.name
    own = f"{fact.params[0].name}."
    for call in calls_in(method.body):
        if last_name(call[1]) == NON_ATOMIC and len(call[2]) == 1 and not call[3]:
            inner = call[2][0]
            while inner.__class__ is tuple and inner[0] == "call" and len(inner[2]) == 1:  # `admin_site.admin_view(self.report)`
                inner = inner[2][0]
            if inner.__class__ is str and inner.startswith(own):
                yield inner.removeprefix(own)


def admin_actions(linker: Linker) -> None:
    """An action of a model admin, a function or a method, is given rows of the admin's model."""
    for klass in linker.project.klasses:
        if "actions" not in klass.names or not linker.is_a(klass, ADMIN):
            continue
        admin = linker.instance(klass, True)
        for value in linker.items(linker.class_attribute(klass, "actions")):
            name = value.value if isinstance(value, linker.Const) and isinstance(value.value, str) else None
            for action in (value,) if name is None else linker.class_attribute(klass, name):
                fact = action.fun.fact if isinstance(action, linker.Fn) else None
                if fact is not None and len(fact.params) > 2:
                    linker.tell(action.fun, fact.params[2].name, linker.typed(parse_type(_ROWS), admin, (), {}))


def admin_rows(linker: Linker, models: DjangoModels) -> Iterator[Entrance]:
    """What the admin itself validates, saves and deletes in its transaction: rows of the models that it has and of their inlines' models,
    unless a model admin of the project does that (its methods are hooks of their own)."""
    done: set[tuple[Klass | str, str, bool, tuple[str, ...]]] = set()
    for model, name, stored, only_shown, path, pos in _rows_of_admin(linker, models):
        if (model, name, stored, only_shown) in done:
            continue
        done.add((model, name, stored, only_shown))
        dotted = model if isinstance(model, str) else model.dotted
        shown = tuple((CHANGED + field, False) for each in only_shown for field in (each, f"{each}_id"))
        for fun, cls, given, sure in linker.called_methods(model, (name,)):
            # Of what a signal may be sent with, nothing is known but that no fixture is being loaded.
            is_own = fun.fact.name == name and fun.klass is not None
            left = tuple((name, default) for name, default in linker.defaults(fun).items() if is_own or name not in _SENT)
            left = left if is_own else (*left, ("raw", False))
            known = (*given, *left, *(((IDENTITY, True), ("created", False)) if stored else ()), *shown)
            yield Entrance((fun.id, cls, True), "admin", ADMIN, path, pos, f"{dotted}.{name}", None, sure, known)


def _rows_of_admin(linker: Linker, models: DjangoModels) -> Iterator[tuple[Klass | str, str, bool, tuple[str, ...], str, Pos]]:
    """The models, the method that is called, whether on rows that are there only, the fields that are shown and not changed, and where that
    is said."""
    for model, admin, path, pos in models.registered(linker):
        stored, only_shown = admin is not None and _forbids(linker, admin, _ADD), _only_shown(linker, admin)
        for name, permissions in _OF_ROWS:
            if admin is None or not (linker.has_own(admin, f"{name}_model") or _forbids(linker, admin, permissions)):
                yield model, name, stored, only_shown, path, pos
        if admin is None or any(linker.has_own(admin, method) for method in ("save_formset", "get_inline_instances", "get_inlines")):
            continue
        for inline in linker.items(linker.class_attribute(admin, "inlines")):
            if not isinstance(inline, linker.Cls) or not linker.is_a(inline.klass, INLINE):
                continue
            klass = inline.klass
            place = (klass.module.facts.path, klass.fact.name_pos)
            stored, only_shown = _forbids(linker, klass, _ADD), _only_shown(linker, klass)
            stays = [atom.value for atom in linker.class_attribute(klass, "can_delete") if isinstance(atom, linker.Const)] == [False]
            for name, permissions in _OF_ROWS:
                if not (name == "delete" and stays) and not _forbids(linker, klass, permissions):
                    for other in linker.class_attribute(klass, "model"):
                        if isinstance(other, (linker.Cls, linker.Ext)):
                            yield other.klass if isinstance(other, linker.Cls) else other.name, name, stored, only_shown, *place


def _only_shown(linker: Linker, admin: Klass | None) -> tuple[str, ...]:
    """The fields that a model admin shows and does not let anyone change."""
    if admin is None or any(linker.has_own(admin, name) for name in ("form", "formset", "get_form", "get_readonly_fields")):
        return ()
    listed = linker.items(linker.class_attribute(admin, "readonly_fields"))
    return tuple(atom.value for atom in listed if isinstance(atom, linker.Const) and isinstance(atom.value, str))


def _forbids(linker: Linker, admin: Klass, permissions: Iterable[str]) -> bool:
    """Do methods for these permissions always say False?"""
    for permission in permissions:
        said = [
            each
            for fun in linker.class_attribute(admin, permission)
            if isinstance(fun, linker.Fn)
            for each in linker.result(fun.fun, admin, True)
        ]
        if not said or not all(isinstance(each, linker.Const) and each.value is False for each in said):
            return False
    return True


def handlers(linker: Linker, klass: Klass, wired: Iterable[str]) -> list[str]:
    """The names of methods that a request may run besides ``dispatch``."""
    names = list(wired)
    if VIEWSET in linker.mro(klass):
        if not names:
            names.extend(_ACTIONS)
        for base in linker.mro(klass):
            if not isinstance(base, str):
                for fun in linker.project.methods(base):
                    assert fun.fact is not None
                    if any(name.rpartition(".")[2] in ("action", "list_route", "detail_route") for name, _ in decorators(fun)):
                        names.append(fun.fact.name)
        names.extend(_BEFORE)
    return names


def wrapped_classes(linker: Linker) -> Iterator[Entrance]:
    """``@method_decorator(atomic, name="dispatch")`` on a class that inherits the method."""
    for klass in linker.project.klasses:
        if not klass.fact.decorators:
            continue
        for opened, name in linker.class_openers(klass):
            if name in klass.names:
                continue  # a decorator of that very function
            for sub in (klass, *klass.subclasses):
                for fun, cls, given, told in linker.called_methods(sub, [name, *(handlers(linker, sub, ()) if name == "dispatch" else ())]):
                    yield Entrance(
                        (fun.id, cls, True), "decorator", opened.name, klass.module.facts.path, opened.pos, klass.dotted, opened.alias,
                        min(opened.confidence, told), given,
                    )  # fmt: skip


def migrations(linker: Linker) -> Iterator[Entrance]:
    """Functions that a migration runs: in its transaction, unless the migration (and, behind it, the operation) has none."""
    for klass in linker.project.klasses:
        if "operations" not in klass.names or not linker.is_a(klass, MIGRATION):
            continue
        atomic = [a.value for a in linker.class_attribute(klass, "atomic") if isinstance(a, linker.Const)]
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
    names = [a.name for a in linker.class_expression(klass, expr[1]) if isinstance(a, linker.Ext)]
    if RUN_PYTHON not in names:
        return
    keywords = dict(expr[3])
    own = keywords.get("atomic")
    if not atomic and own != ("const", True):
        return
    for code in (*expr[2][:2], *(keywords[name] for name in ("code", "reverse_code") if name in keywords)):
        for value in linker.class_expression(klass, code):
            if isinstance(value, linker.Fn):
                path = klass.module.facts.path
                yield Entrance((value.fun.id, NO_CLASS, True), "implicit", names[0], path, expr[4], klass.dotted, None)


def _function(linker: Linker, target: Resolved) -> Fun | None:
    module = linker.project.modules.get(target.module)
    return module.funs[target.index] if module is not None and target.index >= 0 else None


def _class(linker: Linker, target: Resolved) -> Klass | None:
    module = linker.project.modules.get(target.module)
    return module.klasses[target.index] if module is not None and target.kind == "class" and target.index >= 0 else None
