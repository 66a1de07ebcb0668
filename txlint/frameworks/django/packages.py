"""Packages on top of Django that put a transaction around what a request runs: `revision` is what django-reversion's middleware opens,
`mutations` are GraphQL mutations that graphene-django runs inside of one.

Facts are from django-reversion 6.4 (reversion/views.py, reversion/middleware.py: every request but GET, HEAD and OPTIONS, unless the class
says ``atomic = False``) and graphene-django 3.2 (graphene_django/views.py: a mutation, where ``ATOMIC_MUTATIONS`` is True in the default
database or in ``GRAPHENE``). Which requests a view answers is from Django 5.2 (django/views/decorators/http.py) and Django REST framework
3.18 (rest_framework/decorators.py: without a list of methods, ``action`` and ``api_view`` answer GET)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.django.urls import ViewEntry
from txlint.frameworks.named import bound_to
from txlint.frameworks.routes import decorators
from txlint.model.facts import Expr
from txlint.model.graph import Entrance, Opened
from txlint.model.kinds import Confidence

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Klass, Linker

REVISION = "reversion.middleware.RevisionMiddleware"
_SAFE = frozenset({"get", "head", "options"})
_READING = _SAFE | {"list", "retrieve"}
"""Methods of views that answer a request in which it opens nothing."""

_SAFE_VIEWS = frozenset({"django.views.decorators.http.require_GET", "django.views.decorators.http.require_safe"})
_LISTING = {
    "django.views.decorators.http.require_http_methods": "request_method_list",
    "rest_framework.decorators.action": "methods",
    "rest_framework.decorators.api_view": "http_method_names",
    "rest_framework.decorators.detail_route": "methods",
    "rest_framework.decorators.list_route": "methods",
}
"""Decorators that are given the methods that a view answers, with the name of that argument, their first or a keyword."""

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
        mine = [atom.klass for atom in bound_to(linker, dotted) if isinstance(atom, linker.Cls) and linker.is_a(atom.klass, REVISION)]
        if not mine or any(isinstance(a, linker.Const) and not a.value for a in linker.class_attribute(mine[0], "atomic")):
            return None
    listed = settings.get("MIDDLEWARE")
    place = (listed.line or 1, 0, listed.line or 1, 0)
    sure = min(listed.confidence, Confidence.LIKELY)
    return Opened(
        "request", REVISION, place, ("django", "default"), "default", sure, path=listed.path or settings.path, function=settings.module
    )


def only_reads(linker: Linker, view: ViewEntry, fun: Fun, klass: Klass | None) -> bool:
    """Does a function of a view answer only requests in which `revision` opens nothing?"""
    if fun.fact is None:
        return False
    wired = {method.lower() for method, name in view.actions if name == fun.fact.name}
    if (klass is not None and fun.fact.name in _READING) or (wired and wired <= _SAFE):
        return True
    return any(_is_safe(linker.where_bound(fun.module, name), decorator) for name, decorator in decorators(fun))


def _is_safe(name: str, decorator: Expr) -> bool:
    """Does a decorator of this full name leave nothing but methods that read?"""
    if isinstance(decorator, str):
        return name in _SAFE_VIEWS
    keywords = dict(decorator[3])
    if name not in _LISTING or None in keywords:
        return False
    listed = decorator[2][0] if decorator[2] else keywords.get(_LISTING[name], ("const", None))
    if listed == ("const", None):
        return True
    if not isinstance(listed, tuple) or listed[0] not in ("list", "tuple"):
        return False
    return all(item[0] == "const" and str(item[1]).lower() in _SAFE for item in listed[1])


def mutations(linker: Linker, settings: DjangoSettings) -> Iterator[Entrance]:
    """The methods of mutations, with the line of the setting."""
    switch = next((found for found in map(settings.get, _SWITCHES) if found.value is True or True in found.others), None)
    if switch is None:
        return
    place = (switch.line, 0, switch.line, 0)
    for klass in linker.project.klasses:
        if not any(isinstance(base, str) and base in _MUTATIONS for base in linker.mro(klass)):
            continue
        for fun, cls, given, told in linker.called_methods(klass, ("mutate", "mutate_and_get_payload", "perform_mutate")):
            node, sure = (fun.id, cls, True), min(told, switch.confidence)
            yield Entrance(node, "atomic_requests", "ATOMIC_MUTATIONS", switch.path, place, fun.dotted, "default", sure, given)
