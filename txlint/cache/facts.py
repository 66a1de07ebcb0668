"""The facts of a project's files as the last run left them: ``find`` gives those of a file that has not changed, ``add`` takes new ones,
``save`` keeps what this run has used and nothing else.

Facts belong to the bytes of a file. Which bytes a file has is known by reading it, or, as with git, by its status: a stamp that is kept
was taken before the bytes were read and long enough after they were written (`discover.read_stamped`). Two files are kept for a project
and a version of Python: the index (for each path its stamp, the digest of its bytes and where the facts lie) and the facts themselves,
one after the other, each sealed by a tag in the index. A facts file is never changed, so an index and the facts that it names always
fit. What is missing, cut off or not sealed is lowered again.

Not kept are files that could not be opened, and files that were nested too deeply for this run's memory."""

from __future__ import annotations

import marshal
import os
import sys
import zlib
from collections.abc import Iterator
from time import time
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from txlint import __version__
from txlint.cache.folder import Folder, Unusable, make_folder, open_plain, seal, sweep, write, write_sealed
from txlint.cache.index import code_stamp, name_of, read_index
from txlint.model.facts import SCHEMA, FileFacts, Unreadable

if TYPE_CHECKING:
    from txlint.discover import File, Stamp

MOST_PER_LINE = 60
"""Bytes per line of source that a project's facts and index may take together."""
_ABOUT_PER_FILE = 60  # bytes of the index, besides the path
_LEAST = 1 << 16  # bytes that are never too many
_PACKED = 0x78  # the first byte of zlib's format, and of none that `marshal` gives for a list or a tuple


class Entry(NamedTuple):
    """What is known of one file."""

    stamp: Stamp
    digest: bytes
    lines: int
    offset: int
    length: int
    tag: bytes


def open_cache(path: str, root: str) -> FactsCache:
    """The facts that the folder at ``path`` keeps for the project at ``root``. Raises `Unusable`."""
    return FactsCache(make_folder(os.path.abspath(path)), root)  # noqa: PTH100 -- links stay, and are refused


