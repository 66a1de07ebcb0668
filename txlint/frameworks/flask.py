"""Flask: what a function that runs before each request leaves open is open in the view, and what the view leaves open in the functions that
run after it. `entrances` gives the views, and those functions; `Users` knows what loads the current user.

Facts are from Flask 3.1 (flask/app.py: ``full_dispatch_request`` runs the functions of ``before_request``, those of a blueprint for its own
views only, then the view, then in ``process_response`` what the view has asked for by ``after_this_request`` and the functions of
``after_request``: the blueprint's first, each list in the reverse order of its registration, then likewise those of ``teardown_request``;
Flask-SQLAlchemy's session is removed behind them, when the application's context is popped) and Flask-Login 0.6 (utils.py:
``login_required`` asks ``current_user``, and reading any attribute of that calls the project's user loader, once for each request in which
somebody is known; mixins.py: the attributes of an ``AnonymousUserMixin``).
The transaction that a session begins by itself, in the view, needs nothing of this: it is begun by a statement of the view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.frameworks.routes import around, decorators, entered, placed, registrations, routed, value_at
from txlint.frameworks.types import Framework, Loaders
from txlint.model.graph import NO_CLASS, Entrance, Key, Opened
from txlint.model.shapes import called, calls_in, last_name

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker, Value
    from txlint.model.facts import Expr

PACKAGE, LOGIN = "flask", "flask_login"
_APP, _BLUEPRINT = "flask.Flask", "flask.Blueprint"
_CLASSES = frozenset({_APP, _BLUEPRINT})
_ROUTES = frozenset({"route", "get", "post", "put", "patch", "delete"})
_VIEW = "flask.views.View"
_DISPATCH = "dispatch_request"
_METHODS = (_DISPATCH, "delete", "get", "head", "options", "patch", "post", "put")
_BEFORE = frozenset({"before_request", "before_app_request"})
_AFTER = frozenset({"after_request", "after_app_request"})
_TEARDOWN = frozenset({"teardown_request", "teardown_app_request"})
_THIS = "after_this_request"
_LOADERS = frozenset({"request_loader", "user_loader"})
_MANAGER = frozenset({"flask_login.LoginManager"})
_LOGIN = frozenset(
    {
        "flask_login.fresh_login_required", "flask_login.login_required",
        "flask_login.utils.fresh_login_required", "flask_login.utils.login_required",
    }
)  # fmt: skip
_OF_ANYONE = frozenset({"get_id", "is_active", "is_anonymous", "is_authenticated"})
_USER = ("flask_login.current_user", "flask_login.utils.current_user")
MOST_SHOWN = 8
"""Transactions of views that are shown at a function that runs after all of them."""


class _Handler(NamedTuple):
    """A function that runs before or after requests. ``blueprint``: the name of that for whose views it does; empty: for all. ``place``:
    where it is registered, and on which line: those of one place are in order."""

    fun: Fun
    blueprint: str
    place: Any
    line: int


@dataclass(slots=True, eq=False)
class _View:
    """A view with the class of its receiver, the name of its blueprint (or of the application), and what is open when it is called.
    ``within``: the project's own ``dispatch_request`` runs it, and what is left open in the end is for that to say."""

    fun: Fun
    cls: int
    name: str
    before: list[Opened]
    within: bool = False


class Users(Framework):
    """The current user of Flask-Login."""

    def loaders(self, linker: Linker) -> Mapping[str, Loaders]:
        return dict.fromkeys(_USER, Loaders(tuple(_user_loaders(linker)), _OF_ANYONE))

    def name(self, linker: Linker, dotted: str) -> Value | None:
        """Who is there: what the loaders give, of the project's own classes."""
        loaders = linker.loaders.get(dotted)
        given = [
            atom
            for fun in (loaders.funs if loaders is not None else ())
            for atom in linker.result(fun, fun.klass, True)
            if isinstance(atom, linker.Obj)
        ]
        return tuple(dict.fromkeys(given)) or None


