"""The bytes of one file, without waiting for devices and without reading more than was allowed."""

from __future__ import annotations

import errno
import os
import stat
from time import time_ns
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, ...]
"""What a file's status says of when it was written: size, times and inode. Empty where that proves nothing."""

_GRANULE = 2_000_000_000
"""Nanoseconds within which a file system may give two writes the same times; the coarsest in use counts in two seconds."""


def stamp_of(status: os.stat_result) -> Stamp:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def read(path: str, limit: int) -> bytes:
    """The file's bytes, as `read_stamped` gives them."""
    return read_stamped(path, limit)[0]


def read_stamped(path: str, limit: int) -> tuple[bytes, Stamp]:
    """The file's bytes, and a stamp that it cannot have with other bytes: none if it was written just now. OSError, with a reason of a
    few words in ``strerror``, for what is no regular file, larger than ``limit`` or unreadable. Opened without blocking and only then
    looked at, so that a pipe put in a file's place cannot hold us."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)  # before the bytes: what is written meanwhile gets later times
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        if status.st_size > limit:
            raise OSError(errno.EFBIG, f"larger than {limit:,} bytes", path)
        data = os.read(descriptor, status.st_size + 1)
        if len(data) != status.st_size:  # it is being written, or the system reads in pieces
            parts = [data]
            size = len(data)
            while data:
                data = os.read(descriptor, 1 << 20)
                parts.append(data)
                size += len(data)
                if size > limit:
                    raise OSError(errno.EFBIG, f"larger than {limit:,} bytes", path)
            data = b"".join(parts)
        settled = max(status.st_mtime_ns, status.st_ctime_ns) < time_ns() - _GRANULE
        return data, stamp_of(status) if settled else ()
    finally:
        os.close(descriptor)
