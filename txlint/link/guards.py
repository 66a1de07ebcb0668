"""What tests say: `tests` gives what holds where one is true and where it is false, `assume` takes it over into a frame."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.branches import SAME
from txlint.link.carried import carried_in
from txlint.link.changes import attribute_named, change_asked, comparison, filled_by_save
from txlint.link.chosen import each_of, without
from txlint.link.constructed import kept_test, said_by_property
from txlint.link.having import has
from txlint.link.iterated import fields_over, holds_in
from txlint.link.kept import kept_beside, one_of
from txlint.link.members import MOST_SUBCLASSES
from txlint.link.opening import state_queries
from txlint.link.project import Klass
from txlint.link.settled import flag_of, mark_of, told_apart
from txlint.link.typehints import instances_of, or_below
from txlint.link.unset import held_in
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Chosen,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Many,
    Obj,
    OneOf,
    Param,
    Part,
    SelfObj,
    Seq,
    Stored,
    Table,
    Value,
    union,
)
from txlint.model.facts import Expr
from txlint.model.graph import IDENTITY, INSTANCE, SETTING, Test
from txlint.model.shapes import last_name, speaks_of

Facts: TypeAlias = list[tuple[str, Any]]
"""``("test", Test)``: of a parameter. ``("closed", key)``: nothing of that key is open. ``("ended", key)``: the
transaction of that key has ended. ``("open", Opened)``: it has not. ``("is", (name, value))``: a name narrowed. ``NEVER``: it is never
so."""
NEVER = ("never", None)

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame


_DELETED = ("instance", "origin")
"""Parameters of a receiver of Django's delete signals: a row, and what the deletion began with."""


def tests(frame: Frame, test: Expr) -> tuple[Facts, Facts]:
    """What holds where a test gives true, and where it gives false."""
    if frame.assigned_params and (name := _asked(test)) and name not in frame.tested and (known := _reset(frame, name, test)) is not None:
        return known
    if test.__class__ is str:
        if frame.is_param(test):
            return [("test", Test(test, "truthy", True, True))], [("test", Test(test, "truthy", True, False))]
        if "." in test:
            known = _identity(frame, test, True) or _own_attribute(frame, test)
            if known is not None:
                return known
            flag = flag_of(frame, test) or held_in(frame, test) or mark_of(frame, test)
            if flag is not None:
                return _both(flag, "truthy", True, True)
            known = _by_class_attribute(frame, test, Test("", "truthy", True, True))
            if known is not None:
                return known
            states = _state_tests(frame, test)
            flag = (carried_in(frame, test) or setting_in(frame, test)) if not any(states) else None
            return _switch(flag) if flag is not None else states
        if test in frame.filled:
            return [("test", each) for each in holds_in(frame, test)], []
        if test in frame.unpacked:
            return _beside(frame, test, True), _beside(frame, test, False)
        known = frame.tested.get(test)
        if known is None and (flag := setting_in(frame, test)) is not None:
            return _switch(flag)
        return known or (frame.given_if.get(test, []), [])
    parameter = parameter_of(frame, test)
    if parameter is not None:
        return _both(parameter, "truthy", True, True)
    tag = test[0]
    if tag == "not":
        yes, no = tests(frame, test[1])
        return no, yes
    if tag == "bool":
        parts = [([NEVER], []) if is_nothing(part) else tests(frame, part) for part in test[2]]
        if test[1] == "and":
            return [fact for yes, _ in parts for fact in yes], _one_of(_unless_set(frame, test[2], [no for _, no in parts], True))
        return _one_of(_unless_set(frame, test[2], [yes for yes, _ in parts], False)), [fact for _, no in parts for fact in no]
    if tag == "cmp" and len(test[2]) == 1 and test[1] in _DELETED and test[3][0] in _DELETED and test[1] != test[3][0]:
        if test[2][0] in ("==", "!=", "is", "is not") and all(map(frame.is_param, _DELETED)):
            return _both("origin", "==", "instance", test[2][0] in ("==", "is"))
    if tag == "cmp" and len(test[2]) == 1:
        changed = comparison(frame, test[1], test[2][0], test[3][0])
        if changed is not None:
            return _both(*changed)
        parameter = parameter_of(frame, test[1]) or (held_in(frame, test[1]) if test[1].__class__ is tuple or "." in test[1] else None)
        if parameter is None and test[1].__class__ is str:
            parameter = (carried_in(frame, test[1]) if "." in test[1] else None) or setting_in(frame, test[1])
        if parameter is not None:
            return _comparison(frame, parameter, test[2][0], test[3][0])
        named = _by_class_name(frame, test[1], test[2][0], test[3][0])
        if named is not None:
            return named
        if test[1].__class__ is str and test[2][0] in SAME and test[3][0].__class__ is tuple and test[3][0][0] == "const":
            known = _by_class_attribute(frame, test[1], Test("", "==", test[3][0][1], SAME[test[2][0]]))
            if known is not None:
                return known
        if test[2][0] in ("in", "not in") and test[1].__class__ is tuple and test[1][0] == "const":
            parameter = parameter_of(frame, test[3][0])
            if parameter is not None:
                return _both(parameter, "has", test[1][1], test[2][0] == "in")
        if test[1].__class__ is str and test[2][0] in ("is", "is not", "==", "!=") and test[3][0] == ("const", None):
            is_given = test[2][0] in ("is not", "!=")
            if test[1] in frame.given_if:
                return (frame.given_if[test[1]], []) if is_given else ([], frame.given_if[test[1]])
            given = _kept(frame, test[1]) if "." in test[1] or test[1] in frame.tested else None
            if given is not None:
                return (given, []) if is_given else ([], given)
            return _identity(frame, test[1], is_given) or ([], [])
    if tag == "call" and test[4] in frame.ends:
        if_true, if_false, before = frame.ends[test[4]]
        facts: tuple[Facts, Facts] = (
            [("ended", o.key) if o.key in if_true else ("open", o) for o in before],
            [("ended", o.key) if o.key in if_false else ("open", o) for o in before],
        )
        return facts
    if tag == "call":
        if test[1] == "bool" and len(test[2]) == 1:
            return tests(frame, test[2][0])
        if test[1] in ("getattr", "hasattr") and test[2] and test[2][0].__class__ is str:
            return _getattr(frame, test)
        if test[1] in ("isinstance", "issubclass") and len(test[2]) == 2 and test[2][0].__class__ is str:
            return _isinstance(frame, test[2][0], test[2][1], test[1] == "issubclass")
        if not test[2] and not test[3]:
            return _state_tests(frame, test[1])
        if (changed := change_asked(frame, test)) is not None:
            return _both(*changed)
    if tag == "bin" and test[1] == "&":
        return _some_written(frame, test[2], test[3])
    if tag == "ifexp" and test[3].__class__ is tuple and test[3][0] == "const" and not test[3][1]:
        yes, _ = tests(frame, test[1])
        return yes, []
    if tag == "named":
        return tests(frame, test[2])
    if tag == "attr":
        return _state_tests(frame, test)
    return [], []