def entrances(linker: Linker) -> Iterator[Entrance]:
    """Views behind a function that begins a transaction before the request; the functions behind the views that leave one open."""
    views = list(_views(linker))
    for view in views:
        for opened in view.before:
            yield entered(view.fun, view.cls, opened)
    yield from _behind_logins(linker, {view.fun.id for view in views})
    behind = list(_handlers(linker, _AFTER)), list(_handlers(linker, _TEARDOWN))
    asked = _asked_by_views(linker)
    if asked or any(behind):
        left = [(view.name, opened) for view in views if not view.within for opened in _behind_asked(linker, view, asked)]
        for view in views if asked else ():
            for fun in asked.get(view.fun.id, ()):
                for opened in _left(linker, view) if not view.within else ():
                    if not any(_closes(linker, each, opened.key) for each in asked[view.fun.id] if each is not fun):
                        yield entered(fun, NO_CLASS, opened)
        for after in behind:
            for handler in after:
                yield from _entered_after(linker, handler, after, left)
            left = [(name, opened) for name, opened in left if not any(_ends(linker, each, name, opened.key) for each in after)]


def _views(linker: Linker) -> Iterator[_View]:
    loaded = _loaded(linker)
    everywhere, own = _begun(linker, loaded)
    for view in routed(linker, _ROUTES, _CLASSES):
        before = [*everywhere, *own.get(view.name, ())]
        yield _View(view.fun, NO_CLASS, view.name, _with_user(linker, view.fun, before, loaded))
    registered = _blueprints(linker)
    for klass in linker.project.klasses:
        if linker.is_a(klass, _VIEW):
            blueprint = registered.get(klass.id, "")
            around_it = linker.items(linker.class_attribute(klass, "decorators"))
            before = [*everywhere, *own.get(blueprint, ()), *_put_around(linker, around_it)]
            asks = _is_login(linker, around_it)
            names = [name for name in _METHODS if linker.has_own(klass, name)]
            dispatches = _DISPATCH in names
            for fun, cls, *_ in linker.called_methods(klass, names):
                within = dispatches and fun.fact.name != _DISPATCH
                yield _View(fun, cls, blueprint, _with_user(linker, fun, before, loaded, asks), within)


def _put_around(linker: Linker, decorators: Value) -> Iterator[Opened]:
    """What functions of the project open around the view that they are given: ``decorators = [require_key]``."""
    for atom in decorators:
        fact = atom.fun.fact if isinstance(atom, linker.Fn) else None
        view: str = fact.positional[0] if fact is not None and fact.positional else ""
        for inner in linker.replay(atom.fun, None, True).returns if view else ():
            if isinstance(inner, linker.Fn):
                yield from around(linker, inner.fun, None, {view}, True)


def _behind_logins(linker: Linker, views: set[int]) -> Iterator[Entrance]:
    """The functions that are not the views themselves, but stand around them behind a login: those of the project's own decorators."""
    loaded = _loaded(linker)
    for fun in linker.project.funs if loaded else ():
        if fun.id not in views and fun.klass is None and _asks_for_login(linker, fun, set()):
            for opened in loaded:
                yield entered(fun, NO_CLASS, opened)


def _loaded(linker: Linker) -> list[Opened]:
    """What the loading of a user leaves open."""
    funs = linker.loaders[_USER[0]].funs if linker.loaders else ()
    return [placed(opened, fun) for fun in funs for opened in linker.replay(fun, fun.klass, True).left_open]


def _with_user(linker: Linker, fun: Fun, before: list[Opened], loaded: list[Opened], asks: bool = False) -> list[Opened]:
    """What is open in a function, where a decorator of that, or of its class, asks who is there: the user is loaded for it."""
    if not loaded or not (asks or _asks_for_login(linker, fun, set())):
        return before
    return [*before, *(opened for opened in loaded if all(opened.key != other.key for other in before))]