class FactsCache:
    """The facts of one project. ``digests`` are those of all bytes whose facts are known; ``files`` says which bytes which file had when
    its facts were asked for last."""

    def __init__(self, folder: Folder, root: str) -> None:
        self.folder = folder
        self.root = root
        self.name = name_of(root)
        self.note: str | None = None  # why nothing was kept
        self.used: dict[str, Entry] = {}
        self._below = root.rstrip(os.sep) + os.sep
        self._fresh: dict[bytes, bytes] = {}  # digest -> facts that the facts file does not hold
        self._file: BinaryIO | None = None
        self._facts_name, known = read_index(folder, self.name, build())
        self.known: dict[str, Entry] = {key: Entry._make(entry) for key, entry in known.items()}
        self.digests: dict[bytes, Entry] = {entry.digest: entry for entry in self.known.values()}

    def key(self, path: str) -> str:
        """A path as the index has it."""
        return path.removeprefix(self._below)

    def find(self, file: File) -> FileFacts | Unreadable | None:
        """The facts of a file that has not been written to."""
        entry = self.known.get(self.key(file.path))
        return self._facts(file, entry, entry.stamp) if entry is not None and entry.stamp == file.stamp else None

    def find_bytes(self, file: File, digest: bytes, stamp: Stamp) -> FileFacts | Unreadable | None:
        """The facts of a file with these bytes."""
        entry = self.digests.get(digest)
        return self._facts(file, entry, stamp) if entry is not None else None

    def add(self, file: File, facts: FileFacts | Unreadable, digest: bytes, stamp: Stamp, encoded: bytes | None) -> None:
        """Keep the facts of a file with these bytes."""
        if digest not in self._fresh:
            if encoded is None:
                from txlint.lower import encode

                try:
                    encoded = encode(facts)
                except ValueError:  # deeper than its format goes
                    return
            self._fresh[digest] = encoded
            lines = 1 if isinstance(facts, Unreadable) else facts.lines
            self.digests[digest] = Entry(stamp, digest, lines, 0, len(encoded), self._tag(digest, encoded))
        self.used[self.key(file.path)] = self.digests[digest]._replace(stamp=stamp)

    def save(self) -> None:
        """Keep what was used. Where that cannot be, ``note`` says why."""
        stored = max([entry.offset + entry.length for entry in self.known.values()], default=0)
        live = sum({entry.digest: entry.length for entry in self.used.values()}.values())
        most = self._most()
        unchanged = not self._fresh and (stored <= most or live >= stored)
        if unchanged and all(self.known.get(key) == entry for key, entry in self.used.items()):
            return
        name = self._facts_name
        try:
            if not unchanged:
                name = f"{self.name}.{os.urandom(8).hex()}.facts"
                self.used = self._written(name, packed=live > most)
            write_sealed(self.folder, f"{self.name}.index", marshal.dumps((build(), name, {k: tuple(v) for k, v in self.used.items()})))
        except Unusable as error:
            self.note = str(error)
            return
        finally:
            if self._file is not None:
                self._file.close()
                self._file = None
        sweep(
            self.folder,
            f"{self.name}.",
            (name, f"{self.name}.index", f"{self.name}.answers", f"{self.name}.linked"),
            self._facts_name,
            time(),
        )
        self._facts_name, self.known = name, dict(self.used)
        self.digests = {entry.digest: entry for entry in self.known.values()}
        self._fresh.clear()

    def _most(self) -> int:
        """How large the facts file may be."""
        lines = sum([entry.lines for entry in self.used.values()])
        return max(MOST_PER_LINE * lines, _LEAST) - sum([len(key) + _ABOUT_PER_FILE for key in self.used])

    def _written(self, name: str, packed: bool) -> dict[str, Entry]:
        """What was used, in a facts file of this name. Each is read and checked once more: nothing of an old file is sealed unseen."""
        placed: dict[bytes, tuple[int, int, bytes]] = {}

        def facts() -> Iterator[bytes]:
            offset = 0
            for _, entry in sorted(self.used.items()):
                data = None if entry.digest in placed else self._fresh.get(entry.digest) or self._read(entry)
                if data is not None:
                    tag = entry.tag
                    if packed and data[0] != _PACKED:
                        data = zlib.compress(data, 1)
                        tag = self._tag(entry.digest, data)
                    placed[entry.digest] = (offset, len(data), tag)
                    offset += len(data)
                    yield data

        write(self.folder, name, facts())
        kept = {}
        for key, entry in self.used.items():
            if entry.digest in placed:
                offset, length, tag = placed[entry.digest]
                kept[key] = Entry(entry.stamp, entry.digest, entry.lines, offset, length, tag)
        return kept

    def _facts(self, file: File, entry: Entry, stamp: Stamp) -> FileFacts | Unreadable | None:
        facts = self.facts_of(entry, file)
        if facts is not None:
            self.used[self.key(file.path)] = entry if entry.stamp == stamp else entry._replace(stamp=stamp)
        return facts

    def facts_of(self, entry: Entry, file: File) -> FileFacts | Unreadable | None:
        """The facts of an entry under the names of a file; until `save`, of bytes too that it had before."""
        data = self._fresh.get(entry.digest) or self._read(entry)
        if data is None:
            return None
        from txlint.lower import decode

        return decode(zlib.decompress(data) if data[0] == _PACKED else data, (file.display, file.module, file.is_package))

    def _tag(self, digest: bytes, data: bytes) -> bytes:
        return seal(self.folder.key, "facts", digest + data)[:16]

    def _read(self, entry: Entry) -> bytes | None:
        """The sealed bytes of one file's facts."""
        try:
            if self._file is None:
                self._file = os.fdopen(open_plain(self.folder, self._facts_name), "rb", 1 << 18)
            self._file.seek(entry.offset)
            data = self._file.read(entry.length)
        except OSError:
            return None
        return data if data and self._tag(entry.digest, data) == entry.tag else None


def build() -> str:
    """What facts depend on besides the bytes of a file: this Python, to its last detail, and the code that lowers."""
    package = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 -- no pathlib on the way to a stored answer
    return f"{__version__} {SCHEMA} {sys.version} {sys.get_int_max_str_digits()} {code_stamp(package, ('lower', 'model'))}"
