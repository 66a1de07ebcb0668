"""Facts for all files, in a stable order: from the cache, else lowered here, in worker processes where those pay, or by somebody's
executor (`Engine`).

One file that kills its worker (the parser's C stack, memory) costs that file only: what the worker had in hand is tried again file
by file in new ones. The order and content of what comes back do not depend on the number of
processes. The garbage collector rests meanwhile: facts are trees, and what it would do is count them again and again."""

from __future__ import annotations

import gc
import os
import signal
import sys
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from txlint.cache.index import digest_of
from txlint.config import ConfigError
from txlint.discover import File, Stamp, read_stamped
from txlint.lower import TOO_DEEP, bound_to, decode, encode, lower_source
from txlint.model.facts import FileFacts, Unreadable

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

PAYS_FROM = 1_000_000
"""Bytes of source below which starting processes costs more than it saves."""
CHUNK = 200_000
"""Bytes of source that a worker is handed at a time."""
MOST_SENT = 64
"""Chunks that an executor has in hand at a time: what they hold is in memory here, and in its queue."""

_Progress = Callable[[int], None]


class Loaded(NamedTuple):
    """What became of one file. ``facts`` are ``None`` where those of its bytes are known already, by their ``digest``; that is ``None``
    where nothing is to be kept. ``encoded`` are the facts as bytes, where another process had to send them."""

    facts: FileFacts | Unreadable | None
    digest: bytes | None = None
    stamp: Stamp = ()
    encoded: bytes | None = None


class Store(Protocol):
    """Where facts come from and go to: `cache.facts` between runs of one user, `cache.given` between the steps of a build."""

    @property
    def digests(self) -> Mapping[bytes, Any]:
        """Of all bytes whose facts are known."""

    def find(self, file: File) -> FileFacts | Unreadable | None:
        """The facts of a file that need not be read."""

    def find_bytes(self, file: File, digest: bytes, stamp: Stamp) -> FileFacts | Unreadable | None:
        """The facts of a file with these bytes."""

    def add(self, file: File, facts: FileFacts | Unreadable, digest: bytes, stamp: Stamp, encoded: bytes | None) -> None:
        """Takes the facts of a file with these bytes."""

    def save(self) -> None:
        """All files are loaded."""


class WrongWorkers(ConfigError):
    """The workers of an executor make other facts than this process would; the message is one line."""


class Engine:
    """An executor that was started elsewhere, by its ``name``. ``note`` says afterwards what it did not do, ``None`` if nothing."""

    def __init__(self, executor: Executor, name: str) -> None:
        self.executor = executor
        self.name = name
        self.note: str | None = None


