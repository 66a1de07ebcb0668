"""Database routers: to which databases they send what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from txlint.frameworks.named import bound_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from txlint.frameworks.types import Linker

SETTINGS = "django.conf.settings."


def written(linker: Linker, setting: Callable[[str], tuple[str, Any]]) -> frozenset[str]:
    """The aliases to which the first of ``DATABASE_ROUTERS`` sends all that is written; none where it leaves that to others, or where it
    cannot be told."""
    state, names = setting("DATABASE_ROUTERS")
    if state != "value" or not isinstance(names, (list, tuple)) or not names or not isinstance(names[0], str):
        return frozenset()
    for router in bound_to(linker, names[0]):
        for method in linker.class_attribute(router.klass, "db_for_write") if isinstance(router, linker.Cls) else ():
            if isinstance(method, linker.Fn) and method.fun.body and method.fun.body[-1][0] == "return":
                return _constants(linker, linker.result(method.fun, router.klass, True), setting)
    return frozenset()


def _constants(linker: Linker, value: Any, setting: Callable[[str], tuple[str, Any]]) -> frozenset[str]:
    found = set()
    for atom in value:
        alias = atom.value if isinstance(atom, linker.Const) else None
        if isinstance(atom, linker.Ext) and atom.name.startswith(SETTINGS):
            alias = setting(atom.name.removeprefix(SETTINGS))[1]
        if not isinstance(alias, str):
            return frozenset()
        found.add(alias)
    return frozenset(found)
