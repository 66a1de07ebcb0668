"""What an attribute of an instance holds for whoever has just made it, and what tests ask for it: ``if self.paid_at`` in the ``save`` of a
row that was created without, ``getattr(self, "request", None)`` where only a method that nobody has called sets it.

`held_in` is what such a test is a test of. What the attribute holds is answered when conditions meet the call: by a library that creates
a row (`created`), by a function that has made the instance itself (`since_made`), and by a method for its own receiver, whose caller may
know more (`since_entry`). Wherever the attribute may have been assigned before, nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.frameworks.types import Field, Row
from txlint.link.changes import BEGINS, covers, done, receivers
from txlint.link.kept import assigning
from txlint.link.project import Fun, Klass
from txlint.link.settled import constant_of, is_mark, kept_by_constructor, sets_any
from txlint.link.uses import Uses, uses_before, uses_of
from txlint.link.values import UNKNOWN, Atom, Const, Obj, Table, Value
from txlint.model.facts import Expr, Pos
from txlint.model.graph import FLAG, HELD, MAYBE, OR, Test
from txlint.model.shapes import calls_in, last_name, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame

Answer: TypeAlias = tuple[Any, ...]
"""As in `Passed.values`: ``("const", v)``, ``("param", name)`` or ``("unknown",)``."""
NOT_KNOWN: Answer = ("unknown",)
_MOST = 8  # names that stand for one row, classes of rows that a receiver gets


# -- tests --------------------------------------------------------------------------------------------------------------------------


def held_in(frame: Frame, expr: Expr) -> str | None:
    """The parameter of conditions that ``self.paid_at``, ``getattr(self, "request", None)``, or ``instance.paid_at`` in a receiver of a
    signal, is; None where the function itself may have assigned it, or where nothing says what it is when an instance is made."""
    suffix = ""
    if expr.__class__ is str:
        head, _, path = expr.partition(".")
    elif expr[0] == "call" and expr[1] == "getattr" and len(expr[2]) == 3 and expr[2][2] == ("const", None) and _is_name(expr[2][1]):
        base = expr[2][0] if expr[2][0].__class__ is str else ""
        head, _, path = f"{base}.{expr[2][1][1]}".partition(".")
        suffix = MAYBE
    else:
        return None
    if not path:
        return None
    if head == frame.self_name:
        return _of_self(frame, path + suffix)
    if "sender" in frame.env and frame.is_param("sender") and frame.is_param("instance"):
        return _of_row(frame, head, path + suffix)
    return None


def _is_name(expr: Expr) -> bool:
    return expr.__class__ is tuple and expr[0] == "const" and isinstance(expr[1], str) and expr[1].isidentifier()


def _of_self(frame: Frame, path: str) -> str | None:
    owner, own = frame.fun.klass, frame.self_name
    if owner is None or own is None:
        return None
    linker = frame.linker
    key = (owner.id, path)
    known = linker.held.get(key)
    if known is None:
        known = linker.held[key] = is_held(linker, owner, path)
    if not known:
        return None
    klass = frame.klass or owner
    uses = uses_before(linker, frame.fun, own, frame.at) if frame.at is not None else uses_of(linker, frame.fun, own)
    for method in uses.called:
        frame.queries["attr", method] = None
    if uses.escapes or uses.bindings or _may_touch(linker, frame.fun, klass, uses, path):
        return None
    return HELD + path


def _of_row(frame: Frame, head: str, path: str) -> str | None:
    linker = frame.linker
    rows = [atom.klass for atom in frame.env.get("instance", ()) if isinstance(atom, Obj)][:_MOST]
    heads = _stands_for(linker, frame.fun, head, frozenset()) if rows else ()
    paths = [f"{each}.{path}" if each else path for each in heads]
    if not any(is_held(linker, klass, each) for each in paths for klass in rows):
        return None
    uses = [uses_before(linker, frame.fun, "instance", frame.at) if frame.at is not None else uses_of(linker, frame.fun, "instance")]
    aliases = {*uses[0].aliases, head} - {"instance"}
    uses.extend(uses_of(linker, frame.fun, alias) for alias in sorted(aliases))
    if (
        len(aliases) > _MOST
        or uses[0].bindings
        or any(each.leaks or each.listed for each in uses)
        or any(each.aliases for each in uses[1:])
    ):
        return None
    if any(_may_touch(linker, frame.fun, klass, each, one) for klass in rows for each in uses for one in paths):
        return None
    return HELD + OR.join(paths)


def _stands_for(linker: Linker, fun: Fun, name: str, within: frozenset[str]) -> tuple[str, ...]:
    """The paths from a receiver's row that a local name may stand for: `user` of ``user = instance``, ``user = instance.owner``. Empty
    where it may be anything else."""
    if name == "instance":
        return ("",)
    if name in within or name not in fun.scope or (fun.fact is not None and any(param.name == name for param in fun.fact.params)):
        return ()
    found: dict[str, None] = {}
    for source in uses_of(linker, fun, name).bindings:
        head, _, rest = source.partition(".") if source.__class__ is str else ("", "", "")
        before = _stands_for(linker, fun, head, within | {name}) if head else ()
        if not before:
            return ()
        found.update((".".join(filter(None, (each, rest))), None) for each in before)
    return tuple(found)[:_MOST]


def _may_touch(linker: Linker, fun: Fun, klass: Klass, uses: Uses, path: str, but: str | None = None) -> bool:
    """May these uses of an instance assign an attribute on any of these paths?"""
    fields = _done(linker, fun, klass, uses, but)
    if fields is None:
        return True
    for each in path.split(OR):
        if any(covers(fields, name) for name in names_of(linker, klass, each)):
            return True
        if row_of_class(linker, klass) is None and _may_be_kept(linker, klass, uses, each.removesuffix(MAYBE), set()):
            return True
    return False


def _done(linker: Linker, fun: Fun, klass: Klass, uses: Uses, but: str | None) -> frozenset[str] | None:
    """The attributes that these uses of an instance may assign, or change what they hold; None where that cannot be told."""
    fields = done(linker, fun, klass, uses, but=but)
    return fields | {first for first, _ in uses.within} if fields is not None else None


def is_held(linker: Linker, klass: Klass, path: str) -> bool:
    """Is it an attribute of which something says what it is when an instance is made?"""
    path = _short(linker, klass, path)
    if "." in path:
        return False
    name = path.removesuffix(MAYBE)
    if _field(linker, klass, name) is not None:
        return True
    # Of other classes: what a method sets that is no constructor, or may tell a library's to set. What nobody else sets is a flag.
    others = [fun for fun in linker.setters(klass).get(name, ()) if fun.fact is not None and fun.fact.name != "__init__"]
    return (bool(others) or (path.endswith(MAYBE) and _is_handed_up(linker, klass, name))) and bool(_of_class(linker, klass, path))


def _is_handed_up(linker: Linker, klass: Klass, name: str) -> bool:
    """Does a method hand a parameter of this name to the one above it, which may keep it: ``super().authenticate(request)``?"""
    for base in linker.mro(klass):
        for fun in linker.project.methods(base) if isinstance(base, Klass) else ():
            if fun.fact is not None and fun.fact.name != "__init__" and name in fun.fact.positional[1:]:
                uses = uses_of(linker, fun, fun.fact.positional[0])
                if name in uses.told and fun.fact.name in uses.supers:
                    return True
    return False


def _may_be_kept(linker: Linker, klass: Klass, uses: Uses, name: str, seen: set[int]) -> bool:
    """May a library's method be passed something of this name, which it may keep, or run a method of the class that sets it?"""
    if name in uses.told:
        return True
    is_set = name in linker.setters(klass)
    found = [(linker.find(klass, method), False) for method in uses.called] + [(linker.find(klass, method), True) for method in uses.supers]
    for known, is_super in found:
        fun = known.method if known is not None else None
        if fun is None or fun.fact is None or not fun.fact.params:
            if is_set and not is_super and not _is_plain(linker, klass):
                return True
        elif fun.id not in seen:
            seen.add(fun.id)
            inner = uses_of(linker, fun, fun.fact.params[0].name)
            ends_up = any((above := linker.find(klass, method, fun.klass)) is None or above.bindings is None for method in inner.supers)
            if (is_set and ends_up and not _is_plain(linker, klass)) or _may_be_kept(linker, klass, inner, name, seen):
                return True
    return False


