"""Whether an attribute of a row is still what it was when the row was read: `comparison` finds tests that ask for it,
`assigned` tells what a function does to the row that it calls a method of.

``if self.image != self._image`` where ``__init__`` keeps the one as the other, or where ``old`` is the row read anew. What a function
does to a name before a call is read without regard to order: whatever may change the row elsewhere (it is passed on, kept, known by
another name) makes the answer unknown. A receiver of a signal asks the same of its ``instance``, if no receiver assigns the field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from txlint.link.constructed import is_empty, kept_by, row_in
from txlint.link.holding import row_of
from txlint.link.project import Fun, Klass, mentions
from txlint.link.uses import RECEIVES, Place, Uses, is_only_counted, uses_before, uses_of
from txlint.link.values import Cls, Const, ExtMethod, Fn, Obj, Value
from txlint.model.facts import Body, Expr, Pos
from txlint.model.graph import CHANGED, IDENTITY, INSTANCE, KEPT, NEW, OR, STORED, UNSURE, Test
from txlint.model.shapes import bodies, called, calls_in, last_name, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame


# -- tests --------------------------------------------------------------------------------------------------------------------------


def saves(linker: Linker, klass: Klass) -> bool:
    """Does a class say itself how its rows are saved? Only of these is it asked what has changed."""
    return linker.has_own(klass, "save")


def filled_by_save(frame: Frame, name: str) -> bool:
    """Is the attribute one that ``save`` itself fills where it is empty, and that nobody empties (``if not self.code: self.code = ..``)?
    Then it is empty in ``save`` for new rows only."""
    fun = frame.fun
    klass = frame.klass or fun.klass
    if klass is None or fun.fact is None or fun.fact.name not in ("save", "asave") or not saves(frame.linker, klass):
        return False
    key = (klass.id, fun.id, name)
    known = frame.linker.filled_fields
    if key not in known:
        known[key] = _fills(frame, klass, fun.body, name) and not _is_emptied(frame.linker, fun, name)
    return known[key]


def attribute_named(frame: Frame, expr: Expr) -> str | None:
    """The attribute of the receiver that an expression reads: ``self.code``, ``getattr(self, self.code_field, None)``."""
    if expr.__class__ is str:
        head, _, name = expr.partition(".")
        return name if head == frame.self_name and name.isidentifier() else None
    if expr[0] != "call" or expr[1] != "getattr" or len(expr[2]) < 2 or expr[2][0] != frame.self_name:
        return None
    value = frame.looked_at(expr[2][1])
    return value[0].value if len(value) == 1 and isinstance(value[0], Const) and isinstance(value[0].value, str) else None


def _fills(frame: Frame, klass: Klass, body: Body, name: str) -> bool:
    """Is the attribute assigned where it is empty, in the branch of a test or behind one that has left where it is not?"""
    for number, stmt in enumerate(body):
        if stmt[0] == "if":
            test, negated = stmt[1], False
            while test.__class__ is tuple and test[0] == "not":
                test, negated = test[1], not negated
            if attribute_named(frame, test) == name:
                where = stmt[2] if negated else stmt[3] or (body[number + 1 :] if stmt[2][-1][0] == "return" else ())
                return _assigns(frame, klass, where, name)
        if any(_fills(frame, klass, block, name) for block in bodies(stmt)):
            return True
    return False


def _assigns(frame: Frame, klass: Klass, body: Body, name: str) -> bool:
    """Is the attribute given anything but nothing, here or by a method that is called here?"""
    own = frame.self_name
    assert own is not None
    for stmt in statements(body):
        if stmt[0] == "assign" and f"{own}.{name}" in stmt[1] and not is_empty(stmt[2]):
            return True
    for call in calls_in(body):
        if call[1] == "setattr" and len(call[2]) == 3 and call[2][0] == own and not is_empty(call[2][2]):
            if call[2][1] == ("const", name) or attribute_named(frame, ("call", "getattr", call[2][:2], (), call[4])) == name:
                return True
        method = call[1].removeprefix(f"{own}.") if call[1].__class__ is str else ""
        if method.isidentifier() and method != call[1]:
            frame.queries["attr", method] = None
            if name in (_of_method(frame.linker, klass, method) or ()):
                return True
    return False


def _is_emptied(linker: Linker, fun: Fun, name: str) -> bool:
    """Does any other function assign nothing to an attribute of this name?"""
    for module in linker.project.ordered:
        for other in module.funs if name in module.facts.words else ():
            for stmt in statements(other.body) if other is not fun else ():
                if stmt[0] == "assign" and is_empty(stmt[2]) and any(t.__class__ is str and t.endswith("." + name) for t in stmt[1]):
                    return True
    return False


def comparison(frame: Frame, left: Expr, op: str, right: Expr) -> Test | None:
    """``self.image != self._image``, ``old.image != self.image``: what holds where it is true."""
    klass, row = row_in(frame) if op in ("==", "!=") else (None, None)
    if row is None:
        return None
    if frame.each and frame.self_name is not None and (found := _each_compared(frame, left, right)) is not None:
        return found._replace(wanted=op == "!=")
    if left.__class__ is not str or right.__class__ is not str:
        return None
    for mine, other in ((left, right), (right, left)):
        head, _, field = mine.partition(".")
        if head != row or not field.isidentifier():
            continue
        value: Any = None
        kept = kept_by(frame, other)
        if kept is not None and kept.field == field:
            value = True if kept.stored else KEPT
        elif row == frame.self_name and (
            _is_read_anew(frame, other[: -len(field) - 1]) if other.endswith("." + field) else _was_read_anew(frame, other, field)
        ):
            value = True
        klass = frame.klass or klass
        if value is not None and klass is not None and (row != frame.self_name or saves(frame.linker, klass)):
            if (test := _is_changed(frame, klass, row, field, value)) is not None:
                return test._replace(wanted=op == "!=")
    return None


def _is_changed(frame: Frame, klass: Klass, row: str, field: str, value: Any) -> Test | None:
    """Has a field been assigned since the row was read? None where the function that asks, or a receiver, may have assigned it."""
    if row != frame.self_name and _is_received(frame.linker, klass, field):
        return None
    own = _on_self(frame.linker, klass, frame.fun) if row == frame.self_name else _on_row(frame, klass, row)
    if own is not None and covers(own, field):
        return None
    return Test(CHANGED + field, "truthy", value if own is not None else UNSURE, True)


def change_asked(frame: Frame, call: Any) -> Test | None:
    """``self.tracker.has_changed("image")``: what holds where it is true, if a framework says that such a call asks this of a field."""
    if len(call[2]) != 1 or not _is_text(call[2][0]) or last_name(call[1]) not in frame.linker.asking_changes:
        return None
    klass, row = row_in(frame)
    klass = frame.klass or klass
    if row is None or klass is None or call[1].__class__ is not str or call[1].partition(".")[0] != row:
        return None
    names = [atom.name for atom in frame.looked_at(call[1]) if isinstance(atom, ExtMethod)]
    if not names or not frame.linker.changes.issuperset(names):
        return None
    return _is_changed(frame, klass, row, call[2][0][1], True)


def receivers(linker: Linker, klass: Klass) -> Iterator[Fun]:
    """The receivers of signals that get the instance, of rows of a class."""
    for connection in linker.connected:
        fun = linker.project.funs[connection.fun]
        sender = linker.project.klasses[connection.sender] if connection.sender >= 0 else None
        if fun.fact is not None and any(param.name == "instance" for param in fun.fact.params):
            if sender is None or sender is klass or klass in sender.subclasses or sender in klass.subclasses:
                yield fun


def _is_received(linker: Linker, klass: Klass, field: str) -> bool:
    """Does any receiver assign the field?"""
    assigned = (done(linker, fun, klass, uses_of(linker, fun, "instance")) for fun in receivers(linker, klass))
    return any(fields is not None and covers(fields, field) for fields in assigned)


def _on_row(frame: Frame, klass: Klass, name: str) -> frozenset[str] | None:
    """The attributes that a receiver of a signal may have assigned of its row."""
    uses = uses_before(frame.linker, frame.fun, name, frame.at) if frame.at is not None else uses_of(frame.linker, frame.fun, name)
    return done(frame.linker, frame.fun, klass, uses) if not uses.escapes and not uses.bindings else None


def field_of(frame: Frame, expr: Expr) -> tuple[str, frozenset[str]] | None:
    """``getattr(row, name)`` in a loop over names of fields: the row, and which fields these may be."""
    if expr.__class__ is not tuple or expr[0] != "call" or expr[1] != "getattr" or len(expr[2]) < 2:
        return None
    row, name = expr[2][:2]
    known = frame.each.get(name) if name.__class__ is str else None
    return (row, known[1]) if known is not None and known[0] is None and row.__class__ is str else None


def _each_compared(frame: Frame, left: Expr, right: Expr) -> Test | None:
    """Where one and the same of several fields is compared, of the receiver and of its stored row: what holds where they differ."""
    one, two = _side(frame, left), _side(frame, right)
    klass = frame.klass or frame.fun.klass
    if one is None or two is None or one[1:] != two[1:] or klass is None or not saves(frame.linker, klass):
        return None
    mine, other = (one, two) if one[0] == frame.self_name else (two, one)
    if mine[0] != frame.self_name or other[0] == mine[0] or len(one[1]) > _FIELDS or not _is_read_anew(frame, other[0]):
        return None
    own = _on_self(frame.linker, klass, frame.fun)
    if own is None or any(covers(own, field) for field in one[1]):
        return None
    return Test(CHANGED + OR.join(sorted(one[1])), "truthy", True, True)


def _side(frame: Frame, expr: Expr) -> tuple[str, frozenset[str], str] | None:
    """The row, the fields and what is asked of them: ``value.path`` where ``value = getattr(row, name)``."""
    if expr.__class__ is str:
        head, _, rest = expr.partition(".")
        known = frame.each.get(head)
        if known is None or known[0] is None or len(uses_of(frame.linker, frame.fun, head).bindings) != 1:
            return None
        return known[0], known[1], rest
    rest = ""
    if expr[0] == "attr":
        expr, rest = expr[1], expr[2]
    found = field_of(frame, expr)
    return (*found, rest) if found is not None else None


def _is_read_anew(frame: Frame, name: str) -> bool:
    """Is it the receiver's own row, read from the database once more, and only read: ``type(self).objects.get(pk=self.pk)``?"""
    if "." in name or name not in frame.fun.scope or frame.is_param(name):
        return False
    uses = uses_of(frame.linker, frame.fun, name)
    sources = [source for source in uses.bindings if source is None or not is_empty(source)]
    if uses.assigned or uses.escapes or uses.handed or len(sources) != 1 or sources[0] is None:
        return False
    source = sources[0]
    if source.__class__ is tuple and source[0] == "ifexp" and is_empty(source[3]):
        source = source[2]
    return _reads_anew(frame, source, frame.env.get(name, ()))


