"""Properties: reading an attribute of the project's own class may run a function, and so may assigning one.

Most attributes are no properties, and most properties only compute. So a replay looks at those names alone that `accessors` gives for its
module: of properties from whose bodies, by the names that they call, something may be reached that a transaction cares about. Then `read`
and `write` leave a call of the function that runs, at the line of the statement: attributes have no place of their own in the facts."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.link.kept import OF_CALLERS, options
from txlint.link.names import BUILTINS
from txlint.link.passing import apply_states, bind, decided, key_for_caller, note_parameters, passed, target_class
from txlint.link.project import Fun, Klass, Module
from txlint.link.settled import constants
from txlint.link.site import CERTAIN, LIKELY, POSSIBLE, Site
from txlint.link.targets import FEW
from txlint.link.values import Fn, Obj, OneOf, SelfObj, Stored, Super, Value
from txlint.model.facts import Expr, Pos
from txlint.model.graph import Event, Target
from txlint.model.kinds import Confidence
from txlint.model.shapes import called, called_on, last_name

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

MOST = 60
"""Functions looked at to learn whether a property may reach anything; where there are more, it may."""
_RECEIVERS = frozenset({Obj, SelfObj, Super, OneOf, Stored})
_EACH_TIME = frozenset({"property", "abstractproperty", "classproperty", "getter"})
"""The last names of decorators whose properties run each time they are read; others keep what came of it."""
_NO_PROPERTIES = frozenset({"staticmethod", "classmethod", "abstractmethod", "overload", "override"})


class Properties(NamedTuple):
    """The project's properties. ``read`` and ``assigned``: the names of those that may reach anything; ``acting``: the functions that are
    read, by number; ``cached``: those that run once; ``setters``: all of them, by class and name."""

    read: frozenset[str]
    assigned: frozenset[str]
    acting: frozenset[int]
    cached: set[int]
    setters: dict[tuple[int, str], Fun]
    plain: set[str]  # dotted names met so far in which none of them is read


def properties(linker: Linker) -> Properties:
    """Those of the project, by what their decorators are called: what decorators are is known only later."""
    known = linker.properties
    if known is None:
        getters: list[Fun] = []
        cached: set[int] = set()
        setters: dict[tuple[int, str], Fun] = {}
        for fun in linker.project.funs:
            fact, klass = fun.fact, fun.klass
            if fact is None or klass is None or not fact.decorators:
                continue
            names = [expr.rpartition(".")[2] if expr.__class__ is str else last_name(called(expr)) for expr, _ in fact.decorators]
            if "setter" in names:
                setters[klass.id, fact.name] = fun
            elif "deleter" not in names and not _NO_PROPERTIES.issuperset(names) and len(fact.params) == 1:
                getters.append(fun)
                if _EACH_TIME.isdisjoint(names):
                    cached.add(fun.id)
        search = _Search(linker, {_name(fun) for fun in getters})
        read = [fun for fun in getters if search.may_act(fun)]
        assigned = [fun for fun in setters.values() if search.may_act(fun)]
        known = linker.properties = Properties(
            frozenset(map(_name, read)), frozenset(map(_name, assigned)), frozenset(fun.id for fun in read), cached, setters, set()
        )
    return known


def _name(fun: Fun) -> str:
    return fun.qualname.rpartition(".")[2]


def accessors(linker: Linker, module: Module) -> tuple[frozenset[str], frozenset[str]]:
    """The names of such properties that a module uses as attributes: of those that run when they are read, and when they are assigned. With
    the former go its names of what requests load when an attribute of it is read."""
    of, words = properties(linker), module.facts.words
    known = linker.accessors[module] = (of.read & words) | _loading(linker, module).keys(), of.assigned & words
    return known


def _loading(linker: Linker, module: Module) -> dict[str, str]:
    """The module's names of what requests load, each with the library's own name of it."""
    imports = module.facts.imports if linker.loaders else ()
    return {each.binds: dotted for each in imports if (dotted := f"{each.module}.{each.name}") in linker.loaders}


class _Search:
    """Which functions may reach something that matters, by the names that they call alone."""

    def __init__(self, linker: Linker, names: set[str]) -> None:
        self.names = names  # of all properties
        self.acting = linker.catalog.acting_names()
        self.starts = tuple(name[:-1] for name in self.acting if name[-1:] == "*")
        # Patterns say something only where their library is at hand: `get_*` is a method of one.
        self.roots: set[str] = set()
        for library in linker.catalog.libraries.values():
            if patterns := [entry.name.partition(".")[0] for entry in library.entries if entry.name[-1:] == "*"]:
                self.roots.update(patterns, {*library.packages} - sys.stdlib_module_names)
        self.near: dict[Module, bool] = {}
        self.functions: defaultdict[str, list[Fun]] = defaultdict(list)
        self.values: set[str] = set()  # names of attributes that may hold something to be called
        for fun in linker.project.funs:
            if fun.fact is not None:
                self.functions[fun.fact.name].append(fun)
        for klass in linker.project.klasses:
            self.functions[klass.fact.name] += [
                klass.module.funs[bound[1]] for bound in klass.names.get("__init__", ()) if bound[0] == "def"
            ]
            self.values.update(klass.setters)
        self.known: dict[int, list[Fun] | None] = {}
        self.quiet: set[int] = set()

    def may_act(self, fun: Fun) -> bool:
        """May anything be reached from a function?"""
        seen, level = {fun.id}, [fun]
        while level:
            others: dict[int, Fun] = {}
            for at in level:
                if at.id not in self.known:
                    self.known[at.id] = self.called_by(at)
                theirs = self.known[at.id]
                if theirs is None:
                    return True
                others.update({other.id: other for other in theirs})
            level = [other for number, other in others.items() if number not in seen and number not in self.quiet]
            seen |= others.keys()
            if len(seen) > MOST:
                return True
        self.quiet |= seen
        return False

    def is_near(self, module: Module) -> bool:
        """Does a module import such a library?"""
        known = self.near.get(module)
        if known is None:
            known = self.near[module] = not self.roots.isdisjoint([item.module.partition(".")[0] for item in module.facts.imports])
        return known

    def called_by(self, fun: Fun) -> list[Fun] | None:
        """Whom a function may call, in the project; None where it may do something that matters itself."""
        found: list[Fun] = []
        level: list[Any] = [fun.body]
        while level:
            level = [item for node in level for item in node if item]
            for text in [item for item in level if item.__class__ is str and "." in item]:
                for name in text.split(".")[1:]:
                    if name in self.names:
                        found += self.functions[name]
            level = [item for item in level if item.__class__ is tuple]
            for item in level:
                if item[0] == "with":
                    return None
                if item[0] == "attr" and item[-1] in self.names:
                    found += self.functions[item[-1]]
                if item[0] == "call" and item[-1].__class__ is tuple:
                    name = last_name(item[1])
                    is_builtin = name == item[1] and name in BUILTINS
                    if name in self.functions:
                        found += self.functions[name]
                    elif not name or name in self.values or (name in fun.scope and not is_builtin):
                        return None
                    if (name in self.acting and not is_builtin) or (name.startswith(self.starts) and self.is_near(fun.module)):
                        return None
        return found


# -- what runs


def read(frame: Frame, value: Value, name: str, expr: Expr, pos: Pos | None = None) -> None:
    """An attribute of a value is read: its properties of this name run. ``expr`` is the attribute as written.

    What a property has open or closed afterwards counts here where its value has been asked for; what it does is followed by whoever
    has a transaction open (`program`)."""
    for atom in value:
        if atom.__class__ in _RECEIVERS:
            break
    else:
        return
    linker = frame.linker
    known = linker.properties
    if frame.silent or known is None:
        return
    text = expr if expr.__class__ is str else None
    if text is not None and text in frame.cached:
        return
    site, acting = None, known.acting
    for atom, sure in _instances(frame, value):
        after = atom.after if isinstance(atom, Super) else None
        receiver: Any = atom.receiver if isinstance(atom, Super) else atom
        getter = _getter(linker, receiver.klass, name, after)
        others = [] if after is not None or receiver.exact else linker.overrides(receiver.klass, name)
        others = [each for each in others if each[1].id in acting]
        if getter is None or not (getter.id in acting or others):
            continue
        if site is None:
            site = _site(frame, expr, (), pos or line_of(frame))
        if getter.id in known.cached:
            sure = LIKELY if sure is CERTAIN else sure  # who read it before has what came of it
            if text is not None and not frame.tests and not frame.loops:
                frame.cached.add(text)
        _target(site, getter, receiver, others, "property", sure)
    if site is not None:
        _leave(site)


def load(frame: Frame, expr: str) -> None:
    """An attribute is read of what each request loads once, with its first use: ``current_user.email``. What that leaves open is open from
    here on, if the request has not asked before; where it is only asked whether there is anyone, there may have been nothing to load."""
    linker = frame.linker
    name, _, attribute = expr.partition(".")
    if frame.silent or _is_local(frame, name) or (dotted := _loading(linker, frame.module).get(name)) is None:
        return
    funs, always = linker.loaders[dotted]
    most = LIKELY if attribute and attribute.partition(".")[0] not in always else POSSIBLE
    for fun in funs:
        for opened in linker.replay(fun, fun.klass, True).left_open:
            if opened.key[1:2] == ("global",) and opened.key not in frame.closed:
                sure = min(opened.confidence, most)
                frame.begin(replace(opened, name=dotted, pos=line_of(frame), confidence=sure, path=None, function=None))


def _is_local(frame: Frame, name: str) -> bool:
    """Is it a name of the function, or of one around it?"""
    fun: Fun | None = frame.fun
    while fun is not None:
        if name in fun.scope:
            return True
        fun = fun.parent
    return name in frame.env


def asked(site: Site, value: Value, name: str) -> None:
    """``getattr(order, "total")``, ``hasattr(order, "total")``."""
    known = site.frame.linker.properties
    if known is not None and name in known.read:
        read(site.frame, value, name, ("attr", site.expr[2][0], name), site.pos)


def look(frame: Frame, expr: Expr) -> None:
    """Reading names of whose values nobody asks anything: ``if order.is_paid:``."""
    if expr.__class__ is not str:
        for part in (expr[1], *expr[3]) if expr[0] == "cmp" else expr[2] if expr[0] == "bool" else expr[1:] if expr[0] == "not" else ():
            if part.__class__ is not str or "." in part:
                look(frame, part)
        return
    if frame.linker.loaders and expr.partition(".")[0] in frame.reads:
        load(frame, expr)
    if "." in expr and (known := frame.linker.properties) is not None and expr not in known.plain and expr not in frame.env:
        names = expr.split(".")
        if known.read.isdisjoint(names):
            known.plain.add(expr)
        else:
            for at, name in enumerate(names):
                if at and name in frame.reads:
                    read(frame, frame.ev(".".join(names[:at])), name, ".".join(names[: at + 1]))


def write(frame: Frame, target: str, value: Value, source: Expr | None) -> None:
    """An attribute is assigned: the setters of its properties run."""
    head, _, name = target.rpartition(".")
    if frame.silent:
        return
    linker = frame.linker
    setters = properties(linker).setters
    site = _site(frame, target, (source,) if source is not None else (), line_of(frame))
    site.args = (value,) if source is not None else ()
    frame.cached.discard(target)
    for atom, sure in _instances(frame, frame.ev(head)):
        if isinstance(atom, Super):
            continue
        if isinstance(atom, SelfObj):
            frame.queries[("attr", name)] = None
        found = linker.find(atom.klass, name)
        setter = setters.get((found.owner.id, name)) if found is not None and isinstance(found.owner, Klass) else None
        if setter is not None and linker.decoration(setter).role == "property":
            subclasses = () if atom.exact else linker.overrides(atom.klass, name)
            others = [(sub, setters[sub.id, name]) for sub, _ in subclasses if (sub.id, name) in setters]
            note_parameters(linker, setter, bind(setter, site.args, {}, 1), atom.klass.id, True)
            _target(site, setter, atom, others, "setter", sure)
    _leave(site)


def _site(frame: Frame, expr: Expr, args: tuple[Expr, ...], pos: Pos) -> Site:
    site = Site(frame, ("call", expr, args, (), pos), True, False, False)
    site.receiver = called_on(expr)
    site.region, site.closed = frame.now_open(), frame.closed
    return site


def _target(site: Site, fun: Fun, receiver: Obj | SelfObj, others: Sequence[tuple[Klass, Fun]], kind: str, sure: Confidence) -> None:
    """What runs at a site: the function that its receiver's class has, or one of those that override it."""
    frame = site.frame
    linker = frame.linker
    cls, exact = target_class(frame, receiver)
    flags = receiver.flags if isinstance(receiver, Obj) else ()
    site.targets.append(Target(fun.id, cls, kind, sure, (), 1, exact, given=constants(flags) if flags else ()))
    if others:
        doubted = min(sure, LIKELY if len(others) <= FEW else POSSIBLE)
        site.targets += [Target(other.id, holder.id, kind, doubted, (), 1, False) for holder, other in others[:256]]
    site.values = (*site.values, linker.atoms(Fn, fun, receiver))
    replay = linker.replayed(fun, receiver.klass, receiver.exact)
    if replay is not None:
        bound = bind(fun, site.args, {}, 1)
        apply_states(site, replay, partial(key_for_caller, site, fun, 1), partial(decided, site, fun, bound, receiver))