_OF_TESTS = frozenset({"IN_TESTS", "IS_TESTING", "RUNNING_TESTS", "TESTING", "UNDER_TEST", "UNIT_TESTING"})
"""Settings that say that tests run: what is found is what happens outside of these."""


def _switch(flag: str) -> tuple[Facts, Facts]:
    """What holds where a setting, or what stands for one, is true, and where it is false."""
    if flag.startswith(SETTING) and flag.rpartition(".")[2] in _OF_TESTS:
        return [NEVER], []
    return _both(flag, "truthy", True, True)


def setting_in(frame: Frame, name: str) -> str | None:
    """The parameter of conditions that a setting is, or a constant of a module that no function assigns: ``settings.INLINE``, ``DEBUG``,
    ``app.conf.task_always_eager``; None where a name is none."""
    last, words = last_name(name), frame.linker.catalog.asked_words
    if not last.isupper():
        found = frame.looked_at(name) if last in words else UNKNOWN
        return SETTING + found[0].name if len(found) == 1 and isinstance(found[0], (Ext, ExtMethod)) else None
    head = name.partition(".")[0]
    if frame.fun.owner_of(head) is not None or head in frame.module.global_sets:
        return None
    dotted = frame.linker.where_bound(frame.module, name)
    return SETTING + dotted if _stays(frame, dotted) else None


def _stays(frame: Frame, dotted: str) -> bool:
    """Is a constant the same wherever it is asked for? Not what other code assigns, and not a container or an instance that fills."""
    project = frame.linker.project
    module, rest = project.inside(dotted, frame.module.facts.path)
    if module is None:
        return True
    bound = project.bindings(module, rest)
    if bound is None or len(bound) > 1:
        return False
    expr = bound[0][1] if bound and bound[0][0] == "value" else None
    if expr.__class__ is not tuple:
        return True
    return expr[0] not in _FILLED and not (expr[0] == "call" and (last_name(expr[1])[:1].isupper() or expr[1] in _MAKE))