def _was_read_anew(frame: Frame, name: str, field: str) -> bool:
    """Is it what the field held in the receiver's own row when that was read anew: ``type(self).objects.get(pk=self.pk).image``?"""
    if "." in name or name not in frame.fun.scope or frame.is_param(name):
        return False
    sources = [source for source in uses_of(frame.linker, frame.fun, name).bindings if source is None or not is_empty(source)]
    source = sources[0] if len(sources) == 1 else None
    if not isinstance(source, tuple) or source[0] != "attr" or source[2] != field:
        return False
    return _reads_anew(frame, source[1], frame.looked_at(source[1]))


def _reads_anew(frame: Frame, expr: Expr, value: Value) -> bool:
    """Does an expression read the receiver's own row by its key?"""
    klass = frame.klass or frame.fun.klass
    assert klass is not None
    return _by_key(expr, frame.self_name) and _is_of_class(frame, expr, value, frame.self_name, (klass,))


def stored_before(frame: Frame, expr: Expr, value: Value) -> Test | None:
    """Where a call reads the row anew that the function is about, by its key, what holds where it finds one: a new row is not there yet
    (``old = Order.objects.filter(pk=instance.pk).first()``, or where ``.get(pk=instance.pk)`` has not raised)."""
    if last_name(expr[1]) not in _READS:
        return None
    own = frame.fun.klass if frame.self_name is not None and frame.written is False else None
    if own is not None and _is_asked_by_key(expr, frame.self_name):
        is_it = _is_of_class(frame, expr, value, frame.self_name, (frame.klass or own,))
        return Test(IDENTITY, "truthy", True, True) if is_it else None
    if frame.is_param("instance") and frame.is_param("sender") and _is_asked_by_key(expr, "instance"):
        rows = tuple(atom.klass for atom in frame.env.get("instance", ()) if isinstance(atom, Obj))
        return Test(INSTANCE, "truthy", True, True) if _is_of_class(frame, expr, value, "instance", rows) else None
    return None