def _begun(linker: Linker, loaded: list[Opened]) -> tuple[list[Opened], dict[str, list[Opened]]]:
    """What is left open before each request: of the application, and by the name of a blueprint for its own. ``loaded``: what the loading
    of a user leaves open."""
    everywhere: list[Opened] = []
    own: dict[str, list[Opened]] = {}
    for handler in _handlers(linker, _BEFORE):
        left = own.setdefault(handler.blueprint, []) if handler.blueprint else everywhere
        for opened in linker.replay(handler.fun, handler.fun.klass, True).left_open:
            if not opened.reads or _is_shared(opened):
                left.append(placed(opened, handler.fun))
        left[:] = _with_user(linker, handler.fun, left, loaded)
    return everywhere, own


def _is_shared(opened: Opened) -> bool:
    """Is it that of a session that all who serve the request name alike?"""
    return opened.key[1:2] == ("global",)


def _user_loaders(linker: Linker) -> Iterator[Fun]:
    for found in routed(linker, _LOADERS, _MANAGER):
        yield found.fun
    for fun, call in registrations(linker, _LOADERS):
        owner = call[1].rpartition(".")[0] if call[1].__class__ is str else ""
        if call[2] and any(isinstance(atom, linker.ExtObj) and atom.name in _MANAGER for atom in value_at(linker, fun, owner) if owner):
            yield from (given.fun for given in value_at(linker, fun, call[2][0]) if isinstance(given, linker.Fn))


def _asks_for_login(linker: Linker, fun: Fun, seen: set[int]) -> bool:
    """Does a decorator ask for a login, or a decorator of what one of the project's own puts around the function? ``seen``: the numbers of
    functions that have been asked."""
    if fun.id in seen:
        return False
    seen.add(fun.id)
    for name, _ in decorators(fun):
        value = value_at(linker, fun, name)
        if _is_login(linker, value):
            return True
        for atom in value:
            inner = atom.fun.nested if isinstance(atom, linker.Fn) and atom.fun is not fun else ()
            if any(_asks_for_login(linker, each, seen) for each in inner):
                return True
    return False


def _is_login(linker: Linker, value: Any) -> bool:
    return any(isinstance(atom, linker.Ext) and atom.name in _LOGIN for atom in value)


def _handlers(linker: Linker, methods: frozenset[str]) -> Iterator[_Handler]:
    """The functions that are registered by these methods."""
    for method in sorted(methods):
        for handler in routed(linker, {method}, _CLASSES):
            name = handler.name if _is_own(linker, handler.owner, method) else ""
            yield _Handler(handler.fun, name, handler.fun.parent or handler.fun.module, handler.fun.fact.pos[0])
    for fun, call in registrations(linker, methods):
        if call[1].__class__ is not str or not call[2]:
            continue
        name, _, method = call[1].rpartition(".")
        for owner in value_at(linker, fun, name):
            for given in value_at(linker, fun, call[2][0]):
                if isinstance(given, linker.Fn) and isinstance(owner, (linker.ExtObj, linker.Obj)):
                    blueprint = linker.where_bound(fun.module, name) if _is_own(linker, owner, method) else ""
                    yield _Handler(given.fun, blueprint, fun if fun.fact is not None else fun.module, call[4][0])


def _is_own(linker: Linker, owner: Any, method: str) -> bool:
    """Is a function registered for the views of one blueprint only?"""
    return "_app_" not in method and isinstance(owner, linker.ExtObj) and _BLUEPRINT in linker.kinds(owner)


def _left(linker: Linker, view: _View) -> Iterator[Opened]:
    """What is open on sessions that others can name when a view has returned."""
    replay = linker.replay(view.fun, linker.project.klasses[view.cls] if view.cls != NO_CLASS else None, True)
    for opened in replay.left_open:
        if _is_shared(opened):
            yield placed(opened, view.fun)
    for opened in view.before:
        if _is_shared(opened) and opened.key not in replay.closes:
            sure = opened.confidence.doubted if opened.key in replay.commits else opened.confidence
            yield replace(opened, confidence=sure)


