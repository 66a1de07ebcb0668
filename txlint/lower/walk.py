"""The one pass over a syntax tree. Read ``model/facts.py`` first: it lists the shapes that are built here.

Two tables, ``EXPR`` and ``STMT``, map a node's class to the function that lowers it; there is no visitor, because method lookup by
name costs more than all the work done here. ``Walk`` holds the lists that grow and the scope that is being lowered; whoever enters
a scope saves the fields and puts them back. Names are bound only by the functions that lower binding statements, so expressions
(and with them the targets of comprehensions) bind nothing but walruses.

Lists are built by list comprehensions, never by generator expressions: those would use the C stack, and the recursion limit would
not protect us. Two chains that real code makes long are iterated: ``elif`` and operators such as ``a + b + c``."""

from __future__ import annotations

import _ast
from collections.abc import Callable
from sys import intern
from typing import Any

from txlint.model.facts import Body, Class, Expr, Function, Import, Param, Pos, Stmt

LONGEST_CHAIN = 250
"""How deep iterated chains may nest the facts, all those around a node together. Longer sums (generated text) become
``("other", operands)``; more branches are too deep."""
LARGEST_INT = 1 << 10_000
"""Larger constants are dropped: Python refuses to print them."""

Name, Attribute, Constant = _ast.Name, _ast.Attribute, _ast.Constant
_new: Callable[[type[Param], tuple[str, str, Expr, Expr]], Param] = tuple.__new__  # half the time of calling the class


class Walk:
    """What one file yields, and the scope that is being walked."""

    __slots__ = (
        "attrs",
        "bound",
        "chained",
        "classes",
        "declared",
        "functions",
        "generator",
        "global_sets",
        "imports",
        "module_bound",
        "owner",
        "parent",
        "prefix",
        "put_on",
        "self_name",
        "words",
    )

    def __init__(self) -> None:
        self.functions: list[Any] = []
        self.classes: list[Any] = []
        self.imports: list[Import] = []
        self.words: set[str] = set()
        self.global_sets: list[tuple[str, int]] = []  # names declared global and assigned, and in which function
        self.put_on: set[str] = set()  # attributes set on anything but the instance
        self.module_bound: set[str] = set()
        self.bound = self.module_bound  # names that the current scope binds
        self.chained = 0  # links of iterated chains that we are inside of
        self.declared: dict[str, bool] = {}  # names declared global (True) or nonlocal in the current function
        self.parent = -1  # the enclosing function
        self.owner = -1  # the class in whose body we stand directly
        self.prefix = ""  # of qualified names
        self.generator = False  # the current function has a yield
        self.self_name: str | None = None  # what the current method, or the method around, calls its instance
        self.attrs: dict[tuple[str, int], None] = {}  # what is set on it

    def module(self, tree: _ast.Module) -> Body:
        return _block(tree.body, self)


# expressions


def _name(n: Any, w: Walk) -> Expr:
    return n.id


def _constant(n: Any, w: Walk) -> Expr:
    value = n.value
    if value.__class__ is int and value > LARGEST_INT:
        return ("other", ())
    return ("const", value)


def _attribute(n: Any, w: Walk) -> Expr:
    name = n.attr
    w.words.add(name)
    value = n.value
    kind = value.__class__
    if kind is Name:
        return intern(f"{value.id}.{name}")  # the same few are all over a project: a third of what their texts take otherwise
    value = EXPR[kind](value, w)
    if value.__class__ is str:
        return intern(f"{value}.{name}")
    return ("attr", value, name)


def _call(n: Any, w: Walk) -> Expr:
    func = n.func
    kind = func.__class__
    if kind is Name:
        func = func.id
        w.words.add(func)
    elif kind is Attribute:
        func = _attribute(func, w)
    else:
        func = EXPR[kind](func, w)
    args = n.args
    keywords = n.keywords
    return (
        "call",
        func,
        tuple([e.id if e.__class__ is Name else EXPR[e.__class__](e, w) for e in args]) if args else (),
        tuple([(k.arg, EXPR[(v := k.value).__class__](v, w)) for k in keywords]) if keywords else (),
        (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset),
    )


def _starred(n: Any, w: Walk) -> Expr:
    return ("star", EXPR[n.value.__class__](n.value, w))


def _subscript(n: Any, w: Walk) -> Expr:
    return ("sub", EXPR[n.value.__class__](n.value, w), EXPR[n.slice.__class__](n.slice, w))


