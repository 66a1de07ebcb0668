"""Every row of the torture list through `--fix`: bad bytes, odd syntax, depth, size, hostile file systems, and faults while writing.

    python bench/torture.py --shared DIR [--unsafe] [ROW ...]

The file rows are those of DIR/torture/torture.py, which makes each in a fresh folder and judges what is left: a trace, a signal, a hang,
bytes that should not have changed, something written outside of the tree, code of the tree that ran. Its calls are of names that nothing
defines, which no tool should take for effects; here every tree also has a `tasks.py` that defines them, and every file a star import of
it, so that there is something to fix. Rows in `FIXED` must be rewritten and those in `REFUSED` must not: exit code 2, every byte kept.
The fault rows (102 to 117, as far as they concern writing) are made here. Prints one line a row; exit code 1 if any has a problem.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
LIMIT = 60  # seconds for one row, on a busy machine
TXLINT = [sys.executable, "-P", "-m", "txlint"]

FIXED = """
    enc-noeol enc-crlf enc-mixed enc-bom enc-bom-crlf enc-latin1 enc-cp1252 enc-eucjp enc-sjis enc-formfeed enc-linesep enc-bidi enc-nfkc
    enc-surrogate enc-esc-source enc-cont-crlf syn-future-import syn-late-binding deep-paren-180 deep-indent-99 deep-atomic-60
    big-findings-5k laugh-recursion laugh-calls redos-tabs redos-pragma import-cycle many-files sparse-1gb fs-symlink-dir-out fs-symlink-in
    fs-symlink-loop fs-dangling fs-fifo fs-devzero fs-dir-named-py fs-unreadable fs-mode fs-name-esc fs-name-nl fs-name-bytes fs-name-dash
    fs-name-html fs-name-255 fs-deep-path fs-stale-tmp
"""
REFUSED = """
    enc-bom-cookie enc-badutf8 enc-badutf8-late enc-unknown-cookie enc-rot13-cookie enc-utf16 enc-utf32 enc-nul-comment enc-nul-string
    enc-ctrlz syn-error syn-py2 syn-unterminated syn-future syn-conflict syn-jinja syn-taberror syn-eof-backslash deep-paren-5000
    deep-list-100k deep-not-200k deep-binop-100k fs-readonly fs-readonly-dir cfg-badtoml cfg-types cfg-notutf8 cfg-deep cfg-exec
"""
EXCUSED = {
    "enc-nfkc": "BYTES-CHANGED",  # the harness knows the line that may change by the letters `delay`, which it spells otherwise
    "sparse-1gb": "RC0-ON-BAD",  # as its row says, a file that is too large is skipped with a note, which is no error
}
UNTOUCHED = "enc-empty enc-blank syn-used-result big-line-5mb big-string-8mb fs-symlink-out"

STAR = "from tasks import *"
GOOD = f"""\
from django.db import transaction
{STAR}


def checkout(order):
    with transaction.atomic():
        order.save()
        send_receipt.delay(order.pk)  # keep me
