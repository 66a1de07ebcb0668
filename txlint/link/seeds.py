"""Where to start: the functions that may open a transaction themselves, or wait for the end of one. What they call is reached from them;
the rest is never replayed.

A function is a seed where it mentions, by its last name, something that opens one: a library's (from the catalog), or the project's
own, which is only found out by replaying what mentions a library's. So names are added until there are no new ones.

Where any statement on a session may begin a transaction there is no word to go by. There every function is a seed that a session may get
to by names: it, or what it names, takes something from the library of which the catalog knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from txlint.link.linker import Linker
from txlint.link.near import near, texts_in, with_openers
from txlint.link.project import Fun, mentions
from txlint.link.values import Atom, Fn, Generated, Obj, Opening, Within
from txlint.model.catalog import Deferral, Library, Opener
from txlint.model.graph import Event, ParamTarget, Target

MOST_NEAR = 3
"""Where more than this part (a third) of all functions is near a session, every function is a seed."""
_WITHIN = frozenset({"__enter__", "__aenter__", "__call__"})
_WITH = "with"  # a statement's tag; as a word it stands for every function that has one


def seeds(linker: Linker) -> list[Fun]:
    """The functions to start from, in the order of the project."""
    libraries = with_openers(linker, lambda opener: "autobegin" in opener.forms)
    close = near(linker, libraries, len(linker.project.funs) // MOST_NEAR)
    if close is None:
        return list(linker.project.funs)  # it is about sessions: all callers tell what they pass, at little more cost
    chosen: dict[int, Fun] = {fun.id: fun for fun in close}
    words, asked = _library_words(linker, libraries), set[str]()
    new = words = words.union(*(_opens_for_others(linker, fun, among_near=True) for fun in chosen.values()))
    while kept := _of_requests(linker) - asked:
        asked |= kept
        found = {fun.id: fun for fun in _naming(linker, kept) if fun.id not in chosen}
        chosen.update(found)
        new = words = words.union(*(_opens_for_others(linker, fun, among_near=True) for fun in found.values()))
    while new:
        added: set[str] = set()
        for module in linker.project.ordered:
            if _WITH not in new and new.isdisjoint(module.facts.words) and new.isdisjoint(module.facts.bound):
                continue
            for fun in (module.body, *module.funs):
                if fun.id in chosen or not (mentions(fun, new) or _decorated(linker, fun)):
                    continue
                chosen[fun.id] = fun
                others = _opens_for_others(linker, fun)
                if others and fun.parent is not None and fun.parent.id not in chosen:
                    chosen[fun.parent.id] = fun.parent  # it may hand on what it defines
                    others |= _opens_for_others(linker, fun.parent)
                added.update(others)
        new = frozenset(added - words)
        words |= new
    for fun in linker.project.funs:
        if fun.id not in chosen and _decorated(linker, fun):
            chosen[fun.id] = fun
    return [chosen[number] for number in sorted(chosen)]


def _of_requests(linker: Linker) -> set[str]:
    """The names under which something has been put on what lasts as long as a request, or is loaded for it: whoever has that gets it from
    there."""
    return {place[2] for place in linker.stores if place[0] == "space"} | {name.rpartition(".")[2] for name in linker.loaders}


def _naming(linker: Linker, attributes: set[str]) -> Iterator[Fun]:
    """The functions that use one of these attributes of anything, or look it up by a constant."""
    for module in linker.project.ordered:
        for fun in (module.body, *module.funs):
            if any(not attributes.isdisjoint(text.split(".")) for text in texts_in(fun.body)):
                yield fun


def _library_words(linker: Linker, without: list[Library]) -> frozenset[str]:
    words = {"__enter__", "__aenter__"}  # called by hand, on something that was made elsewhere
    for library in linker.catalog.libraries.values():
        for entry in library.entries if library not in without else ():
            if isinstance(entry, Opener):
                last = entry.name.rpartition(".")[2]
                words.add(_WITH if last in _WITHIN else last)
            elif isinstance(entry, Deferral) and entry.when_runs == "commit":
                words.add(entry.name.rpartition(".")[2])  # it can be used wrongly wherever it is called
    return frozenset(words)


def _decorated(linker: Linker, fun: Fun) -> bool:
    """Does a decorator open a transaction around it, or does a dependency do so?"""
    fact = fun.fact
    if fact is None:
        return False
    if fact.decorators or (fun.klass is not None and fun.klass.fact.decorators):
        decoration = linker.decoration(fun)
        if decoration.openers or decoration.inert:
            return True
    return any(linker.dependencies(p.annotation, p.default, fun.module, fun.klass, fun.parent) for p in fact.params if _injected(p))


def _injected(param: Any) -> bool:
    default, annotation = param.default, param.annotation
    if default.__class__ is tuple and default[0] == "call":
        return True
    return annotation.__class__ is str or (
        annotation.__class__ is tuple and annotation[0] == "sub" and str(annotation[1]).endswith("Annotated")
    )


def _opens_for_others(linker: Linker, fun: Fun, among_near: bool = False) -> set[str]:
    """The names under which a function of the project, or the class that it belongs to, opens a transaction for its users. With
    ``among_near`` for users that are not near to sessions: they have none to pass."""
    fact = fun.fact
    if fact is None:
        return _opening_names(linker, fun)
    from txlint.link.program import owner

    replay = linker.replay(fun, owner(fun), False)
    names: set[str] = set()
    if any(region for region, _ in replay.yields) or any(_opens(linker, atom) for atom in replay.returns):
        names.add(fact.name)
    if any(event.region and _runs_parameter(linker, event) for event in replay.flow.events):
        names.add(fact.name)  # whoever hands it a function has that run inside
        holder = fun.parent
        while holder is not None and holder.fact is not None:
            names.add(holder.fact.name)
            holder = holder.parent
    for event in replay.flow.events:
        for target in (each for targets in event.passed.callables.values() for each in targets):
            if event.func.__class__ is str and _gives_opening(linker, target):
                names.add(event.func.partition(".")[0])  # a proxy that is given what it stands for
    if any(not among_near or opened.key[1:2] != ("param",) for opened in replay.left_open):
        names.add(fact.name)
        if fun.klass is not None and fact.name in _WITHIN:
            names.update((fun.klass.fact.name, _WITH, *(sub.fact.name for sub in fun.klass.subclasses)))
    return names


def _gives_opening(linker: Linker, target: Target) -> bool:
    return any(isinstance(atom, Opening) for atom in linker.replay(linker.project.funs[target.fun], None, True).returns)


def _opens(linker: Linker, atom: Atom) -> bool:
    """Does entering what a function returns open a transaction?"""
    if isinstance(atom, Generated):
        return atom.manager and any(region for region, _ in linker.replay(atom.fun, getattr(atom.receiver, "klass", None), False).yields)
    if isinstance(atom, Obj):
        if not any(linker.has_own(atom.klass, name) for name in ("__enter__", "__aenter__")):
            return False
        entered = (*linker.class_attribute(atom.klass, "__enter__"), *linker.class_attribute(atom.klass, "__aenter__"))
        return any(isinstance(m, Fn) and linker.replay(m.fun, atom.klass, atom.exact).left_open for m in entered)
    return isinstance(atom, Opening)


def _opening_names(linker: Linker, body: Fun) -> set[str]:
    """The names of a module that hold a function to which a decorator was applied by hand."""
    found: set[str] = set()
    for name, bound in body.module.names.items():
        binding = bound[-1]
        if binding[0] == "value" and binding[1].__class__ is tuple and binding[1][0] == "call":
            if any(isinstance(atom, Within) for atom in linker.module_name(body.module, name)):
                found.add(name)
    return found


def _runs_parameter(linker: Linker, event: Event) -> bool:
    """Does the call run a parameter, or hand one to a function that does?"""
    for target in event.targets:
        if isinstance(target, ParamTarget):
            return True
        if isinstance(target, Target) and target.kind != "property" and any(given[0] == "param" for given in event.passed.values.values()):
            klass = linker.project.klasses[target.cls] if target.cls >= 0 else None
            inner = linker.replay(linker.project.funs[target.fun], klass, target.exact).flow
            if any(isinstance(each, ParamTarget) for called in inner.events for each in called.targets):
                return True
    return False