def _tuple(n: Any, w: Walk) -> Expr:
    return ("tuple", tuple([EXPR[e.__class__](e, w) for e in n.elts]))


def _list(n: Any, w: Walk) -> Expr:
    return ("list", tuple([EXPR[e.__class__](e, w) for e in n.elts]))


def _set(n: Any, w: Walk) -> Expr:
    return ("set", tuple([EXPR[e.__class__](e, w) for e in n.elts]))


def _dict(n: Any, w: Walk) -> Expr:
    keys = tuple([None if e is None else EXPR[e.__class__](e, w) for e in n.keys])
    return ("dict", keys, tuple([EXPR[e.__class__](e, w) for e in n.values]))


COMPARISONS = {
    _ast.Eq: "==",
    _ast.NotEq: "!=",
    _ast.Lt: "<",
    _ast.LtE: "<=",
    _ast.Gt: ">",
    _ast.GtE: ">=",
    _ast.Is: "is",
    _ast.IsNot: "is not",
    _ast.In: "in",
    _ast.NotIn: "not in",
}
OPERATORS = {
    _ast.Add: "+",
    _ast.Sub: "-",
    _ast.Mult: "*",
    _ast.MatMult: "@",
    _ast.Div: "/",
    _ast.Mod: "%",
    _ast.Pow: "**",
    _ast.LShift: "<<",
    _ast.RShift: ">>",
    _ast.BitOr: "|",
    _ast.BitXor: "^",
    _ast.BitAnd: "&",
    _ast.FloorDiv: "//",
}
UNARY = {_ast.Invert: "~", _ast.UAdd: "+", _ast.USub: "-"}


def _compare(n: Any, w: Walk) -> Expr:
    left = EXPR[n.left.__class__](n.left, w)
    return ("cmp", left, tuple([COMPARISONS[o.__class__] for o in n.ops]), tuple([EXPR[e.__class__](e, w) for e in n.comparators]))


def _boolop(n: Any, w: Walk) -> Expr:
    return ("bool", "and" if n.op.__class__ is _ast.And else "or", tuple([EXPR[e.__class__](e, w) for e in n.values]))


def _unaryop(n: Any, w: Walk) -> Expr:
    operand = EXPR[n.operand.__class__](n.operand, w)
    if n.op.__class__ is _ast.Not:
        return ("not", operand)
    return ("unary", UNARY[n.op.__class__], operand)


def _binop(n: Any, w: Walk) -> Expr:
    left = n.left
    if left.__class__ is not _ast.BinOp:
        return ("bin", OPERATORS[n.op.__class__], EXPR[left.__class__](left, w), EXPR[n.right.__class__](n.right, w))
    chain = [n]
    while left.__class__ is _ast.BinOp:
        chain.append(left)
        left = left.left
    chain.reverse()
    length = len(chain)
    if w.chained + length > LONGEST_CHAIN:
        return ("other", (EXPR[left.__class__](left, w), *[EXPR[b.right.__class__](b.right, w) for b in chain]))
    w.chained += length
    result = EXPR[left.__class__](left, w)
    for b in chain:
        result = ("bin", OPERATORS[b.op.__class__], result, EXPR[b.right.__class__](b.right, w))
    w.chained -= length
    return result


def _ifexp(n: Any, w: Walk) -> Expr:
    test = EXPR[n.test.__class__](n.test, w)
    return ("ifexp", test, EXPR[n.body.__class__](n.body, w), EXPR[n.orelse.__class__](n.orelse, w))


def _await(n: Any, w: Walk) -> Expr:
    return ("await", EXPR[n.value.__class__](n.value, w))


def _yield(n: Any, w: Walk) -> Expr:
    w.generator = True
    return ("yield", None if n.value is None else EXPR[n.value.__class__](n.value, w))


def _yield_from(n: Any, w: Walk) -> Expr:
    w.generator = True
    return ("yieldfrom", EXPR[n.value.__class__](n.value, w))


def _generators(n: Any, w: Walk) -> tuple[Expr, ...]:
    return tuple(
        [
            (
                EXPR[g.target.__class__](g.target, w),
                EXPR[g.iter.__class__](g.iter, w),
                tuple([EXPR[e.__class__](e, w) for e in g.ifs]),
                bool(g.is_async),
            )
            for g in n.generators
        ]
    )


