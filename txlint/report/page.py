"""Pages of rules as the terminal shows them: Markdown as it is, headings set off."""

from __future__ import annotations

from collections.abc import Iterable

from txlint.report.paint import Paint, plain
from txlint.rules.rule import Rule


def render_pages(rules: Iterable[Rule], paint: Paint = plain) -> str:
    """The pages, one below the other."""
    return "\n".join("".join(_lines(rule.page(), paint)) for rule in rules)


def _lines(page: str, paint: Paint) -> Iterable[str]:
    in_code = False
    for line in page.splitlines(keepends=True):
        in_code ^= line.startswith("```")
        heading = line.startswith("#") and not in_code
        yield paint(line.rstrip("\n"), "key") + "\n" if heading else line
