"""Facts for all files, in a stable order: lowered here, or in worker processes where those pay.

One file that kills its worker (the parser's C stack, memory) costs that file only: what the worker had in hand is tried again file
by file in new ones. The order and content of what comes back do not depend on the number of
processes. The garbage collector rests meanwhile: facts are trees, and what it would do is count them again and again."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from txlint.discover import File, read
from txlint.lower import decode, encode, lower_source
from txlint.model.facts import FileFacts, Unreadable

PAYS_FROM = 1_000_000
"""Bytes of source below which starting processes costs more than it saves."""
CHUNK = 200_000
"""Bytes of source that a worker is handed at a time."""

_Progress = Callable[[int], None]


def load(
    files: Sequence[File], jobs: int = 0, max_size: int = 1 << 20, progress: _Progress | None = None
) -> tuple[tuple[FileFacts, ...], tuple[Unreadable, ...]]:
    """The facts of these files, and the files without facts, each in the order of ``files``. ``jobs`` is the number of processes: 1
    for none but this, 0 for as many as pay. ``progress`` is told how many files are done."""
    count = _processes(files, jobs)
    enabled = gc.isenabled()
    gc.disable()
    try:
        if count > 1:
            results = _parallel(files, count, max_size, progress)
        else:
            results = []
            for i, file in enumerate(files):
                results.append(load_file(file, max_size))
                if progress is not None and not i % 64:
                    progress(i)
        if progress is not None:
            progress(len(files))
    finally:
        if enabled:
            gc.enable()
    return tuple([r for r in results if r.__class__ is FileFacts]), tuple([r for r in results if r.__class__ is Unreadable])


def load_file(file: File, max_size: int) -> FileFacts | Unreadable:
    """The facts of one file, read from disk."""
    try:
        data = read(file.path, max_size)
    except OSError as error:
        return Unreadable(file.display, 1, error.strerror or "cannot be read")
    except ValueError:
        return Unreadable(file.display, 1, "the name is no file name")
    return lower_source(data, file.display, file.module, file.is_package)


def _processes(files: Sequence[File], jobs: int) -> int:
    if jobs == 1 or len(files) < 2:
        return 1
    if jobs == 0 and sum([f.size for f in files]) < PAYS_FROM:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(jobs or min(usable, 8), len(files))


def _parallel(files: Sequence[File], count: int, max_size: int, progress: _Progress | None) -> list[Any]:
    """As if each file were loaded here. A chunk whose worker died is tried again file by file; a file that kills alone is named."""
    from multiprocessing import get_context
    from multiprocessing.connection import wait

    context = get_context("fork" if sys.platform == "linux" else "spawn")
    results: list[Any] = [None] * len(files)
    pending = _chunks(files)
    workers: dict[Any, tuple[Any, list[int]]] = {}  # connection -> process and the chunk in its hands
    idle: list[tuple[Any, Any]] = []
    done = 0
    gc.freeze()
    try:
        while pending or workers:
            while pending and len(workers) < count:
                chunk = pending.pop()
                connection, process = idle.pop() if idle else _start(context, files, max_size, list(workers))
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
                        results[chunk[0]] = Unreadable(files[chunk[0]].display, 1, "the process that read it died")
                        done += 1
                    continue
                idle.append((connection, process))
                for i, facts in zip(chunk, answer, strict=True):
                    results[i] = decode(facts) if facts.__class__ is bytes else Unreadable._make(facts)
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


def _start(context: Any, files: Sequence[File], max_size: int, others: list[Any]) -> tuple[Any, Any]:
    ours, theirs = context.Pipe()
    inherited = [ours, *others] if context.get_start_method() == "fork" else []
    process = context.Process(target=_work, args=(theirs, tuple(files), max_size, inherited), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _work(connection: Any, files: tuple[File, ...], max_size: int, inherited: list[Any]) -> None:
    """The worker: gets lists of indices, answers with facts as bytes; ends when the other side is closed or gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    gc.disable()
    for other in inherited:  # else we would keep ourselves alive after the parent's death
        other.close()
    with suppress(EOFError, OSError):
        while True:
            chunk: list[int] = connection.recv()
            connection.send([_as_plain(load_file(files[i], max_size)) for i in chunk])


def _as_plain(facts: FileFacts | Unreadable) -> bytes | tuple[Any, ...]:
    return tuple(facts) if isinstance(facts, Unreadable) else encode(facts)


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