def _list_comp(n: Any, w: Walk) -> Expr:
    return ("comp", "list", _generators(n, w), (EXPR[n.elt.__class__](n.elt, w),))


def _set_comp(n: Any, w: Walk) -> Expr:
    return ("comp", "set", _generators(n, w), (EXPR[n.elt.__class__](n.elt, w),))


def _generator_exp(n: Any, w: Walk) -> Expr:
    return ("comp", "gen", _generators(n, w), (EXPR[n.elt.__class__](n.elt, w),))


def _dict_comp(n: Any, w: Walk) -> Expr:
    generators = _generators(n, w)
    if n.value is None:  # {**e for e in x}
        return ("comp", "dict", generators, (EXPR[n.key.__class__](n.key, w),))
    return ("comp", "dict", generators, (EXPR[n.key.__class__](n.key, w), EXPR[n.value.__class__](n.value, w)))


def _interpolated(n: Any, w: Walk, parts: list[Expr]) -> None:
    for part in n.values:
        if part.__class__ is not Constant:
            parts.append(EXPR[part.value.__class__](part.value, w))
            if part.format_spec is not None:
                _interpolated(part.format_spec, w, parts)


_STATEMENTS = frozenset({"BEGIN", "DELETE", "INSERT", "MERGE", "REPLACE", "RESET", "SELECT", "SET", "SHOW", "UPDATE", "WITH"})


def _start(text: str) -> str:
    """What an f-string starts with, as far as anybody asks: a name for ``getattr``, or the first word of a statement."""
    if text.isidentifier():
        return text
    words = text.split(None, 1)
    is_ended = len(words) == 2 or text[-1:].isspace()
    return f"{words[0]} " if words and is_ended and words[0].upper() in _STATEMENTS else ""


_TEXT = ("const", " ")


def _joined_str(n: Any, w: Walk) -> Expr:
    parts: list[Expr] = []
    first = n.values[0] if n.values else None
    start = _start(first.value) if isinstance(first, Constant) and isinstance(first.value, str) else ""
    if start:
        parts.append(("const", start))
    _interpolated(n, w, parts)
    if parts and not start and any(part.__class__ is Constant for part in n.values):
        parts.append(_TEXT)
    return ("fstring", tuple(parts))


def _template_str(n: Any, w: Walk) -> Expr:
    parts: list[Expr] = []
    _interpolated(n, w, parts)
    return ("other", tuple(parts))


def _named(n: Any, w: Walk) -> Expr:
    value = EXPR[n.value.__class__](n.value, w)
    w.bound.add(n.target.id)
    return ("named", n.target.id, value)


def _slice(n: Any, w: Walk) -> Expr:
    return ("other", tuple([EXPR[e.__class__](e, w) for e in (n.lower, n.upper, n.step) if e is not None]))


def _lambda(n: Any, w: Walk) -> Expr:
    index = len(w.functions)
    w.functions.append(None)
    params = _params(n.args, w)
    saved = (w.bound, w.declared, w.parent, w.owner, w.prefix, w.generator)
    qualname = f"{w.prefix}<lambda>:{n.lineno}"
    w.bound = {p.name for p in params}
    w.declared = {}
    w.parent = index
    w.owner = -1
    w.prefix = qualname + "."
    w.generator = False
    body = EXPR[n.body.__class__](n.body, w)
    bound = tuple(sorted(w.bound))
    generator = w.generator
    w.bound, w.declared, w.parent, w.owner, w.prefix, w.generator = saved
    pos = (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset)
    statements = (("return", body, n.body.lineno),)
    w.functions[index] = Function("<lambda>", qualname, params, (), None, statements, False, generator, bound, w.parent, w.owner, pos, pos)
    return ("lambda", index)


def _params(a: Any, w: Walk) -> tuple[Param, ...]:
    """Parameters in the order in which they are written; annotations and defaults are lowered in the scope around."""
    params: list[Param] = []
    missing = len(a.posonlyargs) + len(a.args) - len(a.defaults)
    for kind, group in (("pos", a.posonlyargs), ("arg", a.args)):
        for p in group:
            i = len(params) - missing
            annotation = p.annotation
            if annotation is not None:
                annotation = EXPR[annotation.__class__](annotation, w)
            default = None
            if i >= 0:
                default = a.defaults[i]
                default = EXPR[default.__class__](default, w)
            params.append(_new(Param, (p.arg, kind, annotation, default)))
    if a.vararg is not None:
        params.append(Param(a.vararg.arg, "vararg", _optional(a.vararg.annotation, w), None))
    if a.kwonlyargs:
        for p, default in zip(a.kwonlyargs, a.kw_defaults, strict=True):
            params.append(Param(p.arg, "kwonly", _optional(p.annotation, w), _optional(default, w)))
    if a.kwarg is not None:
        params.append(Param(a.kwarg.arg, "kwarg", _optional(a.kwarg.annotation, w), None))
    return tuple(params)