_FILLED = frozenset({"comp", "dict", "list", "set"})
_MAKE = frozenset({"defaultdict", "dict", "list", "set"})


def _beside(frame: Frame, name: str, truth: bool) -> Facts:
    """What the other parts of a tuple are where one of them is (not) true: ``for handler, late in HANDLERS: if late: ..``, where each
    handler was put there beside a constant, or beside what callers pass."""
    linker = frame.linker
    target, tuples, position = frame.unpacked[name]
    found: Facts = []
    for other, (bound, _, place) in frame.unpacked.items():
        if bound is target and other != name:
            one, two = (
                {each for atom in tuples if isinstance(atom, Stored) for each in kept_beside(linker, atom.place, place, position, which)}
                for which in (truth, not truth)
            )
            refused = two - one
            if refused:
                found.append(("is", (other, without(linker, frame.env.get(other, UNKNOWN), refused))))
    return found


def _asked(test: Expr) -> str:
    """The name that a test is about: ``karma``, ``karma != 0``."""
    if test.__class__ is tuple:
        test = test[1] if test[0] == "cmp" and len(test[2]) == 1 else ""
    return test if test.__class__ is str else ""


def _reset(frame: Frame, name: str, test: Expr) -> tuple[Facts, Facts] | None:
    """A test of a parameter to which the function has assigned constants, and nothing else: what none of them meets, the caller's does.
    None where it is no such parameter."""
    constants = frame.assigned_params.get(name)
    if not constants or constants.__class__ is dict:
        return None
    del frame.assigned_params[name]
    asked = tests(frame, test) if frame.is_param(name) else None
    frame.assigned_params[name] = constants
    if asked is None:
        return None
    found: list[Facts] = []
    for facts in asked:
        only = only_test(facts)
        found.append(facts if only is not None and only.param == name and not any(map(only.holds, constants)) else [])
    return found[0], found[1]


def _getattr(frame: Frame, test: Expr) -> tuple[Facts, Facts]:
    """``getattr(self, "_quiet", False)``, ``hasattr(instance, "_quiet")``."""
    owner, asked = test[2][0], test[2][1] if len(test[2]) > 1 else None
    name = attribute_named(frame, test)
    if name is None and asked.__class__ is tuple and asked[0] == "const":
        name = str(asked[1])
    if name is None:
        return [], []
    if owner == frame.self_name and (is_there := has(frame, name)) is not None:
        if not is_there and (test[1] == "hasattr" or (len(test[2]) == 3 and is_nothing(test[2][2]))):
            return [NEVER], []
        if is_there and test[1] == "hasattr":
            return [], [NEVER]
    known = _own_attribute(frame, f"{owner}.{name}") if test[1] == "getattr" and owner == frame.self_name else None
    if known is not None:
        return known
    mark = (held_in(frame, test) if test[1] == "getattr" else None) or mark_of(frame, f"{owner}.{name}")
    if mark is None and test[1] == "getattr":
        mark = carried_in(frame, f"{owner}.{name}") or setting_in(frame, f"{owner}.{name}")
    if mark is None and test[1] == "hasattr":
        return _state_tests(frame, f"{owner}.{name}", True)
    return _both(mark, "truthy", True, True) if mark is not None else ([], [])


def is_nothing(expr: Expr) -> bool:
    """``[]``, ``None``, ``""``: written down and false."""
    return expr.__class__ is tuple and expr[0] in _WRITTEN and not expr[1]


_WRITTEN = frozenset({"const", "dict", "list", "tuple"})


def only_test(facts: Facts) -> Test | None:
    """The test of a parameter, where that is all that decides."""
    return facts[0][1] if len(facts) == 1 and facts[0][0] == "test" and facts[0][1].op != "either" else None


def both_constant(one: Value, two: Value) -> tuple[Any, Any] | None:
    """The constants that two values are."""
    if len(one) == len(two) == 1 and isinstance(one[0], Const) and isinstance(two[0], Const):
        return one[0].value, two[0].value
    return None


def one_of_two(frame: Frame, expr: Expr) -> tuple[Test, Any, Any] | None:
    """``LATE if late else PAID``, where that is a test of a parameter: the test, and the constants where it holds and where not."""
    test = only_test(tests(frame, expr[1])[0])
    pair = both_constant(frame.looked_at(expr[2]), frame.looked_at(expr[3])) if test is not None else None
    return (test, *pair) if test is not None and pair is not None else None