def load(
    files: Sequence[File],
    jobs: int = 0,
    max_size: int = 1 << 20,
    progress: _Progress | None = None,
    cache: Store | None = None,
    engine: Engine | None = None,
) -> tuple[tuple[FileFacts, ...], tuple[Unreadable, ...]]:
    """The facts of these files, and the files without facts, each in the order of ``files``. ``jobs`` is the number of processes: 1
    for none but this, 0 for as many as pay; with an ``engine`` its workers lower. ``progress`` is told how many files are done. What the
    ``cache`` knows is not lowered. Raises `WrongWorkers`."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        results: list[FileFacts | Unreadable | None] = [None] * len(files) if cache is None else [cache.find(file) for file in files]
        missing = [i for i, result in enumerate(results) if result is None]
        left = [files[i] for i in missing]
        known = None if cache is None else cache.digests.keys()
        done = len(files) - len(left)
        told = None if progress is None else lambda count: progress(done + count)
        loaded = _by_engine(left, engine, max_size, told, known) if engine is not None else _here(left, jobs, max_size, told, known)
        for i, file, one in zip(missing, left, loaded, strict=True):
            results[i] = one.facts if cache is None else _kept(file, one, max_size, cache)
        if progress is not None:
            progress(len(files))
    finally:
        if enabled:
            gc.enable()
    return tuple([r for r in results if r.__class__ is FileFacts]), tuple([r for r in results if r.__class__ is Unreadable])


def load_file(file: File, max_size: int, known: Container[bytes] | None = None) -> Loaded:
    """The facts of one file, read from disk, unless those of its bytes are ``known``."""
    read = _read(file, max_size, known)
    if isinstance(read, Loaded):
        return read
    data, digest, stamp = read
    return _lowered(lower_source(data, file.display, file.module, file.is_package), digest, stamp)


def _read(file: File, max_size: int, known: Container[bytes] | None) -> Loaded | tuple[bytes, bytes | None, Stamp]:
    """The bytes of a file with their digest (``None`` where nothing is to be kept), unless that is all that is to be done."""
    try:
        data, stamp = read_stamped(file.path, max_size)
    except OSError as error:
        return Loaded(Unreadable(file.display, 1, error.strerror or "cannot be read"))
    except ValueError:
        return Loaded(Unreadable(file.display, 1, "the name is no file name"))
    if known is None:
        return data, None, stamp
    digest = digest_of(data)
    return Loaded(None, digest, stamp) if digest in known else (data, digest, stamp)


def _lowered(facts: FileFacts | Unreadable, digest: bytes | None, stamp: Stamp, encoded: bytes | None = None) -> Loaded:
    if digest is None or (isinstance(facts, Unreadable) and facts.reason == TOO_DEEP):
        return Loaded(facts)  # too deep, or it was this run that had no memory left
    return Loaded(facts, digest, stamp, encoded)


def _kept(file: File, loaded: Loaded, max_size: int, cache: Store) -> FileFacts | Unreadable | None:
    """The facts of a file that was loaded; the cache has them from now on."""
    if loaded.facts is None and loaded.digest is not None:
        facts = cache.find_bytes(file, loaded.digest, loaded.stamp)
        if facts is not None:
            return facts
        loaded = load_file(file, max_size, ())  # what the cache had is damaged
    if loaded.digest is not None and loaded.facts is not None:
        cache.add(file, loaded.facts, loaded.digest, loaded.stamp, loaded.encoded)
    return loaded.facts


def _here(files: Sequence[File], jobs: int, max_size: int, progress: _Progress | None, known: Collection[bytes] | None) -> list[Loaded]:
    count = _processes(files, jobs)
    return _parallel(files, count, max_size, progress, known) if count > 1 else _serial(files, max_size, progress, known)


def _by_engine(
    files: Sequence[File], engine: Engine, max_size: int, progress: _Progress | None, known: Collection[bytes] | None
) -> list[Loaded]:
    """As if each file were loaded here: workers get the bytes of files and answer with facts as bytes, so they need no folder of ours.
    What the executor fails at is lowered in a process of its own here, and the engine's note says so."""
    results: list[Loaded] = [Loaded(None)] * len(files)
    sent: deque[tuple[list[tuple[int, bytes | None, Stamp]], Future[tuple[str, list[bytes]]]]] = deque()
    failed: list[int] = []
    done = 0

    def give_up(chunk: list[tuple[int, bytes | None, Stamp]], error: Exception) -> None:
        failed.extend([i for i, _, _ in chunk])
        engine.note = engine.note or " ".join(f"{type(error).__name__}: {error}".split())

    def receive() -> None:
        nonlocal done
        chunk, future = sent.popleft()
        done += len(chunk)
        try:
            made_by, answers = future.result()
        except Exception as error:  # whatever an executor raises: a worker that died, a connection that was lost
            give_up(chunk, error)
            return
        if made_by != bound_to():
            raise WrongWorkers(f"{engine.name}: its workers make facts for {made_by}, wanted are those for {bound_to()}")
        for (i, digest, stamp), encoded in zip(chunk, answers, strict=True):
            file = files[i]
            results[i] = _lowered(decode(encoded, (file.display, file.module, file.is_package)), digest, stamp, encoded)
        if progress is not None:
            progress(done)

    chunks = _chunks(files)
    taking = True
    while chunks and taking:
        chunk, sources = [], []
        for i in chunks.pop():
            read = _read(files[i], max_size, known)
            if isinstance(read, Loaded):
                results[i] = read
                done += 1
            else:
                sources.append(read[0])
                chunk.append((i, *read[1:]))
        if not chunk:
            continue
        if len(sent) >= MOST_SENT:
            receive()
        try:
            sent.append((chunk, engine.executor.submit(lower_chunk, sources)))
        except Exception as error:  # it takes nothing any more
            taking = False
            give_up(chunk, error)
    while sent:
        receive()
    failed.extend([i for chunk in reversed(chunks) for i in chunk])
    if failed:
        engine.note = f"{engine.name}: {len(failed):,} of {len(files):,} files were lowered here instead ({engine.note})"
        left = _parallel([files[i] for i in failed], 1, max_size, None, known, "spawn")  # it may have threads
        for i, loaded in zip(failed, left, strict=True):
            results[i] = loaded
    return results


_alone = allocate_lock()