def _is_plain(linker: Linker, klass: Klass) -> bool:
    """Has it no class of a library above it?"""
    return all(isinstance(base, Klass) or base == "builtins.object" for base in linker.mro(klass))


def _is_repeated(linker: Linker, fun: Fun, at: Pos, made: Pos | None) -> bool:
    """Is a call in a loop in which the instance is not made anew?"""
    loops = linker.loops.get(fun.id)
    if loops is None:
        found = (stmt for stmt in statements(fun.body) if stmt[0] in ("for", "while"))
        loops = linker.loops[fun.id] = tuple(frozenset(call[4] for call in calls_in(stmt)) for stmt in found)
    return any(at in places and made not in places for places in loops)


def _short(linker: Linker, klass: Klass, path: str) -> str:
    """The path without what leads to another row and back: ``user.profile.bio`` of a profile."""
    while path.count(".") > 1:
        one, two, rest = path.split(".", 2)
        row = row_of_class(linker, klass)
        if row is None or not row.leads_back(one, two):
            break
        path = rest
    return path


def row_of_class(linker: Linker, klass: Klass) -> Row | None:
    """What a framework says of new rows of a class; None where it is no class of rows."""
    if klass.id not in linker.new_rows:
        found = (framework.row(linker, klass) for framework in linker.frameworks)
        linker.new_rows[klass.id] = next((row for row in found if row is not None), None)
    return linker.new_rows[klass.id]