def _entered_after(linker: Linker, handler: _Handler, others: Iterable[_Handler], left: list[tuple[str, Opened]]) -> Iterator[Entrance]:
    """A function behind the views that it runs for, with what these leave open and none that runs before it ends."""
    earlier = [each for each in others if each is not handler and not _runs_behind(each, handler)]
    found: dict[Any, Opened] = {}
    for name, opened in left:
        if handler.blueprint in ("", name) and not any(_ends(linker, each, name, opened.key) for each in earlier):
            found.setdefault((opened.path, opened.pos), opened)
    for opened in sorted(found.values(), key=lambda each: each.reads)[:MOST_SHOWN]:
        yield entered(handler.fun, NO_CLASS, opened)


def _runs_behind(one: _Handler, other: _Handler) -> bool:
    """Is it certain that one runs behind the other? Those of the application do, and what was registered before it at the same place."""
    if bool(one.blueprint) != bool(other.blueprint):
        return not one.blueprint
    return bool(one.place is other.place and one.line < other.line)


def _ends(linker: Linker, handler: _Handler, view: str, key: Key) -> bool:
    """Does a function that runs after a view end, on some way, what that has open?"""
    return handler.blueprint in ("", view) and _closes(linker, handler.fun, key)


def _closes(linker: Linker, fun: Fun, key: Key) -> bool:
    replay = linker.replay(fun, fun.klass, True)
    return key in replay.closes or key in replay.commits


def _asked_by_views(linker: Linker) -> dict[int, list[Fun]]:
    """The functions that one asks to be run behind itself, ``after_this_request(f)``, by its number; it may be a decorator."""
    found: dict[int, list[Fun]] = {}
    for module in linker.project.ordered:
        for fun in module.funs if _THIS in module.facts.words else ():
            for name, _ in decorators(fun) if fun.parent is not None else ():
                if _is_this(linker, fun.parent, name):
                    found.setdefault(fun.parent.id, []).append(fun)
    for fun, call in registrations(linker, {_THIS}):
        if call[2] and _is_this(linker, fun, call[1]):
            given = [atom.fun for atom in value_at(linker, fun, call[2][0]) if isinstance(atom, linker.Fn)]
            found.setdefault(fun.id, []).extend(given)
    return found


def _is_this(linker: Linker, fun: Fun, name: Expr) -> bool:
    return any(
        isinstance(atom, linker.Ext) and atom.name in (f"flask.{_THIS}", f"flask.ctx.{_THIS}") for atom in value_at(linker, fun, name)
    )


def _behind_asked(linker: Linker, view: _View, asked: dict[int, list[Fun]]) -> Iterator[Opened]:
    """What is open behind a view, and behind what that has asked for."""
    for opened in _left(linker, view):
        if not any(_closes(linker, each, opened.key) for each in asked.get(view.fun.id, ())):
            yield opened


def _blueprints(linker: Linker) -> dict[int, str]:
    """By the number of a class of views the name of the blueprint on which it is registered, by a decorator or by ``add_url_rule("/",
    view_func=X.as_view("x"))``. Empty where it is on several."""
    found: dict[int, str] = {}

    def note(klass: Any, name: str) -> None:
        found[klass.id] = name if found.get(klass.id, name) == name else ""

    for fun, call in registrations(linker, {"add_url_rule"}):
        owner = call[1].rpartition(".")[0] if call[1].__class__ is str else ""
        for inner in calls_in((call[2], call[3])):
            if owner and inner[1].__class__ is str and last_name(inner[1]) == "as_view":
                for atom in value_at(linker, fun, inner[1].rpartition(".")[0]):
                    if isinstance(atom, linker.Cls):
                        note(atom.klass, linker.where_bound(fun.module, owner))
    for klass in linker.project.klasses:
        for expr, _ in klass.fact.decorators:
            owner, _, method = called(expr).rpartition(".") if called(expr).__class__ is str else ("", "", "")
            if owner and method in _ROUTES:
                note(klass, linker.where_bound(klass.module, owner))
    return found