def _optional(n: Any, w: Walk) -> Expr | None:
    return None if n is None else EXPR[n.__class__](n, w)


def _anything(n: Any, w: Walk) -> Expr:
    """A kind of expression that this version of txlint has not heard of: what it is made of, in order."""
    parts: list[Expr] = []
    for field in n._fields:
        value = getattr(n, field, None)
        for part in value if value.__class__ is list else (value,):
            if isinstance(part, _ast.expr):
                parts.append(EXPR[part.__class__](part, w))
    return ("other", tuple(parts))


# statements


def _block(statements: list[Any], w: Walk) -> Body:
    out: list[Stmt] = []
    for n in statements:
        STMT[n.__class__](n, w, out)
    return tuple(out)


def _bind(target: Any, w: Walk) -> None:
    """Note what an assignment to ``target`` binds: local names, and attributes of the instance."""
    kind = target.__class__
    if kind is Name:
        w.bound.add(target.id)
    elif kind is Attribute:
        if target.value.__class__ is Name and target.value.id == w.self_name:
            w.attrs[target.attr, w.parent] = None
        else:
            w.put_on.add(target.attr)
    elif kind is _ast.Tuple or kind is _ast.List:
        for e in target.elts:
            _bind(e, w)
    elif kind is _ast.Starred:
        _bind(target.value, w)


def _expr_stmt(n: Any, w: Walk, out: list[Stmt]) -> None:
    value = n.value
    if value.__class__ is Constant and value.value.__class__ is str:
        return  # docstrings
    out.append(_dropped(value, n.lineno, w))


def _dropped(n: Any, line: int, w: Walk) -> Stmt:
    """An expression whose value nobody takes: ``order.paid and tell(order)`` and ``tell(order) if order.paid else wait()`` choose what is
    done, as an ``if`` does."""
    if n.__class__ is _ast.BoolOp:
        *first, last = n.values
        test = EXPR[first[0].__class__](first[0], w) if len(first) == 1 else _boolop(_ast.BoolOp(n.op, first), w)
        return ("if", test if n.op.__class__ is _ast.And else ("not", test), (_dropped(last, line, w),), (), line)
    if n.__class__ is _ast.IfExp:
        test = EXPR[n.test.__class__](n.test, w)
        return ("if", test, (_dropped(n.body, line, w),), (_dropped(n.orelse, line, w),), line)
    return ("expr", EXPR[n.__class__](n, w), line)


def _assign(n: Any, w: Walk, out: list[Stmt]) -> None:
    value = EXPR[n.value.__class__](n.value, w)
    targets = n.targets
    if len(targets) == 1 and targets[0].__class__ is Name:
        name = targets[0].id
        w.bound.add(name)
        out.append(("assign", (name,), value, n.lineno))
        return
    for t in targets:
        _bind(t, w)
    out.append(("assign", tuple([EXPR[t.__class__](t, w) for t in targets]), value, n.lineno))


def _ann_assign(n: Any, w: Walk, out: list[Stmt]) -> None:
    value = None if n.value is None else EXPR[n.value.__class__](n.value, w)
    _bind(n.target, w)
    target = EXPR[n.target.__class__](n.target, w)
    out.append(("ann", target, EXPR[n.annotation.__class__](n.annotation, w), value, n.lineno))


def _aug_assign(n: Any, w: Walk, out: list[Stmt]) -> None:
    target = EXPR[n.target.__class__](n.target, w)
    _bind(n.target, w)
    out.append(("aug", target, OPERATORS[n.op.__class__], EXPR[n.value.__class__](n.value, w), n.lineno))


def _type_alias(n: Any, w: Walk, out: list[Stmt]) -> None:
    w.bound.add(n.name.id)
    out.append(("assign", (n.name.id,), EXPR[n.value.__class__](n.value, w), n.lineno))