def _field(linker: Linker, klass: Klass, name: str) -> Field | None:
    row = row_of_class(linker, klass)
    return row.field(name) if row is not None else None


def names_of(linker: Linker, klass: Klass, path: str) -> tuple[str, ...]:
    """The attributes that stand for the one a path begins with: ``owner`` and ``owner_id``; all on the way where it leads elsewhere."""
    short = _short(linker, klass, path)
    name = short.partition(".")[0].removesuffix(MAYBE)
    found = _field(linker, klass, name)
    return (path.partition(".")[0].removesuffix(MAYBE), *(found.names if found is not None else (name,)))


# -- what is held -------------------------------------------------------------------------------------------------------------------


def created(
    linker: Linker, receiver: Atom | None, looks_up: bool, keywords: Mapping[str | None, Value], all_told: bool, test: Test, klass: int
) -> Answer:
    """What a row holds that a manager creates with these arguments, for its ``save`` and for receivers of its signals. ``looks_up``: the
    manager looks for the row first."""
    passed: dict[str, Value] = {}
    for name, value in keywords.items():
        if looks_up and name == "defaults":
            table = value[0] if len(value) == 1 else None
            if not isinstance(table, Table) or table.rest:
                all_told = False
                continue
            passed.update((str(key), item) for key, item in table.items)
        elif name is not None and not (looks_up and "__" in name):
            passed.setdefault(name, value)
    if klass < 0:
        return NOT_KNOWN
    made = linker.project.klasses[klass]
    row = row_of_class(linker, made)
    added = row.added_by(receiver) if row is not None else None
    if added is None:
        all_told = False
    passed.update(dict.fromkeys(added or (), UNKNOWN))
    return _answered(linker, made, test, passed, all_told)


def since_made(linker: Linker, fun: Fun, name: str, klass: Klass, method: str, at: Pos, test: Test, _: int) -> Answer:
    """What an instance holds that a function has made and calls ``method`` of."""
    uses = uses_before(linker, fun, name, at)
    source = uses.bindings[0] if len(uses.bindings) == 1 else None
    if uses.escapes or source is None or source.__class__ is str or source[0] != "call":
        return NOT_KNOWN
    but = None if _is_repeated(linker, fun, at, source[4]) else method
    if _may_touch(linker, fun, klass, uses, test.param.removeprefix(HELD), but):
        return NOT_KNOWN
    return _told(linker, klass, source, uses.assigned, test)


