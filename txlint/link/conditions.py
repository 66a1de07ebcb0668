"""Does an entry of the catalog hold for a call? `decide` looks at its `when`: arguments, settings, versions."""

from __future__ import annotations

import re
from typing import Any

from txlint.catalog.types import TypeExpr
from txlint.link.site import Site
from txlint.link.values import UNKNOWN, Cls, Const, Ext, ExtObj, Fn, Obj, Prefix, SelfObj, Table, Value
from txlint.model.catalog import Arg, Effect, Entry, When
from txlint.model.graph import NEW, SETTING, STORED, Test


def decide(site: Site, entry: Entry, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool | None:
    """Does an entry hold for this call? None: it could not be decided."""
    if not entry.when:
        return True
    result: bool | None = True
    for when in entry.when:
        holds = is_met(site, when, entry, args, keywords)
        if holds is None and when.known:
            return False
        if holds is not None and when.unless:
            holds = not holds
        if holds is False:
            return False
        if holds is None:
            result = None
    return result


def argument(arg: Arg, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
    """The value passed for an argument of a library call."""
    if arg.name is not None and arg.name in keywords:
        return keywords[arg.name]
    if arg.position is not None and arg.position < len(args):
        return args[arg.position]
    return UNKNOWN


def is_given(site: Site, arg: Arg, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool | None:
    """Is it passed? None where `*` or `**` may pass it."""
    if (arg.name is not None and arg.name in keywords) or (arg.position is not None and arg.position < len(args)):
        return True
    return None if site.open_ended else False


def is_met(site: Site, when: When, entry: Entry, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> bool | None:
    """Does one test of an entry hold? None: it could not be decided."""
    linker = site.frame.linker
    if when.version is not None:
        return linker.version_matches(entry.library, when.version)
    if when.row is not None:
        return None if site.row is None else site.row == (STORED if when.row == "stored" else NEW)
    if when.asked:
        return any(Test(SETTING + name, "truthy", True, True) in site.frame.guards for name in when.asked)
    if when.setting is not None and when.instance_of is not None:
        own = linker.typed(TypeExpr("setting", when.setting), None, (), {})
        return any(isinstance(atom, Cls) and linker.is_a(atom.klass, base) for atom in own for base in when.instance_of)
    if when.setting is not None:
        state, value = "unknown", None
        for framework in linker.frameworks:
            state, value = framework.setting(when.setting)
            if state != "unknown":
                break
        if state == "unknown":
            return None
        if state == "absent":
            if when.absent:
                return True
            default = when.arg.default if when.arg is not None else getattr(when, "default", None)
            if when.present:
                return False
            value = default
        tested = _tested(when, value)
        # an effect's exceptions are only those that are known: what the environment may set otherwise is none
        return None if state == "likely" and tested and when.unless and isinstance(entry, Effect) else tested
    if when.arg is None:
        return None
    given = is_given(site, when.arg, args, keywords)
    if given and when.arg.key is not None:
        given, passed = _under(when.arg.key, argument(when.arg, args, keywords))
    else:
        passed = UNKNOWN
    if when.absent:
        return None if given is None else not given
    if when.present:
        return given
    if given is None:
        return False if when.instance_of is not None and isinstance(entry, Effect) else None
    if given is False:
        if when.instance_of is not None:
            return False
        return _tested(when, when.arg.default)
    value = passed if when.arg.key is not None else argument(when.arg, args, keywords)
    if when.instance_of is not None:
        for atom in value:
            if isinstance(atom, ExtObj) and any(base in when.instance_of for base in linker.catalog.bases(atom.name)):
                return True
            if isinstance(atom, Obj) and any(base in when.instance_of for base in linker.library_bases(atom.klass)):
                return True
        return None if not value and not isinstance(entry, Effect) else False  # an effect's exceptions are only those that are known
    if value and all(type(atom) is Const for atom in value):
        answers = {_tested(when, atom.value) for atom in value if type(atom) is Const}
        return answers.pop() if len(answers) == 1 else None
    if when.sql is not None and len(value) == 1 and type(value[0]) is Prefix:
        return begins(value[0].text, when.sql, False)
    if len(value) == 1 and type(value[0]) is Ext and (when.one_of is not None or isinstance(when.equals, str)):
        named = value[0].name in (when.one_of if when.one_of is not None else (when.equals,))
        return named or (False if _same_home(value[0].name, when) else None)
    if value and when.truthy is not None and all(type(a) in (Fn, Cls, Obj, ExtObj, SelfObj) for a in value):
        return when.truthy
    return None


def _under(key: str, value: Value) -> tuple[bool | None, Value]:
    """What a dict has under a key: is there anything (None: it cannot be told), and what."""
    if len(value) != 1 or not isinstance(value[0], Table):
        return None, UNKNOWN
    for name, item in value[0].items:
        if name == key:
            return True, item
    return (None if value[0].rest else False), UNKNOWN


def _same_home(name: str, when: When) -> bool:
    """Is this a constant of the module whose constants are asked for? Then it is another one."""
    home = name.rpartition(".")[0]
    return any(isinstance(one, str) and one.rpartition(".")[0] == home for one in when.one_of or (when.equals,))


def _tested(when: When, value: Any) -> bool | None:
    if when.one_of is not None:
        return value in when.one_of
    if when.contains_any is not None:
        return isinstance(value, (str, list, tuple)) and any(part in value for part in when.contains_any)
    if when.sql is not None:
        return isinstance(value, str) and begins(value, when.sql, True)
    if when.truthy is not None:
        return bool(value) is when.truthy
    return bool(value == when.equals and type(value) is type(when.equals))


_WORDS = re.compile(r"\w+")
_BLANK = re.compile(r"(?:\s|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
"""What may stand before a statement: space and comments."""


def begins(text: str, openings: tuple[str, ...], is_whole: bool) -> bool | None:
    """Does a statement begin with one of these words (`START TRANSACTION`; `WITH DELETE`: a common table expression in which the other word
    stands)? None: not all of them are known yet, or other statements follow it."""
    blank = _BLANK.match(text)
    words = text[blank.end() if blank is not None else 0 :].upper().replace(";", " ").split(None, 3)
    is_cut = not is_whole and (not words or not text[-1:].isspace())
    known = words[:-1] if is_cut else words
    others = ";" in text.rstrip().rstrip(";")
    result: bool | None = False
    for opening in openings:
        wanted = opening.split()
        if wanted[0] == "WITH" and len(wanted) == 2 and known[:1] == wanted[:1]:
            if wanted[1] in _WORDS.findall(text.upper()):
                return None if others else True
            wanted = wanted[:1] if not is_whole else wanted
        if known[: len(wanted)] == wanted:
            return None if others else True
        if not is_whole and len(known) < len(wanted) and wanted[: len(known)] == known:
            result = None
    return result
