"""What a function does to a name: `uses_of` reads its whole body, `uses_before` what may have run when a call or a statement is reached.

Attributes that are assigned, methods that are called, functions that it is passed to; read without regard to order, and without looking
into what is called (`changes` does)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from txlint.link.kept import ADDS
from txlint.link.project import Fun, Module
from txlint.model.facts import Body, Expr, Pos, Stmt
from txlint.model.shapes import bodies, calls_in, last_name, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker

Place: TypeAlias = tuple[str, int | str]
"""A parameter of whatever function has a name: by its position, without the receiver, or by its own name."""
RECEIVES = -1
"""The position of the receiver."""


class Uses:
    """What is done to a name in a body."""

    __slots__ = ("aliases", "assigned", "bindings", "called", "handed", "holders", "leaks", "listed", "named", "supers", "told", "within")

    def __init__(self) -> None:
        self.assigned: set[str] = set()  # attributes
        self.named: set[str] = set()  # expressions that name attributes which are assigned: `setattr(row, row.code_field, ..)`
        self.called: Counter[str] = Counter()  # methods
        self.supers: list[str] = []  # methods of the base classes
        self.told: set[str] = set()  # plain names and keywords that any of these are passed
        self.within: set[tuple[str, str]] = set()  # attributes of which something is called: (`image`, `storage.delete`)
        self.handed: set[Place] = set()  # functions that it is passed to, and at which place
        self.holders: set[str] = set()  # names of objects that it is made an attribute of
        self.bindings: list[Expr | None] = []  # what it is bound to; None: not by a plain assignment
        self.aliases: set[str] = set()  # plain names that are given it
        self.listed: set[str] = set()  # plain names of lists in which it stands
        self.leaks = False  # something else may change what it stands for

    @property
    def escapes(self) -> bool:
        """May something else change what it stands for, by another name or from elsewhere?"""
        return self.leaks or bool(self.aliases) or bool(self.listed)

    def without(self, name: str) -> Uses:
        """The same, but for what is assigned to an attribute."""
        other = Uses()
        for slot in Uses.__slots__:
            setattr(other, slot, getattr(self, slot))
        other.assigned = self.assigned - {name}
        return other


def uses_of(linker: Linker, fun: Fun, name: str) -> Uses:
    """What a function does to a name."""
    key = (fun.id, name)
    found = linker.uses.get(key)
    if found is None:
        found = linker.uses[key] = Uses()
        _read(fun.body, name, fun.module, found)
    return found


def uses_before(linker: Linker, fun: Fun, name: str, at: Pos | Stmt) -> Uses:
    """What a function may have done to a name when it comes to a call, or to the test of a statement."""
    key = (fun.id, name, at if _is_place(at) else id(at))
    found = linker.uses.get(key)
    if found is None:
        found = linker.uses[key] = Uses()
        _read(until(fun.body, at), name, fun.module, found)
    return found


def uses_in(body: Body, name: str, module: Module) -> Uses:
    """What statements do to a name."""
    found = Uses()
    _read(body, name, module, found)
    return found


def _is_place(at: Pos | Stmt) -> bool:
    return at[0].__class__ is int


def holds(body: Body, at: Pos | Stmt) -> bool:
    return any(call[4] == at for call in calls_in(body)) if _is_place(at) else any(stmt is at for stmt in statements(body))


def until(body: Body, at: Pos | Stmt) -> Body:
    """The statements that may have run when a call or a statement is reached; all of them where it does not stand among them."""
    for number, stmt in enumerate(body):
        if not holds((stmt,), at):
            continue
        if stmt is at and stmt[0] == "if":
            return (*body[:number], ("expr", stmt[1]))
        blocks = bodies(stmt)
        holder = next((n for n, block in enumerate(blocks) if holds(block, at)), None)
        if holder is None or stmt[0] in ("for", "while", "match"):
            return body[: number + 1]
        inner = until(blocks[holder], at)
        if stmt[0] == "if":
            return (*body[:number], ("expr", stmt[1]), *inner)
        if stmt[0] == "with":
            return (*body[:number], ("with", stmt[1], inner, *stmt[3:]))
        others = (
            blocks[:holder] if holder == len(blocks) - 1 else blocks[: min(holder, 1)]
        )  # of `try`: all before `finally`, else the first
        return (*body[:number], *(each for block in others for each in block), *inner)
    return body


_LOOKS = frozenset({"bool", "getattr", "hasattr", "hash", "id", "isinstance", "print", "repr", "str", "super", "type"})
"""Builtins that leave what they are given as it is."""
_KEEPS = ADDS | {"partial", "vars"}
"""Functions that keep what they are given, or hand out what it holds, for others to do something with."""
_TAGS = frozenset(
    {"assert", "attr", "await", "bin", "break", "class", "comp", "continue", "dict", "expr", "if", "ifexp", "list", "match", "other",
     "pass", "raise", "return", "set", "star", "sub", "try", "tuple", "unary", "while", "yield", "yieldfrom"}
)  # fmt: skip


def _read(node: Any, name: str, module: Module, uses: Uses) -> None:
    if node.__class__ is str:
        uses.leaks = uses.leaks or node == name
        return
    if node.__class__ is not tuple or not node:
        return
    tag = node[0]
    if tag == "const" and len(node) == 2:
        return
    if tag == "call" and len(node) == 5:
        _read_call(node, name, module, uses)
    elif tag in ("assign", "ann", "aug") and len(node) > 3:
        value = node[2] if tag == "assign" else node[3]
        targets = node[1] if tag == "assign" else (node[1],)
        for target in targets:
            _bound(target, value if tag == "assign" else None, name, module, uses)
        if value == name and tag == "assign" and _are_plain(targets):
            uses.aliases.update(targets)
        elif tag == "assign" and value.__class__ is tuple and value[0] in _LISTS and name in value[1] and _are_plain(targets):
            uses.listed.update(targets)
            for item in value[1]:
                if item != name:
                    _read(item, name, module, uses)
        elif value != name or not all(target.__class__ is str and _is_of_another(target, name) for target in targets):
            _read(value, name, module, uses)
        else:
            uses.holders.update(target.partition(".")[0] for target in targets)  # `line.order = order`, a row that refers to it
    elif tag == "named" and len(node) == 3:
        _bound(node[1], node[2], name, module, uses)
        _read(node[2], name, module, uses)
    elif tag == "for" and len(node) == 7:
        _bound(node[1], node[2], name, module, uses)
        for part in node[2:5]:
            _read(part, name, module, uses)
    elif tag == "with" and len(node) == 5:
        for item, target, _ in node[1]:
            _read(item, name, module, uses)
            _bound(target, None, name, module, uses)
        _read(node[2], name, module, uses)
    elif tag == "del":
        for target in node[1]:
            _bound(target, None, name, module, uses)
    elif tag == "cmp" and len(node) == 4:
        for part in (node[1], *node[3]):
            _look(part, name, module, uses)
    elif tag == "bool" and len(node) == 3:
        for part in node[2][:-1] if node[1] == "and" else ():
            _look(part, name, module, uses)
        for part in node[2][-1:] if node[1] == "and" else node[2]:
            _read(part, name, module, uses)
    elif tag == "fstring" and len(node) == 2:
        for part in node[1]:
            _look(part, name, module, uses)
    elif tag in ("if", "not", "return", "expr") and len(node) > 1:
        _look(node[1], name, module, uses)
        for part in node[2:]:
            _read(part, name, module, uses)
    elif tag in ("def", "lambda") and len(node) == 2:
        inner = module.funs[node[1]]
        if name not in inner.scope:
            _read(inner.body, name, module, uses)
    else:
        for part in node[1:] if tag.__class__ is str and tag in _TAGS else node:
            _read(part, name, module, uses)


_LISTS = frozenset({"list", "set", "tuple"})
_COUNTS = frozenset({"all", "any", "bool", "len"})
"""Builtins that call nothing of what stands in a list."""


def _are_plain(targets: tuple[Expr, ...]) -> bool:
    return all(target.__class__ is str and "." not in target for target in targets)


def is_only_counted(fun: Fun, name: str) -> bool:
    """Does nothing get at what stands in a local list: is it only asked for as in ``any(rows)``, ``len([row for row in rows if row])``?"""
    waiting: list[Any] = [fun.body]
    while waiting:
        node = waiting.pop()
        if node.__class__ is str:
            if node.partition(".")[0] == name:
                return False
        elif node.__class__ is tuple and node and node[0] != "const":
            if node[0] in ("def", "lambda") and len(node) == 2:
                return False  # it may be asked for there
            if node[0] == "assign" and node[1] == (name,):
                waiting.append(node[2])
            elif not (node[0] == "call" and len(node) == 5 and node[1] in _COUNTS and next(calls_in(node[2]), None) is None):
                waiting.extend(node)
    return True


def _look(expr: Any, name: str, module: Module, uses: Uses) -> None:
    """An expression that is only looked at: a test, a side of a comparison."""
    if expr.__class__ is tuple and expr and expr[0] in ("bool", "not"):
        for part in expr[2] if expr[0] == "bool" else (expr[1],):
            _look(part, name, module, uses)
    elif expr != name:
        _read(expr, name, module, uses)


def _read_call(node: Any, name: str, module: Module, uses: Uses) -> None:
    func, args = node[1], node[2]
    if func.__class__ is str:
        head, _, path = func.partition(".")
        if head == name and path:
            first, _, rest = path.partition(".")
            if first == "__dict__":
                uses.leaks = uses.leaks or rest != "get"
            elif rest:
                uses.within.add((first, rest))
            else:
                uses.called[first] += 1
                _tell(node, uses)
        elif func == "setattr" and len(args) == 3 and args[0] == name:
            if args[1].__class__ is tuple and args[1][0] == "const":
                uses.assigned.add(str(args[1][1]))
            elif args[1].__class__ is str:
                uses.named.add(args[1])
            else:
                uses.leaks = True
            args = args[2:]
        elif func in _LOOKS:
            args = tuple(arg for arg in args if arg != name)
        elif func == name:
            uses.leaks = True
    elif func[0] == "attr" and func[1].__class__ is tuple and func[1][0] == "call" and func[1][1] == "super":
        uses.supers.append(func[2])
        _tell(node, uses)
    else:
        _read(func, name, module, uses)
    last = last_name(func)
    refers = func.__class__ is str and func.count(".") > 1 and _is_of_another(func, name)
    for place, arg in (*enumerate(args), *((keyword or "", value) for keyword, value in node[3])):
        if (refers and last in (_RELATES if isinstance(place, int) else _QUERIES)) or (place == "sender" and last in _SENDS):
            _look(arg, name, module, uses)  # another row refers to it: `Line.objects.create(order=order)`, `cart.orders.add(order)`
        elif arg != name:
            _read(arg, name, module, uses)
        elif last and last not in _KEEPS:
            uses.handed.add((last, place))
        else:
            uses.leaks = True


def _tell(call: Any, uses: Uses) -> None:
    uses.told.update(arg for arg in call[2] if arg.__class__ is str)
    uses.told.update(keyword for keyword, _ in call[3] if keyword is not None)


_QUERIES = frozenset(
    {"acreate", "aget", "aget_or_create", "aupdate_or_create", "create", "exclude", "filter", "get", "get_or_create", "update",
     "update_or_create"}
)  # fmt: skip
_RELATES = frozenset({"add", "remove"})
_SENDS = frozenset({"asend", "send", "send_robust"})  # receivers of signals are not looked at


def _is_of_another(target: str, name: str) -> bool:
    """Is it an attribute of an object that is neither this row nor the one whose method this is?"""
    head, _, rest = target.partition(".")
    return bool(rest) and head not in (name, "self", "cls")


def _bound(target: Any, value: Expr | None, name: str, module: Module, uses: Uses) -> None:
    if target.__class__ is str:
        if target == name:
            uses.bindings.append(value)
        elif target.startswith(name + "."):
            uses.assigned.add(target[len(name) + 1 :].partition(".")[0])
    elif target.__class__ is tuple and target:
        if target[0] in ("tuple", "list"):
            for item in target[1]:
                _bound(item, None, name, module, uses)
        elif target[0] == "star":
            _bound(target[1], None, name, module, uses)
        elif target[0] == "sub" and target[1] == f"{name}.__dict__":
            uses.leaks = True
        else:
            _read(target, name, module, uses)