def made_there(linker: Linker, klass: Klass, call: Expr, test: Test, _: int) -> Answer:
    """What an instance holds of which a method is called where it is made: ``Order(paid=True).save()``."""
    return _told(linker, klass, call, frozenset(), test)


def _told(linker: Linker, klass: Klass, call: Expr, assigned: AbstractSet[str], test: Test) -> Answer:
    """What an instance holds that a call of its class makes, if these attributes are assigned since."""
    passed: dict[str, Value] = {key: constant_of(linker, value) for key, value in call[3] if key is not None}
    passed.update(dict.fromkeys(assigned - passed.keys(), UNKNOWN))  # what is assigned may be a property that fills others
    return _answered(linker, klass, test, passed, not call[2] and all(key is not None for key, _ in call[3]))


def since_entry(linker: Linker, fun: Fun, own: str, klass: Klass, method: str, at: Pos, test: Test, _: int) -> Answer:
    """What the receiver of a method still holds when that calls another one of it: what its caller says, if nothing is assigned."""
    uses, path = uses_before(linker, fun, own, at), test.param.removeprefix(HELD)
    but = None if _is_repeated(linker, fun, at, None) else method
    if uses.escapes or uses.bindings or _may_touch(linker, fun, klass, uses, path, but):
        return ("param", FLAG + path) if is_mark(linker, klass, path) else NOT_KNOWN
    return ("param", test.param)


def _answered(linker: Linker, klass: Klass, test: Test, passed: Mapping[str, Value], all_told: bool) -> Answer:
    found: list[Atom] = []
    for path in test.param.removeprefix(HELD).split(OR):
        value = when_made(linker, klass, path, passed, all_told)
        if value is None:
            continue
        if not value:
            return NOT_KNOWN
        found.extend(value)
    constants = [atom.value for atom in found if isinstance(atom, Const)]
    if not found or len(constants) < len(found) or len({test.holds(each) for each in constants}) > 1:
        return NOT_KNOWN
    return ("const", constants[0])


def when_made(linker: Linker, klass: Klass, path: str, passed: Mapping[str, Value], all_told: bool) -> Value | None:
    """What an attribute of an instance holds that was made with these keywords: one of these, mostly constants. None: instances have no
    such attribute."""
    path = _short(linker, klass, path)
    name, _, rest = path.partition(".")
    plain = name.removesuffix(MAYBE)
    row = row_of_class(linker, klass)
    field = row.field(plain) if row is not None else None
    if row is not None and field is None:
        return None if row.lacks(plain) else UNKNOWN
    if rest or any(covers(meanwhile(linker, klass), each) for each in (field.names if field is not None else (plain,))):
        return UNKNOWN
    if field is None:
        if (plain in passed or not all_told) and not linker.has_own(klass, "__init__"):
            return UNKNOWN
        return _of_class(linker, klass, path, passed if all_told else None)
    given = [passed[each] for each in field.names if each in passed]
    if given:
        return given[0] if len(given) == 1 and field.keeps else UNKNOWN
    # What is no field may fill others when it is passed: a property, a key that stands for two fields.
    others = (each for each in passed if _field(linker, klass, each) is None)
    return field.default if all_told and not any(linker.has_own(klass, each) for each in others) else UNKNOWN


_ALL = frozenset({BEGINS})
_ASSIGN = ("__init__", "__setattr__")
_ANSWER = ("__new__", "__getattr__", "__getattribute__", "__setattr__")
"""Methods by which instances of a class that is no row's may be made elsewhere, or have what nobody assigns."""