def _is_asked_by_key(expr: Any, own: str | None) -> bool:
    """Are rows chosen by the key of this one, and not all but this one?"""
    while expr.__class__ is tuple and expr[0] in ("call", "attr"):
        if expr[0] == "call" and last_name(expr[1]) in _CHOOSE and any(_by_key(keyword, own) for keyword in expr[3]):
            return True
        expr = expr[1]
    return False


_CHOOSE = frozenset({"aget", "filter", "get"})


def is_only_row(frame: Frame, name: str, source: Expr) -> bool:
    """Is a name bound to nothing but what this gives, and None?"""
    bindings = uses_of(frame.linker, frame.fun, name).bindings
    return name in frame.fun.scope and [each for each in bindings if each is None or not is_empty(each)] == [source]


def _is_of_class(frame: Frame, expr: Expr, value: Value, own: str | None, classes: tuple[Klass, ...]) -> bool:
    """Is a row of one of these classes, of one above or below it, what a call reads? Where nothing is known of the manager: is it that of
    the row's class (``self.__class__.objects.get(..)``, ``sender.objects.get(..)``)?"""
    rows = [atom for atom in value if isinstance(atom, Obj)]
    if rows:
        family = {k.id for klass in classes for k in (*frame.linker.mro(klass), *klass.subclasses) if isinstance(k, Klass)}
        return all(row_of(atom) == STORED and atom.klass.id in family for atom in rows)
    if expr.__class__ is not tuple or expr[0] != "call" or last_name(expr[1]) not in _READS:
        return False
    while expr.__class__ is tuple:
        if expr[0] == "call" and expr[1] == "type" and expr[2] == (own,):
            return True
        if expr[0] not in ("call", "attr"):
            return False
        expr = expr[1]
    return bool(expr.startswith(f"{own}.__class__.")) or (own == "instance" and expr.startswith("sender."))