def _return(n: Any, w: Walk, out: list[Stmt]) -> None:
    out.append(("return", None if n.value is None else EXPR[n.value.__class__](n.value, w), n.lineno))


def _raise(n: Any, w: Walk, out: list[Stmt]) -> None:
    out.append(("raise", _optional(n.exc, w), _optional(n.cause, w), n.lineno))


def _assert(n: Any, w: Walk, out: list[Stmt]) -> None:
    out.append(("assert", EXPR[n.test.__class__](n.test, w), _optional(n.msg, w), n.lineno))


def _delete(n: Any, w: Walk, out: list[Stmt]) -> None:
    for t in n.targets:
        _bind(t, w)
    out.append(("del", tuple([EXPR[t.__class__](t, w) for t in n.targets]), n.lineno))


def _break(n: Any, w: Walk, out: list[Stmt]) -> None:
    out.append(("break",))


def _continue(n: Any, w: Walk, out: list[Stmt]) -> None:
    out.append(("continue",))


def _pass(n: Any, w: Walk, out: list[Stmt]) -> None:
    pass


def _if(n: Any, w: Walk, out: list[Stmt]) -> None:
    test = EXPR[n.test.__class__](n.test, w)
    body = _block(n.body, w)
    orelse = n.orelse
    if not orelse:
        out.append(("if", test, body, (), n.lineno))
    elif len(orelse) > 1 or orelse[0].__class__ is not _ast.If:
        out.append(("if", test, body, _block(orelse, w), n.lineno))
    else:
        chain = [(test, body, n.lineno)]
        chained = w.chained
        while len(orelse) == 1 and orelse[0].__class__ is _ast.If:
            n = orelse[0]
            w.chained += 1
            if w.chained > LONGEST_CHAIN:
                raise RecursionError
            test = EXPR[n.test.__class__](n.test, w)
            chain.append((test, _block(n.body, w), n.lineno))
            orelse = n.orelse
        rest = _block(orelse, w)
        w.chained = chained
        for test, body, line in reversed(chain):
            rest = (("if", test, body, rest, line),)
        out.extend(rest)


def _while(n: Any, w: Walk, out: list[Stmt]) -> None:
    test = EXPR[n.test.__class__](n.test, w)
    out.append(("while", test, _block(n.body, w), _block(n.orelse, w), n.lineno))


def _for(n: Any, w: Walk, out: list[Stmt]) -> None:
    iterable = EXPR[n.iter.__class__](n.iter, w)
    _bind(n.target, w)
    target = EXPR[n.target.__class__](n.target, w)
    is_async = n.__class__ is _ast.AsyncFor
    out.append(("for", target, iterable, _block(n.body, w), _block(n.orelse, w), is_async, n.lineno))


def _with(n: Any, w: Walk, out: list[Stmt]) -> None:
    items = []
    for item in n.items:
        e = item.context_expr
        target = item.optional_vars
        pos = (e.lineno, e.col_offset, e.end_lineno, e.end_col_offset)
        value = EXPR[e.__class__](e, w)
        if target is not None:
            _bind(target, w)
            target = EXPR[target.__class__](target, w)
        items.append((value, target, pos))
    body = _block(n.body, w)
    pos = (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset)
    out.append(("with", tuple(items), body, n.__class__ is _ast.AsyncWith, pos))


def _try(n: Any, w: Walk, out: list[Stmt]) -> None:
    body = _block(n.body, w)
    handlers = []
    for h in n.handlers:
        kind = _optional(h.type, w)
        if h.name is not None:
            w.bound.add(h.name)
        handlers.append((kind, h.name, _block(h.body, w)))
    out.append(("try", body, tuple(handlers), _block(n.orelse, w), _block(n.finalbody, w), n.lineno))


def _match(n: Any, w: Walk, out: list[Stmt]) -> None:
    subject = EXPR[n.subject.__class__](n.subject, w)
    cases = []
    for case in n.cases:
        names: list[str] = []
        exprs: list[Expr] = []
        _pattern(case.pattern, w, names, exprs)
        w.bound.update(names)
        guard = _optional(case.guard, w)
        cases.append((tuple(names), tuple(exprs), guard, _block(case.body, w)))
    out.append(("match", subject, tuple(cases), n.lineno))