def as_test(frame: Frame, expr: Expr) -> Test | None:
    """The test of a parameter that holds where an expression gives true, and there only."""
    yes, no = tests(frame, expr)
    test = only_test(yes)
    return test if test is not None and no == [("test", test.otherwise())] else None


def parameter_of(frame: Frame, expr: Expr) -> str | None:
    """The parameter that an expression stands for: by its name, as a key of ``**kwargs``, or by a local name for one of these; a settled
    flag of the receiver, also where it is asked for by ``getattr``."""
    if expr.__class__ is str:
        return expr if frame.is_param(expr) else frame.renamed.get(expr) if "." not in expr else flag_of(frame, expr)
    mapping, key = "", None
    if expr[0] == "call" and expr[1].__class__ is str and expr[1].endswith(".get") and not expr[3]:
        if len(expr[2]) == 1 or (len(expr[2]) == 2 and expr[2][1] == ("const", None)):
            mapping, key = expr[1][:-4], expr[2][0]
    elif expr[0] == "call" and expr[1] == "getattr":
        owner, asked = expr[2][:2] if len(expr[2]) > 1 else ("", "")
        return flag_of(frame, f"{owner}.{asked[1]}") if owner == frame.self_name and asked[0] == "const" else None  # all have it
    elif expr[0] == "sub" and expr[1].__class__ is str:
        mapping, key = expr[1], expr[2]
    if key is not None and (rekeyed := frame.rekeyed(mapping)) is not None and key.__class__ is tuple and key[0] == "const":
        return key[1] if isinstance(key[1], str) and key[1] not in rekeyed else None
    return None


def _unless_set(frame: Frame, parts: Sequence[Expr], alternatives: list[Facts], truth: bool) -> list[Facts]:
    """The alternatives that tests joined by ``and`` (``or``) leave where one is false (true). Beside one that tells of transactions
    (``if connection.in_atomic_block and not settings.UNCHECKED: raise``), without those of settings that always say the ``truth``, and
    those that ask whether there is what it asks: ``request is None or not hasattr(request, "tm")``."""
    if not any(kind in ("closed", "ended") for facts in alternatives for kind, _ in facts):
        return alternatives
    paired = list(zip(parts, alternatives, strict=True))
    telling = tuple(part for part, facts in paired if any(kind in ("closed", "ended") for kind, _ in facts))
    return [
        facts
        for part, facts in paired
        if _by_settings(frame, part) is not truth and not ((name := _missing(frame, part, truth)) and speaks_of(telling, (name,)))
    ]


def _missing(frame: Frame, test: Expr, truth: bool) -> str:
    """The local name that a test asks for being there: ``request is None`` (where ``truth``, ``request is not None``); else empty."""
    if test.__class__ is tuple and test[0] == "cmp" and test[2] == (("is not",) if truth else ("is",)) and test[3] == (("const", None),):
        return test[1] if test[1].__class__ is str and not frame.is_param(test[1]) else ""
    return ""


def _by_settings(frame: Frame, test: Expr) -> bool | None:
    """What a test of a setting gives, by the project's settings; None where it is no such test, or they do not say."""
    if test.__class__ is tuple and test[0] == "not":
        inner = _by_settings(frame, test[1])
        return None if inner is None else not inner
    is_asked = test.__class__ is not str and test[0] == "call" and test[1] == "getattr"
    value = frame.ev(test) if is_asked or test.__class__ is str else UNKNOWN
    for framework, name in ((framework, atom.name) for atom in value if isinstance(atom, Ext) for framework in frame.linker.frameworks):
        state, known = framework.setting_named(name)
        if state in ("value", "likely"):
            return bool(known)
        if state == "absent" and is_asked and isinstance(value[-1], Const):
            return bool(value[-1].value)  # `getattr(settings, "UNCHECKED", False)`
    return None


def _one_of(alternatives: list[Facts]) -> Facts:
    """What holds where one of several does: the one test, any of several tests of the same parameter, or either of two."""
    alternatives = [facts for facts in alternatives if NEVER not in facts] or alternatives[:1]
    if len(alternatives) == 1:
        return alternatives[0]
    found: list[Test] = []
    for facts in alternatives:
        test = only_test(facts)
        if test is None or test.op == "class":
            return []
        found.append(test)
    if not found or all(test.param == found[0].param for test in found):
        return [("test", Test(found[0].param, "any", tuple(found), True))] if found else []
    return [("test", Test("", "either", tuple(found), True))] if len(found) == 2 else []