def _by_key(expr: Any, own: str | None) -> bool:
    """Is a row asked for by the receiver's key?"""
    if expr.__class__ is not tuple:
        return False
    if len(expr) == 2 and expr[0] in _KEYS and expr[1] in (f"{own}.pk", f"{own}.id"):
        return True
    return any(_by_key(part, own) for part in expr)


_KEYS = frozenset({"pk", "id"})
_READS = frozenset({"afirst", "aget", "alast", "first", "get", "last"})
_FIELDS = 16  # that are compared in one loop
REREADS = frozenset({"arefresh_from_db", "refresh_from_db"})
"""Methods that assign all attributes of a row anew: which of them change nobody can tell."""
_FEW = 8  # functions of one name that are looked at
_DEEP = 4  # functions that hand something on to each other


# -- what is done to a row ----------------------------------------------------------------------------------------------------------


def origin_of(values: Value, expr: Expr) -> str | None:
    """Whether a call of these reads a row for whoever calls (`STORED`), makes one (`NEW`) or writes the one that it makes (`CREATED`);
    None where others may have the row."""
    if values and all(isinstance(atom, Cls) for atom in values):
        return NEW
    if values and all(isinstance(atom, Fn) and only_reads(atom.fun) for atom in values):
        return STORED
    if not values or not all(isinstance(a, ExtMethod) and not a.name.startswith("builtins.") for a in values):
        return None
    if writes(expr):
        return CREATED if last_name(called(expr[1] if expr[0] == "await" else expr)) in ("create", "acreate") else None
    return STORED


CREATED = "created"


