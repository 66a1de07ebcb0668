"""Puts new bytes in the place of old ones so that a kill at any moment leaves the file old or new, never anything between.

Temporary file in the same folder, fsync, rename; mode, owner and extended attributes kept. Refused, with the file untouched: what changed
since it was read, read-only files (also for root), links that lead out of the given roots, files with more than one hard link (a rename
would split them, writing in place could not be undone). A link inside the roots stays a link; its target is written once."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from txlint.fix.plan import FilePlan
from txlint.fix.source import Refused

_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_IGNORED_XATTR_ERRORS = (errno.ENOTSUP, errno.EPERM, errno.ENODATA, errno.EINVAL)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one plan: ``written``, or why not. A plan without change has neither."""

    path: str
    written: bool = False
    error: str | None = None


def apply(plans: Sequence[FilePlan], roots: Sequence[str | Path], written: list[str] | None = None) -> tuple[Outcome, ...]:
    """Write every changed plan, in order; one that fails does not stop the others. Nothing outside of ``roots`` is written. An interrupt
    leaves the files so far new and the rest old, and goes on upwards; the new ones are in ``written`` then, too."""
    real_roots = [Path(root).resolve() for root in roots]
    done: dict[Path, bytes] = {}
    found = []
    for planned in plans:
        if planned.error or not planned.is_changed:
            found.append(Outcome(planned.path, error=planned.error))
            continue
        try:
            target = _target(planned.path, real_roots)
            if done.get(target) != planned.new:
                _replaced(target, planned, written)
                done[target] = planned.new
            found.append(Outcome(planned.path, True))
        except Refused as error:
            found.append(Outcome(planned.path, error=str(error)))
        except OSError as error:
            found.append(Outcome(planned.path, error=f"cannot be written: {error.strerror or error}"))
    return tuple(found)


def _replaced(target: Path, planned: FilePlan, written: list[str] | None) -> None:
    """Replace one file and say so, though one is stopped just then."""
    try:
        replace_file(target, planned.old, planned.new)
    except (KeyboardInterrupt, SystemExit):
        if written is not None and target.read_bytes() == planned.new:
            written.append(planned.path)
        raise
    if written is not None:
        written.append(planned.path)


def _target(path: str, roots: Sequence[Path]) -> Path:
    """The real file behind a path, which must lie under one of the roots."""
    try:
        real = Path(path).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise Refused("it is gone, or a link that leads nowhere") from error
    if not any(real == root or root in real.parents for root in roots):
        raise Refused("it is a link that leads out of the given paths")
    return real


def replace_file(path: Path, old: bytes, new: bytes) -> None:
    """Replace a regular file whose content is ``old``. Raises `Refused` or `OSError`, then the file is what it was."""
    folder = os.open(path.parent, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)) if os.open in os.supports_dir_fd else None
    try:
        _replace_in(folder, path.name if folder is not None else str(path), path.parent, old, new)
    finally:
        if folder is not None:
            os.close(folder)


def put_file(path: Path, old: bytes | None, new: bytes) -> None:
    """Write a file of txlint's own: in the place of ``old``, or where there is none (``None``). Raises `Refused` or `OSError`."""
    if old is not None:
        if old != new:
            replace_file(path, old, new)
        return
    temporary = path.parent / f".txlint-{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as stream:
            stream.write(new)
            stream.flush()
            os.fsync(stream.fileno())
        if os.path.lexists(path):
            raise Refused("it is there already")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _replace_in(folder: int | None, name: str, parent: Path, old: bytes, new: bytes) -> None:
    before = _read_same(folder, name, old)
    temporary = f".txlint-{secrets.token_hex(8)}.tmp"  # short whatever the file is called: NAME_MAX; no .py, so never analysed
    if folder is None:
        temporary = str(parent / temporary)
    handle = os.open(temporary, _CREATE, 0o600, dir_fd=folder)
    try:
        try:
            _write_all(handle, new)
            _take_over(handle, folder, name, before)
            os.fsync(handle)
        finally:
            os.close(handle)
        if not _same(os.stat(name, dir_fd=folder, follow_symlinks=False), before):
            raise Refused("it changed on disk since it was read")
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    if folder is not None:
        with contextlib.suppress(OSError):
            os.fsync(folder)


def _read_same(folder: int | None, name: str, old: bytes) -> os.stat_result:
    """The state of the file, once its content is known to be the expected one."""
    try:
        handle = os.open(name, _READ, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused("it became a link since it was read") from error
        raise
    with os.fdopen(handle, "rb") as stream:
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise Refused("it is not a regular file")
        if not stat.S_IMODE(state.st_mode) & 0o222 or not os.access(name, os.W_OK, dir_fd=folder):
            raise Refused("it is read-only")
        if state.st_nlink > 1:
            raise Refused(f"it has {state.st_nlink} hard links, which a rewrite would part")
        if state.st_size != len(old) or stream.read(len(old) + 1) != old:
            raise Refused("it changed on disk since it was read")
    return state


def _same(now: os.stat_result, before: os.stat_result) -> bool:
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_mode) == (
        before.st_dev,
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
        before.st_ctime_ns,
        before.st_mode,
    )


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _take_over(handle: int, folder: int | None, name: str, before: os.stat_result) -> None:
    """Give the temporary file the owner, the extended attributes and the mode of the one that it replaces."""
    mine = os.fstat(handle)
    if (mine.st_uid, mine.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.fchown(handle, before.st_uid, before.st_gid)
        except OSError as error:
            raise Refused("its owner cannot be kept") from error
    if hasattr(os, "listxattr"):
        source = os.open(name, _READ, dir_fd=folder)
        try:
            _copy_attributes(source, handle)
        finally:
            os.close(source)
    os.fchmod(handle, stat.S_IMODE(before.st_mode))


def _copy_attributes(source: int, handle: int) -> None:
    try:
        names = os.listxattr(source)
    except OSError as error:
        if error.errno not in _IGNORED_XATTR_ERRORS:
            raise
        return
    for attribute in names:
        try:
            os.setxattr(handle, attribute, os.getxattr(source, attribute))
        except OSError as error:
            if error.errno not in _IGNORED_XATTR_ERRORS:
                raise


@contextlib.contextmanager
def only_one(root: str | Path) -> Iterator[None]:
    """Held while files under ``root`` are rewritten; a second run raises `Refused`, naming the first. The lock lies in the temporary
    folder, not in the user's tree, and ends with its process however that ends."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system: two runs are still safe, as each file is compared before it is replaced
        yield
        return
    key = hashlib.sha256(os.fsencode(Path(root).resolve())).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"txlint-{os.getuid()}-{key}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            raise Refused(f"another run is rewriting files here (process {owner})") from error
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)
