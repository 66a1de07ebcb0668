"""What a call is, in words: `target` for any call, `condition` for what an entry of the catalog asks for."""

from __future__ import annotations

from collections.abc import Iterable

from txlint.explain.line import Call, Seen
from txlint.link.conditions import decide
from txlint.link.linker import Linker
from txlint.link.project import Fun, Klass
from txlint.link.values import Atom, Cls, Ext, ExtMethod, ExtObj, Fn, Obj, Opening, Param, Part, SelfCls, SelfObj
from txlint.model.catalog import Entry, When
from txlint.model.graph import Event, Node, Program
from txlint.propagate.pairs import written
from txlint.rules.words import listed

_SHOWN = 3
_HARMLESS = " is known to do nothing that a rollback could not undo"


def target(linker: Linker, program: Program, call: Call, seen: Seen | None, events: list[Event]) -> tuple[str, bool]:
    """What the call resolves to, to stand after "is (not) an effect: ", and whether anything is known of it at all."""
    effect = next((event.effect for event in events if event.effect is not None), None)
    if effect is not None:
        return effect.name + (f" -- {effect.why.rstrip('.')}" if effect.why else ""), True
    if seen is None:
        return "this code never runs, because what stands before it always leaves the function", True
    nodes = _called(program, call, events)
    told = list(dict.fromkeys(text for atom in seen.value if (text := _atom(linker, seen, atom))))
    if nodes:
        told = [text for text in told if not text.endswith(_HARMLESS)]
    functions = list(dict.fromkeys(linker.project.funs[node[0]] for node in nodes))
    if not told and functions:
        told = [f"it runs {_functions(functions)}"]
    if not told:
        return _unknown(call), False
    runs = [fun for fun in functions if not any(fun.dotted in text for text in told)]
    if runs:
        told.append(f"it runs {_functions(runs)}")
    return "; ".join([*told[:_SHOWN], *_reached(linker, program, nodes)]), True


def _atom(linker: Linker, seen: Seen, atom: Atom) -> str:
    match atom:
        case Fn():
            return f"it calls {_function(atom.fun)}"
        case Cls() | SelfCls():
            return f"it makes a {_klass(atom.klass)}"
        case Ext():
            return _library(linker, seen, atom.name)
        case ExtMethod():
            return _library(linker, seen, atom.name)
        case Part():
            return next((_atom(linker, seen, inner) for inner in atom.func), "")
        case Obj() | SelfObj():
            return f"it calls an instance of {_klass(atom.klass)}"
        case ExtObj():
            return _library(linker, seen, f"{atom.name}.__call__")
        case Param():
            return f"it calls what is passed as `{atom.name}`"
        case Opening():
            return f"it applies {atom.name}"
    return ""


def _library(linker: Linker, seen: Seen, name: str) -> str:
    """What the catalog says of a name, as far as it holds for this call."""
    known = linker.at(name)

    def holds(entry: Entry) -> bool:
        return seen.site is None or decide(seen.site, entry, seen.site.args, seen.site.keywords) is not False

    for deferral in known.deferrals:
        if holds(deferral):
            when = "after the commit" if deferral.when_runs == "commit" else "outside of this transaction"
            return f"{name} {f'hands over what it is given, to run {when}' if deferral.callable else 'itself waits for the commit'}"
    for silent in known.silent:
        if holds(silent):
            return f"{name} is known to be harmless" + (f" -- {silent.why.rstrip('.')}" if silent.why else "")
    for effect in known.effects:
        failed = [when for when in effect.when if not holds(_only(effect, when))]
        if failed:
            return f"{name} is one of kind {effect.kind} only where {listed(condition(when, effect) for when in failed)}"
        if effect.deferred_by:
            return f"{name} itself waits for the commit, as `{effect.deferred_by}` tells it to"
        if effect.unless_overridden:
            return f"{name} would be one of kind {effect.kind}, but the project overrides `{effect.unless_overridden}`"
    if any(holds(opener) for opener in known.openers):
        return f"{name} opens a transaction"
    if any(holds(closer) for closer in known.closers):
        return f"{name} ends the transaction"
    root = name.partition(".")[0]
    if root == "builtins":
        return f"{name.removeprefix('builtins.')} is Python's own"
    if linker.catalog.is_known(name):
        return name + _HARMLESS
    return f"nothing in the catalog is about {name}"