def origin_of_property(frame: Frame, name: str) -> str | None:
    """`STORED` where a name is bound to what a property reads anew for whoever asks: ``order = line.order``."""
    bindings = uses_of(frame.linker, frame.fun, name).bindings
    source = bindings[0] if len(bindings) == 1 else None
    if source.__class__ is not str or "." not in source:
        return None
    owner, _, last = source.rpartition(".")
    found = [frame.linker.find(atom.klass, last) for atom in frame.looked_at(owner) if isinstance(atom, Obj)]
    methods = [each.method if each is not None else None for each in found]
    is_property = methods and all(fun is not None and _is_plain_property(fun) and only_reads(fun) for fun in methods)
    return STORED if is_property else None


def _is_plain_property(fun: Fun) -> bool:
    """Does reading the attribute run the function each time?"""
    return fun.fact is not None and [expr for expr, _ in fun.fact.decorators] == ["property"]


def only_reads(fun: Fun) -> bool:
    """Is what a function returns read from the database by the very expression that returns it, or None?"""
    returned = [stmt[1] for stmt in statements(fun.body) if stmt[0] == "return" and not is_empty(stmt[1])]
    made = [expr[1] if expr.__class__ is tuple and expr[0] == "await" else expr for expr in returned]
    return bool(made) and all(expr.__class__ is tuple and expr[0] == "call" and last_name(expr[1]) in _READS for expr in made)


def assigned(linker: Linker, fun: Fun, name: str, klass: Klass, method: str, at: Pos, origin: str | None) -> tuple[frozenset[str], bool]:
    """The attributes that a function may have assigned of a row when it calls ``method`` of it at a place, and whether these are all:
    since the row was read or made (``origin``) there, or since the function was called, of its own receiver."""
    uses = uses_before(linker, fun, name, at)
    mine = uses.assigned | {first for first, _ in uses.within}  # what a field holds may be changed: `row.image.save(..)`
    handed = of_others(linker, uses.handed)
    named = _named(linker, fun, klass, uses)
    mine |= (handed or frozenset()) | (named or frozenset())
    complete = not uses.escapes and handed is not None and named is not None
    if not _is_first(fun, name):
        complete = complete and origin is not None and len(uses.bindings) == 1
        for source in uses.bindings if origin == NEW else ():
            if source.__class__ is tuple and source[0] == "call":
                complete = complete and not source[2] and all(keyword is not None for keyword, _ in source[3])
                mine.update(keyword for keyword, _ in source[3] if keyword is not None)
            else:
                complete = False
    elif uses.bindings:
        complete = False
    for other, times in uses.called.items():
        if other == method and times == 1:
            continue
        found = _of_method(linker, klass, _RUNS.get(other, other))
        if found is None:
            complete = False
        else:
            mine |= found
    return frozenset(mine), complete and not any(name.endswith(BEGINS) for name in mine)


_RUNS = {"full_clean": "clean"}
"""A library's methods that run one of the row's."""
_MAKES = frozenset({"create", "acreate", "get_or_create", "aget_or_create", "update_or_create", "aupdate_or_create", "save"})


def writes(expr: Expr) -> bool:
    """``order = Order.objects.create(..)``, ``order, _ = manager.get_or_create(..)``, ``order = form.save()``."""
    if expr.__class__ is not str and expr[0] == "await":
        expr = expr[1]
    if expr.__class__ is str or expr[0] != "call":
        return False
    func = expr[1]
    return last_name(func) in _MAKES


def _is_first(fun: Fun, name: str) -> bool:
    return fun.fact is not None and bool(fun.fact.params) and fun.fact.params[0].name == name and fun.klass is not None


def _of_method(linker: Linker, klass: Klass, name: str) -> frozenset[str] | None:
    found = linker.find(klass, name)
    if found is None or found.bindings is None:
        return frozenset()  # a library's
    fun = found.method
    return None if fun is None or linker.overrides(klass, name) else _on_self(linker, klass, fun)


def _on_self(linker: Linker, klass: Klass, fun: Fun, within: frozenset[int] = frozenset()) -> frozenset[str] | None:
    """The attributes that a method assigns of its receiver, itself or by other methods; None where that cannot be told."""
    key = (klass.id, fun.id)
    if key in linker.assigned_fields:
        return linker.assigned_fields[key]
    if fun.fact is None or not fun.fact.params or fun.id in within:
        return frozenset()
    if fun.fact.decorators and linker.decoration(fun).role in ("class", "static"):
        return frozenset()
    uses = uses_of(linker, fun, fun.fact.params[0].name)
    answer = done(linker, fun, klass, uses, within) if not uses.escapes and not uses.bindings else None
    if not within:
        linker.assigned_fields[key] = answer
    return answer