"""


def tasks(names: Iterable[str]) -> str:
    return "from celery import shared_task\n" + "".join(f"\n\n@shared_task\ndef {name}(*args):\n    ...\n" for name in names)


def corpus(shared: Path) -> Any:
    """The module of the torture list, its files made so that their calls are effects."""
    spec = importlib.util.spec_from_file_location("torture_list", shared / "torture" / "torture.py")
    assert spec and spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    put = module.put

    def with_tasks(folder: Any, name: Any, data: Any, mode: int | None = None) -> Any:
        made = put(folder, name, _defined(data), mode)
        if not str(name).startswith(("pyproject", "tasks")):
            names = ["send_receipt", "t", *(f"t{n}" for n in range(5000) if isinstance(data, str) and f"t{n}.delay" in data[:400_000])]
            tree = Path(os.fsdecode(folder))
            if not (tree / "tasks.py").exists() or len(names) > 2:
                put(folder, "tasks.py", tasks(names))
        return made

    module.put = with_tasks
    return module


def _defined(data: Any) -> Any:
    """Source with the star import on the line of another import, so that no line moves; behind it where it imports nothing at all."""
    if isinstance(data, str):
        return _defined(data.encode("utf-8", "surrogatepass"))
    word, future = b"from django.db import transaction", b"from __future__ import annotations\n"
    if data.startswith(word) or b"\n" + word in data or b"\r" + word in data:
        return data.replace(word, f"{STAR}; ".encode() + word, 1)
    if future in data:
        return data.replace(future, future + f"{STAR}\n".encode())
    return data + f"{STAR}\n".encode() + word + b"\n" if b"transaction.atomic()" in data else data


def file_rows(shared: Path, wanted: set[str], more: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each file case and what is wrong with it."""
    module = corpus(shared)
    command = ["/usr/bin/env", f"PYTHONPATH={TOP}", *TXLINT, "check", "--fix", *more, "."]
    module.TOOLS = {"txlint": command}
    for name, case in module.CASES.items():
        if wanted and name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "manifest.json").write_text(json.dumps([{key: value for key, value in case.items() if key != "make"}]))
            out = Path(folder, "out.json")
            with contextlib.redirect_stdout(io.StringIO()):
                module.run(folder, str(out), ["txlint"], {name}, LIMIT)
            row = json.loads(out.read_text())[name]["txlint"]
        yield name, [*(flag for flag in row["flags"] if flag != EXCUSED.get(name)), *_unlike(name, row)]


def _unlike(name: str, row: dict[str, Any]) -> Iterator[str]:
    if row["rc"] not in (0, 1, 2):
        yield f"exit code {row['rc']}"
    if name in FIXED.split() and not row["changed"]:
        yield f"not fixed: {row['tail'][-200:]!r}"
    if name in (REFUSED + UNTOUCHED).split() and row["changed"]:
        yield "rewritten"
    if name in REFUSED.split() and row["rc"] != 2:
        yield f"exit code {row['rc']} although nothing could be done"


# -- faults --

