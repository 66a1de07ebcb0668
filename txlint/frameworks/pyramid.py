"""Pyramid with pyramid_tm: every view runs inside the request's transaction, which the tween commits after it. `entrances` gives the views,
and tells what is known without that: that they get a request, what it carries, who subscribes to which event.

The tween is there where some code does ``config.include("pyramid_tm")``. Facts are from Pyramid 2.1 (pyramid/view.py: the decorators) and
pyramid_tm 2.6 (``tm_tween``: begins before the view, commits after it, for every request that ``tm.activate_hook`` lets through, so that
the transaction is likely and not certain); cornice's services register their methods as views. ``registry.notify(event)`` runs the
subscribers of the event's class at once (``config.add_subscriber(f, Event)``, ``@subscriber(Event)``), and ``add_request_method(f, "name",
reify=True)`` puts what ``f(request)`` gives on each request, without ``reify`` or ``property`` the function itself
(pyramid/config/adapters.py, pyramid/config/factories.py). pyramid_services 2.2 finds services by their interface and name: `Services`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from txlint.frameworks.configured import called, configured, named
from txlint.frameworks.routes import decorators, registrations, value_at
from txlint.frameworks.types import Framework
from txlint.model.facts import Pos
from txlint.model.graph import NO_CLASS, Entrance
from txlint.model.kinds import Confidence
from txlint.model.shapes import last_name

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker, Value

PACKAGE = "pyramid"
_TWEEN = "pyramid_tm"
_VIEWS = frozenset(
    f"pyramid.view.{name}" for name in ("view_config", "notfound_view_config", "forbidden_view_config", "exception_view_config")
)
_OF_ERRORS = _VIEWS - {"pyramid.view.view_config"}
"""Views that answer an error: pyramid_tm aborts what they have done as well, and no hook of the transaction runs."""
_CONFIG = "pyramid.config.Configurator"
_REQUEST = "pyramid.request.Request"
_FIND = "pyramid.request.Request.find_service"
_OBJECT = "register_service"
_REGISTER = frozenset({_OBJECT, "register_service_factory"})
_IMPLEMENTER = frozenset({"zope.interface.declarations.implementer", "zope.interface.implementer"})
_NOTIFY = "pyramid.registry.Registry.notify"
_SUBSCRIBER = "pyramid.events.subscriber"
_SERVICE = "cornice.Service"
_METHODS = frozenset({"delete", "get", "head", "options", "patch", "post", "put"})


def entrances(linker: Linker) -> Iterator[Entrance]:
    """Functions and methods under a view's decorator, the project's own ones that make one among them."""
    for fun in linker.project.funs:
        if fun.fact is not None and fun.fact.name == "includeme" and fun.fact.positional:
            linker.tell(fun, fun.fact.positional[0], (linker.atoms(linker.ExtObj, _CONFIG, (), None),))
            linker.forget(fun)  # what it puts into the registry is asked for next
    _carried(linker)
    _subscribed(linker)
    included = _included(linker)
    by_call = configured(linker)
    for fun in linker.project.funs:
        names = [linker.where_bound(fun.module, name) for name, _ in decorators(fun)]
        if fun.id in by_call.views or any(name in by_call.decorators or _is_view(linker, name) for name in names):
            _gets_request(linker, fun)
            if included is not None:
                path, pos = included
                cls = fun.klass.id if fun.klass is not None else NO_CLASS
                node = (fun.id, cls, cls == NO_CLASS)
                of_views = _VIEWS.intersection(names)
                family = "" if of_views and of_views <= _OF_ERRORS else "zope"
                yield Entrance(node, "request", _TWEEN, path, pos, fun.dotted, "default", Confidence.LIKELY, family=family)


def _gets_request(linker: Linker, view: Fun) -> None:
    """A view, or the constructor of its class, is called with a request, or with a context and a request."""
    makers = [view] if view.klass is None else [a.fun for a in linker.class_attribute(view.klass, "__init__") if isinstance(a, linker.Fn)]
    for fun in makers:
        names = fun.fact.positional[fun.klass is not None :]
        if names:
            linker.tell(fun, names[1 if len(names) > 1 else 0], (linker.atoms(linker.ExtObj, _REQUEST, (), None),))


def _carried(linker: Linker) -> None:
    """``config.add_request_method(get_session, "db", reify=True)``: a function, or an instance that can be called."""
    for fun, call in registrations(linker, {"add_request_method"}):
        keywords = dict(call[3])
        given = call[2][0] if call[2] else keywords.get("callable")
        name = call[2][1] if len(call[2]) > 1 else keywords.get("name")
        if given is None or name.__class__ is not tuple or name[0] != "const":
            continue
        for atom in named(linker, fun, given):
            options = (*call[2][2:4], keywords.get("property"), keywords.get("reify"))
            is_read = any(each not in (None, ("const", False)) for each in options)
            for maker in called(linker, (atom,)):
                taken = maker.fact.positional[maker.klass is not None :][:1]
                linker.tell(maker, taken[0], _requests(linker)) if taken else None
                bound = linker.atoms(linker.Part, (atom,), (_requests(linker),), ())
                linker.put(("space", _REQUEST, name[1]), linker.result(maker, maker.klass, True) if is_read else (bound,))


def _requests(linker: Linker) -> Value:
    return (linker.atoms(linker.ExtObj, _REQUEST, (), None),)


_Asked = tuple[tuple[Any, ...], tuple[Any, ...]]
"""The interfaces and the names by which a service is looked for, see `_keys`."""


class Services(Framework):
    """What ``request.find_service(IStorage)`` gives: what the factory that ``config.register_service_factory(factory, IStorage)`` registers
    makes, or the registered object itself, of several those of the ``name`` that is asked for; where that is
    chosen by a setting, instances of the classes that implement the interface."""

    def __init__(self) -> None:
        self._registered: dict[Any, list[tuple[Fun, Any]]] | None = None  # interface or name -> the calls that register it, where
        self._made: dict[_Asked, Value] = {}

    def given(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value | None:
        if dotted != _FIND:
            return None
        return self._service(linker, _asked(linker, args, keywords)) or None

    def runs(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
        """The factories: who asks first in a request runs them."""
        if dotted != _FIND:
            return ()
        asked = _asked(linker, args, keywords)
        return tuple(each for fun, call in self._calls(linker, asked) for each in _factories(linker, fun, call, asked))

    def _calls(self, linker: Linker, asked: _Asked) -> list[tuple[Fun, Any]]:
        """The calls that register what is asked for."""
        if self._registered is None:
            self._registered = _registrations(linker)
        by_interface, by_name = ([each for key in keys for each in self._registered.get(key, ())] for keys in asked)
        return [each for each in by_interface if any(each is other for other in by_name)] or by_interface or by_name

    def _service(self, linker: Linker, asked: _Asked) -> Value:
        if asked not in self._made:
            self._made[asked] = ()  # a service that asks for itself
            service: Value = ()
            for fun, call in self._calls(linker, asked):
                service = linker.union(service, _made(linker, fun, call, asked))
            for key in asked[0] if not service else ():
                service = linker.union(service, _implementing(linker, key))
            self._made[asked] = service
        return self._made[asked]


def _asked(linker: Linker, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> _Asked:
    interfaces = tuple(_keys(linker, args[0] if args else keywords.get("iface", ())))
    return interfaces, tuple(_keys(linker, keywords.get("name", ())))


def _registrations(linker: Linker) -> dict[Any, list[tuple[Fun, Any]]]:
    found: dict[Any, list[tuple[Fun, Any]]] = {}
    for fun, call in registrations(linker, {*_REGISTER}):
        keywords = dict(call[3])
        registered = fun, call
        for expr in (call[2][1] if len(call[2]) > 1 else keywords.get("iface"), keywords.get("name")):
            for key in _keys(linker, value_at(linker, fun, expr)) if expr is not None else ():
                found.setdefault(key, []).append(registered)
    return found


def _made(linker: Linker, fun: Fun, call: Any, asked: _Asked) -> Value:
    """The service that a registration is of: what its factory gives for a request, or the object itself."""
    if last_name(call[1]) == _OBJECT:
        return named(linker, fun, call[2][0] if call[2] else dict(call[3]).get("service"))
    service: Value = ()
    for atom in _factories(linker, fun, call, asked):
        names = atom.fun.fact.positional[atom.receiver is not None :]
        if len(names) > 1:
            linker.tell(atom.fun, names[1], _requests(linker))
        klass = getattr(atom.receiver, "klass", None)
        service = linker.union(service, linker.substitute(linker.result(atom.fun, klass, True), atom.receiver, {}))
    return service


def _factories(linker: Linker, fun: Fun, call: Any, asked: _Asked) -> Value:
    """The functions of a registration that make the service; of a class that a setting names,
    ``config.maybe_dotted(settings["storage"]).create_service``, the methods of those that implement what is asked for."""
    if last_name(call[1]) == _OBJECT:
        return ()
    given = call[2][0] if call[2] else dict(call[3]).get("service_factory")
    found = named(linker, fun, given)
    if not found and given is not None and (method := last_name(given)):
        for key in asked[0]:
            for made in _implementing(linker, key):
                found = linker.union(found, linker.attribute(linker.atoms(linker.Cls, made.klass), method))
    return tuple(atom for atom in found if isinstance(atom, linker.Fn))


def _keys(linker: Linker, value: Value) -> list[Any]:
    """What services are registered and found by: an interface of the project by its number, a name as it is."""
    classes = [atom.klass.id for atom in value if isinstance(atom, linker.Cls)]
    return classes + [atom.value for atom in value if isinstance(atom, linker.Const) and isinstance(atom.value, str)]


def _implementing(linker: Linker, key: Any) -> Value:
    """Instances of the classes under ``@implementer(IStorage)``."""
    found: Value = ()
    for klass in linker.project.klasses if isinstance(key, int) else ():
        for expr, _ in klass.fact.decorators:
            if expr.__class__ is tuple and expr[0] == "call" and expr[1].__class__ is str:
                if linker.where_bound(klass.module, expr[1]) in _IMPLEMENTER:
                    for each in expr[2]:
                        if any(isinstance(a, linker.Cls) and a.klass.id == key for a in linker.value(each, klass.module, klass.parent)):
                            found = linker.union(found, (linker.instance(klass, True),))
    return found


def _subscribed(linker: Linker) -> None:
    """``config.add_subscriber(f, Event)``, where both may be dotted strings, and ``@subscriber(Event)``."""
    for fun, call in registrations(linker, {"add_subscriber"}):
        if len(call[2]) == 2:
            _subscribe(linker, named(linker, fun, call[2][0]), named(linker, fun, call[2][1]))
    for fun in linker.project.funs:
        for name, decorator in decorators(fun):
            if decorator.__class__ is tuple and linker.where_bound(fun.module, name) == _SUBSCRIBER:
                for event in decorator[2]:
                    _subscribe(linker, (linker.atoms(linker.Fn, fun, None),), linker.value(event, fun.module))


def _subscribe(linker: Linker, handlers: Any, events: Any) -> None:
    for handler in handlers:
        for event in events:
            if isinstance(handler, linker.Fn) and isinstance(event, linker.Cls):
                linker.connect(_NOTIFY, handler.fun, NO_CLASS, event.klass.id)
                params = handler.fun.fact.params
                if params:
                    linker.tell(handler.fun, params[0].name, (linker.instance(event.klass, False),))


def _included(linker: Linker) -> tuple[str, Pos] | None:
    """Where some code says ``config.include("pyramid_tm")``."""
    for fun, call in registrations(linker, {"include"}):
        if call[2] and call[2][0] == ("const", _TWEEN):
            return fun.module.facts.path, call[4]
    return None


def _is_view(linker: Linker, full: str) -> bool:
    """Does a decorator of this full name make a view?"""
    if full in _VIEWS:
        return True
    head, _, last = full.rpartition(".")
    if last in _METHODS and _made_by(linker, head) == _SERVICE:
        return True
    return _gives_a_view(linker, full)


def _made_by(linker: Linker, full: str) -> str:
    """The full name of what a module-level name is a call of."""
    module, name = linker.project.inside(full)
    bound = module.names.get(name, ()) if module is not None else ()
    if module is None or not bound or bound[-1][0] != "value" or bound[-1][1].__class__ is not tuple or bound[-1][1][0] != "call":
        return ""
    called = bound[-1][1][1]
    return linker.where_bound(module, called).replace("cornice.service.", "cornice.") if called.__class__ is str else ""


def _gives_a_view(linker: Linker, full: str) -> bool:
    """A function of the project that returns a view's decorator: ``def json_view(**settings): return view_config(**settings)``."""
    module, name = linker.project.inside(full)
    bound = module.names.get(name, ()) if module is not None else ()
    if module is None or not bound or bound[-1][0] != "def":
        return False
    call = module.funs[bound[-1][1]].returned_call
    return call is not None and linker.where_bound(module, call[1]) in _VIEWS
