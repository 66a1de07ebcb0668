"""The views that requests reach, read from URLconfs: `read_views` gives one `ViewEntry` for each place where a view is wired.

It starts at ``ROOT_URLCONF`` and follows includes, lists, routers and decorators. What no route from there reaches but looks like a
route (another module with ``urlpatterns``, a `path()` inside a method) comes after that, and is `likely`: plugins, subdomains and
middleware that set ``request.urlconf`` use such."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from txlint.frameworks.data import (
    ABSENT,
    Attr,
    Called,
    Cell,
    ClassRef,
    FunctionRef,
    Made,
    Name,
    Series,
    Table,
    Unknown,
    Value,
    dotted_name,
)
from txlint.frameworks.django.candidates import looks_like_test
from txlint.frameworks.django.paths import Start
from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.django.transactions import exempted_aliases, is_async_class, non_atomic_alias
from txlint.frameworks.evaluate import Call, Evaluator, Frame, Modules
from txlint.frameworks.resolver import FactsResolver, Resolved, Resolver, resolved_value
from txlint.model.facts import Class, Expr, FileFacts, Function
from txlint.model.kinds import Confidence
from txlint.model.shapes import calls_in

_ROUTES = frozenset({"path", "re_path", "url"})
_ROUTE_MODULES = ("django.urls.", "django.conf.urls.", "django.urls.conf.")
_VIEW_MODULES = ("django.views.", "django.contrib.auth.views", "rest_framework.", "ninja_extra.")
_ADMIN_SITE = "django.contrib.admin"
DEPTH = 40  # includes within each other


@dataclass(frozen=True, slots=True)
class ViewEntry:
    """A view as it is wired. ``target`` is the function or class. ``call`` says what Django calls: ``function``, ``as_view`` (its
    ``dispatch``), ``__call__`` (of an instance), ``admin`` (a whole admin site) or ``library`` (a URLconf of a library).

    ``actions`` maps HTTP methods to methods of a viewset where the URLconf says so; ``keywords`` are the functions and classes given
    to ``as_view``; ``decorators`` those that the URLconf applies, outermost first; ``receiver`` is the class of a bound method.
    ``exempt`` are the databases named by ``non_atomic_requests``; ``start`` is what is known of the paths of its requests."""

    target: Resolved
    call: str
    path: str
    line: int
    confidence: Confidence = Confidence.CERTAIN
    actions: tuple[tuple[str, str], ...] = ()
    keywords: Mapping[str, Resolved] = field(default_factory=lambda: MappingProxyType({}))
    decorators: tuple[Resolved, ...] = ()
    receiver: Resolved | None = None
    exempt: frozenset[str] = frozenset()
    is_async: bool = False
    start: Start | None = None


def read_views(
    project: Mapping[str, FileFacts] | Modules, settings: DjangoSettings, resolver: Resolver | None = None
) -> tuple[ViewEntry, ...]:
    """All views that are wired to a URL, each once per place, in the order in which they are found. ``resolver`` is asked for
    what imports and plain definitions do not tell; without one nothing more is known."""
    return _Reader(project, settings, resolver).read()


def atomic_views(views: Iterable[ViewEntry], settings: DjangoSettings) -> Iterator[tuple[ViewEntry, str]]:
    """Views with the databases in whose transaction they run: less async views and those that `non_atomic_requests` exempts."""
    for view in views:
        if not view.is_async:
            for alias in settings.atomic_aliases:
                if alias not in view.exempt:
                    yield view, alias


@dataclass(frozen=True, slots=True)
class _Route:
    """Where a view is wired, and what is wrapped around it."""

    path: str
    line: int
    confidence: Confidence
    decorators: tuple[Resolved, ...] = ()
    exempt: frozenset[str] = frozenset()
    start: Start | None = None

    def behind(self, cell: Cell | None, by_regex: bool) -> _Route:
        """With the first argument of ``path(..)``, ``re_path(..)`` behind it."""
        if self.start is None:
            return self
        text = cell.value if cell is not None and not cell.others else None
        if not isinstance(text, str):
            return replace(self, start=_below(self.start))
        return replace(self, start=self.start.by_regex(text) if by_regex else self.start.by_path(text))

    def at(self, cell: Cell | None, made: Made | Called) -> _Route:
        confidence = self.confidence if cell is None else min(self.confidence, cell.confidence)
        return replace(self, path=made.path, line=made.pos[0], confidence=confidence)


class _Reader:
    def __init__(self, project: Mapping[str, FileFacts] | Modules, settings: DjangoSettings, resolver: Resolver | None) -> None:
        self.settings = settings
        modules = project if isinstance(project, Modules) else Modules(project)
        for prefix in settings.evaluator.modules.learned if modules is not settings.evaluator.modules else ():
            modules.learn(prefix)
        self.evaluator = Evaluator(modules, hook=self._hook, follow=_follow, constants=self._setting)
        self.own = FactsResolver(self.evaluator)
        self.resolver: Resolver = resolver or self.own
        self.entries: dict[tuple[object, ...], ViewEntry] = {}
        self.walked: set[tuple[str, tuple[int, int, int, int]]] = set()
        self.seen: dict[tuple[str, tuple[int, int, int, int]], list[Made]] = {}
        self.starts: dict[str, Start | None] = {}  # of the modules whose routes are read
        self.view_classes: dict[ClassRef, bool] = {}
        self.depth = 0

    def read(self) -> tuple[ViewEntry, ...]:
        facts = self.evaluator.modules.facts
        root = self.settings.root_urlconf
        module = self.evaluator.modules.find(root, self.settings.path) if root else None
        if module is not None:
            is_below = self.settings.get("FORCE_SCRIPT_NAME").value not in (ABSENT, None, "")
            self.urlconf(module, Confidence.CERTAIN, None if is_below else Start("/", True))
        unsure = Confidence.LIKELY
        for name in sorted(facts):
            if "urlpatterns" in facts[name].bound and not looks_like_test(facts[name].path):
                self.urlconf(name, unsure, self.starts.get(name))
        for name in sorted(facts):
            if self._has_routes(facts[name]) and not looks_like_test(facts[name].path):
                self.routes_in_functions(facts[name])
        for position in sorted(set(self.seen) - self.walked):
            for made in self.seen[position]:
                if not looks_like_test(made.path):
                    self.pattern(made, _Route(made.path, made.pos[0], unsure))
        self.unwired_classes()
        return tuple(self.entries.values())

    def unwired_classes(self) -> None:
        """Classes derived from a library's views that no route names and that no other class builds on: something wires them by a way
        that is not followed (a registry, a loader of classes by name)."""
        wired = {entry.target for entry in self.entries.values()}
        wired.update(target for entry in self.entries.values() for target in entry.keywords.values())
        built_on: set[object] = set()
        views: list[tuple[ClassRef, FileFacts, Class]] = []
        for name in sorted(self.evaluator.modules.facts):
            facts = self.evaluator.modules.facts[name]
            if looks_like_test(facts.path):
                continue
            for index, klass in enumerate(facts.classes):
                if klass.bases:
                    ref = ClassRef(name, index)
                    built_on.update(self.evaluator.direct_bases(ref))
                    if self._is_view(ref, 0):
                        views.append((ref, facts, klass))
        for ref, facts, klass in views:
            target = resolved_value(self.evaluator, ref)
            if target is not None and target not in wired and ref not in built_on:
                self.target(target, _Route(facts.path, klass.pos[0], Confidence.LIKELY))

    def _is_view(self, ref: ClassRef, depth: int) -> bool:
        known = self.view_classes.get(ref)
        if known is None:
            self.view_classes[ref] = False  # while it is looked at: a cycle
            known = self.view_classes[ref] = depth < DEPTH and any(
                self._is_view(base, depth + 1) if isinstance(base, ClassRef) else _is_library_view(base.dotted)
                for base in self.evaluator.direct_bases(ref)
            )
        return known

    # Evaluation

    def _hook(self, call: Call) -> Cell | None:
        if not isinstance(call.func, Name) or not _is_route(call.func):
            return None
        facts = call.frame.facts
        made = Made(call.func, call.args, call.keywords, facts.module, facts.path, call.expr[4], call.expr)
        self.seen.setdefault((facts.path, call.expr[4]), []).append(made)
        return call.evaluator.cell(made, call.frame)

    def _setting(self, dotted: str) -> Cell | None:
        """The value of ``django.conf.settings.DEBUG``."""
        if not dotted.startswith("django.conf.settings."):
            return None
        answer = self.settings.get(dotted.removeprefix("django.conf.settings."))
        if isinstance(answer.value, (str, int, bool)) and not answer.others:
            return Cell(answer.value, answer.path, answer.line, answer.confidence)
        return None

    def _has_routes(self, facts: FileFacts) -> bool:
        """Does the file import a function that makes routes?"""
        return not _ROUTES.isdisjoint(facts.words) and any(
            item.module in ("django.urls", "django.conf.urls", "django.conf", "django.urls.conf") and not item.level
            for item in facts.imports
        )

    def routes_in_functions(self, facts: FileFacts) -> None:
        """Run what makes routes inside functions and methods, for the hook to see: ``get_urls`` of an admin, an app, a router."""
        for function in facts.functions:
            if function.name != "<lambda>" and _calls(function.body, lambda text: text.rpartition(".")[2] in _ROUTES):
                self.run_function(facts, function)

    def run_function(self, facts: FileFacts, function: Function) -> None:
        """Evaluate a function's body with unknown arguments; a method's ``self`` is an instance of its class."""
        names = Table({param.name: Cell(Unknown("an argument")) for param in function.params})
        if function.owner >= 0 and function.params:
            klass = facts.classes[function.owner]
            owner = ClassRef(facts.module, function.owner)
            names.entries[function.params[0].name] = Cell(Made(owner, (), (), facts.module, facts.path, klass.pos, klass.name))
        self.evaluator.run_whole(function.body, Frame(facts, names, self.evaluator.frame(facts.module)))

    # Lists of routes

    def urlconf(self, module: str, confidence: Confidence, start: Start | None) -> None:
        """The ``urlpatterns`` of a module, once; and once more where it is included behind another path, so that none is known."""
        if module in self.starts and (start == self.starts[module] or self.starts[module] is None):
            return
        if self.depth > DEPTH:
            return
        start = self.starts[module] = start if module not in self.starts else None
        cell = self.evaluator.namespace(module).entries.get("urlpatterns")
        if cell is not None:
            self.depth += 1
            self.patterns(cell, _Route(self.evaluator.facts(module).path, cell.line, confidence, start=start))
            self.depth -= 1

    def patterns(self, cell: Cell, route: _Route) -> None:
        """Everything in a list of routes, on all paths."""
        for each in cell.alternatives():
            value = self.evaluator.force(each.value)
            inner = replace(route, confidence=min(route.confidence, each.confidence))
            if isinstance(value, Series):
                if value.kind == "tuple" and len(value.items) in (2, 3, 4) and isinstance(value.items[0].value, str):
                    inner = replace(inner, line=each.line or route.line).behind(value.items[0], True)
                    self.view(value.items[1], inner, None)  # (r"^x$", "view")
                    continue
                for item in value.items:
                    self.patterns(item, inner)
            elif isinstance(value, Made):
                self.listed(value, inner)
            elif isinstance(value, Attr):
                self.attribute(value, inner)

    def listed(self, made: Made, route: _Route) -> None:
        """An item of a list of routes that a call made: a route, or a call that is given routes."""
        name = _last(made)
        if isinstance(made.func, Name) and _is_route(made.func):
            self.pattern(made, route)
        elif name == "include":
            self.include(made, route)
        elif name == "patterns" and made.args and isinstance(made.args[0].value, str):
            for item in made.args[1:]:
                self.patterns(item, route)
        else:  # i18n_patterns(...), format_suffix_patterns([...]), a function of the project that is given routes
            route = replace(route, start=None)
            for item in (*made.args, *(cell for _, cell in made.keywords)):
                if isinstance(self.evaluator.force(item.value), (Series, Made, Attr)):
                    self.patterns(item, route)

    def pattern(self, made: Made, route: _Route) -> None:
        """``path(route, view)``."""
        self.walked.add((made.path, made.pos))
        cell = made.argument(1, "view")
        if cell is not None:
            exprs = made.expr[2]
            route = route.behind(made.argument(0, "regex" if made.keyword("regex") else "route"), _last(made) != "path")
            self.wired(cell, route.at(cell, made), made.module, exprs[1] if len(exprs) > 1 else None)

    def wired(self, cell: Cell, route: _Route, module: str, expr: Expr | None) -> None:
        """The second argument of a route: an include, a list, the URLs of a router or site, or a view."""
        for each in cell.alternatives():
            value = self.evaluator.force(each.value)
            if isinstance(value, Made) and _last(value) == "include" and not _wraps_view(value):
                self.include(value, route)
            elif isinstance(value, Series):
                self.included(Cell(value), route)
            elif isinstance(value, Attr) and value.name in ("urls", "[]", "get_urls"):
                self.attribute(value, route)
            elif isinstance(value, Name) and value.dotted.endswith(".urls") and value.dotted.startswith(_ADMIN_SITE):
                self.add(
                    ViewEntry(
                        Resolved("library", "", value.dotted), "admin", route.path, route.line, route.confidence, start=_below(route.start)
                    )
                )
            else:
                self.view(each, route, expr, module)

    def include(self, made: Made, route: _Route) -> None:
        """``include("shop.urls")``, ``include(module)``, ``include((routes, "app"))``, ``include(router.urls)``."""
        if made.args:
            self.included(made.args[-1] if _last(made) == "decorator_include" else made.args[0], route.at(made.args[0], made))

    def included(self, cell: Cell, route: _Route) -> None:
        for each in cell.alternatives():
            value = self.evaluator.force(each.value)
            if isinstance(value, str):
                self.module(value, route)
            elif isinstance(value, Name):
                self.module(value.dotted, route)
            elif isinstance(value, Series):
                if value.items and (value.kind == "tuple" and len(value.items) in (2, 3)) and _is_label(value.items[-1]):
                    self.included(value.items[0], route)
                else:
                    self.patterns(Cell(value), route)
            elif isinstance(value, Attr):
                self.attribute(value, route)
            elif isinstance(value, Made):
                self.listed(value, route)

    def module(self, name: str, route: _Route) -> None:
        found = self.evaluator.modules.find(name, route.path)
        if found is not None:
            self.urlconf(found, route.confidence, route.start)
        elif not self.evaluator.modules.is_project(name) and "." in name:
            self.add(
                ViewEntry(Resolved("library", "", name), "library", route.path, route.line, route.confidence, start=_below(route.start))
            )

    def attribute(self, attr: Attr, route: _Route) -> None:
        """``router.urls``, ``api.urls``, ``site.urls``, ``App.urls[0]``."""
        base: Value = attr
        while isinstance(base, Attr):
            base = self.evaluator.force(base.base)
        if not isinstance(base, Made):
            return
        if self._is_admin_site(base):
            self.add(ViewEntry(self._maker(base), "admin", route.path, route.line, route.confidence, start=_below(route.start)))
            return
        self.router(base, replace(route, start=_below(route.start)), set())

    def _maker(self, made: Made) -> Resolved:
        found = resolved_value(self.evaluator, self.evaluator.force(made.func))
        return found or Resolved("library", "", dotted_name(made.func))

    def _is_admin_site(self, made: Made) -> bool:
        maker = self.evaluator.force(made.func)
        if isinstance(maker, ClassRef):
            return any(isinstance(base, Name) and base.dotted.startswith(_ADMIN_SITE) for base in self.evaluator.bases(maker))
        return isinstance(maker, Name) and maker.dotted.startswith(_ADMIN_SITE)

    # Routers

    def router(self, made: Made, route: _Route, done: set[int]) -> None:
        """What is registered on a router, by call or decorator, here and in the modules that import it."""
        if id(made) in done:
            return
        done.add(id(made))
        self._load_users(made)
        for called in list(made.calls):
            method = called.method.rpartition(".")[2]
            own = route.at(None, called)
            if called.decorated is not None:
                if isinstance(called.decorated, ClassRef) or method != "exception_handler":
                    self._reference(called.decorated, own)
            elif method == "register":
                cell = called.args[1] if len(called.args) > 1 else next((c for key, c in called.keywords if key == "viewset"), None)
                cell = cell or (called.args[0] if called.args else None)
                if cell is not None:
                    self.view(cell, replace(own, confidence=min(own.confidence, cell.confidence)), _item(called.exprs, 1), called.module)
            elif method in ("extend", "add_router", "register_controllers", "register_router", "merge", "include_router"):
                for cell in called.args:
                    self.registered(cell, own, called.module, done)

    def registered(self, cell: Cell, route: _Route, module: str, done: set[int]) -> None:
        """Another router (or its registry), or a controller, given to a router."""
        value = self.evaluator.force(cell.value)
        if isinstance(value, str) and "." in value:
            value = self.evaluator.force(Name(module, value, value))
        while isinstance(value, Attr):
            value = self.evaluator.force(value.base)
        if isinstance(value, Made):
            self.router(value, route, done)
        elif isinstance(value, ClassRef):
            self._reference(value, route)

    def _load_users(self, made: Made) -> None:
        """Run the modules that import a router: they may register on it."""
        names = self.evaluator.namespace(made.module).entries
        mine = {name for name, cell in names.items() if isinstance(cell, Cell) and cell.value is made}
        for name, facts in self.evaluator.modules.facts.items():
            for item in facts.imports:
                if item.name in mine and not looks_like_test(facts.path):
                    target = _imported_from(facts, item.module, item.level)
                    if self.evaluator.modules.find(target, facts.path) == made.module:
                        self.evaluator.namespace(name)
                        for function in facts.functions:  # AppConfig.ready() registers, too
                            if _calls(function.body, f"{item.binds}.register".__eq__):
                                self.run_function(facts, function)
                        break

    # Views

    def view(self, cell: Cell, route: _Route, expr: Expr | None, module: str = "") -> None:
        """A view, perhaps decorated. ``expr`` and ``module`` are how it is written, for the resolver."""
        found = False
        for each in cell.alternatives():
            found |= self._view(each.value, replace(route, confidence=min(route.confidence, each.confidence)))
        if not found and expr is not None and module:
            for target in self.resolver.resolve(module, expr):
                self.target(target, route)

    def _view(self, value: Value, route: _Route) -> bool:
        value = self.evaluator.force(value)
        if isinstance(value, str):
            if "." not in value:
                return False
            value = self.evaluator.force(Name(self._module_at(route.path), value, value))
            return not isinstance(value, str) and self._view(value, route)
        if isinstance(value, (FunctionRef, ClassRef)):
            self._reference(value, route)
            return True
        if isinstance(value, Made):
            return self._made_view(value, route)
        target = resolved_value(self.evaluator, value)
        if target is None:
            return False
        receiver = None
        if isinstance(value, Attr):
            owner = value.base.func if isinstance(value.base, Made) else value.base
            receiver = resolved_value(self.evaluator, self.evaluator.force(owner))
        self.target(target, route, receiver=receiver)
        return True

    def _made_view(self, made: Made, route: _Route) -> bool:
        func = self.evaluator.force(made.func)
        if (isinstance(func, Attr) and func.name == "as_view") or (isinstance(func, Name) and func.dotted.endswith(".as_view")):
            return self._class_view(made, func, route)
        if isinstance(func, ClassRef):
            self._reference(func, route)
            return True
        if isinstance(func, FunctionRef) and self._is_as_view(func):
            owner = self._owner_as_written(made)
            if owner is not None:
                self._class(owner, made, route)
                return True
        # A decorator, or a factory of views: what it is given is the view.
        factory = self.evaluator.force(func.func) if isinstance(func, Made) else func
        decorator = resolved_value(self.evaluator, factory)
        inner = route if decorator is None else replace(route, decorators=(*route.decorators, decorator))
        alias = non_atomic_alias(
            dotted_name(factory), func.args if isinstance(func, Made) else (), func.keywords if isinstance(func, Made) else ()
        )
        if alias is not None:
            inner = replace(inner, exempt=inner.exempt | {alias})
        elif isinstance(factory, FunctionRef):
            inner = replace(inner, exempt=inner.exempt | exempted_aliases(self.resolver, factory.module, self._function(factory).body))
        given = [arg for arg in made.args if not isinstance(arg.value, str)]
        given += [cell for name, cell in made.keywords if name in ("view", "view_func", "func")]
        if sum(self._view(cell.value, inner) for cell in given):  # all of them
            return True
        if isinstance(func, FunctionRef):
            result = self.evaluator.invoke(func, made.args, made.keywords, self.evaluator.frame(made.module))
            if result is not None and isinstance(result.value, (FunctionRef, ClassRef, Made)) and result.value is not made:
                return self.depth < DEPTH and self._deeper(result.value, route)
        if isinstance(func, Name) and not self.evaluator.modules.is_project(func.dotted) and decorator is not None and not made.args:
            self.add(ViewEntry(decorator, "library", route.path, route.line, route.confidence, start=_below(route.start)))
            return True
        return False

    def _deeper(self, value: Value, route: _Route) -> bool:
        self.depth += 1
        try:
            return self._view(value, route)
        finally:
            self.depth -= 1

    def _is_as_view(self, ref: FunctionRef) -> bool:
        return self._function(ref).name == "as_view"

    def _function(self, ref: FunctionRef) -> Function:
        return self.evaluator.facts(ref.module).functions[ref.index]

    def _owner_as_written(self, made: Made) -> ClassRef | None:
        """``Orders`` of ``Orders.as_view()``, where ``as_view`` is a method of the project."""
        func = made.expr[1]
        base = func.rpartition(".")[0] if isinstance(func, str) else func[1] if func[0] == "attr" else None
        if not base:
            return None
        value = self.evaluator.force(self.evaluator.eval(base, self.evaluator.frame(made.module)).value)
        return value if isinstance(value, ClassRef) else None

    def _class_view(self, made: Made, func: Attr | Name, route: _Route) -> bool:
        if isinstance(func, Name):
            target = Resolved("library", "", func.dotted.removesuffix(".as_view"))
            self.add(
                self._with_arguments(ViewEntry(target, "as_view", route.path, route.line, route.confidence, start=route.start), made, route)
            )
            return True
        owner = self.evaluator.force(func.base)
        if isinstance(owner, ClassRef):
            self._class(owner, made, route)
            return True
        return False

    def _class(self, owner: ClassRef, made: Made | None, route: _Route) -> None:
        target = resolved_value(self.evaluator, owner)
        assert target is not None
        self.target(target, route, made=made)

    def _reference(self, ref: FunctionRef | ClassRef, route: _Route) -> None:
        target = resolved_value(self.evaluator, ref)
        assert target is not None
        self.target(target, route)

    def target(self, target: Resolved, route: _Route, made: Made | None = None, receiver: Resolved | None = None) -> None:
        """Enter a view. A class is entered by ``as_view``, or as an instance where it is called itself."""
        call = "function" if target.kind == "function" else "library" if target.kind == "library" else "as_view"
        exempt, is_async = route.exempt, False
        facts = self.resolver.facts(target.module)
        if target.kind == "function" and facts is not None:
            function = facts.functions[target.index]
            exempt |= exempted_aliases(self.resolver, target.module, None, function.decorators)
            is_async = function.is_async
        elif target.kind == "class":
            mro = self.resolver.mro(target)
            if made is None and self._is_callable(mro):
                call = "__call__"
            else:
                exempt |= self._dispatch_exempt(mro)
                is_async = is_async_class(self.resolver, mro)
        entry = ViewEntry(
            target,
            call,
            route.path,
            route.line,
            route.confidence,
            decorators=route.decorators,
            receiver=receiver,
            exempt=exempt,
            is_async=is_async,
            start=route.start,
        )
        self.add(entry if made is None else self._with_arguments(entry, made, route))

    def _with_arguments(self, entry: ViewEntry, made: Made, route: _Route) -> ViewEntry:
        """The actions and keywords that ``as_view(...)`` is given."""
        actions: tuple[tuple[str, str], ...] = ()
        table = self.evaluator.force(made.args[0].value) if made.args else None
        if isinstance(table, Table):
            pairs = ((key, self.evaluator.force(table.entries[key].value)) for key in table.listed())
            actions = tuple((key, value) for key, value in pairs if isinstance(key, str) and isinstance(value, str))
        keywords = {}
        for name, cell in made.keywords:
            found = resolved_value(self.evaluator, self.evaluator.force(cell.value)) if name is not None else None
            if found is not None and name is not None and found.kind != "library":
                keywords[name] = found
        return replace(
            entry, actions=actions, keywords=MappingProxyType(keywords), decorators=route.decorators, exempt=entry.exempt | route.exempt
        )

    def _is_callable(self, mro: tuple[Resolved, ...]) -> bool:
        """Has the class a ``__call__`` and no ``as_view``, as far as the project's own classes tell?"""
        own = [klass for klass in mro if klass.kind == "class"]
        return any(self._defines(klass, "__call__") for klass in own) or any(
            klass.kind == "library" and klass.qualname.startswith("django.contrib.syndication") for klass in mro
        )

    def _defines(self, klass: Resolved, name: str) -> bool:
        facts = self.resolver.facts(klass.module)
        return facts is not None and any(
            stmt[0] == "def" and facts.functions[stmt[1]].name == name for stmt in facts.classes[klass.index].body
        )

    def _dispatch_exempt(self, mro: tuple[Resolved, ...]) -> frozenset[str]:
        """What decorators on the nearest ``dispatch``, or on a class for its ``dispatch``, exempt."""
        for klass in mro:
            facts = self.resolver.facts(klass.module) if klass.kind == "class" else None
            if facts is None:
                continue
            fact = facts.classes[klass.index]
            exempt = exempted_aliases(self.resolver, klass.module, None, fact.decorators, method="dispatch")
            for stmt in fact.body:
                if stmt[0] == "def" and facts.functions[stmt[1]].name == "dispatch":
                    return exempt | exempted_aliases(self.resolver, klass.module, None, facts.functions[stmt[1]].decorators)
            if exempt:
                return exempt
        return frozenset()

    def _module_at(self, path: str) -> str:
        return next((name for name, facts in self.evaluator.modules.facts.items() if facts.path == path), "")

    def add(self, entry: ViewEntry) -> None:
        key = (entry.target, entry.call, entry.path, entry.line, entry.actions, entry.receiver)
        known = self.entries.get(key)
        if known is None or known.confidence < entry.confidence:
            self.entries[key] = entry
        elif known.confidence == entry.confidence and known.start != entry.start:
            self.entries[key] = replace(known, start=None)


