"""Whole checkouts of public projects for trial runs, written from bare clones without touching them.

    python bench/checkouts.py --mirrors DIR --into DIR [owner/name[@commit] ...]

`--mirrors` holds bare repositories as DIR/owner+name/repo; without names all of them are written, each at HEAD. Prints the folders.
Symbolic links, submodules and blobs that a partial clone lacks are left out and counted. An empty `.git` folder marks the root of each
checkout, as in a clone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path


def checkout(repository: Path, commit: str, target: Path) -> int:
    """Write the files of `commit` to `target`; how many could not be."""
    git = ["git", "-C", str(repository), "-c", "safe.directory=*"]
    listing = subprocess.run([*git, "ls-tree", "-r", "-z", commit], capture_output=True, check=True).stdout
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    left_out = 0
    with subprocess.Popen([*git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as batch:
        assert batch.stdin and batch.stdout
        for entry in listing.split(b"\0")[:-1]:
            head, _, name = entry.partition(b"\t")
            mode, _, blob = head.split()
            if not mode.startswith(b"100"):
                left_out += 1
                continue
            batch.stdin.write(blob + b"\n")
            batch.stdin.flush()
            header = batch.stdout.readline().split()
            if header[-1] == b"missing":
                left_out += 1
                continue
            content = batch.stdout.read(int(header[2]) + 1)[:-1]
            path = part / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        batch.stdin.close()
    (part / ".git").mkdir(parents=True)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return left_out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("projects", nargs="*", metavar="owner/name[@commit]")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    projects = options.projects or sorted(path.parent.name.replace("+", "/", 1) for path in options.mirrors.glob("*+*/repo"))
    for project in projects:
        name, _, commit = project.partition("@")
        folder = name.replace("/", "+", 1)
        target = options.into / (f"{folder}@{commit[:12]}" if commit else folder)
        left_out = checkout(options.mirrors / folder / "repo", commit or "HEAD", target)
        print(f"{target} ({left_out} left out)" if left_out else target, flush=True)


if __name__ == "__main__":
    main()
