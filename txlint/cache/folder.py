"""A folder that can be deleted, shared or planted: what is read from it is what this user's txlint has written there, or nothing.

Everything in it is sealed with a keyed BLAKE2b tag, and the key lies outside of every project, with the user (`key_path`). A folder that
came with a checkout or an archive, that another user wrote to, that lost a bit or its end is never decoded: it holds no seal of ours.
That is what allows `marshal`, the quickest decoder there is, behind it, and what keeps a planted "no findings" from being believed.

The folder is for its owner alone, says ``CACHEDIR.TAG`` to backups and ``*`` to git. Files are written beside their place and moved
there, so that runs at the same time see whole ones; which of them wins is of no account."""

# Paths stay strings here: pathlib alone takes longer to import than a stored answer to find.
# ruff: noqa: PTH101, PTH102, PTH103, PTH105, PTH108, PTH111, PTH117, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import os
import stat
from _blake2 import blake2b  # hashlib would load OpenSSL for it
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import NamedTuple

NAME = ".txlint_cache"
TAG_FILE = "CACHEDIR.TAG"
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# txlint keeps here what it knows from earlier runs. Safe to delete.\n"
_GITIGNORE_FILE = ".gitignore"
_GITIGNORE = b"# Made by txlint.\n*\n"
_KEY_SIZE = 32
SEAL_SIZE = 32
_DRAFT = ".new"
_ABANDONED = 3600  # seconds after which a file that nothing names has no writer any more
_FORGOTTEN = 30 * 24 * 3600  # seconds after which what nobody has renewed may go
_PLAINLY = sum([getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")])
_FOR_READING = os.O_RDONLY | _PLAINLY | getattr(os, "O_NONBLOCK", 0)
_FOR_WRITING = os.O_WRONLY | _PLAINLY | os.O_CREAT | os.O_EXCL


class Unusable(Exception):
    """Nothing can be kept; the message says why in one line."""


class Folder(NamedTuple):
    """A folder that is ours, and the key of what is sealed in it."""

    path: str
    key: bytes


def make_folder(path: str) -> Folder:
    """The folder at this path, made where there is none. Raises `Unusable`."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
        _require_ours(path, make=True)
        return Folder(path, _key(make=True))
    except OSError as error:
        raise Unusable(f"{error.filename or path}: {error.strerror or error}") from None


def find_folder(path: str) -> Folder | None:
    """The folder at this path if it can be read from; nothing is made or changed."""
    try:
        _require_ours(path, make=False)
        return Folder(path, _key(make=False))
    except (OSError, Unusable):
        return None


def seal(key: bytes, what: str, data: bytes) -> bytes:
    """The tag that only a holder of the key can make for these bytes, kept under this name."""
    maker = blake2b(what.encode("utf-8", "surrogatepass"), key=key, digest_size=SEAL_SIZE, person=b"txlint cache")
    maker.update(b"\0")
    maker.update(data)
    return maker.digest()


def read_sealed(folder: Folder, name: str) -> bytes | None:
    """What was written under this name; ``None`` where there is nothing, or nothing of ours."""
    try:
        with os.fdopen(open_plain(folder, name), "rb") as file:
            data = file.read()
    except OSError:
        return None
    content = data[SEAL_SIZE:]
    return content if data[:SEAL_SIZE] == seal(folder.key, name, content) else None


def write_sealed(folder: Folder, name: str, content: bytes) -> None:
    write(folder, name, (seal(folder.key, name, content), content))


def open_plain(folder: Folder, name: str) -> int:
    """A descriptor of a plain file of the folder, for reading: no link, no pipe. Raises ``OSError``."""
    descriptor = os.open(os.path.join(folder.path, name), _FOR_READING)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def write(folder: Folder, name: str, chunks: Iterable[bytes]) -> None:
    """All of the chunks under this name, or what was there before. Raises `Unusable`."""
    path = os.path.join(folder.path, name)
    try:
        _replace(path, chunks)
    except OSError as error:
        raise Unusable(f"{error.filename or path}: {error.strerror or error}") from None


def sweep(folder: Folder, prefix: str, keep: Collection[str], replaced: str, now: float) -> None:
    """Remove the file that was ``replaced``, files with this prefix and drafts that no run can be about to use any more, and what other
    projects and versions of Python have left long ago. Other runs are at it too: what they have just written is not named anywhere yet."""
    with suppress(OSError):
        for name in os.listdir(folder.path):
            if name not in keep and name not in (TAG_FILE, _GITIGNORE_FILE):
                path = os.path.join(folder.path, name)
                age = _ABANDONED if name.startswith(prefix) or name.endswith(_DRAFT) else _FORGOTTEN
                with suppress(OSError):
                    if name == replaced or os.lstat(path).st_mtime < now - age:
                        os.unlink(path)


def key_path() -> str:
    """Where the user's key lies. Raises `Unusable` where the user has no place for one."""
    base = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser(os.path.join("~", ".local", "state"))
    if not os.path.isabs(base):
        raise Unusable("there is no home folder to keep the cache's key in")
    return os.path.join(base, "txlint", "cache-key")


def _key(make: bool) -> bytes:
    path = key_path()
    try:
        return _read_key(path)
    except FileNotFoundError:
        if not make:
            raise
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    draft = f"{path}.{os.urandom(8).hex()}"
    with os.fdopen(os.open(draft, _FOR_WRITING, 0o600), "wb") as file:
        file.write(os.urandom(_KEY_SIZE))
    try:
        os.link(draft, path)  # unlike a rename it fails where another run was quicker
    except FileExistsError:
        pass
    except OSError:  # no links here
        os.replace(draft, path)
    with suppress(OSError):
        os.unlink(draft)
    return _read_key(path)


def _read_key(path: str) -> bytes:
    descriptor = os.open(path, _FOR_READING)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_own(status) or (os.name != "nt" and status.st_mode & 0o077):
            raise Unusable(f"{path}: the cache's key has to be a file that only you can read")
        key = os.read(descriptor, _KEY_SIZE + 1)
    finally:
        os.close(descriptor)
    if len(key) != _KEY_SIZE:
        raise Unusable(f"{path}: this is no key of txlint's; delete it")
    return key


def _require_ours(path: str, make: bool) -> None:
    """Raises `Unusable` where a folder is not txlint's and this user's; with ``make`` an empty one becomes it, and is closed to others."""
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise Unusable(f"{path}: not a folder")
    if not _is_own(status):
        raise Unusable(f"{path}: belongs to another user")
    tag = os.path.join(path, TAG_FILE)
    try:
        with open(tag, "rb") as file:
            made = file.read(len(_TAG)) == _TAG
    except OSError:
        made = False
    if not made:
        if not make:
            raise Unusable(f"{path}: not made by txlint")
        # Somebody's own folder must not get a .gitignore that hides all of it.
        if not all(name.startswith((TAG_FILE, _GITIGNORE_FILE)) for name in os.listdir(path)):
            raise Unusable(f"{path}: holds other files than txlint's")
        _replace(os.path.join(path, _GITIGNORE_FILE), (_GITIGNORE,))
        _replace(tag, (_TAG,))
    if make and os.name != "nt" and status.st_mode & 0o077:
        os.chmod(path, 0o700)


def _is_own(status: os.stat_result) -> bool:
    return os.name == "nt" or status.st_uid == os.geteuid()


def _replace(path: str, chunks: Iterable[bytes]) -> None:
    draft = f"{path}.{os.urandom(8).hex()}{_DRAFT}"
    try:
        with os.fdopen(os.open(draft, _FOR_WRITING, 0o600), "wb") as file:
            file.writelines(chunks)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
