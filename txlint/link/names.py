"""What names stand for: `module_name` at module level, `bound` for one binding, `imported` and `library` for what comes from elsewhere."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from txlint.catalog.types import parse_type
from txlint.link import taught
from txlint.link.holding import kept_as
from txlint.link.kept import fillable, options, put_on, unset
from txlint.link.project import GLOBAL, Binding, Fun, Klass, Module, absolute
from txlint.link.values import UNKNOWN, Atom, Cls, Ext, ExtObj, Mod, Obj, OneOf, Param, Stored, Value, union
from txlint.model.facts import Expr
from txlint.model.graph import Some

if TYPE_CHECKING:
    from txlint.link.linker import Linker

BUILTINS = frozenset(dir(builtins))


def module_name(linker: Linker, module: Module, name: str) -> Value:
    """What a module-level name is bound to."""
    key = (id(module), name)
    found = linker.global_values.get(key)
    if found is not None:
        return found
    if not linker.begin(key):
        return UNKNOWN
    bound = module.names.get(name)
    value: Value = UNKNOWN
    if linker.taught and not (bound is not None and bound[-1][0] == "class"):
        value = taught.module_value(linker, module.name, name)
    if not value and bound is not None:  # what a project's table says of a name counts, whatever it is bound to
        for binding in bound:
            value = union(value, linker.bound(binding, module, None))
        if not value and len(bound) == 1 and bound[0][0] == "value" and is_object(bound[0][1]) and name not in module.global_sets:
            value = (linker.atoms.const(Some("object", True, f"{module.name}.{name}")),)
    elif not value:
        submodule = f"{module.name}.{name}"
        if module.facts.is_package and linker.project.knows(submodule):
            value = linker.module_value(submodule)
        for star in module.stars if not value else ():
            other = linker.project.find_module(star, module.facts.path)
            if other is None:
                # A library's names by star: only those that the catalog knows.
                dotted = linker.catalog.canonical(f"{star}.{name}")
                if linker.catalog.is_known(dotted) or (name[:1].isupper() and linker.catalog.is_known(star)):
                    value = (linker.atoms(Ext, dotted),)
            elif other is not module:
                value = linker.module_name(other, name)
            if value:
                break
    for number in module.global_sets.get(name, ()):
        setter = module.funs[number]
        value = union(value, linker.replay(setter, setter.klass, False).sets.get(GLOBAL + name, UNKNOWN))
    if bound is not None and unset(value):
        value = union(value, put_on(linker, linker.atoms(Mod, module.name), name))
    if value and bound is not None:
        value = fillable(linker, value, ("global", module.name, name))
        value = tuple(_as_signal(linker, atom, module, name) for atom in value) if linker.signal_classes else value
        if ExtObj in map(type, value):
            value = kept_as(linker, value, module, bound[-1], name)
    linker.global_values[key] = value
    linker.done(key, linker.global_values, key)
    return value


def is_object(expr: Expr) -> bool:
    """``object()``: something that is only itself."""
    return expr.__class__ is tuple and expr[:4] == ("call", "object", (), ())


def module_value(linker: Linker, name: str) -> Value:
    if linker.project.knows(name):
        module = linker.project.find_module(name)
        return (linker.atoms(Mod, module.name if module else name),)
    return (linker.atoms(Ext, linker.catalog.canonical(name)),)


def global_name(linker: Linker, module: Module, name: str) -> Value:
    value = linker.module_name(module, name)
    if not value and name in BUILTINS and name not in module.names:
        return (linker.atoms(Ext, "builtins." + name),)
    return value


def bound(linker: Linker, binding: Binding, module: Module, klass: Klass | None, scope: Fun | None = None) -> Value:
    """The value of one binding of a module's or class's body."""
    from txlint.link.replay import evaluate

    tag = binding[0]
    if tag == "def":
        return linker.decoration(module.funs[binding[1]]).value
    if tag == "class":
        return (linker.atoms(Cls, module.klasses[binding[1]]),)
    if tag == "import":
        return linker.imported(module, binding[1])
    if tag == "value":
        expr = binding[1]
        if expr.__class__ is tuple and expr[0] == "call" and str(expr[1]).rpartition(".")[2] == "NewType" and len(expr[2]) == 2:
            expr = expr[2][1]  # a type of its own for the checker, the same for the program
        value = evaluate(linker, expr, module, klass) if expr is not None else UNKNOWN
        if binding[2] is not None:
            if unset(value):
                value = union(value, linker.annotation(binding[2], module, klass))
            elif len(value) == 1 and isinstance(value[0], (ExtObj, Obj)) and not value[0].item:
                # `current: ContextVar[Session] = ContextVar("current")` says what it holds
                held = (atom.item for atom in linker.annotation(binding[2], module, klass) if type(atom) is type(value[0]))
                value = (linker.with_item(value[0], next(held, UNKNOWN)),)
        return value
    if tag == "unpack":
        value = evaluate(linker, binding[1], module, klass)
        for position in binding[2]:
            value = linker.item_at(value, position)
        return value
    if tag == "each":
        return linker.items(evaluate(linker, binding[1], module, klass))
    return UNKNOWN


def imported(linker: Linker, module: Module, number: int) -> Value:
    item = module.facts.imports[number]
    target = absolute(module, item.module, item.level)
    if item.name is None:
        return linker.module_value(item.binds if "." in item.module and item.binds == item.module.partition(".")[0] else target)
    other = linker.project.find_module(target, module.facts.path)
    if (other is not None and other is not module) or (other is not None and not other.facts.is_package):
        value = linker.module_name(other, item.name)
        if value or other.names.get(item.name):
            return value
        if answer := answered(linker, other, item.name):
            return answer
    full = f"{target}.{item.name}" if target else item.name
    if linker.project.knows(full):
        return linker.module_value(full)
    if other is not None or linker.project.knows(target):
        return UNKNOWN
    return linker.library(full)


def answered(linker: Linker, module: Module, name: str) -> Value:
    """What a module's ``__getattr__`` gives for a name that it has not itself."""
    found = module.names.get("__getattr__")
    fun = module.funs[found[-1][1]] if found is not None and found[-1][0] == "def" else None
    if fun is None or fun.fact is None or len(fun.fact.positional) != 1 or name[:2] == "__":
        return UNKNOWN
    return linker.replay_given(fun, ((fun.fact.positional[0], name),)).returns


