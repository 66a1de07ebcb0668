"""The closed vocabularies: effect kinds with the rule numbers they map to, opener kinds, confidences, severities."""

from __future__ import annotations

from enum import IntEnum

EFFECT_KINDS = ("task", "mail", "http", "rpc", "publish", "store", "storage", "process", "wait", "cache", "storage-write")
"""In the order of the last two digits of the rule codes: task is 01, storage-write is 11."""

OPENER_KINDS = ("with", "decorator", "atomic_requests", "admin", "hook", "implicit", "request", "autobegin", "custom", "asserted")
WIDE_OPENERS = frozenset({"atomic_requests", "request", "hook"})
"""Openers with one fingerprint for all their entries."""

STEP_KINDS = ("call", "hook", "signal", "override", "callback", "super")


class Confidence(IntEnum):
    """How much of a path was read rather than assumed; a path has that of its weakest step."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


def code_of(kind: str, hundreds: int) -> str:
    """``code_of("mail", 2)`` is ``"TX202"``."""
    return f"TX{hundreds}{EFFECT_KINDS.index(kind) + 1:02d}"
