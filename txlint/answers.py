"""Answers to questions that were asked before: ``find`` gives what the same command said where nothing that it rests on is different,
``keep`` remembers an answer.

An answer rests on the command line and where it was given, txlint and Python themselves, the configuration, which files the project has
and the bytes of those that were read, the baseline's, and whatever else the run has asked about the project (lock files, listings):
`Seen`. The files are looked for anew each time; their bytes are known by status or by reading, as for facts. An answer is only kept if
all of that is still as the run has seen it when it ends, so what changed meanwhile is in no answer.

``find`` is all that happens before a stored answer is printed. It imports little, on purpose: neither the command line's parser nor an
analysing stage. Which folder to look in it guesses from the words of the command line; a wrong guess finds nothing."""

# Paths stay strings here: pathlib alone takes longer to import than an answer to find.
# ruff: noqa: PTH100, PTH109, PTH113, PTH118, PTH120, PTH123

from __future__ import annotations

import marshal
import os
import sys
import zlib
from _blake2 import blake2b
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.cache.folder import NAME, Folder, Unusable, find_folder, read_sealed, write_sealed
from txlint.cache.index import code_stamp, digest_of, name_of, read_index
from txlint.config import Config, find_config
from txlint.discover import Discovery, discover, project_root, read_stamped
from txlint.frameworks.files import Asked, ProjectFiles, asks_the_same

if TYPE_CHECKING:
    from txlint.cache.facts import FactsCache

_MOST = 8  # answers of a project; the oldest goes first
_LEAST_BYTES = 1 << 16
_BYTES_PER_LINE = 4
_SWITCHES = ("NO_COLOR", "FORCE_COLOR", "TERM")


class Answer(NamedTuple):
    """All that a run says: lines on stderr, the text on stdout, more lines on stderr, its exit code."""

    before: tuple[str, ...]
    text: str
    after: tuple[str, ...]
    code: int = 0


class Basis(NamedTuple):
    """What an answer rests on, as `marshal` can keep it. ``paths`` are those of the command line, ``analysed`` those that were meant."""

    paths: tuple[str, ...]
    config_state: tuple[str, ...]
    analysed: tuple[str, ...]
    root: str
    exclude: tuple[str, ...] | None
    extend_exclude: tuple[str, ...]
    max_file_size: int
    include_tests: bool
    tests_read: tuple[str, ...]
    files: bytes
    content: bytes
    beside: tuple[tuple[str, bytes], ...]
    asked: tuple[tuple[str, str, bytes], ...]


class Seen:
    """What one run has looked at beside the files that the cache knows of. ``paths`` are those of the command line, ``config_file`` is
    the one that was named there. The stages fill in the rest."""

    def __init__(self, paths: Sequence[str], config_file: str | None = None) -> None:
        self.paths = tuple(paths)
        self.config_file = config_file
        self.config_state = config_state(self.paths, config_file)
        self.analysed: tuple[str, ...] = ()
        self.discovery: Discovery | None = None
        self.beside: dict[str, bytes] = {}  # files that are not the project's code (a baseline), with a digest of their bytes
        self.asked: Asked = {}
        self.analysis: object = None  # all that the stages know, for who wants to keep it

    def read_beside(self, path: str, data: bytes) -> None:
        """Told of a file that the report rests on, and of its bytes as they were read."""
        self.beside[path] = digest_of(data)


def find(words: Sequence[str]) -> Answer | None:
    """What was said to this command line, if it would be said again."""
    try:
        where = _where(words)
        folder = None if where is None else find_folder(where[1])
        if where is None or folder is None:
            return None
        name = name_of(where[0])
        stored = _stored(folder, name).get(_key(words))
        if stored is None:
            return None
        basis = Basis._make(stored[0])
        known = read_index(folder, name, None)[1]
        if project_root(basis.paths or (".",)) != where[0] or not _holds(basis, known, where[0]):
            return None
        return Answer._make(marshal.loads(zlib.decompress(stored[1])))
    except (OSError, ValueError):  # a working directory that is gone, a word that is no path
        return None


def keep(answer: Answer, words: Sequence[str], cache: FactsCache, seen: Seen, config: Config) -> None:
    """Remember an answer, unless the run has met something that is not known by its bytes, or that has changed since."""
    basis = _basis(cache, seen, config)
    if basis is None or cache.note is not None:
        return
    try:
        key = _key(words)
        if not _holds(basis, cache.known, cache.root):
            return
    except (OSError, ValueError):  # what was there is not any more
        return
    answers = _stored(cache.folder, cache.name)
    answers.pop(key, None)
    answers[key] = (tuple(basis), zlib.compress(marshal.dumps(tuple(answer)), 1))
    most = max(_LEAST_BYTES, _BYTES_PER_LINE * sum([entry[2] for entry in cache.used.values()]))
    kept: dict[bytes, tuple[Any, bytes]] = {}
    for old in reversed(list(answers)):
        most -= len(answers[old][1]) + sum([len(path) + len(argument) for path, argument, _ in answers[old][0][-1]])
        if most >= 0 and len(kept) < _MOST:
            kept[old] = answers[old]
    try:
        write_sealed(cache.folder, f"{cache.name}.answers", marshal.dumps(dict(reversed(kept.items()))))
    except Unusable:
        return  # the facts could be kept; a disk that is full by now is not worth a word