def _comparison(frame: Frame, name: str, op: str, right: Expr) -> tuple[Facts, Facts]:
    """A parameter compared with a constant, with several of them, or with a class."""
    if right.__class__ is not str and right[0] == "const":
        base = {"==": "==", "!=": "==", "is": "is", "is not": "is"}.get(op)
        if base:
            return _both(name, base, right[1], op in ("==", "is"))
    if op in ("is", "is not", "==", "!="):
        value = frame.ev(right)
        classes = [atom for atom in value if isinstance(atom, Cls)]
        if classes:
            return _both(name, "class", (classes[0].klass.id,), op in ("is", "=="))
        if len(value) == 1 and isinstance(value[0], Const):
            return _both(name, "==", value[0].value, op in ("is", "=="))
    if op in ("in", "not in") and right.__class__ is not str and right[0] in ("tuple", "list", "set"):
        if all(item.__class__ is not str and item[0] == "const" for item in right[1]):
            return _both(name, "in", tuple(item[1] for item in right[1]), op == "in")
    if op in ("in", "not in"):
        members = _members(frame, right)
        if members:
            return _both(name, "in", members, op == "in")
        listed = _listed(frame, right)
        known = constants(listed)
        if known:
            return _both(name, "in", known, op == "in")
        ids = tuple(part[0].klass.id for part in listed if len(part) == 1 and isinstance(part[0], Cls))
        if ids and len(ids) == len(listed):
            return _both(name, "class", ids, op == "in")
    return [], []


def _listed(frame: Frame, expr: Expr) -> Sequence[Value]:
    """What a tuple or list holds that is made on the spot, that a class has under a name, by that class's own, or a module as a tuple: of
    others someone may add to it."""
    if expr.__class__ is str:
        owner, _, name = expr.rpartition(".")
        bound = frame.module.names.get(name, ()) if not owner and name not in frame.fun.scope else ()
        if not (owner and all(type(atom) is Cls for atom in frame.looked_at(owner))):
            if not (len(bound) == 1 and bound[0][0] == "value" and bound[0][1].__class__ is tuple and bound[0][1][0] == "tuple"):
                return ()
    value = frame.looked_at(expr)
    return value[0].items if len(value) == 1 and isinstance(value[0], Seq) else ()


def _by_class_attribute(frame: Frame, expr: str, asked: Test) -> tuple[Facts, Facts] | None:
    """``step.transactional``, ``step.kind == "mail"``: where it holds and where not, a name stands for those alternatives whose classes say
    so. None where that tells none of them apart."""
    name, _, attribute = expr.partition(".")
    value = frame.env.get(name, UNKNOWN)
    if not value or (len(value) == 1 and type(value[0]) not in _SEVERAL) or name == frame.self_name or not attribute.isidentifier():
        return None
    sides: list[Facts] = []
    for truth in (True, False):
        left = told_apart(frame.linker, value, attribute, asked, truth)
        sides.append([NEVER] if not left else [("is", (name, left))] if left != value else [])
    return (sides[0], sides[1]) if sides != [[], []] else None


_SEVERAL = frozenset({Chosen, OneOf})


_CLASS_NAMES: dict[str, Callable[[str], str]] = {"__name__": str, "_meta.object_name": str, "_meta.model_name": str.lower}
"""What of a class is its name, and how that is written."""


def _by_class_name(frame: Frame, left: Expr, op: str, right: Expr) -> tuple[Facts, Facts] | None:
    """``sender.__name__ == "Order"``, ``instance._meta.model_name in (..)``: a test of the class of a signal's sender."""
    if left.__class__ is not str or op not in ("==", "!=", "in", "not in"):
        return None
    head, _, rest = left.partition(".")
    write = _CLASS_NAMES.get(rest.removeprefix("__class__."))
    if write is None or head not in ("sender", "instance") or not all(map(frame.is_param, ("sender", "instance"))):
        return None
    parts = right[1] if right.__class__ is tuple and right[0] in ("tuple", "list", "set") and op.endswith("in") else (right,)
    names = constants([frame.ev(part) for part in parts])
    ids = tuple(klass.id for klass in frame.linker.project.klasses if write(klass.fact.name) in names)
    return _both(head, "class", ids, op in ("==", "in")) if names else None


def _members(frame: Frame, expr: Expr) -> tuple[Any, ...]:
    """The constants of a class that is asked like a container: an enumeration. Empty where it is none, or not all are known."""
    value = frame.ev(expr)
    klass = value[0].klass if len(value) == 1 and isinstance(value[0], Cls) else None
    names = [name for name, bound in klass.names.items() if bound[-1][0] == "value" and not name.startswith("_")] if klass else []
    return constants([frame.linker.class_attribute(klass, name) for name in names]) if klass else ()


