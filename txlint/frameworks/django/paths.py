"""Paths of requests: what a URLconf says of that of a view, and what the tests of a piece of middleware say of such a path.

A test may be about the path (``request.path``, ``request.path_info``: ``startswith``, ``==``, ``in``) and constants, written down, of a
module or of a setting, or about ``request.method``. All others are not told: a header, a user, what the environment gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.routes import value_at
from txlint.model.facts import Expr
from txlint.model.kinds import Confidence
from txlint.model.shapes import called_on, last_name, speaks_of, statements

if TYPE_CHECKING:
    from txlint.frameworks.routes import Fork
    from txlint.frameworks.types import Fun, Linker

_SETTINGS = "django.conf.settings."
_LITERAL = re.compile(r"\^([\w/ -]*)")
Said: TypeAlias = tuple[bool, ...]
"""What a test gives for the requests to a view: both where it depends on their method, nothing where that is not told."""
YES: Said = (True,)
NO: Said = (False,)
BOTH: Said = (True, False)
UNTOLD: Said = ()


class Start(NamedTuple):
    """What the paths of requests begin with, and whether that is all."""

    text: str
    is_all: bool

    def by_path(self, route: str) -> Start:
        """With ``path(route, ..)`` behind it: up to the first ``<int:pk>``."""
        return Start(self.text + route.partition("<")[0], "<" not in route) if self.is_all else self

    def by_regex(self, regex: str) -> Start:
        """With ``re_path(regex, ..)`` behind it: up to the first that is no letter."""
        found = _LITERAL.match(regex) if "|" not in regex else None
        if found is None or not self.is_all:
            return Start(self.text, False)
        rest = regex[found.end() :]
        literal = found[1][:-1] if rest[:1] in ("?", "*", "{") else found[1]
        return Start(self.text + literal, rest == "$")

    def begins(self, text: str) -> Said:
        """Do the paths begin with a text?"""
        if self.text.startswith(text):
            return YES
        return NO if self.is_all or not text.startswith(self.text) else UNTOLD

    def equals(self, text: str) -> Said:
        if self.is_all:
            return YES if self.text == text else NO
        return UNTOLD if text.startswith(self.text) else NO


class Asked(NamedTuple):
    """Who asks: a piece of middleware, with the name of its request."""

    linker: Linker
    settings: DjangoSettings
    fun: Fun
    request: str

    def told(self, way: Iterable[Fork], start: Start | None, verb: str = "") -> Confidence | None:
        """How sure it is that requests to a view go this way through the tests, of which ``start`` is what their paths begin with and
        ``verb`` their method, where these are known; None where they do not."""
        sure = Confidence.CERTAIN
        for test, truth, is_fork in way:
            said = self._said(test, start, verb)
            if said == (not truth,):
                return None
            if said == UNTOLD and is_fork:
                sure = Confidence.LIKELY
        return sure

    def _said(self, test: Expr, start: Start | None, verb: str) -> Said:
        if test.__class__ is str:
            return UNTOLD
        if test[0] == "not":
            return tuple(not each for each in self._said(test[1], start, verb))
        if test[0] == "bool":
            return _joined((self._said(part, start, verb) for part in test[2]), test[1] == "or")
        if test[0] == "cmp" and len(test[2]) == 1 and test[2][0] in _COMPARED:
            texts = self._texts(test[3][0], test[2][0] in ("in", "not in"))
            said = UNTOLD
            if test[1] == f"{self.request}.method" and texts is not None:
                said = (verb in texts,) if verb else BOTH
            elif self._is_path(test[1]) and texts is not None and start is not None:
                said = _joined(map(start.equals, texts), True)
            return tuple(not each for each in said) if test[2][0] in ("!=", "not in") else said
        if test[0] == "call" and start is not None:
            if test[1] == "any" and len(test[2]) == 1:
                return self._any(test[2][0], start.begins)
            return self._begins(test, self._texts(test[2][0], False) if len(test[2]) == 1 else None, start.begins)
        return UNTOLD

    def _begins(self, call: Expr, texts: tuple[str, ...] | None, begins: Callable[[str], Said]) -> Said:
        """``request.path.startswith(("/api/", settings.LEDGER))``."""
        if texts is None or call.__class__ is str or call[0] != "call" or last_name(call[1]) != "startswith":
            return UNTOLD
        return _joined(map(begins, texts), True) if self._is_path(called_on(call[1])) else UNTOLD

    def _any(self, comp: Expr, begins: Callable[[str], Said]) -> Said:
        """``any(request.path.startswith(each) for each in settings.LEDGER)``."""
        if comp.__class__ is str or comp[0] != "comp" or len(comp[2]) != 1 or comp[2][0][2] or len(comp[3]) != 1:
            return UNTOLD
        (target, iterable, *_), call = comp[2][0], comp[3][0]
        if call.__class__ is str or call[0] != "call" or call[2] != (target,):
            return UNTOLD
        return self._begins(call, self._texts(iterable, True), begins)

    def _is_path(self, expr: Expr) -> bool:
        """Is it the path of the request, or a local name for it: ``path = request.path_info``?"""
        paths = f"{self.request}.path", f"{self.request}.path_info"
        if expr in paths or expr.__class__ is not str:
            return expr in paths
        bound = [stmt for stmt in statements(self.fun.body) if stmt[0] in _BINDS and speaks_of(stmt[1], (expr,))]
        return len(bound) == 1 and bound[0][0] == "assign" and bound[0][1] == (expr,) and bound[0][2] in paths

    def _texts(self, expr: Expr, is_many: bool) -> tuple[str, ...] | None:
        """The texts that an expression stands for, or of which it is a collection where ``is_many``; None where that is not known."""
        if expr.__class__ is tuple and expr[0] in ("tuple", "list", "set"):
            each = [self._texts(item, False) for item in expr[1]]
            return None if None in each else tuple(text for texts in each if texts is not None for text in texts)
        dotted = self.linker.where_bound(self.fun.module, expr) if expr.__class__ is str else ""
        if dotted.startswith(_SETTINGS):
            answer = self.settings.get(dotted.removeprefix(_SETTINGS))
            if answer.others or answer.confidence is not Confidence.CERTAIN:
                return None
            items = answer.value if isinstance(answer.value, (tuple, list)) else () if is_many else (answer.value,)
            return tuple(items) if items and all(isinstance(item, str) for item in items) else None
        value = value_at(self.linker, self.fun, expr)
        if is_many or (len(value) == 1 and isinstance(value[0], self.linker.Seq)):
            parts = value[0].items if len(value) == 1 and isinstance(value[0], self.linker.Seq) else ()
        else:
            parts = (value,)
        found = [part[0].value for part in parts if len(part) == 1 and isinstance(part[0], self.linker.Const)]
        return tuple(found) if found and len(found) == len(parts) and all(isinstance(text, str) for text in found) else None


_BINDS = frozenset({"ann", "assign", "aug", "for"})
_COMPARED = frozenset({"==", "!=", "in", "not in"})


def _joined(said: Iterable[Said], is_or: bool) -> Said:
    """What ``or``, ``and`` of tests give: one that decides does, before one that is not told."""
    found: list[Said] = []
    for each in said:
        if each == (is_or,):
            return each
        found.append(each)
    return UNTOLD if UNTOLD in found else BOTH if BOTH in found else (not is_or,)
