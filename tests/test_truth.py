"""Records of slow measurements: stale when an input changes, and only then; failures are recorded, not raised. The records of this
repository are held by `make check`; nothing here measures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench import truth
from bench.truth import Places, Truth, Untrue
from txlint.catalog.loader import LIBRARIES, read_library
from txlint.model.catalog import Effect

NOWHERE = Places()


def made(folder: Path, *inputs: Path) -> Truth:
    """A truth about files, measured and recorded in a folder."""
    rests_on = lambda _: {path.name: truth.sha(path.read_bytes()) for path in inputs if path.exists()}  # noqa: E731
    found = Truth("sum", rests_on, lambda _: {"bytes": sum(path.stat().st_size for path in inputs)})
    assert truth.run([], NOWHERE, folder, [found]) == 0
    return found


def test_a_record_says_what_was_measured_and_when(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("one", encoding="utf-8")
    found = truth.read(made(tmp_path, data), tmp_path)
    assert found is not None
    assert (found["figures"], found["failed"], found["command"]) == ({"bytes": 3}, None, "make truth ONLY=sum")
    assert len(found["commit"].rstrip("+")) == 40 and found["versions"]["python"]


def test_a_changed_input_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    data.write_text("one", encoding="utf-8")
    other.write_text("two", encoding="utf-8")
    sums = made(tmp_path, data, other)
    assert truth.check(NOWHERE, tmp_path, [sums]) == 0
    data.write_text("two", encoding="utf-8")
    capsys.readouterr()
    assert truth.check(NOWHERE, tmp_path, [sums]) == 1
    assert "sum: data has changed since " in capsys.readouterr().out
    other.unlink()
    assert truth.check(NOWHERE, tmp_path, [sums]) == 1
    assert "sum: other is gone" in capsys.readouterr().out
    (tmp_path / "sum.json").unlink()
    assert truth.check(NOWHERE, tmp_path, [sums]) == 1
    assert "there is no record" in capsys.readouterr().out


def test_what_cannot_be_measured_is_recorded_and_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(_: Places) -> truth.Figures:
        raise ValueError("a line without a number")

    broken = Truth("broken", lambda _: {}, breaks)
    assert truth.run([], NOWHERE, tmp_path, [broken]) == 1
    assert json.loads((tmp_path / "broken.json").read_text(encoding="utf-8"))["failed"] == "ValueError: a line without a number"
    assert truth.check(NOWHERE, tmp_path, [broken]) == 1
    assert "failed on " in capsys.readouterr().out


def test_without_its_folder_a_truth_keeps_its_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    far = Truth("far", lambda _: {}, lambda _: {}, needs=("mirrors",))
    assert truth.run([], NOWHERE, tmp_path, [far]) == 0
    assert "needs --mirrors" in capsys.readouterr().out
    assert truth.read(far, tmp_path) is None


def test_inputs_outside_of_the_repository_are_compared_where_they_are(tmp_path: Path) -> None:
    bench = tmp_path / "bench"
    bench.mkdir()
    (bench / "cases").write_text("one", encoding="utf-8")
    there = Places(shared=tmp_path)
    score = Truth("score", truth.score_inputs("cases"), lambda _: {}, is_score=True)
    assert truth.run([], there, tmp_path, [score]) == 0
    assert truth.check(there, tmp_path, [score]) == truth.check(NOWHERE, tmp_path, [score]) == 0
    (bench / "cases").write_text("two", encoding="utf-8")
    assert truth.check(there, tmp_path, [score]) == 1
    assert truth.check(NOWHERE, tmp_path, [score]) == 0


def test_a_new_version_makes_the_scores_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    before = truth.contract()
    monkeypatch.setattr(truth, "__version__", "99")
    assert truth.contract() != before


def test_a_catalog_record_rests_on_what_is_looked_up() -> None:
    library = read_library(LIBRARIES / "celery.toml")
    before = truth.looked_up(library)
    worded = [replace(entry, why="other words") if isinstance(entry, Effect) else entry for entry in library.entries]
    assert truth.looked_up(replace(library, entries=tuple(reversed(worded)))) == before
    assert truth.looked_up(replace(library, entries=(replace(library.entries[0], name="celery.nothing"), *library.entries[1:]))) != before
    assert truth.looked_up(replace(library, aliases={**library.aliases, "celery.old": "celery.Celery"})) != before
    assert truth.looked_up(replace(library, since={"celery.Celery": "5.3"})) != before


def test_only_libraries_that_have_changed_are_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    libraries = tmp_path / "libs"
    libraries.mkdir()

    def write(name: str, entry: str) -> None:
        head = f'[library]\nname = "{name}"\ndistribution = ""\npackages = ["json"]\n\n[[silent]]\n'
        (libraries / f"{name}.toml").write_text(f'# packages: json\n{head}name = "json.{entry}"\nwhy = "."\n', encoding="utf-8")

    def measured(changed: bool = True) -> str:
        assert truth.run([], NOWHERE, tmp_path, [catalog], changed=changed) == 0
        return capsys.readouterr().out.partition("\n")[0]

    for module in (truth, truth.catalog_tests):
        monkeypatch.setattr(module, "LIBRARIES", libraries)
    catalog = next(each for each in truth.ALL if each.name == "catalog")
    for name in ("kept", "changed", "gone"):
        write(name, "dumps")
    measured()  # there is no record yet: all of them
    whole = truth.read(catalog, tmp_path)
    assert whole is not None and whole["command"] == "make truth ONLY=catalog"
    assert measured() == "catalog: measured now: nothing; as recorded: 3 libraries"

    monkeypatch.setattr(truth, "_commit", lambda: "f" * 40)
    write("changed", "loads")
    write("new", "dumps")
    (libraries / "gone.toml").unlink()
    assert measured() == "catalog: measured now: changed, new; as recorded: 1 libraries"
    assert measured() == "catalog: measured now: nothing; as recorded: 3 libraries"
    part = truth.read(catalog, tmp_path)
    assert part is not None and part["command"] == "make truth ONLY=catalog CHANGED=1"
    found = part["figures"]["libraries"]
    assert found["kept"] == {"measured": f"{whole['date']} at {whole['commit']}", **whole["figures"]["libraries"]["kept"]}
    assert found["new"]["measured"].endswith("f" * 40)  # and not what the last run wrote
    assert truth.check(NOWHERE, tmp_path, [catalog]) == 0
    capsys.readouterr()

    record = tmp_path / "catalog.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"untested": 0', '"untested": 0, "skipped": "x is not installed"', 1))
    assert measured() == "catalog: measured now: changed; as recorded: 2 libraries"
    assert "measured now" not in measured(changed=False)


def test_a_name_that_is_not_there_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '# packages: json\n[library]\nname = "x"\ndistribution = ""\npackages = ["json"]\n\n[[silent]]\nname = "json.nope"\nwhy = "."\n'
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(truth.catalog_tests, "LIBRARIES", tmp_path)
    with pytest.raises(Untrue, match=r"json\.nope"):
        truth.measure_catalog(NOWHERE)


def test_an_opener_without_a_line_does_not_stop_the_scorer() -> None:
    assert truth.placed({"opener": "django:QuerySet.update_or_create"})["opener"] == "django:QuerySet.update_or_create:0"
    assert truth.placed({"opener": "shop/views.py:12"})["opener"] == "shop/views.py:12"
    assert truth.placed({"opener": None})["opener"] is None


def test_what_the_scorer_of_releases_prints() -> None:
    printed = (
        "shop 1.0: pairs 1/2, sites 1/1, alarms 0/3 (soft 0/0), 4 findings\n"
        "  tier A                      pairs    1/1    at the site    1/1\n"
        "  tier C                      pairs    0/1    at the site    1/1\n"
        "  origin lexical_with         pairs    1/2    at the site    2/2\n"
        "sites 1/1; pairs 1/2 (tiers A-C 1/2); alarms 0/3, soft 0/0\n"
    )
    figures = {"tier A pairs": "1/1", "tier C pairs": "0/1", "sites": "1/1", "alarms": "0/3", "soft alarms": "0/0"}
    assert truth.releases(printed) == figures
    with pytest.raises(Untrue, match="SKIPPED"):
        truth.releases("SKIPPED shop 1.0\n" + printed)