def assigns_field(linker: Linker, klass: Klass, by: Fun | str) -> bool:
    """Is an attribute, or one that a method assigns of its receiver, a field that the class declares of its rows?"""
    names: Iterable[str]
    if isinstance(by, str):
        names = (by,)
    elif by.fact is None or by.klass is None or not by.fact.params:
        return False
    else:
        known = _on_self(linker, klass, by)
        names = uses_of(linker, by, by.fact.params[0].name).assigned if known is None else known
    bound = [found.bindings[-1] for name in names if (found := linker.find(klass, name)) is not None and found.bindings]
    return any(tag == "value" and (given[0].__class__ is not tuple or given[0][0] != "const") for tag, *given in bound)


def done(
    linker: Linker, fun: Fun, klass: Klass, uses: Uses, within: frozenset[int] = frozenset(), but: str | None = None
) -> frozenset[str] | None:
    """The attributes that a function's ``uses`` of an instance of a class may assign, by its methods and by whoever is given it; what else
    holds it is not looked at. None where that cannot be told. One call of the method ``but`` is left out."""
    handed = of_others(linker, uses.handed)
    named = _named(linker, fun, klass, uses)
    if handed is None or named is None or not REREADS.isdisjoint(uses.called):
        return None
    result = uses.assigned | named | handed | {first for first, rest in uses.within if rest in _MAKES}
    called = (linker.find(klass, _RUNS.get(other, other)) for other, times in uses.called.items() if other != but or times > 1)
    supers = (linker.find(klass, other, fun.klass) for other in uses.supers if other != but)
    for found in (*called, *supers):
        if found is None or found.bindings is None:
            continue
        method = found.method
        inner = _on_self(linker, klass, method, within | {fun.id}) if method is not None else None
        if inner is None:
            return None
        result |= inner
    return frozenset(result)


def covers(fields: frozenset[str], name: str) -> bool:
    """Is an attribute among those that may be assigned, by its name or by how it begins?"""
    return name in fields or any(each.endswith(BEGINS) and name.startswith(each[:-1]) for each in fields)


BEGINS = "*"
"""Ends the names of attributes of which only the beginning is known: ``setattr(self, "old_" + name, value)``."""


def _named(linker: Linker, fun: Fun, klass: Klass, uses: Uses) -> frozenset[str] | None:
    """The attributes of a row of a class that ``setattr`` assigns under names which expressions give: a constant of its class
    (``setattr(self, self.code_field, code)``), or one after the other of a list. None where they are not all known."""
    result: set[str] = set()
    for expr in uses.named:
        head, _, name = expr.partition(".")
        if name:
            value = linker.class_attribute(klass, name) if fun.klass is not None and _is_first(fun, head) and name.isidentifier() else ()
            names = {a.value for a in value if isinstance(a, Const) and isinstance(a.value, str)} if len(value) == 1 else set()
        else:
            names = _listed(linker, fun, head, frozenset())
        if not names:
            return None
        result |= names
    return frozenset(result)


def _listed(linker: Linker, fun: Fun, name: str, within: frozenset[str]) -> set[str]:
    """The constants that a loop variable goes through, that a local list has, or that are passed for a parameter; empty where they are not
    all known."""
    result: set[str] = set()
    if not within and fun.fact is not None and name in fun.fact.positional and not uses_of(linker, fun, name).bindings:
        return _passed(linker, fun, name)
    for source in uses_of(linker, fun, name).bindings if name in fun.scope and name not in within else (None,):
        if source.__class__ is tuple and source[0] == "comp" and len(source[2]) == 1 and source[3] == (source[2][0][0],):
            source = source[2][0][1]  # some of the same: `[name for name in names if ..]`
        if source == name or source in within:
            continue
        if source.__class__ is str:
            found = _listed(linker, fun, source, within | {name})
        elif source.__class__ is tuple and source[0] == "bin" and source[1] == "+" and _is_text(source[2]):
            found = {source[2][1] + BEGINS}
        elif source.__class__ is tuple and source[0] == "fstring" and source[1] and _is_text(source[1][0]):
            found = {source[1][0][1] + BEGINS}
        elif source.__class__ is tuple and source[0] in ("list", "tuple", "set"):
            found = {item[1] for item in source[1] if item.__class__ is tuple and item[0] == "const" and isinstance(item[1], str)}
            found = found if len(found) == len(source[1]) else set()
        else:
            found = set()
        if not found:
            return set()
        result |= found
    return result


