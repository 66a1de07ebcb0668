"""`TransactionScopeVisitor` says in which scopes a call stands, and flags it where one of its own function's opens a transaction."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest

from txlint.fix.meanings import DeferralMeaning, EffectMeaning, FileMeanings, OpenerMeaning
from txlint.fix.scopes import Site
from txlint.fix.source import Refused, Source, Span, decode, span_of_pos
from txlint.fix.walk import definition_lines, flags, walk

EFFECT, OPENER = EffectMeaning("task", "t", ""), OpenerMeaning("with", "atomic", "django", "default")


def spans(source: Source, names: Iterable[str]) -> dict[Span, str]:
    """Calls by the name that they call; columns are those of ASCII text."""
    found = {}
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in names:
            found[(node.lineno, node.col_offset + 1, node.end_lineno or 0, (node.end_col_offset or 0) + 1)] = name
    return found


def sites(text: str, entered: Iterable[int] = (), lines: tuple[int, int] | None = None) -> list[Site]:
    """Sites of calls to ``t``, in order; ``atomic()`` opens, ``on_commit`` defers, functions on the lines ``entered`` are entered open."""
    source = decode("x.py", text.encode())
    openers = {span[:2]: (OPENER,) for span in spans(source, ["atomic"])}
    for node in ast.walk(ast.parse(text)):
        for decorator in getattr(node, "decorator_list", ()):
            if ast.unparse(decorator) == "atomic":
                openers[(decorator.lineno, decorator.col_offset + 1)] = (OPENER,)
    meanings = FileMeanings(
        openers,
        dict.fromkeys(spans(source, ["t"]), EFFECT),
        dict.fromkeys(spans(source, ["on_commit"]), DeferralMeaning("on_commit", "django")),
        dict.fromkeys(entered, (OPENER,)),
    )
    return [s for _, s in sorted(walk(source, meanings, lines=lines).sites.items())]


FLAGGED = {
    "in a with": ("with atomic():\n    t()\n", [True]),
    "behind it": ("with atomic():\n    pass\nt()\n", [False]),
    "a later item": ("with atomic(), t():\n    pass\n", [True]),
    "an earlier item": ("with t(), atomic():\n    pass\n", [False]),
    "async with": ("async def f():\n    async with atomic():\n        t()\n", [True]),
    "decorated": ("@atomic\ndef f():\n    t()\n", [True]),
    "decorator's arguments and defaults run outside": ("@d(t())\n@atomic\ndef f(a=t()):\n    pass\n", [False, False]),
    "a nested function does not inherit": ("with atomic():\n    def f():\n        t()\n    t()\n", [False, True]),
    "nor does a lambda": ("with atomic():\n    x = lambda: t()\n", [False]),
    "nor a callback": ("with atomic():\n    on_commit(lambda: t())\n", [False]),
    "but a result given to on_commit does": ("with atomic():\n    on_commit(t())\n", [True]),
    "a class body runs": ("with atomic():\n    class A:\n        x = t()\n", [True]),
    "a method does not": ("with atomic():\n    class A:\n        def f(self):\n            t()\n", [False]),
    "comprehensions": ("with atomic():\n    x = [t() for y in t() if t()]\n", [True, True, True]),
    "all parts of a try": ("with atomic():\n    try: t()\n    except t(): t()\n    else: t()\n    finally: t()\n", [True] * 5),
    "all parts of loops and branches": (
        "with atomic():\n    for x in t(): t()\n    else: t()\n    while t(): t()\n    if t(): t()\n    elif t(): t()\n    else: t()\n",
        [True] * 10,
    ),
    "match": ("with atomic():\n    match t():\n        case 1 if t(): t()\n", [True] * 3),
    "chains and arguments": ("with atomic():\n    t()(t())(x=t())\n", [True] * 3),
    "f-strings": ("with atomic():\n    x = f'{t()}'\n", [True]),
    "a with in a with": ("with a:\n    with atomic():\n        with b:\n            t()\n", [True]),
}


@pytest.mark.parametrize("case", FLAGGED, ids=str)
def test_flags(case: str) -> None:
    text, wanted = FLAGGED[case]
    assert [s.flagged for s in sites(text)] == wanted


def test_functions_that_are_entered_open() -> None:
    text = "def f():\n    t()\n\n@other\ndef g():\n    t()\n"
    assert [s.flagged for s in sites(text)] == [False, False]
    assert [s.flagged for s in sites(text, entered=[5])] == [False, True]


def test_what_is_recorded() -> None:
    text = "class A:\n async def f(self):\n  for x in y:\n   try:\n    await t(1)\n   except E:\n    pass\n"
    (site,) = sites(text)
    assert site.awaited and site.statement is None and site.classes == ("A",) and site.function.is_async
    assert [s.kind for s in site.chain if s.kind != "suite"] == ["loop", "try"]
    (site,) = sites("def f():\n    yield 1\n    t()\n")
    assert site.function.is_generator and site.statement is not None
    (site,) = sites("def f():\n    def g():\n        yield 1\n    return t()\n")
    assert not site.function.is_generator and site.statement is None
    (site,) = sites("on_commit(t())\n")
    assert site.is_deferred_argument
    (site,) = sites("with lock, open(x) as f:\n    t()\n")
    assert [s.text for s in site.chain if s.kind == "with"] == ["lock", "open(x)"]


def test_a_part_of_a_file() -> None:
    text = "x = 1\n\n@atomic\n# about f\ndef f():\n    t()\n\ny = 2; z = [\n3]; w = 1\n"
    tree, source = ast.parse(text), decode("x.py", text.encode())
    assert definition_lines(source, tree, 6) == (3, 6)
    assert definition_lines(source, tree, 9) == (8, 9)
    assert definition_lines(source, tree, 2) == (1, 9)
    (site,) = sites(text, lines=(3, 6))
    assert site.span == (6, 5, 6, 8) and site.flagged


def test_lines_are_counted_as_python_does() -> None:
    (site,) = sites("a = 'x\u2028y\x0c'\n\x0c\nwith atomic():\r\n    t()\r\n")
    assert site.span[:2] == (4, 5) and site.flagged


def test_what_libcst_cannot_take_is_refused() -> None:
    source = decode("x.py", ("t" + ".f()" * 300).encode())
    with pytest.raises(Refused, match="nested too deeply"):
        walk(source, FileMeanings())


def test_flags_of_a_file() -> None:
    text = "x = '\u00e9'; t()\nwith atomic():\n    x = '\u00e9'; t()\n"
    source = decode("x.py", text.encode())
    effects = {span_of_pos(source, (line, column, line, column + 3)): EFFECT for line, column in ((1, 10), (3, 14))}
    assert source.between(min(effects)) == "t()"
    meanings = FileMeanings({(2, 6): (OPENER,)}, effects)
    assert flags("x.py", text.encode(), meanings) == (((3, 14, 3, 17), (OPENER,)),)