OCCUPIED: tuple[Callable[[Path], object], ...] = (
    lambda path: path.write_text("mine\n"),
    lambda path: path.symlink_to("../victim.py"),
    lambda path: path.mkdir(mode=0o500),
)
"""Ways in which the place of a file may be taken."""
Fault = Callable[[Path], Iterator[str]]
FAULTS: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    def add(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return add


def project(folder: Path, files: int = 1) -> list[Path]:
    """A tree with something to fix in each file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tasks.py").write_text(tasks(["send_receipt"]))
    (folder / "txlint.toml").write_text("")
    made = [folder / f"shop{number}.py" for number in range(files)]
    for path in made:
        path.write_text(GOOD)
    return made


def txlint(cwd: Path, *words: str, prelude: str = "", **given: Any) -> subprocess.CompletedProcess[str]:
    """Runs it; with a ``prelude`` in the same process before it."""
    start = "import sys; from txlint.cli import main; sys.argv[0] = 'txlint'; sys.exit(main())"
    command = [sys.executable, "-P", "-c", f"{prelude}\n{start}", *words] if prelude else [*TXLINT, *words]
    environment = os.environ | {"PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"} | given.pop("env", {})
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT, **given)


def survived(folder: Path, files: list[Path], done: subprocess.CompletedProcess[str] | None, code: int | None) -> Iterator[str]:
    """What is wrong after a fault: every file old or new, nothing left behind, no trace, the exit code."""
    for path in files:
        text = path.read_text()
        if text != GOOD and ("transaction.on_commit(" not in text or len(text) < len(GOOD)):
            yield f"{path.name} is neither old nor new"
        else:
            compile(text, path.name, "exec")
    if left := sorted(p.name for p in folder.rglob(".txlint-*")):
        yield f"left behind: {left[0]}"
    if done is not None:
        if "Traceback" in done.stderr + done.stdout:
            yield "a trace"
        if code is not None and done.returncode != code:
            yield f"exit code {done.returncode}: {done.stderr[-200:]!r}"


FAILING = """
import errno, os
real, seen = os.{call}, [0]
def failing(*args, **kwargs):
    import inspect
    if any(frame.filename.endswith("write.py") for frame in inspect.stack()[1:3]):
        raise OSError(errno.{error}, os.strerror(errno.{error}))
    return real(*args, **kwargs)
os.{call} = failing
"""


@fault("102 disk full, quota, input/output error")
def disk(folder: Path) -> Iterator[str]:
    for call, error in (("write", "ENOSPC"), ("write", "EDQUOT"), ("write", "EIO"), ("fsync", "EIO"), ("replace", "EIO")):
        files = project(folder / call / error)
        done = txlint(files[0].parent, "--fix", "--no-cache", prelude=FAILING.format(call=call, error=error))
        yield from survived(files[0].parent, files, done, 2)
        if files[0].read_text() != GOOD:
            yield f"written although {call} failed"


@fault("102 a limit on the size of files")
def size_limit(folder: Path) -> Iterator[str]:
    files = project(folder)
    big = folder / "big.py"
    big.write_text(GOOD + "".join(f"\n\ndef more_{n}():\n    ...\n" for n in range(2000)))
    before = big.read_bytes()

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    done = txlint(folder, "--fix", "--no-cache", preexec_fn=limited)
    yield from survived(folder, files, done, 2)
    if big.read_bytes() != before:
        yield "a file that did not fit was changed"


@fault("102 a full file system")
def full(folder: Path) -> Iterator[str]:
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        raise Skipped("no right to mount a small file system")
    try:
        files = project(folder)
        with contextlib.suppress(OSError), (folder / "rest").open("wb", buffering=0) as rest:
            while True:
                rest.write(b"x" * 4096)
        done = txlint(folder, "--fix", "--no-cache")
        yield from survived(folder, files, done, 2)
        if files[0].read_text() != GOOD:
            yield "written on a full disk"
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@fault("103 killed or interrupted at any moment")
def killed(folder: Path) -> Iterator[str]:
    codes: set[int] = set()
    for number, sent in enumerate([signal.SIGKILL, signal.SIGINT, signal.SIGTERM] * 6):
        tree = folder / str(number)
        files = project(tree, 40)
        environment = os.environ | {"PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            [*TXLINT, "--fix", "--no-cache"], cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        while process.poll() is None and sum(path.read_text() != GOOD for path in files) < 1 + 2 * number:
            time.sleep(0.002)
        process.send_signal(sent)
        _, said = process.communicate(timeout=LIMIT)
        codes.add(process.returncode)
        if "Traceback" in said:
            yield f"a trace after {sent.name}"
        yield from survived(tree, files, None, None) if sent != signal.SIGKILL else _torn(files)
        again = txlint(tree, "--fix", "--no-cache")
        yield from (f"afterwards: {each}" for each in survived(tree, [], again, 0) if sent != signal.SIGKILL)
        if any(path.read_text() == GOOD for path in files):
            yield f"a run after {sent.name} does not finish the work"
    if codes - {0, 130, 143, -signal.SIGKILL, -signal.SIGTERM}:
        yield f"exit codes {sorted(codes)}"


def _torn(files: list[Path]) -> Iterator[str]:
    """After a kill a temporary file may be left; every source is old or new all the same."""
    for path in files:
        text = path.read_text()
        compile(text, path.name, "exec")
        if text != GOOD and "transaction.on_commit(" not in text:
            yield f"{path.name} is neither old nor new"


CHANGING = """
import txlint.fix.write as write
real = write._take_over
def racing(handle, folder, name, before):
    real(handle, folder, name, before)
    {what}
write._take_over = racing
"""


@fault("104 changed between reading and writing")
def changed(folder: Path) -> Iterator[str]:
    files = project(folder)
    what = "import os, pathlib; pathlib.Path('shop0.py').write_text('# mine\\n')"
    done = txlint(folder, "--fix", "--no-cache", prelude=CHANGING.format(what=what))
    if files[0].read_text() != "# mine\n":
        yield "what somebody else wrote is lost"
    yield from survived(folder, [], done, 2)


@fault("105 deleted or made a link between reading and writing")
def replaced(folder: Path) -> Iterator[str]:
    for name, what in (
        ("deleted", "import os; os.unlink('shop0.py')"),
        ("link", "import os; os.unlink('shop0.py'); os.symlink('../victim.py', 'shop0.py')"),
    ):
        files = project(folder / name / "tree")
        victim = folder / name / "victim.py"
        victim.write_text(GOOD)
        done = txlint(files[0].parent, "--fix", "--no-cache", prelude=CHANGING.format(what=what))
        yield from survived(files[0].parent, [], done, 2)
        if victim.read_text() != GOOD:
            yield "a file outside of the tree was written"
        if name == "deleted" and files[0].exists():
            yield "a deleted file is back"


@fault("106 two runs at once")
def twice(folder: Path) -> Iterator[str]:
    files = project(folder)
    holder = (
        "import sys\nfrom txlint.fix import only_one\nwith only_one(sys.argv[1]):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(TOP)}
    command = [sys.executable, "-P", "-c", holder, str(folder)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin and first.stdout
        first.stdout.readline()
        done = txlint(folder, "--fix", "--no-cache")
        first.stdin.close()
    yield from survived(folder, files, done, 2)
    if str(first.pid) not in done.stderr:
        yield "the other run is not named"
    if files[0].read_text() != GOOD:
        yield "two runs wrote at once"


@fault("107 nobody reads the output")
def unread(folder: Path) -> Iterator[str]:
    for number, closing in enumerate((">&-", "2>&-", ">&- 2>&-", "| true", "2>&1 | head -c 1 >/dev/null", "> /dev/full")):
        files = project(folder / str(number), 30)
        environment = os.environ | {"PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1"}
        line = f"'{sys.executable}' -P -m txlint --fix --no-cache {closing}"
        done = subprocess.run(line, shell=True, cwd=files[0].parent, env=environment, capture_output=True, text=True, check=False)
        yield from (f"{closing}: {each}" for each in survived(files[0].parent, files, done, None))
        if any(path.read_text() == GOOD for path in files):
            yield f"{closing}: left half done"


@fault("108 no locale, no home, no folder")
def poor(folder: Path) -> Iterator[str]:
    for number, env in enumerate(({"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"HOME": ""}, {"HOME": "/nonexistent"})):
        files = project(folder / str(number))
        (files[0].parent / "l\u00f6we.py").write_text(GOOD.replace("# keep me", "# \u2028\U0001f642"))
        done = txlint(files[0].parent, "--fix", "--unsafe-fixes", env=env)
        yield from survived(files[0].parent, files, done, 0)
    gone = folder / "gone"
    gone.mkdir()
    done = txlint(gone, "--fix", "--no-cache", prelude="import os; os.rmdir(os.getcwd())")
    yield from survived(folder, [], done, 2)


@fault("109 the cache cannot be written")
def no_cache(folder: Path) -> Iterator[str]:
    for number, make in enumerate(OCCUPIED):
        files = project(folder / str(number))
        make(files[0].parent / ".txlint_cache")
        done = txlint(files[0].parent, "--fix")
        yield from survived(files[0].parent, files, done, 0)
        if files[0].read_text() == GOOD:
            yield "not fixed"


@fault("111 a helper where something is already")
def helper(folder: Path) -> Iterator[str]:
    for number, make in enumerate(OCCUPIED):
        tree, victim = folder / str(number), folder / "victim.py"
        project(tree)
        victim.write_text("mine\n")
        make(tree / "project_db.py")
        before = sorted(tree.rglob("*"))
        done = txlint(tree, "helper", "sqlalchemy", "project_db")
        yield from survived(tree, [], done, 2)
        if victim.read_text() != "mine\n":
            yield "a file outside of the tree was written"
        if sorted(tree.rglob("*")) != before:
            yield "something was written all the same"


BROKEN = """
import txlint.fix.recipes.on_commit as recipe
from dataclasses import replace
real = recipe.rewrite
def broken(case):
    made = real(case)
    return replace(made, edits=tuple(replace(e, text={text}) for e in made.edits))
recipe.rewrite = broken
"""


@fault("112 a rewrite that is wrong")
def wrong(folder: Path) -> Iterator[str]:
    for number, text in enumerate(("'((('", "e.text + '; order.save('", "'# gone'", "e.text + ')'")):
        files = project(folder / str(number))
        done = txlint(files[0].parent, "--fix", "--no-cache", prelude=BROKEN.format(text=text))
        yield from survived(files[0].parent, [], done, None)
        if files[0].read_text() != GOOD:
            yield f"written: {files[0].read_text()[-120:]!r}"


GROWING = """
import txlint.fix.recipes.on_commit as recipe
from dataclasses import replace
from txlint.fix.source import Edit
real = recipe.rewrite
def growing(case):
    made, end = real(case), len(case.source.text)
    return replace(made, edits=(*made.edits, Edit(end, end, {more}.replace("checkout", "again_%d" % end))))
recipe.rewrite = growing
"""


@fault("113 rewrites that never settle")
def endless(folder: Path) -> Iterator[str]:
    files = project(folder)
    done = txlint(folder, "--fix", "--no-cache", prelude=GROWING.format(more=repr("\n\n" + GOOD[GOOD.index("def ") :])))
    yield from survived(folder, [], done, None)
    compile(files[0].read_text(), "shop0.py", "exec")
    if files[0].read_text().count("def ") > 12:
        yield "more than ten rounds"


@fault("117 a baseline that is none")
def baseline(folder: Path) -> Iterator[str]:
    for number, content in enumerate((b"{", b"\xff", b"[]", b'{"version": 99}')):
        files = project(folder / str(number))
        (files[0].parent / "base.json").write_bytes(content)
        done = txlint(files[0].parent, "--fix", "--baseline", "base.json", "--no-cache")
        yield from survived(files[0].parent, files, done, 2)
        if files[0].read_text() != GOOD:
            yield "written although the baseline could not be read"


class Skipped(Exception):
    """The row cannot be made here; the message says why."""


def fault_rows(wanted: set[str]) -> Iterator[tuple[str, list[str] | None]]:
    """Each fault and what is wrong with it; None: it could not be made."""
    for name, made in FAULTS.items():
        if wanted and not wanted & {name, name.partition(" ")[0]}:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield name, list(made(Path(folder, "row")))
            except Skipped:
                yield name, None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", help="ids of file rows, numbers of fault rows; none: all")
    parser.add_argument("--shared", type=Path, required=True, help="holds torture/torture.py")
    parser.add_argument("--unsafe", action="store_true", help="with --unsafe-fixes")
    options = parser.parse_args()
    wanted = set(options.rows)
    counts = {"rows": 0, "bad": 0, "skipped": 0}
    rows = chain(file_rows(options.shared, wanted, ["--unsafe-fixes"] if options.unsafe else []), fault_rows(wanted))
    for name, problems in rows:
        counts["rows"] += 1
        counts["bad"] += bool(problems)
        counts["skipped"] += problems is None
        print(f"{'skipped' if problems is None else '; '.join(problems) or 'ok':10} {name}", flush=True)
    print(", ".join(f"{count} {word}" for word, count in counts.items()))
    return int(bool(counts["bad"]))


if __name__ == "__main__":
    sys.exit(main())