def _passed(linker: Linker, fun: Fun, name: str) -> set[str]:
    """The constants that all calls of functions of this name pass for a parameter by its position; empty where one passes anything else."""
    assert fun.fact is not None
    own = fun.fact.name
    place = fun.fact.positional.index(name) - (1 if fun.klass is not None else 0)
    known = linker.passed_texts.get((own, place))
    if known is None:
        known = linker.passed_texts[own, place] = frozenset(_texts_passed(linker, own, place))
    return set(known)


def _texts_passed(linker: Linker, own: str, place: int) -> set[str]:
    result: set[str] = set()
    for module in linker.project.using(own):
        for other in (module.body, *module.funs):
            if mentions(other, (own,)):
                calls = [call for call in calls_in(other.body) if last_name(call[1]) == own]
                given = [call[2][place] for call in calls if 0 <= place < len(call[2])]
                if len(given) < _spoken_of(other.body, own) or not all(map(_is_text, given)):
                    return set()
                result.update(each[1] for each in given)
    return result


def _spoken_of(body: Any, name: str) -> int:
    """How often a function of this name is spoken of."""
    if body.__class__ is str:
        return int(last_name(body) == name)
    if body.__class__ is not tuple or not body or body[0] == "const":
        return 0
    if body[0] == "attr" and len(body) == 3:
        return int(body[2] == name) + _spoken_of(body[1], name)
    return sum(_spoken_of(part, name) for part in body)


def _is_text(expr: Expr) -> bool:
    return expr.__class__ is tuple and expr[0] == "const" and isinstance(expr[1], str) and expr[1] != ""


def of_others(linker: Linker, places: Iterable[Place], within: frozenset[Place] = frozenset()) -> frozenset[str] | None:
    """The attributes that functions of these names may assign of what they are given; None where they may do anything with it."""
    result: set[str] = set()
    for place in places:
        if place in within:
            continue
        if place not in linker.handed_fields:
            if place[0][:1].isupper() or len(within) > _DEEP:
                return None  # an object that keeps it
            linker.handed_fields[place] = _of_function(linker, place, within | {place})
        found = linker.handed_fields[place]
        if found is None:
            return None
        result |= found
    return frozenset(result)


def functions_named(linker: Linker, name: str) -> list[Fun]:
    """The functions and methods of the project that have a name."""
    if not linker.functions_by_name:
        for fun in linker.project.funs:
            if fun.fact is not None:
                linker.functions_by_name.setdefault(fun.fact.name, []).append(fun)
    return linker.functions_by_name.get(name, [])


def _of_function(linker: Linker, place: Place, within: frozenset[Place]) -> frozenset[str] | None:
    found: list[tuple[Fun, str]] = []
    for fun in functions_named(linker, place[0]):
        assert fun.fact is not None
        at = place[1]
        if isinstance(at, int):
            positional = fun.fact.positional
            at += 1 if fun.klass is not None else 0
            name = positional[at] if 0 <= at < len(positional) else None
        else:
            name = next((param.name for param in fun.fact.params if param.name == at), None)
        if name is not None:
            found.append((fun, name))
        elif any(param.kind in ("vararg", "kwarg") for param in fun.fact.params):
            return None
    if len(found) > _FEW:
        return None
    result: set[str] = set()
    for fun, name in found:
        uses = uses_of(linker, fun, name)
        inner = of_others(linker, (*uses.handed, *((called, RECEIVES) for called in uses.called)), within)
        is_kept = uses.leaks or uses.aliases or not all(is_only_counted(fun, each) for each in uses.listed)
        if is_kept or uses.named or inner is None or not REREADS.isdisjoint(uses.called):
            return None
        result |= uses.assigned | inner | {first for first, _ in uses.within}
    return frozenset(result)
