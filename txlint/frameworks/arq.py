"""arq: what its jobs are given. `inform` tells the linker.

Facts are from arq 0.28 (worker.py: a worker takes ``functions``, ``cron_jobs``, ``on_startup``, ``on_shutdown`` and the hooks around jobs
from its settings class, or as arguments of ``Worker``; each is called with a dict, ``ctx``: at the start and the end of the worker with its
own, around a job with a copy of that; ``ctx["redis"]`` is the pool of the worker itself)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from txlint.frameworks.routes import registrations, value_at

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker

PACKAGE = "arq"
_CONTEXT = "arq.worker.Context"
_LISTS = ("functions", "cron_jobs")
_HOOKS = ("on_startup", "on_shutdown", "on_job_start", "on_job_end", "after_job_end")
_WORKERS = frozenset({"Worker", "create_worker", "run_worker"})


def inform(linker: Linker) -> None:
    """Tells the linker what the first argument of each job and hook is."""
    context = (linker.atoms(linker.ExtObj, _CONTEXT, (), None),)
    for fun in _called_by_workers(linker):
        linker.contexts[fun.id] = context  # annotated as a dict, if at all


def _called_by_workers(linker: Linker) -> Iterator[Fun]:
    for module in linker.project.ordered:
        if PACKAGE not in {item.module.partition(".")[0] for item in module.facts.imports}:
            continue
        for klass in module.klasses:
            for name in (*_LISTS, *_HOOKS):
                if name in klass.names:
                    yield from _functions(linker, linker.class_attribute(klass, name))
    for fun, call in registrations(linker, _WORKERS):
        for name, given in call[3]:
            if name in _LISTS or name in _HOOKS:
                yield from _functions(linker, value_at(linker, fun, given))


def _functions(linker: Linker, value: Any) -> Iterator[Fun]:
    """The functions that are listed, or the one that is meant."""
    for atom in (*value, *linker.items(value)):
        if isinstance(atom, linker.Fn):
            yield atom.fun
