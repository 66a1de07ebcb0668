"""Generated documentation: the rule pages, README's tables of rules and libraries, the catalog, and the known gaps that fixtures mark.

python docs/build.py            write what has changed
python docs/build.py --check    write nothing; exit code 1 and the stale files' names if something would change
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP))

from txlint.catalog.listing import GROUPS, TESTS, Listed, listed  # noqa: E402
from txlint.catalog.loader import load_catalog  # noqa: E402
from txlint.model.catalog import Effect  # noqa: E402
from txlint.model.kinds import EFFECT_KINDS  # noqa: E402
from txlint.rules import RULES  # noqa: E402
from txlint.rules.rule import Rule  # noqa: E402

BEGIN, END = "<!-- {}: written by `make docs` -->\n", "<!-- end of {} -->\n"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    rules = TOP / "docs" / "rules"
    found = {rules / f"{rule.code}.md": rule.page() for rule in RULES.values()}
    found[rules / "README.md"] = f"# Rules\n\n{table('')}"
    readme = TOP / "README.md"
    text = readme.read_text(encoding="utf-8")
    libraries = listed(load_catalog())
    for name, made in (("rules", table("docs/rules/")), ("catalog", known_libraries(libraries))):
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{made}{end}{rest.partition(end)[2]}"
    found[readme] = text
    found[TOP / "docs" / "catalog.md"] = catalog_page(libraries)
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


def known_libraries(libraries: list[Listed]) -> str:
    """The libraries that pass all four tests, by what they do: a row for each kind of effect, and one for transactions."""
    good = [each for each in libraries if not each.tested.failed]
    kinds = {each.library.name: {entry.kind for entry in each.library.entries if isinstance(entry, Effect)} for each in good}
    does = {kind: [each for each in good if kind in kinds[each.library.name]] for kind in EFFECT_KINDS}
    does["transactions"] = [each for each in good if each.count("openers")]
    rows = [f"| {what} | {len(found)} | {_some(found)} |\n" for what, found in does.items() if found]
    return f"{_passing(libraries)}\n\n" + ("| kind | libraries | among them |\n|---|---:|---|\n" + "".join(rows) if rows else "")


SOUGHT = (
    "django", "celery", "sqlalchemy", "requests", "httpx", "aiohttp", "boto3", "redis", "stripe", "twilio", "sendgrid", "slack_sdk",
    "kafka", "pika", "rq", "dramatiq", "huey", "arq", "taskiq", "temporalio", "airflow", "openai", "anthropic", "langchain_core",
    "litellm", "elasticsearch", "opensearchpy", "meilisearch", "pymongo", "google_cloud_storage", "google_cloud_pubsub",
    "google_cloud_bigquery", "azure_storage_blob", "azure_servicebus", "github", "gitlab", "jira", "hubspot", "simple_salesforce",
    "shopify", "mailgun", "resend", "postmarker", "flask_mail", "fastapi_mail", "telegram", "discord", "firebase_admin", "docker",
    "kubernetes", "paramiko", "fabric", "channels", "socketio", "pusher", "nats", "aio_pika", "aiokafka", "braintree",
    "paypalserversdk", "mollie", "plaid", "clickhouse_connect", "influxdb_client", "neo4j", "qdrant_client", "pinecone",
    "pymemcache", "dogpile_cache", "aiocache", "fsspec", "minio", "cloudinary", "aiofiles", "pillow", "pandas", "openpyxl", "python",
    "playwright", "asyncpg", "psycopg", "peewee", "tortoise",
)  # fmt: skip
"""Names that a reader looks for first; the page of the catalog has all."""
_SHOWN = 10


def _some(found: list[Listed]) -> str:
    names = {each.library.name for each in found}
    return ", ".join([*(name for name in SOUGHT if name in names), *(name for name in sorted(names) if name not in SOUGHT)][:_SHOWN])


def _passing(libraries: list[Listed]) -> str:
    rest = [each for each in libraries if each.tested.failed]
    entries = sum(len(each.library.entries) for each in rest)
    return (
        f"{len(libraries) - len(rest)} libraries pass all four tests, which [docs/catalog.md](docs/catalog.md) explains. "
        f"{len(rest)} others, with {entries:,} entries, are known and do not pass them all: `txlint catalog` says which."
    )


def catalog_page(libraries: list[Listed]) -> str:
    """What is known of libraries: in full for those that pass all four tests, by count for the others."""
    good = [each for each in libraries if not each.tested.failed]
    rest = [each for each in libraries if each.tested.failed]
    tests = "".join(f"- **{test}**: {meaning}\n" for test, meaning in TESTS.items())
    passed = [f"| {test} | {sum(test in each.tested.passed for each in libraries)} |\n" for test in TESTS]
    rows = [
        f"| {each.library.name} | {', '.join(each.tested.versions)} | {' | '.join(str(each.count(group) or '') for group in GROUPS)} "
        f"| {each.tested.untested or ''} |\n"
        for each in good
    ]
    silent = [f"- {each.library.name}: {', '.join(f'`{name}`' for name in _shortened(each))}\n" for each in good if each.silent]
    text = (
        "# Catalog\n\nWhat is known of libraries is data, one file for each under `txlint/catalog/libs/`. `txlint catalog` shows the same "
        "on a terminal; [teaching.md](teaching.md) says how a project adds its own. `make docs` writes this page from the catalog and "
        f"from the record of its tests (`truth/catalog.json`). A library is tested where it passes all four:\n\n{tests}\n"
        f"{len(libraries)} libraries have {sum(len(each.library.entries) for each in libraries):,} entries; of these pass each test:\n\n"
        f"| test | libraries |\n|---|---:|\n{''.join(passed)}| all four | {len(good)} |\n"
        f"\nThe other {len(rest)}, with {sum(len(each.library.entries) for each in rest):,} entries, are known and not tested.\n"
    )
    if rows:
        text += (
            "\n## Tested\n\n*Types* are what calls and attributes give; *not executed* are entries that say why they cannot be run, and "
            f"what they find is `likely` at most.\n\n| library | versions | {' | '.join(GROUPS)} | not executed |\n"
            f"|---|---|{'---:|' * (len(GROUPS) + 1)}\n{''.join(rows)}"
        )
    if silent:
        text += f"\n## What it stays silent about\n\nOf the tested libraries, calls that are known to be harmless.\n\n{''.join(silent)}"
    return text


def _shortened(each: Listed) -> list[str]:
    """The names that are silent, those of one class as one."""
    by_owner: dict[str, list[str]] = {}
    for entry in each.silent:
        owner, _, last = entry.name.rpartition(".")
        by_owner.setdefault(owner, []).append(last)
    return [
        f"{owner}.{names[0]}" if len(set(names)) == 1 else f"{owner}.{{{', '.join(dict.fromkeys(names))}}}"
        for owner, names in by_owner.items()
    ]


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