def _only(entry: Entry, when: When) -> Entry:
    return Entry(entry.name, entry.library, (when,))


def condition(when: When, entry: Entry) -> str:
    """``the setting EMAIL_BACKEND is not 'x'``."""
    if when.version is not None:
        return f"the version of {entry.library} is {'not ' if when.unless else ''}{when.version}"
    if when.setting is not None:
        subject = f"the setting {when.setting}"
    elif when.arg is not None:
        subject = f"argument {when.arg.name!r}" if when.arg.name is not None else f"argument {(when.arg.position or 0) + 1}"
    else:
        subject = "the call"
    negated = " not" if when.unless else ""
    if when.absent or when.present:
        given = "set" if when.setting is not None else "given"
        return f"{subject} is{' not' if when.absent is not when.unless else ''} {given}"
    if when.one_of is not None:
        return f"{subject} is{negated} one of {', '.join(map(repr, when.one_of))}"
    if when.contains_any is not None:
        return f"{subject} {'does not contain' if when.unless else 'contains'} {' or '.join(map(repr, when.contains_any))}"
    if when.sql is not None:
        return f"{subject} is{negated} {' or '.join(when.sql)}"
    if when.instance_of is not None:
        return f"{subject} is{negated} a {' or '.join(when.instance_of)}"
    if when.truthy is not None:
        return f"{subject} is {'true' if when.truthy is not when.unless else 'false'}"
    return f"{subject} is{negated} {when.equals!r}"


def _unknown(call: Call) -> str:
    func = call.expr[1]
    base, _, name = func.rpartition(".") if isinstance(func, str) else (written(func[1]) if func[0] == "attr" else "", "", "")
    if base:
        return f"nothing is known of what `{base}` is"
    return f"nothing is known of what `{name or written(func)}` is"


def _called(program: Program, call: Call, events: list[Event]) -> list[Node]:
    """The nodes that this call runs now."""
    mine = {id(event) for event in events}
    found: dict[Node, None] = {}
    for node, edges in program.nodes.items():
        if node[0] == call.fun.id:
            for edge in edges:
                if id(edge.event) in mine and edge.target.inherits:
                    found[edge.node] = None
    return list(found)


def _reached(linker: Linker, program: Program, start: list[Node]) -> list[str]:
    """The effects behind a call."""
    seen = dict.fromkeys(start)
    waiting = list(start)
    sites: dict[tuple[str, int, str], None] = {}
    for node in waiting:
        info = program.infos[node[0]]
        for event in program.flows[node].events:
            if event.effect is not None:
                sites[info.path, event.pos[0], written(event.func)] = None
        for edge in program.nodes[node]:
            if edge.target.inherits and edge.node not in seen:
                seen[edge.node] = None
                waiting.append(edge.node)
    if not sites:
        return ["no effect is reached through it"] if start else []
    told = [f"`{callee}` at {path}:{line}" for path, line, callee in list(sites)[:_SHOWN]]
    more = f", and {len(sites) - _SHOWN} more" if len(sites) > _SHOWN else ""
    return [f"{', '.join(told)}{more} {'is' if len(sites) == 1 else 'are'} reached through it"]


def _functions(functions: Iterable[Fun]) -> str:
    all_of_them = list(functions)
    shown = [_function(fun) for fun in all_of_them[:_SHOWN]]
    more = len(all_of_them) - len(shown)
    return listed([*shown, f"{more} more"] if more else shown)


def _function(fun: Fun) -> str:
    return f"{fun.dotted} ({fun.module.facts.path}:{fun.fact.name_pos[0] if fun.fact else 1})"


def _klass(klass: Klass) -> str:
    return f"{klass.dotted} ({klass.module.facts.path}:{klass.fact.pos[0]})"
