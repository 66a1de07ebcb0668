"""The closed vocabularies: effect kinds with the rule numbers they map to, opener kinds, confidences, severities."""

from __future__ import annotations

from enum import IntEnum

EFFECT_KINDS = ("task", "mail", "http", "rpc", "publish", "store", "storage", "process", "wait", "cache", "storage-write")
"""In the order of the last two digits of the rule codes: task is 01, storage-write is 11."""

MISUSE_CODES = {
    "called": "TX301",
    "late-binding": "TX302",
    "result-used": "TX303",
    "other-database": "TX304",
    "never-awaited": "TX305",
    "never-committed": "TX306",
    "nested-databases": "TX501",
    "deep-savepoint": "TX502",
    "nested-durable": "TX503",
    "swallowed-error": "TX504",
    "inert-decorator": "TX505",
    "inert-with": "TX505",
    "inert-setting": "TX505",
}
"""What deferrals (TX3xx) and transactions (TX5xx) are used for wrongly, with the rule that says so."""

OPENER_KINDS = ("with", "decorator", "atomic_requests", "admin", "hook", "implicit", "request", "autobegin", "custom", "asserted")
WIDE_OPENERS = frozenset({"atomic_requests", "request", "hook"})
"""Openers with one fingerprint for all their entries."""

STEP_KINDS = ("call", "hook", "signal", "override", "callback", "super", "property", "setter")


class Confidence(IntEnum):
    """How much of a path was read rather than assumed; a path has that of its weakest step."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def doubted(self) -> Confidence:
        """With one doubt more: what is still so on one of two ways is likely, on one of two and again on one of two only possible."""
        return Confidence(max(self - 1, Confidence.POSSIBLE))


def code_of(kind: str, hundreds: int) -> str:
    """``code_of("mail", 2)`` is ``"TX202"``; a misuse has one code, wherever it is."""
    return MISUSE_CODES.get(kind) or f"TX{hundreds}{EFFECT_KINDS.index(kind) + 1:02d}"
