"""Slack's Bolt: what listeners and middleware are given, by the names of their parameters. `inform` tells the linker.

Facts are from slack_bolt 1.30 (kwargs_injection/utils.py: whatever the function has a parameter for is passed by its name, ``args`` is all
of it; app/app.py: each of these methods is a decorator, or is called with the function; kwargs_injection/async_utils.py: likewise)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from txlint.frameworks.routes import routed, value_at
from txlint.model.shapes import calls_in

if TYPE_CHECKING:
    from txlint.frameworks.types import Fun, Linker

PACKAGE = "slack_bolt"
_REGISTER = frozenset(
    {
        "action", "attachment_action", "block_action", "block_suggestion", "command", "dialog_cancellation", "dialog_submission",
        "dialog_suggestion", "error", "event", "function", "global_shortcut", "message", "message_shortcut", "middleware", "options",
        "shortcut", "use", "view", "view_closed", "view_submission",
    }
)  # fmt: skip
_GIVEN = {
    "ack": "slack_bolt.Ack",
    "args": "slack_bolt.Args",
    "client": "slack_sdk.WebClient",
    "complete": "slack_bolt.Complete",
    "context": "slack_bolt.BoltContext",
    "fail": "slack_bolt.Fail",
    "respond": "slack_bolt.Respond",
    "say": "slack_bolt.Say",
}
_GIVEN_AWAITED = {
    "client": "slack_sdk.web.async_client.AsyncWebClient",
    "context": "slack_bolt.async_app.AsyncBoltContext",
    "respond": "slack_bolt.async_app.AsyncRespond",
    "say": "slack_bolt.async_app.AsyncSay",
}
_APPS = {"slack_bolt.App": _GIVEN, "slack_bolt.async_app.AsyncApp": _GIVEN_AWAITED}


def inform(linker: Linker) -> None:
    """Tells the linker what the functions are given that are registered with an application."""
    for app, given in _APPS.items():
        for fun in dict.fromkeys((*(each.fun for each in routed(linker, _REGISTER, {app})), *_registered(linker, app))):
            for param in fun.fact.params if fun.fact is not None else ():
                if param.name in given:
                    linker.tell(fun, param.name, (linker.atoms(linker.ExtObj, given[param.name], (), None),))


def _registered(linker: Linker, app: str) -> Iterator[Fun]:
    """The functions that a call registers: ``app.view("close")(close)``, ``app.use(load)``."""
    for module in linker.project.ordered:
        if _REGISTER.isdisjoint(module.facts.words):
            continue
        for fun in (module.body, *module.funs):
            for call in calls_in(fun.body):
                made_by = call[1][1] if call[1].__class__ is tuple and call[1][0] == "call" else call[1]
                owner, _, method = made_by.rpartition(".") if made_by.__class__ is str else ("", "", "")
                named = [given for given in call[2] if given.__class__ is str] if method in _REGISTER and owner else []
                if named and any(_is_app(linker, each, app) for each in value_at(linker, fun, owner)):
                    yield from (each.fun for given in named for each in value_at(linker, fun, given) if isinstance(each, linker.Fn))


def _is_app(linker: Linker, atom: object, app: str) -> bool:
    return isinstance(atom, linker.ExtObj) and atom.name == app