def config_state(paths: Sequence[str], config_file: str | None) -> tuple[str, ...]:
    """Which file configures the project of these paths, which one is read, and what is in it; empty where it cannot be read."""
    found = find_config(project_root(paths or (".",)))
    read = config_file or found
    try:
        content = ""
        if read is not None:
            if not os.path.isfile(read):  # nothing that one could wait for
                return ()
            with open(read, "rb") as file:
                content = digest_of(file.read()).hex()
    except (OSError, ValueError):
        return ()
    return (str(found), str(read), content, config_file or "")


def _basis(cache: FactsCache, seen: Seen, config: Config) -> Basis | None:
    if seen.discovery is None or not seen.config_state:
        return None
    digests = []
    tests = []
    for file in seen.discovery.files:
        key = cache.key(file.path)
        entry = cache.used.get(key)
        if entry is not None:
            digests.append(entry.digest)
            if file.is_test:
                tests.append(key)
        elif not file.is_test or config.include_tests:
            return None  # read, and no facts kept
    return Basis(
        seen.paths,
        seen.config_state,
        seen.analysed,
        seen.discovery.root,
        config.exclude,
        config.extend_exclude,
        config.max_file_size,
        config.include_tests,
        tuple(tests),
        _files(seen.discovery),
        digest_of(b"".join(digests)),
        tuple(seen.beside.items()),
        tuple([(question, argument, answer) for (question, argument), answer in seen.asked.items()]),
    )


def _holds(basis: Basis, known: Mapping[str, Any], root: str) -> bool:
    """Is all that an answer rests on as it was?"""
    if config_state(basis.paths, basis.config_state[3] or None) != basis.config_state or project_root(basis.analysed) != basis.root:
        return False
    config = Config(exclude=basis.exclude, extend_exclude=basis.extend_exclude, max_file_size=basis.max_file_size)
    discovery = discover(basis.analysed, config, basis.root)
    if _files(discovery) != basis.files:
        return False
    if _content(discovery, basis, known, root) != basis.content or any(_digest_now(path) != digest for path, digest in basis.beside):
        return False
    files = ProjectFiles(basis.root, os.getcwd())
    return all(asks_the_same(files, question, argument, answer) for question, argument, answer in basis.asked)


def _digest_now(path: str) -> bytes | None:
    try:
        if not os.path.isfile(path):  # nothing that one could wait for
            return None
        with open(path, "rb") as file:
            return digest_of(file.read())
    except OSError:
        return None


def _files(discovery: Discovery) -> bytes:
    """A digest of which files there are and what they are called. Not of their stamps, and not of whatever objects hold the names."""
    files = [tuple(file[:-1]) for file in discovery.files]
    return digest_of(marshal.dumps((files, [tuple(each) for each in discovery.skipped], discovery.empty), 2))


def _content(discovery: Discovery, basis: Basis, known: Mapping[str, Any], root: str) -> bytes:
    """A digest of the bytes of all files that were read."""
    below = root.rstrip(os.sep) + os.sep
    tests: Collection[str] = frozenset(basis.tests_read)
    digests = []
    for file in discovery.files:
        key = file.path.removeprefix(below)
        if not file.is_test or basis.include_tests or key in tests:
            entry = known.get(key)
            if entry is not None and entry[0] == file.stamp:
                digests.append(entry[1])
            else:
                digests.append(digest_of(read_stamped(file.path, basis.max_file_size)[0]))
    return digest_of(b"".join(digests))


def _stored(folder: Folder, name: str) -> dict[bytes, tuple[Any, bytes]]:
    data = read_sealed(folder, f"{name}.answers")
    return {} if data is None else dict(marshal.loads(data))


def _key(words: Sequence[str]) -> bytes:
    """The command line, where it was given, and who answers it."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    switches = [os.environ.get(name) for name in _SWITCHES]
    build = code_stamp(os.path.dirname(__file__), ("",))
    asked = repr((list(words), os.getcwd(), terminal, switches, sys.version, sys.get_int_max_str_digits(), build))
    return blake2b(asked.encode("utf-8", "surrogatepass"), digest_size=20).digest()


def _where(words: Sequence[str]) -> tuple[str, str] | None:
    """The root of the project that a command line seems to mean, and its cache's folder."""
    if "--no-cache" in words or any(name.startswith("_TXLINT") for name in os.environ):  # the latter: a shell that completes words
        return None
    folder = None
    paths = []
    following = iter(words)
    for word in following:
        if word == "--cache-dir":
            folder = next(following, None)
        elif word.startswith("--cache-dir="):
            folder = word.partition("=")[2]
        elif not word.startswith("-") and os.path.lexists(word):
            paths.append(word)
    root = project_root(paths or (".",))
    return root, os.path.abspath(folder or os.path.join(root, NAME))
