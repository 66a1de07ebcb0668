"""Packages on top of Django that put a transaction around what a request runs: `revision` is what django-reversion's middleware opens,
`mutations` are GraphQL mutations that graphene-django runs inside of one.

Facts are from django-reversion 6.4 (reversion/views.py, reversion/middleware.py: every request but GET, HEAD and OPTIONS, unless the class
says ``atomic = False``) and graphene-django 3.2 (graphene_django/views.py: a mutation, where ``ATOMIC_MUTATIONS`` is True in the default
database or in ``GRAPHENE``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from txlint.frameworks.django.settings import DjangoSettings
from txlint.model.graph import Entrance, Opened
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.frameworks.types import Linker

REVISION = "reversion.middleware.RevisionMiddleware"
READING = frozenset({"get", "head", "options", "list", "retrieve"})
"""Methods of views that answer a request in which it opens nothing."""

_MUTATIONS = frozenset(
    {
        "graphene.Mutation",
        "graphene.relay.ClientIDMutation",
        "graphene.relay.mutation.ClientIDMutation",
        "graphene.types.mutation.Mutation",
        "graphene_django.forms.mutation.DjangoFormMutation",
        "graphene_django.forms.mutation.DjangoModelFormMutation",
        "graphene_django.rest_framework.mutation.SerializerMutation",
    }
)
_SWITCHES = ("DATABASES.default.ATOMIC_MUTATIONS", "GRAPHENE.ATOMIC_MUTATIONS")


def revision(linker: Linker, settings: DjangoSettings, dotted: str) -> Opened | None:
    """What a middleware opens that is django-reversion's, or a class of the project derived from it."""
    if dotted != REVISION:
        module, _, name = dotted.rpartition(".")
        home = linker.project.find_module(module)
        atoms = linker.module_name(home, name) if home is not None else ()
        mine = [atom.klass for atom in atoms if isinstance(atom, linker.Cls) and linker.is_a(atom.klass, REVISION)]
        if not mine or any(isinstance(a, linker.Const) and not a.value for a in linker.class_attribute(mine[0], "atomic")):
            return None
    listed = settings.get("MIDDLEWARE")
    place = (listed.line or 1, 0, listed.line or 1, 0)
    sure = min(listed.confidence, Confidence.LIKELY)
    return Opened(
        "request", REVISION, place, ("django", "default"), "default", sure, path=listed.path or settings.path, function=settings.module
    )


def mutations(linker: Linker, settings: DjangoSettings) -> Iterator[Entrance]:
    """The methods of mutations, with the line of the setting."""
    switch = next((found for found in map(settings.get, _SWITCHES) if found.value is True or True in found.others), None)
    if switch is None:
        return
    place = (switch.line, 0, switch.line, 0)
    for klass in linker.project.klasses:
        if not any(isinstance(base, str) and base in _MUTATIONS for base in linker.mro(klass)):
            continue
        for fun, cls, given in linker.called_methods(klass, ("mutate", "mutate_and_get_payload", "perform_mutate")):
            node = (fun.id, cls, True)
            yield Entrance(node, "atomic_requests", "ATOMIC_MUTATIONS", switch.path, place, fun.dotted, "default", switch.confidence, given)
