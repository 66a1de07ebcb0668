"""Which bytes a file of the project had: the index that facts and stored answers share.

For each path it has the stamp of the file's status (`discover.read_stamped`), the digest of its bytes, and where the facts of those bytes
lie. Stamps and digests are the same whatever txlint and Python make of the bytes."""

# ruff: noqa: PTH116, PTH118

from __future__ import annotations

import marshal
import os
import sys
from _blake2 import blake2b
from collections.abc import Iterable
from typing import Any

from txlint.cache.folder import Folder, read_sealed


def name_of(root: str) -> str:
    """What the files of a project are called in a folder, for this version of Python."""
    return f"{blake2b(root.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}.{sys.implementation.cache_tag}"


def digest_of(data: bytes) -> bytes:
    """What facts are kept under."""
    return blake2b(data, digest_size=20).digest()


def read_index(folder: Folder, name: str, wanted: str | None) -> tuple[str, dict[str, Any]]:
    """The name of a project's facts file and its index, an `Entry` as a plain tuple for each path; empty where there is none, or none of
    the ``wanted`` build. Stamps and digests are the same whatever the build."""
    data = read_sealed(folder, f"{name}.index")
    if data is not None:
        made_by, facts_name, files = marshal.loads(data)
        if wanted is None or made_by == wanted:
            return facts_name, files
    return "", {}


def code_stamp(package: str, folders: Iterable[str]) -> str:
    """Names, sizes and times of the source files below these folders: a checkout of txlint changes without its version."""
    found = []
    for folder in folders:
        for path, _, names in os.walk(os.path.join(package, folder)):
            if not path.endswith("__pycache__"):
                for name in names:
                    status = os.stat(os.path.join(path, name))
                    found.append((path, name, status.st_size, status.st_mtime_ns))
    return blake2b(repr(sorted(found)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
