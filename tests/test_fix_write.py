"""The write: untouched bytes stay, and a fault at any moment leaves the file old or new."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.fix_findings import findings_of, fixed
from txlint.fix import FilePlan, Refused, apply, diff, only_one, plan
from txlint.fix import write as writing

HEAD = "import os,sys\nfrom django.db import transaction\n\n"
BODY = "def checkout(order):\n    with transaction.atomic(): # open: a\n        order.save( )\n        t.delay(order.pk)  # want: TX101=a\n"
TEXT = HEAD + BODY
NEW = b"x = 2\n" * 3000


def planned(path: Path, new: bytes = NEW) -> FilePlan:
    return FilePlan(str(path), path.read_bytes(), new)


# ---- bytes

BOM = b"\xef\xbb\xbf"
KEPT = {
    "no final newline": TEXT.rstrip("\n").encode(),
    "crlf": TEXT.replace("\n", "\r\n").encode(),
    "mixed": HEAD.replace("\n", "\r\n").encode() + b'S = """a\r\nb\nc"""\n' + BODY.encode(),
    "bom": BOM + TEXT.encode(),
    "bom and crlf": BOM + TEXT.replace("\n", "\r\n").encode(),
    "latin-1": ("# -*- coding: latin-1 -*-\nN = 'caf\xe9'\n" + TEXT).encode("latin-1"),
    "cp1252": ("# coding: cp1252\nN = '\u20ac'\n" + TEXT).encode("cp1252"),
    "euc-jp": ("# coding: euc-jp\nN = '\u65e5\u672c'\n" + TEXT).encode("euc-jp"),
    "form feed": (HEAD + "\x0c\n" + BODY + "\x0c\n").encode(),
    "other separators": ("A = 'x\u2028y\u2029z\x85w\x1cv'  # c\u2028d\n" + TEXT).encode(),
    "wide characters before the call": TEXT.replace("t.delay", "x['\U0001f469\u200d\U0001f467\xe9'].delay").encode(),
    "compatibility letters": TEXT.replace("delay", "\uff44elay").encode(),
    "surrogate escape in a string": ("A = '\\ud800'; B = b'\\xff'\n" + TEXT).encode(),
    "continued line": TEXT.replace("order.save( )", "order \\\n            .save( )").replace("\n", "\r\n").encode(),
    "tabs": TEXT.replace("    ", "\t").encode(),
}


@pytest.mark.parametrize("case", KEPT, ids=str)
def test_untouched_lines_are_byte_identical(case: str) -> None:
    data = KEPT[case]
    result = fixed(data)
    assert result.error is None and len(result.fixed) == 1
    compile(result.new, "x.py", "exec")
    old, new = data.split(b"\n"), result.new.split(b"\n")
    changed = [line for line in old if b"want:" in line]
    for line in old:
        if line not in changed:
            new.remove(line)
    assert len(new) == 2, "one line for the call and one for the import"
    assert all(line.endswith(b"\r") for line in new if b"import" in line) == (b"sys\r\n" in data)
    assert result.new.count(BOM) == data.count(BOM)


REFUSED = {
    "bom against cookie": (BOM + b"# coding: latin-1\n" + TEXT.encode(), "encoding"),
    "bad utf-8": (b"N = 'caf\xe9'\n" + TEXT.encode(), "encoding"),
    "late bad utf-8": (TEXT.encode() + b"# pad\n" * 20000 + b"# \xff\xfe\n", "not valid utf-8"),
    "unknown cookie": (("# coding: klingon\n" + TEXT).encode(), "encoding"),
    "no text encoding": (("# coding: rot13\n" + TEXT).encode(), "not valid"),
    "utf-7": (b"# coding: utf-7\nN = '+AOk-'\n" + TEXT.encode(), "same bytes"),
    "utf-16": (TEXT.encode("utf-16"), "NUL"),
    "nul": (TEXT.replace("# want", "# \0 want").encode(), "NUL"),
    "syntax error": ((TEXT + "def f(:\n").encode(), "does not parse"),
    "conflict": ((TEXT + "<<<<<<< HEAD\n").encode(), "does not parse"),
    "too deep": (("x = " + "+".join("1" * 2000) + "\n" + TEXT).encode(), "nested too deeply"),
    "brackets": (("x = " + "(" * 5000 + "1" + ")" * 5000 + "\n" + TEXT).encode(), "nested parentheses"),
    "operators": (("x = " + "-" * 100000 + "1\n" + TEXT).encode(), "nested too deeply"),
    "elif": (("if a: pass\n" + "elif a: pass\n" * 2000 + TEXT).encode(), "nested too deeply"),
    "joined strings": (("x = (" + "\n'a'" * 20000 + "\n)\n" + TEXT).encode(), "libcst"),
    "size": (("N = '" + "x" * (1 << 20) + "'\n" + TEXT).encode(), "larger than"),
    "old line ends": (TEXT.replace("\n", "\r").encode(), "unchanged"),
}
if sys.version_info < (3, 14):
    REFUSED["newer"] = (TEXT + "try: pass\nexcept A, B: pass\n").encode(), "run txlint with Python 3.14"


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_unreadable_files_are_refused(case: str) -> None:
    data, reason = REFUSED[case]
    (result,) = plan(findings_of(TEXT), {"x.py": data})
    assert reason in (result.error or "") and result.new == data


def test_diff_applies() -> None:
    result = fixed(TEXT.rstrip("\n"))
    assert diff(result).count("\\ No newline at end of file\n") == 2
    assert "+        transaction.on_commit(partial(t.delay, order.pk))  # want: TX101=a\n" in diff(result)
    assert diff(FilePlan("x.py", b"x\n", b"x\n")) == ""


# ---- files


def test_mode_and_attributes_are_kept(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".py")
    path.write_bytes(b"x = 1\n")
    path.chmod(0o751)
    try:
        os.setxattr(path, "user.txlint", b"kept")
        attributes = True
    except OSError:
        attributes = False
    (outcome,) = apply([planned(path)], [tmp_path])
    assert outcome.written and path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert not attributes or os.getxattr(path, "user.txlint") == b"kept"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_owner_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"x = 1\n")
    os.chown(path, 1234, 1235)
    apply([planned(path)], [tmp_path])
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1235)


def refused(plans: list[FilePlan], root: Path) -> str:
    (outcome,) = apply(plans, [root])
    assert not outcome.written and outcome.error
    return outcome.error


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim.py"
    victim.write_bytes(b"x = 1\n")
    root = tmp_path / "tree"
    root.mkdir()
    (root / "x.py").symlink_to(victim)
    (root / "pkg").symlink_to(tmp_path)
    assert "leads out" in refused([planned(root / "x.py")], root)
    assert "leads out" in refused([planned(root / "pkg" / "victim.py")], root)
    assert victim.read_bytes() == b"x = 1\n"


def test_a_link_inside_stays_a_link_and_its_target_is_written_once(tmp_path: Path) -> None:
    real = tmp_path / "real.py"
    real.write_bytes(b"x = 1\n")
    link = tmp_path / "link.py"
    link.symlink_to("real.py")
    outcomes = apply([planned(link), planned(real)], [tmp_path])
    assert [o.written for o in outcomes] == [True, True]
    assert link.is_symlink() and real.read_bytes() == NEW


def test_hard_links_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"x = 1\n")
    os.link(path, tmp_path / "y.py")
    assert "2 hard links" in refused([planned(path)], tmp_path)


def test_what_changed_since_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"x = 1\n")
    late = planned(path)
    path.write_bytes(b"x = 3\n")
    assert "changed on disk" in refused([late], tmp_path)
    late = planned(path)
    take_over = writing._take_over

    def meanwhile(*args: object) -> None:
        take_over(*args)  # type: ignore[arg-type]
        path.write_bytes(b"x = 4\n")

    monkeypatch.setattr(writing, "_take_over", meanwhile)
    assert "changed on disk" in refused([late], tmp_path)
    assert path.read_bytes() == b"x = 4\n" and len(list(tmp_path.iterdir())) == 1
    path.unlink()
    assert "gone" in refused([late], tmp_path)
    path.symlink_to("/dev/null")
    assert "leads out" in refused([late], tmp_path)


def test_other_than_regular_files_and_read_only_ones(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.py")
    assert "regular file" in refused([FilePlan(str(tmp_path / "x.py"), b"x", b"y")], tmp_path)
    path = tmp_path / "y.py"
    path.write_bytes(b"x = 1\n")
    path.chmod(0o444)
    assert "read-only" in refused([planned(path)], tmp_path)


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "fchmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_failing_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"x = 1\n")

    def fails(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(writing.os, call, fails)
    assert os.strerror(number) in refused([planned(path)], tmp_path)
    assert path.read_bytes() == b"x = 1\n" and len(list(tmp_path.iterdir())) == 1


def test_an_interrupt_leaves_no_temporary_file_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_bytes(b"x = 1\n")
    second.write_bytes(b"x = 1\n")
    fsync, calls = os.fsync, []

    def interrupted(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:  # the file and the folder of the first, then the second
            raise KeyboardInterrupt
        fsync(handle)

    monkeypatch.setattr(writing.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        apply([planned(first), planned(second)], [tmp_path])
    assert first.read_bytes() == NEW and second.read_bytes() == b"x = 1\n"
    assert len(list(tmp_path.iterdir())) == 2


RUNNER = """
    import signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests in the background has it ignored
    from txlint.fix import FilePlan, apply
    names = sys.argv[1:]
    print("go", flush=True)
    while True:
        for old, new in ((b"x = 1\\n" * 9000, b"x = 22\\n" * 9000), (b"x = 22\\n" * 9000, b"x = 1\\n" * 9000)):
            apply([FilePlan(name, old, new) for name in names], ["."])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_kill_at_any_moment_leaves_old_or_new(tmp_path: Path, how: signal.Signals) -> None:
    old, new = b"x = 1\n" * 9000, b"x = 22\n" * 9000
    paths = [tmp_path / f"{i}.py" for i in range(5)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    for delay in (0.003, 0.011, 0.017, 0.029):
        for path in paths:
            path.write_bytes(old)
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(RUNNER), *[p.name for p in paths]],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(how)
        process.wait()
        process.stdout.close()
        assert all(path.read_bytes() in (old, new) for path in paths)
        assert all(p.suffix != ".py" for p in tmp_path.iterdir() if p not in paths), "what is left is never taken for source"


def test_a_limit_on_file_size_leaves_the_old_file(tmp_path: Path) -> None:
    """RLIMIT_FSIZE cuts writes short: other tools lose the rest of the file."""
    path = tmp_path / "x.py"
    path.write_bytes(b"x = 1\n")
    code = """
        import resource, sys
        from txlint.fix import FilePlan, apply
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        (outcome,) = apply([FilePlan("x.py", b"x = 1\\n", b"x = 2\\n" * 9000)], ["."])
        assert not outcome.written and outcome.error, outcome
    """
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, env=environment, check=True)
    assert path.read_bytes() == b"x = 1\n" and len(list(tmp_path.iterdir())) == 1


def test_two_runs_at_once(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(Refused, match=f"process {os.getpid()}"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
