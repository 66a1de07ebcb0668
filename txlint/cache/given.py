"""Facts in files of their own, for build systems: made by `txlint facts` target by target, brought together by `txlint link`.

A facts file is text: a line that says what made the facts and what the rest has to be, then a line for each content of a file: the
digest of its bytes and the facts of them (`lower.exchange`), in the order of the digests. It is a pure function of these contents, so it
is the same wherever, in whatever order and under whatever names they are read. Facts say nothing of where a file lies or what it is
called: that is found out when they are used, so they are only believed of files with the very bytes that they were made of.

The digest in the first line finds damage, not malice: who can write a facts file decides what is known of the code, but nothing in it
is ever run."""

# ruff: noqa: PTH123

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from txlint.cache.index import digest_of
from txlint.config import ConfigError
from txlint.lower import bound_to
from txlint.lower.exchange import from_text, to_text
from txlint.model.facts import FileFacts, Unreadable

if TYPE_CHECKING:
    from txlint.discover import File, Stamp

_FORMAT = 1
_AGAIN = "make it again with `txlint facts`"


class WrongFacts(ConfigError):
    """Facts that cannot be used; the message is one line."""


class Collected:
    """Takes the facts of files that are loaded, as a cache does that knows nothing yet. ``names`` are the files that it took."""

    def __init__(self) -> None:
        self.digests: dict[bytes, str] = {}
        self.names: set[str] = set()
        self._facts: dict[bytes, FileFacts | Unreadable] = {}

    def find(self, file: File) -> None:
        """Nothing is known of a file before it is read."""

    def find_bytes(self, file: File, digest: bytes, stamp: Stamp) -> None:
        """Nor is anything of its bytes: what is taken is not looked for again."""

    def add(self, file: File, facts: FileFacts | Unreadable, digest: bytes, stamp: Stamp, encoded: bytes | None) -> None:
        self._facts.setdefault(digest, facts)
        self.names.add(file.display)

    def save(self) -> None:
        """There is nothing to keep between runs."""

    def text(self) -> str:
        """The facts file."""
        lines = [f'["{digest.hex()}",{to_text(facts)}]\n' for digest, facts in sorted(self._facts.items(), key=lambda item: item[0])]
        rest = "".join(lines)
        head = {"txlint-facts": _FORMAT, "for": bound_to(), "files": len(lines), "digest": digest_of(rest.encode()).hex()}
        return f"{json.dumps(head)}\n{rest}"


class Given:
    """The facts of these files, and no others: where a file is loaded whose facts are not among them, ``add`` raises `WrongFacts`."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.digests: dict[bytes, str] = {}
        for path in paths:
            for line in _lines(path):
                self.digests[_digest(line)] = line[44:-1]

    def find(self, file: File) -> None:
        """A file is known by its bytes only: what its status says was not seen by who made the facts."""

    def find_bytes(self, file: File, digest: bytes, stamp: Stamp) -> FileFacts | Unreadable | None:
        text = self.digests.get(digest)
        if text is None:
            return None
        try:
            return from_text(text, (file.display, file.module, file.is_package))
        except (ValueError, TypeError, RecursionError):
            raise WrongFacts(f"{file.display}: what is given as its facts are none; {_AGAIN}") from None

    def add(self, file: File, facts: FileFacts | Unreadable, digest: bytes, stamp: Stamp, encoded: bytes | None) -> None:
        raise WrongFacts(f"{file.display}: no facts of it are given: its target is missing, or it has changed since; {_AGAIN}")

    def save(self) -> None:
        """There is nothing to keep between runs."""


def _digest(line: str) -> bytes:
    """The digest with which a line of a facts file begins; of no file's bytes where it does not."""
    try:
        return bytes.fromhex(line[2:42])
    except ValueError:
        return b""


def _lines(path: str) -> list[str]:
    """The lines of a facts file after its first, if all is as that says. Raises `WrongFacts`."""
    try:
        with open(path, "rb") as file:
            head, _, rest = file.read().partition(b"\n")
    except (OSError, ValueError) as error:
        raise WrongFacts(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        told = json.loads(head)
        made, made_by, count, digest = told["txlint-facts"], told["for"], told["files"], told["digest"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise WrongFacts(f"{path}: not a facts file") from None
    if made != _FORMAT or made_by != bound_to():
        raise WrongFacts(f"{path}: made by {str(made_by)[:80]}, wanted is {bound_to()}; {_AGAIN}")
    lines = rest.decode("ascii", "replace").splitlines()
    if digest != digest_of(rest).hex() or count != len(lines):
        raise WrongFacts(f"{path}: damaged or cut off; {_AGAIN}")
    return lines