def constants(values: Sequence[Value]) -> tuple[Any, ...]:
    """The constants that values are; empty where not all of them are one."""
    found = [value[0].value for value in values if len(value) == 1 and isinstance(value[0], Const)]
    return tuple(found) if len(found) == len(values) else ()


_KEYS = frozenset({"pk", "id", "instance.pk", "instance.id"})
ADDING = "_state.adding"
"""What of a row says whether it is new."""


def _identity(frame: Frame, test: str, saved: bool) -> tuple[Facts, Facts] | None:
    """``self.pk``, ``self.instance.pk`` of a form: whether the receiver's row has been written."""
    head, _, rest = test.partition(".")
    if head == "instance" and (rest in _KEYS or rest == ADDING) and frame.is_param("instance") and frame.is_param("sender"):
        return _both(INSTANCE, "truthy", True, saved is not rest.endswith(ADDING))
    if head != frame.self_name or not (rest in _KEYS or rest.removeprefix("instance.") == ADDING or _is_row(frame, rest)):
        return None
    if frame.written is not False:
        return [], []  # it has been written here
    return _both(IDENTITY, "truthy", True, saved is not rest.endswith(ADDING))


def _own_attribute(frame: Frame, test: str) -> tuple[Facts, Facts] | None:
    """``self._image``, which is empty for new rows; ``self.is_stored``, a property that says so."""
    head, _, name = test.partition(".")
    if head != frame.self_name or not name.isidentifier():
        return None
    kept = _kept(frame, test)
    if kept is not None:
        return kept, []
    if frame.written is False and filled_by_save(frame, name):
        return [], [("test", Test(IDENTITY, "truthy", True, False))]
    klass = frame.klass or frame.fun.klass
    found = frame.linker.find(klass, name) if klass is not None else None
    fun = found.method if found is not None else None
    if klass is None or fun is None:
        return None
    frame.queries[("attr", name)] = None
    said = said_by_property(frame.linker, klass, name)
    if said is None or said[1] != head or said[2] == test or not frame.linker.begin(("property", fun.id)):
        return None
    yes, no = tests(frame, said[2])
    frame.linker.done(("property", fun.id), {}, None)
    known = [[fact for fact in facts if fact[0] == "test" and fact[1].param == IDENTITY] for facts in (yes, no)]
    return (known[0], known[1]) if known[0] or known[1] else None


def _kept(frame: Frame, name: str) -> Facts | None:
    """What holds where an attribute that a constructor fills, or a local name for it, is not empty; None where nothing is known of it."""
    kept = kept_test(frame, name)
    return None if kept is None else [("test", kept) if isinstance(kept, Test) else NEVER]


def _is_row(frame: Frame, name: str) -> bool:
    """Is it the attribute in which a library's class keeps the row that it was given, or nothing?"""
    klass = frame.klass or frame.fun.klass
    kinds = [frame.linker.catalog.library_class(base) for base in frame.linker.library_bases(klass)] if klass is not None else []
    return any(kind.row is not None and kind.row.name == name and name in kind.attributes for kind in kinds if kind is not None)


def _both(name: str, op: str, value: Any, wanted: bool) -> tuple[Facts, Facts]:
    return [("test", Test(name, op, value, wanted))], [("test", Test(name, op, value, not wanted))]


def _some_written(frame: Frame, left: Expr, right: Expr) -> tuple[Facts, Facts]:
    """``set(self._file_fields) & set(update_fields)``: whether a parameter has one of certain fields of the receiver in it."""
    for mine, other in ((left, right), (right, left)):
        fields = fields_over(frame, mine) if frame.self_name is not None else None
        given = other[2][0] if other.__class__ is tuple and other[0] == "call" and other[1] in _SETS and len(other[2]) == 1 else other
        parameter = parameter_of(frame, given) if fields is not None else None
        if fields and parameter is not None:
            return _both(parameter, "any", tuple(Test(parameter, "has", name, True) for name in sorted(fields)), True)
    return [], []


_SETS = frozenset({"frozenset", "set"})


