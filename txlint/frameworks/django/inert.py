"""Settings that look as if they opened transactions and do nothing: `inert_settings` gives each as a hazard of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.files import Files
from txlint.model.facts import FileFacts
from txlint.model.graph import Misuse
from txlint.model.hazard import EffectSite, Hazard, Spot
from txlint.model.kinds import Confidence


def inert_settings(settings: DjangoSettings, facts: Iterable[FileFacts], files: Files) -> Iterator[Hazard]:
    """``ATOMIC_REQUESTS = True`` at the top level, where no database has the key and no code of the project reads the name: Django looks
    for it in the dict of a database alone (`django/core/handlers/base.py`, ``make_view_atomic``)."""
    named = [each for each in settings.inert if each.value is True]
    if not named or settings.atomic_aliases:
        return
    known = tuple(facts)
    modules = {each.path: each.module for each in known}
    for each in named:
        if each.path in modules and not any(_reads(file, each.name) for file in known):
            effect = Misuse(name=each.name, library="django", kind="inert-setting", alone=True)
            lines = (files.source(each.path) or "").splitlines()
            start = max(0, lines[each.line - 1].find(each.name)) if each.line <= len(lines) else 0
            spot = Spot(each.path, (each.line, start, each.line, start + len(each.name)))
            yield Hazard(EffectSite(spot, modules[each.path], each.name, effect, 1, False, Confidence.CERTAIN), ())


def _reads(file: FileFacts, name: str) -> bool:
    """Does a file import a name, ask for it as an attribute, or use one of its own?"""
    return name in file.words or any(_uses(body, name) for body in (file.body, *(function.body for function in file.functions)))


def _uses(of: Any, name: str) -> bool:
    if of.__class__ is str:
        return bool(of == name)
    if of.__class__ is not tuple or not of or of[0] == "const":
        return False
    parts = of[2:] if of[0] == "assign" else of
    return any(_uses(part, name) for part in parts)