def _pattern(p: Any, w: Walk, names: list[str], exprs: list[Expr]) -> None:
    """Collect what a pattern captures and the expressions that it compares with, in order."""
    kind = p.__class__
    if kind is _ast.MatchValue:
        exprs.append(EXPR[p.value.__class__](p.value, w))
    elif kind is _ast.MatchSingleton:
        exprs.append(("const", p.value))
    elif kind is _ast.MatchSequence or kind is _ast.MatchOr:
        for e in p.patterns:
            _pattern(e, w, names, exprs)
    elif kind is _ast.MatchMapping:
        exprs.extend([EXPR[e.__class__](e, w) for e in p.keys])
        for e in p.patterns:
            _pattern(e, w, names, exprs)
        _capture(p.rest, names)
    elif kind is _ast.MatchClass:
        exprs.append(EXPR[p.cls.__class__](p.cls, w))
        for e in (*p.patterns, *p.kwd_patterns):
            _pattern(e, w, names, exprs)
    else:  # MatchAs, MatchStar
        if kind is _ast.MatchAs and p.pattern is not None:
            _pattern(p.pattern, w, names, exprs)
        _capture(p.name, names)


def _capture(name: str | None, names: list[str]) -> None:
    if name is not None and name not in names:  # alternatives bind the same names
        names.append(name)


def _global(n: Any, w: Walk, out: list[Stmt]) -> None:
    is_global = n.__class__ is _ast.Global
    for name in n.names:
        w.declared[name] = is_global
    out.append(("global", tuple(n.names)))


def _import(n: Any, w: Walk, out: list[Stmt]) -> None:
    for alias in n.names:
        module = alias.name
        parts = module.split(".")
        binds = alias.asname or parts[0]
        w.words.update(parts)
        w.bound.add(binds)
        out.append(("import", len(w.imports)))
        w.imports.append(Import(module, None, binds, 0, n.lineno))


def _import_from(n: Any, w: Walk, out: list[Stmt]) -> None:
    module = n.module or ""
    w.words.update(module.split("."))
    for alias in n.names:
        name = alias.name
        binds = alias.asname or name
        if name != "*":
            w.words.add(name)
            w.bound.add(binds)
        out.append(("import", len(w.imports)))
        w.imports.append(Import(module, name, binds, n.level, n.lineno))


def _decorators(n: Any, w: Walk) -> tuple[tuple[Expr, Pos], ...]:
    decorators = []
    for d in n.decorator_list:
        if d.__class__ is Name:
            w.words.add(d.id)  # it is called
        decorators.append((EXPR[d.__class__](d, w), (d.lineno, d.col_offset, d.end_lineno, d.end_col_offset)))
    return tuple(decorators)


def _name_pos(n: Any, keyword: int) -> Pos:
    start: int = n.col_offset
    name: str = n.name
    width = len(name) if name.isascii() else len(name.encode())
    return (n.lineno, start, n.lineno, start + keyword + width)


def _def(n: Any, w: Walk, out: list[Stmt]) -> None:
    index = len(w.functions)
    w.functions.append(None)
    decorators = _decorators(n, w) if n.decorator_list else ()
    params = _params(n.args, w)
    returns = _optional(n.returns, w)
    name = n.name
    w.bound.add(name)
    out.append(("def", index))
    owner = w.owner
    saved = (w.bound, w.declared, w.parent, owner, w.prefix, w.generator, w.self_name)
    qualname = w.prefix + name
    bound = {p.name for p in params}
    for p in getattr(n, "type_params", ()):
        bound.add(p.name)
    if owner >= 0:
        is_static = "staticmethod" in [d[0] for d in decorators]
        w.self_name = params[0].name if params and params[0].kind in ("pos", "arg") and not is_static else None
    elif w.self_name in bound:
        w.self_name = None
    w.bound = bound
    w.declared = {}
    w.parent = index
    w.owner = -1
    w.prefix = qualname + "."
    w.generator = False
    body = _block(n.body, w)
    bound = w.bound
    if w.declared:
        shared = [d for d, is_global in w.declared.items() if is_global and d in bound]
        w.module_bound.update(shared)
        w.global_sets += [(d, index) for d in shared]
        bound.difference_update(w.declared)
    generator = w.generator
    w.bound, w.declared, w.parent, w.owner, w.prefix, w.generator, w.self_name = saved
    is_async = n.__class__ is _ast.AsyncFunctionDef
    w.functions[index] = Function(
        name,
        qualname,
        params,
        decorators,
        returns,
        body,
        is_async,
        generator,
        tuple(sorted(bound)),
        w.parent,
        owner,
        (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset),
        _name_pos(n, 10 if is_async else 4),
    )