def _isinstance(frame: Frame, name: str, classes: Expr, is_class: bool) -> tuple[Facts, Facts]:
    """``isinstance(x, Order)``; with ``is_class`` ``issubclass(sender, Order)``, which in a receiver says what the instance is."""
    several = classes.__class__ is not str and classes[0] == "tuple"
    value: Value = UNKNOWN
    named = [frame.ev(item) for item in (classes[1] if several else (classes,))]
    for each in named:
        value = union(value, instances_of(frame.linker, each))
    if value and is_class and (known := _subclasses(frame, name, classes[1] if several else (classes,))) is not None:
        return known
    parameter = flag_of(frame, name) if "." in name else name if frame.is_param(name) else None
    if not value:
        types = [each[0].name for each in named if len(each) == 1 and isinstance(each[0], Ext) and each[0].name in _BUILT_IN]
        is_asked = parameter is not None and not is_class and len(types) == len(named)
        return _both(parameter or "", "type", tuple(each.removeprefix("builtins.") for each in types), True) if is_asked else ([], [])
    said = name if not is_class else "instance" if name == "sender" and all(map(frame.is_param, ("sender", "instance"))) else ""
    is_name = said != "" and "." not in said
    narrowed: Facts = [("is", (said, _narrowed(frame.linker, frame.env.get(said, UNKNOWN), value)))] if is_name else []
    if is_class and not said and "." not in name and all(type(atom) is Param for atom in frame.env.get(name, UNKNOWN)):
        few = [atom.klass for atom in value if isinstance(atom, Obj) and len(atom.klass.subclasses) <= MOST_SUBCLASSES]
        below = tuple([or_below(frame.linker, klass) for klass in few]) if len(few) == len(value) else UNKNOWN
        narrowed = [("is", (name, union(frame.env.get(name, UNKNOWN), below)))] if below else []
    if parameter is not None and all(isinstance(atom, Obj) for atom in value):
        ids = tuple(klass.id for atom in value if isinstance(atom, Obj) for klass in (atom.klass, *atom.klass.subclasses))
        yes, no = _both(parameter, "class", ids, True)
        return narrowed + yes, no
    return narrowed, []


def _subclasses(frame: Frame, name: str, classes: Sequence[Expr]) -> tuple[Facts, Facts] | None:
    """The same of a class that is known, or one of several: ``issubclass(self.queryset.model, Order)``. None where it is not."""
    value = frame.looked_at(name)
    if not value or any(type(atom) is not Cls for atom in value) or (name.partition(".")[0] == frame.self_name and not frame.exact):
        return None
    linker = frame.linker
    wanted = [atom.klass if isinstance(atom, Cls) else getattr(atom, "name", None) for item in classes for atom in frame.looked_at(item)]
    below, others = [], []
    for atom in value:
        above = linker.mro(atom.klass)  # type: ignore[attr-defined]
        if any(each in above for each in wanted):
            below.append(atom)
        elif all(isinstance(each, Klass) and atom.klass not in linker.mro(each) for each in wanted) and all(  # type: ignore[attr-defined]
            linker.has_known_bases(each) for each in above if isinstance(each, Klass)
        ):
            others.append(atom)
        else:
            return None
    sides: list[Facts] = []
    for atoms in (below, others):
        sides.append([NEVER] if not atoms else [("is", (name, tuple(atoms)))] if "." not in name and len(atoms) < len(value) else [])
    return sides[0], sides[1]


_BUILT_IN = frozenset(f"builtins.{kind.__name__}" for kind in (bool, bytes, dict, float, frozenset, int, list, set, str, tuple))


def _narrowed(linker: Linker, known: Value, wanted: Value) -> Value:
    """What of that which is known is an instance of one of these classes; where nothing is, instances of these. What callers pass stays."""
    passed = tuple(atom for atom in known if isinstance(atom, Param))
    fitting: Value = UNKNOWN
    for atom in known:
        fitting = union(fitting, _fitting(linker, atom, wanted))
    return union(passed, fitting or wanted)


def _fitting(linker: Linker, atom: Atom, wanted: Value) -> Value:
    """An alternative itself, where it is an instance of one of the wanted; these, where they are below its class."""
    if isinstance(atom, Chosen):
        return each_of(linker, atom, lambda option: _fitting(linker, option[0], wanted))
    if isinstance(atom, OneOf):
        return one_of(linker, tuple(each for option in atom.options for each in _fitting(linker, option, wanted)))
    if isinstance(atom, (Obj, SelfObj)):
        bases = linker.mro(atom.klass)
        if any((each.klass if isinstance(each, Obj) else getattr(each, "name", None)) in bases for each in wanted):
            return (atom,)
        return () if atom.exact else tuple(each for each in wanted if isinstance(each, Obj) and atom.klass in linker.mro(each.klass))
    if isinstance(atom, ExtObj):
        return (atom,) if any(isinstance(each, ExtObj) and each.name == atom.name for each in wanted) else ()
    is_open = any(isinstance(each, ExtObj) and linker.catalog.library_class(each.name) is None for each in wanted)
    return (atom,) if is_open and type(atom) in _WITHOUT_CLASS else ()


