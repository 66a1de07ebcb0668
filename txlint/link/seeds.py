"""Where to start: the functions that may open a transaction themselves. What they call is reached from them; the rest is never replayed.

A function is a seed where it mentions, by its last name, something that opens one: a library's (from the catalog), or the project's
own, which is only found out by replaying what mentions a library's. So names are added until there are no new ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from txlint.link.linker import Linker
from txlint.link.project import Fun
from txlint.link.values import Opening
from txlint.model.catalog import Opener
from txlint.model.graph import Event, ParamTarget, Target

_WITHIN = frozenset({"__enter__", "__aenter__", "__call__"})
_WITH = "with"  # a statement's tag; as a word it stands for every function that has one


def seeds(linker: Linker) -> list[Fun]:
    """The functions to start from, in the order of the project."""
    if any(isinstance(entry, Opener) and "autobegin" in entry.forms for entry in linker.catalog.entries()):
        return list(linker.project.funs)  # any statement on a session may begin: there is no word to go by
    words = _library_words(linker)
    chosen: dict[int, Fun] = {}
    new = words
    while new:
        added: set[str] = set()
        for module in linker.project.ordered:
            if _WITH not in new and new.isdisjoint(module.facts.words) and new.isdisjoint(module.facts.bound):
                continue
            for fun in (module.body, *module.funs):
                if fun.id in chosen or not (_decorated(linker, fun) or mentions(fun, new)):
                    continue
                chosen[fun.id] = fun
                added.update(_opens_for_others(linker, fun))
        new = frozenset(added - words)
        words |= new
    for fun in linker.project.funs:
        if fun.id not in chosen and _decorated(linker, fun):
            chosen[fun.id] = fun
    return [chosen[number] for number in sorted(chosen)]


def _library_words(linker: Linker) -> frozenset[str]:
    words: set[str] = set()
    for library in linker.catalog.libraries.values():
        for entry in library.entries:
            if entry.__class__.__name__ == "Opener":
                last = entry.name.rpartition(".")[2]
                words.add(_WITH if last in _WITHIN else last)
    return frozenset(words)


def _decorated(linker: Linker, fun: Fun) -> bool:
    """Does a decorator open a transaction around it, or does a dependency do so?"""
    fact = fun.fact
    if fact is None:
        return False
    if fact.decorators or (fun.klass is not None and fun.klass.fact.decorators):
        if linker.decoration(fun).openers:
            return True
    return any(linker.dependencies(p.annotation, p.default, fun.module, fun.klass, fun.parent) for p in fact.params if _injected(p))


def _injected(param: Any) -> bool:
    default, annotation = param.default, param.annotation
    if default.__class__ is tuple and default[0] == "call":
        return True
    return annotation.__class__ is str or (
        annotation.__class__ is tuple and annotation[0] == "sub" and str(annotation[1]).endswith("Annotated")
    )


def _opens_for_others(linker: Linker, fun: Fun) -> set[str]:
    """The names under which a function of the project, or the class that it belongs to, opens a transaction for its users."""
    fact = fun.fact
    if fact is None:
        return set()
    from txlint.link.program import owner

    replay = linker.replay(fun, owner(fun), False)
    names: set[str] = set()
    if any(region for region, _ in replay.yields) or any(isinstance(atom, Opening) for atom in replay.returns):
        names.add(fact.name)
    if any(event.region and _runs_parameter(linker, event) for event in replay.flow.events):
        names.add(fact.name)  # whoever hands it a function has that run inside
        holder = fun.parent
        while holder is not None and holder.fact is not None:
            names.add(holder.fact.name)
            holder = holder.parent
    if replay.left_open:
        names.add(fact.name)
        if fun.klass is not None and fact.name in _WITHIN:
            names.update((fun.klass.fact.name, _WITH, *(sub.fact.name for sub in fun.klass.subclasses)))
    return names


def _runs_parameter(linker: Linker, event: Event) -> bool:
    """Does the call run a parameter, or hand one to a function that does?"""
    for target in event.targets:
        if isinstance(target, ParamTarget):
            return True
        if isinstance(target, Target) and any(given[0] == "param" for given in event.passed.values.values()):
            klass = linker.project.klasses[target.cls] if target.cls >= 0 else None
            inner = linker.replay(linker.project.funs[target.fun], klass, target.exact).flow
            if any(isinstance(each, ParamTarget) for called in inner.events for each in called.targets):
                return True
    return False


def mentions(fun: Fun, words: Collection[str]) -> bool:
    """Does one of the words occur as a name, or as the last attribute of one, in a function's own body?"""
    stack: list[Any] = [fun.body]
    while stack:
        item = stack.pop()
        if item.__class__ is tuple:
            stack.extend(item)
        elif item.__class__ is str and (item in words or ("." in item and item.rpartition(".")[2] in words)):
            return True
    return False