def _is_library_view(dotted: str) -> bool:
    return dotted.startswith(_VIEW_MODULES) and dotted.endswith(("View", "ViewSet"))


def _below(start: Start | None) -> Start | None:
    """Of what a library, an admin or a router adds to: more is behind it."""
    return start._replace(is_all=False) if start is not None else None


def _last(made: Made) -> str:
    return dotted_name(made.func).rpartition(".")[2]


def _is_route(name: Name) -> bool:
    head, _, last = name.dotted.rpartition(".")
    return last in _ROUTES and (not head or f"{head}." in _ROUTE_MODULES)


def _wraps_view(made: Made) -> bool:
    return isinstance(made.func, Made)


def _is_label(cell: Cell) -> bool:
    return isinstance(cell.value, (str, type(None), Unknown))


def _item(exprs: tuple[Expr, ...], position: int) -> Expr | None:
    return exprs[position] if position < len(exprs) else None


def _follow(call: Call, result: Cell) -> bool:
    """Functions of the project stand for their result where that is data or routes; a decorator keeps the view that it is given."""
    value = result.value
    if isinstance(value, Made):
        return _last(value) in _ROUTES or _last(value) == "include"
    return isinstance(value, (Series, Table, str, int, bool))


def _imported_from(facts: FileFacts, module: str, level: int) -> str:
    if not level:
        return module
    base = facts.module if facts.is_package else facts.module.rpartition(".")[0]
    for _ in range(level - 1):
        base = base.rpartition(".")[0]
    return f"{base}.{module}" if base and module else base or module


def _calls(body: object, wanted: Callable[[str], bool]) -> bool:
    """Does a call of a function with such a name stand somewhere in these statements?"""
    return any(isinstance(call[1], str) and wanted(call[1]) for call in calls_in(body))