_WITHOUT_CLASS = frozenset({Fn, Many, Part, Seq, Table})
"""What may be an instance of a library's class of which nothing is known: ``Callable``, ``Mapping``."""


def _state_tests(frame: Frame, test: Expr, had: bool = False) -> tuple[Facts, Facts]:
    """``connection.in_atomic_block``, ``session.in_transaction()``: where it is false, nothing of the family (of the session) is open.
    ``had``: it is asked whether there is such an attribute."""
    return [], [("ended", key) if key is not None else ("closed", (opener.family,)) for opener, key in state_queries(frame, test, had)]


NO_CONSTANTS: Mapping[str, Any] = MappingProxyType({})


def constant_test(test: Expr, constants: Mapping[str, Any] = NO_CONSTANTS) -> bool | None:
    """What a test always gives, where names stand for ``constants``; None where that depends."""
    if test.__class__ is str:
        if test.rpartition(".")[2] == "TYPE_CHECKING":
            return False
        return bool(constants[test]) if test in constants else None
    if test[0] == "const":
        return bool(test[1])
    if test[0] == "not":
        inner = constant_test(test[1], constants)
        return None if inner is None else not inner
    if not constants:
        return None
    if test[0] == "bool":
        found = [constant_test(part, constants) for part in test[2]]
        decisive = test[1] == "or"
        return decisive if decisive in found else (None if None in found else not decisive)
    if test[0] == "cmp" and test[1].__class__ is str and test[1] in constants and len(test[2]) == 1 and test[3][0].__class__ is tuple:
        other = test[3][0]
        if other[0] == "const" and test[2][0] in SAME:
            return (constants[test[1]] == other[1]) is SAME[test[2][0]]
    return None


def library_test(frame: Frame, test: Expr) -> bool | None:
    """What a test gives that asks for a constant: a library's, ``not frappe.flags.in_test``, or one that a module declares `Final`; None
    where that depends. What is asked has been replayed before."""
    finals, words = frame.linker.finals, frame.linker.catalog.false_words
    if test.__class__ is str:
        if last_name(test) in finals and frame.fun.owner_of(test.partition(".")[0]) is None:
            if (known := frame.linker.project.finals.get(frame.linker.where_bound(frame.module, test))) is not None:
                return known
    elif test[0] == "not" and (finals or words):
        inner = library_test(frame, test[1])
        return None if inner is None else not inner
    elif test[0] == "bool" and (finals or words):
        found = [library_test(frame, part) for part in test[2]]
        decisive = test[1] == "or"
        return decisive if decisive in found else (None if None in found else not decisive)
    if not words or not _mentions(test, words):
        return None
    value = frame.looked_at(test)
    return False if value and all(isinstance(atom, Const) and atom.value is False for atom in value) else None


def _mentions(expr: Any, words: Container[str]) -> bool:
    if expr.__class__ is str:
        return expr in words or expr.rpartition(".")[2] in words
    return expr.__class__ is tuple and any(_mentions(part, words) for part in expr)


def _settle(frame: Frame, test: Test) -> None:
    """What a call before has ended where this very test holds is ended now, and where it does not it is as open as it was: ``if commit:``
    behind ``super().save(commit=commit)``."""
    for key, (asked, whole) in frame.given.items():
        if asked == test:
            frame.end(key)
        elif whole is not None and key in frame.open and asked == test.otherwise():
            frame.open = {**frame.open, key: whole}
            frame.snapshot = None


def assume(frame: Frame, facts: Facts) -> None:
    """From here on these hold."""
    for kind, fact in facts:
        if kind == "test":
            if fact not in frame.guards:
                frame.guards = (*frame.guards, fact)
            if frame.given:
                _settle(frame, fact)
        elif kind == "closed":
            frame.closed = frame.closed | {fact}
            frame.region = tuple(o for o in frame.region if o.key[0] != fact[0] or len(fact) > 1)
            frame.snapshot = None
        elif kind == "ended":
            frame.end(fact)
        elif kind == "open":
            frame.open = {**frame.open, fact.key: fact}
            frame.snapshot = None
        elif kind == "is":
            frame.env[fact[0]] = fact[1]
        elif (kind, fact) == NEVER:
            frame.dead = True