def lower_chunk(sources: Sequence[bytes]) -> tuple[str, list[bytes]]:
    """What a worker of an executor does: the facts of each of these sources as bytes, under no name, and what they are bound to.
    One at a time in a process: lowering sets Python's limits, which all threads share."""
    with _alone:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return bound_to(), [encode(lower_source(data, "", "", False)) for data in sources]
        finally:
            if enabled:
                gc.enable()


def _serial(files: Sequence[File], max_size: int, progress: _Progress | None, known: Collection[bytes] | None) -> list[Loaded]:
    loaded = []
    for i, file in enumerate(files):
        loaded.append(load_file(file, max_size, known))
        if progress is not None and not i % 64:
            progress(i)
    return loaded


def _processes(files: Sequence[File], jobs: int) -> int:
    if jobs == 1 or len(files) < 2:
        return 1
    if jobs == 0 and sum([f.size for f in files]) < PAYS_FROM:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(jobs or min(usable, 8), len(files))


def _parallel(
    files: Sequence[File], count: int, max_size: int, progress: _Progress | None, known: Collection[bytes] | None, method: str = ""
) -> list[Loaded]:
    """As if each file were loaded here. A chunk whose worker died is tried again file by file; a file that kills alone is named.
    ``method`` is how processes are started; default: as is best in a process without other threads."""
    from multiprocessing import get_context
    from multiprocessing.connection import wait

    context = get_context(method or ("fork" if sys.platform == "linux" else "spawn"))
    results: list[Loaded] = [Loaded(None)] * len(files)
    pending = _chunks(files)
    workers: dict[Any, tuple[Any, list[int]]] = {}  # connection -> process and the chunk in its hands
    idle: list[tuple[Any, Any]] = []
    done = 0
    gc.freeze()
    try:
        while pending or workers:
            while pending and len(workers) < count:
                chunk = pending.pop()
                connection, process = idle.pop() if idle else _start(context, files, max_size, known, list(workers))
                workers[connection] = (process, chunk)
                with suppress(OSError):  # a dead worker is noticed below
                    connection.send(chunk)
            ready: list[Any] = wait(list(workers))
            for connection in ready:
                process, chunk = workers.pop(connection)
                try:
                    answer = connection.recv()
                except (EOFError, OSError):
                    connection.close()
                    process.join()
                    if len(chunk) > 1:
                        pending.extend([[i] for i in reversed(chunk)])
                    else:
                        results[chunk[0]] = Loaded(Unreadable(files[chunk[0]].display, 1, "the process that read it died"))
                        done += 1
                    continue
                idle.append((connection, process))
                for i, (encoded, digest, stamp) in zip(chunk, answer, strict=True):
                    results[i] = Loaded(None if encoded is None else decode(encoded), digest, stamp, encoded)
                done += len(chunk)
                if progress is not None:
                    progress(done)
    finally:
        gc.unfreeze()
        for connection, process in idle:
            connection.close()
            process.join()
        for connection, (process, _) in workers.items():  # only when we were interrupted
            process.terminate()
            process.join()
            connection.close()
    return results


def _start(context: Any, files: Sequence[File], max_size: int, known: Collection[bytes] | None, others: list[Any]) -> tuple[Any, Any]:
    ours, theirs = context.Pipe()
    inherited = [ours, *others] if context.get_start_method() == "fork" else []
    theirs_to_know = None if known is None else frozenset(known)
    process = context.Process(target=_work, args=(theirs, tuple(files), max_size, theirs_to_know, inherited), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _work(connection: Any, files: tuple[File, ...], max_size: int, known: Container[bytes] | None, inherited: list[Any]) -> None:
    """The worker: gets lists of indices, answers with facts as bytes; ends when the other side is closed or gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    gc.disable()
    for other in inherited:  # else we would keep ourselves alive after the parent's death
        other.close()
    with suppress(EOFError, OSError):
        while True:
            chunk: list[int] = connection.recv()
            connection.send([_as_plain(load_file(files[i], max_size, known)) for i in chunk])


def _as_plain(loaded: Loaded) -> tuple[bytes | None, bytes | None, Stamp]:
    return None if loaded.facts is None else encode(loaded.facts), loaded.digest, loaded.stamp


def _chunks(files: Sequence[File]) -> list[list[int]]:
    """Indices of files in groups of like size, the first ones last (they are popped from the end)."""
    chunks: list[list[int]] = []
    size = CHUNK
    for i, file in enumerate(files):
        if size >= CHUNK:
            chunks.append([])
            size = 0
        chunks[-1].append(i)
        size += file.size
    chunks.reverse()
    return chunks