def library(linker: Linker, dotted: str) -> Value:
    """A library's name: what it stands for."""
    name = linker.catalog.canonical(dotted)
    for framework in linker.name_values:
        known = framework.name(linker, name)
        if known is not None:
            return known
    for entry in linker.at(name).returns:
        if entry.attribute and entry.type:
            return linker.typed(parse_type(entry.type), None, (), {}, origin=("global", name)) or (linker.atoms(Ext, name),)
    return (linker.atoms(Ext, name),)


def _as_signal(linker: Linker, atom: Atom, module: Module, name: str) -> Atom:
    """A signal of the project, which its name tells from others wherever it is passed."""
    if type(atom) is ExtObj and atom.origin is None and atom.name in linker.signal_classes:
        return linker.atoms(ExtObj, atom.name, atom.item, ("global", f"{module.name}.{name}"))
    if type(atom) is Obj and atom.klass.id in linker.own_signals and atom.origin.__class__ is not tuple:
        return linker.atoms(Obj, atom.klass, atom.exact, atom.item, ("global", f"{module.name}.{name}"), atom.flags)
    return atom


def signal_name(linker: Linker, frame: Any, expr: Expr) -> str | None:
    """What tells one signal of the project from another: the module-level name, or the attribute of a class, that holds it."""
    if not isinstance(expr, str):
        return None
    head, _, rest = expr.partition(".")
    for atom in frame.name(head):
        if isinstance(atom, Mod):
            module = linker.project.find_module(atom.name)
            while rest and module is not None:
                name, _, rest = rest.partition(".")
                if not rest:
                    return _home(linker, module, name)
                module = linker.project.find_module(f"{module.name}.{name}")
            return None
    if rest:
        return _class_signal(linker, frame, expr)
    return _home(linker, frame.module, head, frame)


def _class_signal(linker: Linker, frame: Any, expr: str) -> str | None:
    """``Order.paid``, ``self.order.paid``: by the class that declares it; where nothing is known of the owner, by the only one that
    has an attribute of this name."""
    owner, _, name = expr.rpartition(".")
    value: list[Atom] = []
    for atom in frame.ev(owner):
        if isinstance(atom, (Stored, OneOf)):  # of what was put there, perhaps nothing is known
            value.extend(options(linker, atom))
        elif not isinstance(atom, Param):
            value.append(atom)
    for atom in value:
        klass = getattr(atom, "klass", None)
        found = linker.find(klass, name) if klass is not None else None
        if found is not None and isinstance(found.owner, Klass):
            return f"{found.owner.dotted}.{name}"
    klass = linker.holder_of(name) if not value else None
    return f"{klass.dotted}.{name}" if klass is not None else None


def _home(linker: Linker, module: Module, name: str, frame: Any = None, depth: int = 0) -> str:
    """The module and name where something is defined, behind imports."""
    local: list[Binding] | None = module.names.get(name)
    if local is None and frame is not None:
        for number, item in enumerate(module.facts.imports):
            if item.binds == name:
                local = [("import", number)]
    for binding in (local or ())[-1:]:
        if binding[0] == "import" and depth < 8:
            item = module.facts.imports[binding[1]]
            target = absolute(module, item.module, item.level)
            other = linker.project.find_module(target, module.facts.path)
            if other is not None and item.name is not None:
                return _home(linker, other, item.name, None, depth + 1)
    if local is None:
        for star in module.stars:
            other = linker.project.find_module(star, module.facts.path)
            if other is not None and other is not module and depth < 8 and name in other.names:
                return _home(linker, other, name, None, depth + 1)
    return f"{module.name}.{name}"
