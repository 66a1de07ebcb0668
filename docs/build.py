"""Generated documentation: the rule pages, README's table of rules, and the known gaps that fixtures mark.

python docs/build.py            write what has changed
python docs/build.py --check    write nothing; exit code 1 and the stale files' names if something would change
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))

from txlint.rules import RULES  # noqa: E402
from txlint.rules.rule import Rule  # noqa: E402

BEGIN, END = "<!-- rules: written by `make docs` -->\n", "<!-- end of rules -->\n"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    rules = TOP / "docs" / "rules"
    found = {rules / f"{rule.code}.md": rule.page() for rule in RULES.values()}
    found[rules / "README.md"] = f"# Rules\n\n{table('')}"
    readme = TOP / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    found[readme] = f"{before}{BEGIN}{table('docs/rules/')}{END}{rest.partition(END)[2]}"
    found[TOP / "docs" / "known-gaps.md"] = known_gaps()
    return found


def table(folder: str) -> str:
    """One row per rule; a TX2xx rule stands in the row of its TX1xx twin, whose effect it shares."""
    rows = ["| code | in a hook | finds | default |", "|---|---|---|---|"]
    for rule in RULES.values():
        if rule.code.startswith("TX2"):
            continue
        twin = RULES.get(f"TX2{rule.code[3:]}") if rule.code.startswith("TX1") else None
        rows.append(f"| {_link(rule, folder)} | {_link(twin, folder)} | {rule.summary} | {'on' if rule.default else 'off'} |")
    return "\n".join(rows) + "\n"


def _link(rule: Rule | None, folder: str) -> str:
    return f"[{rule.code}]({folder}{rule.code}.md) {rule.name}" if rule else ""


def known_gaps() -> str:
    """What the marks of all fixtures admit, counted and listed."""
    from tests import marks

    cases = [marks.read_case(path) for path in marks.cases(TOP / "fixtures")]
    wants = [(case, want) for case in cases for want in case.wants]
    unproved = sum(1 for case, want in wants if not case.proofs or case.reason_unproved(want.place) is not None)
    text = (
        "# Known gaps\n\nWhat the marks in `fixtures/` admit; a test fails when one of them closes. `make docs` writes this page.\n\n"
        f"{len(wants)} findings wanted, {unproved} of them unproved; {sum(len(case.proofs) for case in cases)} proofs.\n"
    )
    for heading, gaps in (
        ("Missed", [gap for case in cases for gap in case.missed]),
        ("False alarms", [gap for case in cases for gap in case.spurious]),
    ):
        text += _section(heading, [f"- `{_where(gap.place)}` {gap.code}: {gap.reason}\n" for gap in gaps])
    reasons = [f"- `{_where(place)}`: {reason}\n" for case in cases for place, reason in case.unproved.items()]
    return text + _section("Not proved", reasons)


def _section(heading: str, lines: list[str]) -> str:
    return f"\n## {heading}: {len(lines)}\n" + ("\n" + "".join(sorted(lines)) if lines else "")


def _where(place: tuple[Path, int]) -> str:
    path = place[0].relative_to(TOP).as_posix()
    return f"{path}:{place[1]}" if place[1] else path


def stale() -> Iterator[tuple[Path, str]]:
    """Files whose content differs from what would be written, and rule pages of rules that are gone (content empty)."""
    made = pages()
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield path, text
    for path in sorted((TOP / "docs" / "rules").glob("*.md")):
        if path not in made:
            yield path, ""


def main() -> int:
    check = "--check" in sys.argv[1:]
    changed = list(stale())
    for path, text in changed:
        print(f"{'stale' if check else 'written'}: {path.relative_to(TOP)}")
        if check:
            continue
        path.parent.mkdir(exist_ok=True)
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink()
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