def _class(n: Any, w: Walk, out: list[Stmt]) -> None:
    index = len(w.classes)
    w.classes.append(None)
    decorators = _decorators(n, w) if n.decorator_list else ()
    bases = tuple([EXPR[e.__class__](e, w) for e in n.bases])
    keywords = tuple([(k.arg, EXPR[k.value.__class__](k.value, w)) for k in n.keywords])
    w.bound.add(n.name)
    out.append(("class", index))
    saved = (w.bound, w.declared, w.owner, w.prefix, w.self_name, w.attrs)
    qualname = w.prefix + n.name
    w.bound = set()
    w.declared = {}
    w.owner = index
    w.prefix = qualname + "."
    w.self_name = None
    w.attrs = {}
    body = _block(n.body, w)
    attrs = tuple(w.attrs)
    w.bound, w.declared, w.owner, w.prefix, w.self_name, w.attrs = saved
    pos = (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset)
    w.classes[index] = Class(n.name, qualname, bases, keywords, decorators, body, w.parent, w.owner, attrs, pos, _name_pos(n, 6))


def _any_statement(n: Any, w: Walk, out: list[Stmt]) -> None:
    """A kind of statement that this version of txlint has not heard of: its expressions, then its blocks."""
    e = _anything(n, w)
    if e[1]:
        out.append(("expr", e, n.lineno))
    for field in n._fields:
        value = getattr(n, field, None)
        if value.__class__ is list and value and isinstance(value[0], _ast.stmt):
            out.extend(_block(value, w))


class _Expressions(dict[type, Callable[[Any, Walk], Expr]]):
    def __missing__(self, kind: type) -> Callable[[Any, Walk], Expr]:
        return _anything


class _Statements(dict[type, Callable[[Any, Walk, list[Stmt]], None]]):
    def __missing__(self, kind: type) -> Callable[[Any, Walk, list[Stmt]], None]:
        return _any_statement


EXPR = _Expressions(
    {
        _ast.Name: _name,
        _ast.Constant: _constant,
        _ast.Attribute: _attribute,
        _ast.Call: _call,
        _ast.Starred: _starred,
        _ast.Subscript: _subscript,
        _ast.Tuple: _tuple,
        _ast.List: _list,
        _ast.Set: _set,
        _ast.Dict: _dict,
        _ast.Compare: _compare,
        _ast.BoolOp: _boolop,
        _ast.UnaryOp: _unaryop,
        _ast.BinOp: _binop,
        _ast.IfExp: _ifexp,
        _ast.Await: _await,
        _ast.Yield: _yield,
        _ast.YieldFrom: _yield_from,
        _ast.ListComp: _list_comp,
        _ast.SetComp: _set_comp,
        _ast.GeneratorExp: _generator_exp,
        _ast.DictComp: _dict_comp,
        _ast.JoinedStr: _joined_str,
        _ast.NamedExpr: _named,
        _ast.Slice: _slice,
        _ast.Lambda: _lambda,
    }
)
STMT = _Statements(
    {
        _ast.Expr: _expr_stmt,
        _ast.Assign: _assign,
        _ast.AnnAssign: _ann_assign,
        _ast.AugAssign: _aug_assign,
        _ast.Return: _return,
        _ast.Raise: _raise,
        _ast.Assert: _assert,
        _ast.Delete: _delete,
        _ast.Break: _break,
        _ast.Continue: _continue,
        _ast.Pass: _pass,
        _ast.If: _if,
        _ast.While: _while,
        _ast.For: _for,
        _ast.AsyncFor: _for,
        _ast.With: _with,
        _ast.AsyncWith: _with,
        _ast.Try: _try,
        _ast.TryStar: _try,
        _ast.Match: _match,
        _ast.Global: _global,
        _ast.Nonlocal: _global,
        _ast.Import: _import,
        _ast.ImportFrom: _import_from,
        _ast.FunctionDef: _def,
        _ast.AsyncFunctionDef: _def,
        _ast.ClassDef: _class,
    }
)
if hasattr(_ast, "TypeAlias"):  # Python 3.12
    STMT[_ast.TypeAlias] = _type_alias
if hasattr(_ast, "TemplateStr"):  # Python 3.14
    EXPR[_ast.TemplateStr] = _template_str