def meanwhile(linker: Linker, klass: Klass) -> frozenset[str]:
    """The attributes that may be assigned of any new instance before anyone can ask: by its constructor, by what assigns its attributes,
    by receivers of its signals. What these do by other ways than names that can be read is not looked for."""
    known = linker.meanwhile.get(klass.id)
    if known is not None:
        return known
    linker.meanwhile[klass.id] = _ALL
    result: set[str] = set()
    row = row_of_class(linker, klass)
    for name in _ASSIGN if row is not None else _ANSWER:
        found = linker.find(klass, name)
        fun = found.method if found is not None else None
        if fun is None or fun.fact is None or not fun.fact.params:
            continue
        uses = uses_of(linker, fun, fun.fact.params[0].name)
        fields = done(linker, fun, klass, uses) if name in _ASSIGN and not uses.escapes and not uses.bindings else None
        result |= fields if fields is not None else _ALL
    for name, methods in linker.setters(klass).items() if row is not None else ():
        if any(fun.fact is not None and fun.fact.name in row.hooks for fun in methods):  # type: ignore[union-attr]
            result.add(name)
    for fun in receivers(linker, klass) if row is not None else ():
        uses = uses_of(linker, fun, "instance")
        for each in (uses, *(uses_of(linker, fun, alias) for alias in uses.aliases)):
            result |= each.assigned | (done(linker, fun, klass, each) or frozenset())
    linker.meanwhile[klass.id] = frozenset(result)
    return linker.meanwhile[klass.id]


def _of_class(linker: Linker, klass: Klass, path: str, passed: Mapping[str, Value] | None = None) -> Value:
    """What the constructor or the body of a class that is no row's leaves in an attribute; None where neither has it, and nobody above
    can. ``passed``: what the constructor is given; None: not known."""
    name = path.removesuffix(MAYBE)
    if sets_any(linker, klass) or any(framework.may_set(linker, klass, name) for framework in linker.frameworks):
        return UNKNOWN
    if row_of_class(linker, klass) is not None or _is_put_on(linker, klass, name):
        return UNKNOWN
    if not _is_plain(linker, klass) and not path.endswith(MAYBE):
        return UNKNOWN  # a constructor that is not seen may set it, or run a method that does
    if any(isinstance(base, Klass) and (base.fact.keywords or base.fact.decorators) for base in linker.mro(klass)):
        return UNKNOWN  # instances may be made, or kept, by something else
    source = kept_by_constructor(linker, klass, name)
    init = linker.find(klass, "__init__")
    fun = init.method if init is not None else None
    if fun is not None and fun.fact is not None and fun.fact.params:
        uses = uses_of(linker, fun, fun.fact.params[0].name)
        if source is not None:
            uses = uses.without(name)
        fields = done(linker, fun, klass, uses) if not uses.escapes and not uses.bindings else None
        if fields is None or covers(fields, name):
            return UNKNOWN
    if source is not None:
        if source.argument is None:
            return source.default
        if passed is None or (source.negated and source.argument in passed):
            return UNKNOWN
        return passed.get(source.argument, source.default)
    found = linker.find(klass, name)
    if found is not None:
        if found.bindings is None or len(found.bindings) != 1 or found.bindings[0][0] != "value":
            return UNKNOWN
        value = linker.class_attribute(klass, name)
        return value if len(value) == 1 and isinstance(value[0], Const) else UNKNOWN
    return (linker.atoms.const(None),)


def _is_put_on(linker: Linker, klass: Klass, name: str) -> bool:
    """Does other code assign an attribute of the class itself, or of one above it: ``Backend.request = None``?"""
    names = {base.fact.name for base in linker.mro(klass) if isinstance(base, Klass)} | {"cls"}
    for module in linker.project.using(name) if name in linker.project.put_on else ():
        for fun in assigning(linker, module, name) if name in module.facts.put_on else ():
            targets = (target for stmt in statements(fun.body) if stmt[0] == "assign" for target in stmt[1])
            for target in targets:
                if target.__class__ is str and target.endswith(f".{name}") and last_name(target[: -len(name) - 1]) in names:
                    return True
    return False
