"""Facts: what one file says, names as written, a pure function of its bytes and of nothing else.

A fact is *not* a judgement: no library is named here, no import is followed. Bodies keep their structure and their order of
evaluation, so that later stages can replay them. Statements and expressions are plain tuples whose first item is a tag (fast to
build, to marshal and to match); what has many fields is a ``NamedTuple``.

Expressions (``Expr``)
    ``"a.b.c"``                         a name, or attributes on a name (a ``str``)
    ``("const", value)``                str, bytes, int, float, complex, bool, None, Ellipsis
    ``("attr", expr, "name")``          an attribute of anything that is not a dotted name
    ``("call", func, args, keywords, pos)``
                                        ``args``: tuple of Expr, ``("star", e)`` for ``*e``; ``keywords``: tuple of
                                        ``(name, e)``, name ``None`` for ``**e``; ``pos``: Pos of the whole call
    ``("sub", expr, index)``            subscript; a slice is ``("other", parts)``
    ``("tuple"|"list"|"set", items)``, ``("dict", keys, values)`` (key ``None`` for ``**``)
    ``("cmp", left, ops, rights)``      ops: ``"==" "!=" "<" "<=" ">" ">=" "is" "is not" "in" "not in"``
    ``("bool", "and"|"or", values)``, ``("not", e)``, ``("unary", op, e)``, ``("bin", op, left, right)``
    ``("ifexp", test, body, orelse)``
    ``("lambda", n)``                   the n-th entry of ``FileFacts.functions``
    ``("await", e)``, ``("yield", e | None)``, ``("yieldfrom", e)``
    ``("comp", kind, generators, values)``
                                        kind ``"list" "set" "dict" "gen"``; generators: ``(target, iter, ifs, is_async)``;
                                        values: one Expr, two for a dict
    ``("fstring", parts)``              the interpolated expressions; before them, as a constant, what the text starts with where
                                        that could start a name; behind them ``("const", " ")`` where other text is in it
    ``("named", name, e)``              walrus
    ``("star", e)``
    ``("other", parts)``                anything else: its sub-expressions in order

Statements (``Stmt``)
    ``("expr", e, line)``               ``("assign", targets, e, line)``   ``("ann", target, annotation, e | None, line)``
    ``("aug", target, op, e, line)``    ``("return", e | None, line)``     ``("raise", e | None, cause | None, line)``
    ``("assert", test, msg | None, line)``                          ``("del", targets, line)``
    ``("break",)``  ``("continue",)``   ``("pass",)`` is left out
    ``("if", test, body, orelse, line)``                            ``("while", test, body, orelse, line)``
    ``("for", target, iter, body, orelse, is_async, line)``
    ``("with", items, body, is_async, pos)``    items: ``(expr, target | None, pos)``; pos spans the whole statement
    ``("try", body, handlers, orelse, final, line)``  handlers: ``(type | None, name | None, body)``; ``except*`` alike
    ``("match", subject, cases, line)``         cases: ``(names_bound, pattern_exprs, guard | None, body)``
    ``("def", n)``  ``("class", n)``            n-th of ``functions`` / ``classes``, where the definition is evaluated
    ``("import", n)``                           n-th of ``imports``: binds names here
    ``("global", names)``                       global and nonlocal

``Pos`` is ``(line, column, end_line, end_column)``, lines 1-based, columns 0-based in UTF-8 bytes as `ast` gives them; the report
converts columns to code points.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

Pos: TypeAlias = tuple[int, int, int, int]
Expr: TypeAlias = Any  # str or a tagged tuple, as the module's docstring lists them
Stmt: TypeAlias = tuple[Any, ...]
Body: TypeAlias = tuple[Stmt, ...]

SCHEMA = 4  # raised with every change of what is kept: the cache's key


class Param(NamedTuple):
    """One parameter. ``kind`` is one of ``pos`` (positional only), ``arg``, ``kwonly``, ``vararg``, ``kwarg``."""

    name: str
    kind: str
    annotation: Expr | None
    default: Expr | None


class Function(NamedTuple):
    """A ``def``, ``async def`` or ``lambda`` (name ``<lambda>``, body one ``return``)."""

    name: str
    qualname: str  # as Python's __qualname__ without "<locals>": "Order.pay", "outer.inner", "outer.<lambda>:12"
    params: tuple[Param, ...]
    decorators: tuple[tuple[Expr, Pos], ...]  # outermost first
    returns: Expr | None
    body: Body
    is_async: bool
    is_generator: bool
    bound: frozenset[str] | tuple[str, ...]  # names that are local to this function, parameters included, sorted
    parent: int  # index of the enclosing function, -1 at module or class level
    owner: int  # index of the class in whose body it stands directly, -1 if none
    pos: Pos  # the `def` line (not the decorators) to the end of the body
    name_pos: Pos  # the span of `def name`, for messages; of the whole lambda for lambdas

    @property
    def positional(self) -> list[str]:
        """The parameters that arguments by position fill, in order; ``self`` among them."""
        return [param.name for param in self.params if param.kind in ("pos", "arg")]


class Class(NamedTuple):
    """A class statement; methods are the ``("def", n)`` of its body."""

    name: str
    qualname: str
    bases: tuple[Expr, ...]
    keywords: tuple[tuple[str | None, Expr], ...]  # metaclass=..., and others
    decorators: tuple[tuple[Expr, Pos], ...]
    body: Body
    parent: int  # enclosing function, -1 if none
    owner: int  # enclosing class, -1 if none
    # names set on self (the first parameter) in methods: (name, index of the method), in source order, without repeats
    self_attrs: tuple[tuple[str, int], ...]
    pos: Pos
    name_pos: Pos


class Import(NamedTuple):
    """``import a.b as c`` is ``("a.b", None, "c", 0)``, ``import a.b`` is ``("a.b", None, "a", 0)`` (it binds ``a``),
    ``from ..m import n as o`` is ``("m", "n", "o", 2)``; ``from m import *`` has name ``"*"`` and binds ``"*"``."""

    module: str
    name: str | None
    binds: str
    level: int
    line: int


class Ignore(NamedTuple):
    """A comment ``# txlint: ignore[TX101,TX202] reason``; no codes means all. ``file`` for ``# txlint: ignore-file[...]``."""

    line: int  # the line that it covers: its own, or the next code line when the comment stands alone
    comment_line: int
    codes: tuple[str, ...]
    reason: str
    file: bool


class FileFacts(NamedTuple):
    """Everything that later stages know of one file."""

    path: str  # as reported: relative to the working directory, "/" separated
    module: str  # dotted name
    is_package: bool  # an __init__.py
    lines: int
    body: Body
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    imports: tuple[Import, ...]
    bound: tuple[str, ...]  # names bound at module level, sorted (star imports not included)
    ignores: tuple[Ignore, ...]
    words: frozenset[str]  # every identifier that is called, used as an attribute or imported: a cheap prefilter
    global_sets: tuple[tuple[str, int], ...]  # names that functions declare global and assign, each with the function's index
    put_on: frozenset[str]  # attributes assigned on anything but a method's own instance: ``order.paid = True``

    def function(self, dotted: str) -> Function | None:
        """The first function of this full name."""
        return next((each for each in self.functions if f"{self.module}.{each.qualname}" == dotted), None)


class Unreadable(NamedTuple):
    """A file without facts: one line says why. ``needs`` names the Python version when newer syntax is the reason."""

    path: str
    line: int
    reason: str
    needs: str | None = None
