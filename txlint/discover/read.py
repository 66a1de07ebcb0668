"""The bytes of one file, without waiting for devices and without reading more than was allowed."""

from __future__ import annotations

import errno
import os
import stat


def read(path: str, limit: int) -> bytes:
    """The file's bytes. OSError, with a reason of a few words in ``strerror``, for what is no regular file, larger than ``limit``
    or unreadable. Opened without blocking and only then looked at, so that a pipe put in a file's place cannot hold us."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
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
        return data
    finally:
        os.close(descriptor)