def _leave(site: Site) -> None:
    """One event for one attribute in one statement: it may be looked at more than once."""
    frame = site.frame
    if not site.targets:
        return
    key = site.pos, site.func, tuple(site.targets)
    if key in frame.ran:
        return
    frame.ran.add(key)
    targets = tuple(dict.fromkeys(site.targets))
    frame.heard(Event(site.pos, site.func, site.region, site.closed, frame.guards, passed(site), True, targets, tests=frame.undecided))


def line_of(frame: Frame) -> Pos:
    """The line of the statement that is being replayed."""
    stmt = frame.at
    at = stmt[_LINES[stmt[0]]] if stmt is not None and stmt[0] in _LINES else 0
    line = at[0] if at.__class__ is tuple else at
    if not line and frame.fun.fact is not None:
        line = frame.fun.fact.pos[0]
    return (line, 0, line, 0)


_LINES = {
    "expr": 2, "assign": 3, "ann": 4, "aug": 4, "return": 2, "raise": 3, "assert": 3, "del": 2, "if": 4, "while": 4, "for": 6, "with": 4,
    "try": 5, "match": 3,
}  # fmt: skip
"""Where statements have their line, by their tag."""


def _instances(frame: Frame, value: Value) -> list[tuple[Obj | SelfObj | Super, Confidence]]:
    """The instances of the project's classes that a value may be, each with how sure that is."""
    found: list[tuple[Obj | SelfObj | Super, Confidence]] = []
    for atom in value:
        if isinstance(atom, (Obj, SelfObj, Super)):
            found.append((atom, CERTAIN))
        elif isinstance(atom, OneOf) or (isinstance(atom, Stored) and (atom.place[0] not in OF_CALLERS or frame.now_open())):
            choices = options(frame.linker, atom)  # what callers hand over is only looked for where it can matter
            sure = LIKELY if len(choices) <= FEW else POSSIBLE
            found += [(inner, sure) for inner in choices if isinstance(inner, (Obj, SelfObj))]
    return found


def _getter(linker: Linker, klass: Klass, name: str, after: Klass | None) -> Fun | None:
    """The function that runs when an attribute of an instance is read."""
    found = linker.find(klass, name, after)
    if found is None or found.bindings is None or found.bindings[-1][0] != "def" or not isinstance(found.owner, Klass):
        return None
    fun = found.owner.module.funs[found.bindings[-1][1]]
    return fun if linker.decoration(fun).role == "property" else None
