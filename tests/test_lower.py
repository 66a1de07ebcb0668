"""Source to facts: the shapes that `model/facts.py` lists, ignore comments, and every reason for which a file has no facts."""

from __future__ import annotations

import sys
import textwrap
import warnings
from typing import Any

import pytest

from txlint.lower import decode, encode, lower_source
from txlint.model.facts import FileFacts, Ignore, Import, Param, Unreadable


def lower(source: str | bytes) -> FileFacts:
    data = source if isinstance(source, bytes) else textwrap.dedent(source).encode()
    facts = lower_source(data, "a/b.py", "a.b", False)
    assert isinstance(facts, FileFacts), facts
    assert decode(encode(facts)) == facts
    return facts


def refuse(source: str | bytes) -> Unreadable:
    facts = lower_source(source if isinstance(source, bytes) else source.encode(), "a/b.py", "a.b", False)
    assert isinstance(facts, Unreadable)
    assert facts.path == "a/b.py"
    assert "\n" not in facts.reason
    return facts


def expr(source: str) -> Any:
    """The facts of one expression, positions of calls taken out."""
    ((tag, _, e, _),) = lower(f"_ = {source}").body
    assert tag == "assign"
    return _no_pos(e)


def _no_pos(e: Any) -> Any:
    if isinstance(e, tuple):
        return tuple(_no_pos(part) for part in (e[:4] if e[:1] == ("call",) else e))
    return e


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.b.c", "a.b.c"),
        ("f().b.c", ("attr", ("attr", ("call", "f", (), ()), "b"), "c")),
        ("f(a, *b, c=1, **d)", ("call", "f", ("a", ("star", "b")), (("c", ("const", 1)), (None, "d")))),
        ("a[1:b]", ("sub", "a", ("other", (("const", 1), "b")))),
        ("(a, [b], {c})", ("tuple", ("a", ("list", ("b",)), ("set", ("c",))))),
        ("{a: 1, **b}", ("dict", ("a", None), (("const", 1), "b"))),
        ("a < b is not c", ("cmp", "a", ("<", "is not"), ("b", "c"))),
        ("a and not b or -c", ("bool", "or", (("bool", "and", ("a", ("not", "b"))), ("unary", "-", "c")))),
        ("a + b * c", ("bin", "+", "a", ("bin", "*", "b", "c"))),
        ("a if b else c", ("ifexp", "b", "a", "c")),
        ("[a for b in c if d]", ("comp", "list", (("b", "c", ("d",), False),), ("a",))),
        ("{a: b for c in d}", ("comp", "dict", (("c", "d", (), False),), ("a", "b"))),
        ("f'x {a!r:{b}} {c()}'", ("fstring", ("a", "b", ("call", "c", (), ()), ("const", " ")))),
        ("(a := b)", ("named", "a", "b")),
        ("lambda: a", ("lambda", 0)),
    ],
)
def test_expressions(source: str, expected: Any) -> None:
    assert expr(source) == expected


def test_calls_carry_their_span() -> None:
    assert lower("x = f(\n  a)").body == (("assign", ("x",), ("call", "f", ("a",), (), (1, 4, 2, 4)), 1),)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b.c = d", ("assign", ("a", "b.c"), "d", 1)),
        ("a: int = 1", ("ann", "a", "int", ("const", 1), 1)),
        ("a += b", ("aug", "a", "+", "b", 1)),
        ("raise a from b", ("raise", "a", "b", 1)),
        ("assert a, b", ("assert", "a", "b", 1)),
        ("del a, b.c", ("del", ("a", "b.c"), 1)),
        ("if a: b\nelif c: d\nelse: e", ("if", "a", (("expr", "b", 1),), (("if", "c", (("expr", "d", 2),), (("expr", "e", 3),), 2),), 1)),
        ("a and b or c", ("if", ("not", ("bool", "and", ("a", "b"))), (("expr", "c", 1),), (), 1)),
        ("a and b and c", ("if", ("bool", "and", ("a", "b")), (("expr", "c", 1),), (), 1)),
        ("a if b else c", ("if", "b", (("expr", "a", 1),), (("expr", "c", 1),), 1)),
        ("while a: break\nelse: b", ("while", "a", (("break",),), (("expr", "b", 2),), 1)),
        ("for a in b: continue", ("for", "a", "b", (("continue",),), (), False, 1)),
        ("with a as b, c: pass", ("with", (("a", "b", (1, 5, 1, 6)), ("c", None, (1, 13, 1, 14))), (), False, (1, 0, 1, 20))),
        (
            "try: a\nexcept (B, C) as d: e\nexcept: f\nelse: g\nfinally: h",
            (
                "try",
                (("expr", "a", 1),),
                ((("tuple", ("B", "C")), "d", (("expr", "e", 2),)), (None, None, (("expr", "f", 3),))),
                (("expr", "g", 4),),
                (("expr", "h", 5),),
                1,
            ),
        ),
        (
            "match a:\n case B(x, y=[1, *z]) | {'k': z, **x} if c: d\n case None: pass",
            (
                "match",
                "a",
                ((("x", "z"), ("B", ("const", 1), ("const", "k")), "c", (("expr", "d", 2),)), ((), (("const", None),), None, ())),
                1,
            ),
        ),
    ],
)
def test_statements(source: str, expected: Any) -> None:
    assert lower(source).body == (expected,)


def test_imports() -> None:
    facts = lower("import a.b as c, d.e\nfrom ..m import n as o\nfrom . import p\nfrom q import *")
    assert facts.imports == (
        Import("a.b", None, "c", 0, 1),
        Import("d.e", None, "d", 0, 1),
        Import("m", "n", "o", 2, 2),
        Import("", "p", "p", 1, 3),
        Import("q", "*", "*", 0, 4),
    )
    assert facts.body == tuple(("import", n) for n in range(5))
    assert facts.bound == ("c", "d", "o", "p")


def test_functions() -> None:
    facts = lower(
        """
        @deco
        @other.deco(1)
        async def pay(a, /, b: int = 1, *c, d=None, **e) -> str:
            "docstring"
            def inner():
                yield
            return lambda: b
        """
    )
    pay, inner, last = facts.functions
    assert pay.params == (
        Param("a", "pos", None, None),
        Param("b", "arg", "int", ("const", 1)),
        Param("c", "vararg", None, None),
        Param("d", "kwonly", None, ("const", None)),
        Param("e", "kwarg", None, None),
    )
    assert [d[0] if isinstance(d[0], str) else d[0][:2] for d in pay.decorators] == ["deco", ("call", "other.deco")]
    assert (pay.qualname, pay.returns, pay.is_async, pay.is_generator, pay.parent, pay.owner) == ("pay", "str", True, False, -1, -1)
    assert (pay.pos, pay.name_pos) == ((4, 0, 8, 20), (4, 0, 4, 13))
    assert pay.body == (("def", 1), ("return", ("lambda", 2), 8))
    assert (inner.qualname, inner.is_generator, inner.parent) == ("pay.inner", True, 0)
    assert (last.name, last.qualname, last.body, last.parent) == ("<lambda>", "pay.<lambda>:8", (("return", "b", 8),), 0)
    assert {"deco", "other"} & facts.words == {"deco"}


def test_names_that_a_function_binds() -> None:
    facts = lower(
        """
        def f(p):
            global g
            g = a = 1
            b.attr, (c, *d) = x
            with e as h: pass
            for i in x: pass
            import j.k
            try: pass
            except X as m: pass
            [n for n in x if (o := n)]
            match x:
                case {"k": q, **r}: pass
            def s():
                nonlocal a
                a = 2
            class T:
                u = 1
        """
    )
    assert "".join(facts.functions[0].bound) == "Tacdhijmopqrs"
    assert facts.functions[1].bound == ()
    assert facts.bound == ("f", "g")


def test_classes() -> None:
    facts = lower(
        """
        class Order(models.Model, metaclass=M):
            key: int = field(default_factory=lambda: 1)
            class Meta:
                abstract = True
            def __init__(me, x):
                me.x, (me.y, z) = x
                with x as me.handle: pass
                def later(): me.z = 1
            @staticmethod
            def make(x):
                x.nothing = 1
            @property
            def total(self):
                self.x: int = 2
        """
    )
    order, meta = facts.classes
    assert (order.bases, order.keywords, order.owner) == (("models.Model",), (("metaclass", "M"),), -1)
    assert (meta.qualname, meta.owner) == ("Order.Meta", 0)
    names = [f.qualname for f in facts.functions]
    assert names == ["Order.<lambda>:3", "Order.__init__", "Order.__init__.later", "Order.make", "Order.total"]
    assert order.self_attrs == (("x", 1), ("y", 1), ("handle", 1), ("z", 2), ("x", 4))
    assert [s for s in order.body if s[0] in ("def", "class")] == [("class", 1), ("def", 1), ("def", 3), ("def", 4)]
    assert [f.owner for f in facts.functions] == [0, 0, -1, 0, 0]


def test_ignore_comments() -> None:
    facts = lower(
        """
        # txlint: ignore-file[TX106] cache only
        a()  # txlint: ignore[tx101, TX102] sent twice is fine, see #7
        # txlint: ignore it is idempotent

        # and this explains more
        b(
            c,  # noqa: E501  # txlint: ignore
        )
        d("# txlint: ignore")  # txlint: ignored  # not txlint: ignore
        """
    )
    assert facts.ignores == (
        Ignore(2, 2, ("TX106",), "cache only", True),
        Ignore(3, 3, ("TX101", "TX102"), "sent twice is fine, see #7", False),
        Ignore(7, 4, (), "it is idempotent", False),
        Ignore(8, 8, (), "", False),
    )


def test_words_are_what_is_called_read_or_imported() -> None:
    assert lower("import a.b\nc = d.e(f, g())").words == {"a", "b", "e", "g"}


@pytest.mark.parametrize(("source", "lines"), [("", 0), ("a", 1), ("a\n", 1), ("a\r\nb\r\n", 2), ("a\rb", 2), ("'\x0c\u2028'\n", 1)])
def test_lines_are_counted_as_python_does(source: str, lines: int) -> None:
    assert lower(source).lines == lines


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfx = '\xc3\xa9'\n",
        b"# coding: latin-1\nx = '\xe9'\n",
        b"#!x\n# -*- coding: euc-jp -*-\nx = '\xc6\xfc'\n",
        b"\x0cx = '\xc3\xa9'\\\r\n\r\n",
        b"x = '\\ud800'",
        b"x = '\\d'",
    ],
)
def test_encodings_that_python_reads(source: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lower(source).bound == ("x",)


def test_identifiers_are_compared_as_python_does() -> None:
    assert expr("ｄelay.ｄelay()") == ("call", "delay.delay", (), ())


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, "byte order mark, but the coding cookie says iso-8859-1"),
        (b"x = 1\n# caf\xe9\n", 2, "not valid utf-8: byte 0xe9"),
        (b"# coding: ascii\n\n# \xc3\xa9", 3, "not valid ascii: byte 0xc3"),
        (b"# coding: klingon\n", 1, "unknown encoding: klingon"),
        (b"# coding: rot13\n", 1, "unknown encoding: rot13"),
        ("x = 1".encode("utf-16"), 1, "UTF-16"),
        ("x = 1".encode("utf-32"), 1, "UTF-32"),
        (b"x = 1\n# \0", 2, "contains a NUL byte"),
        (b"x = 1\n\x1a", 2, "U+001A"),
        (b"x = (\n", 1, "never closed"),
        (b"if x:\n\ty\n        z\n", 3, "tabs and spaces"),
        (b"x = 1 \\", 1, "unexpected EOF"),
        (b"<<<<<<< HEAD\n", 1, "invalid syntax"),
    ],
)
def test_why_a_file_cannot_be_read(source: bytes, line: int, reason: str) -> None:
    refused = refuse(source)
    assert reason in refused.reason
    assert (refused.line, refused.needs) == (line, None)


@pytest.mark.parametrize(
    ("version", "source"),
    [
        ((3, 12), "class A[T]: pass"),
        ((3, 12), "async def f[T: (int, str)](x=1): pass"),
        ((3, 12), "type A = int"),
        ((3, 12), "x = f'{a['b']}'"),
        ((3, 12), "x = f'{\"\\n\".join(a)}'"),
        ((3, 12), "x = f'{\na}'"),
        ((3, 13), "class A[T = int]: pass"),
        ((3, 14), "try: pass\nexcept A,B: pass"),
        ((3, 14), "x = t'{a}'"),
        ((3, 15), "lazy import a"),
    ],
)
def test_syntax_that_is_too_new_names_the_python_needed(version: tuple[int, int], source: str) -> None:
    if sys.version_info >= version:
        lower(source)
    else:
        refused = refuse(source)
        assert refused.needs == f"{version[0]}.{version[1]}"
        assert refused.reason.startswith(f"needs Python {refused.needs} or newer")


@pytest.mark.parametrize("types", ["A, B", "a.A, b.B", "ValueError, TypeError, c.D"])
@pytest.mark.parametrize("keyword", ["except", "except*"])
def test_exception_types_without_parentheses_are_read_by_every_python(keyword: str, types: str) -> None:
    bare = lower(f"try: a()\n{keyword} {types}: b()\n")
    assert bare == lower(f"try: a()\n{keyword}({types.replace(', ', ',', 1)}): b()\n")


@pytest.mark.parametrize(
    "source",
    [
        "print 'a'",
        "exec 'a'",
        "try: pass\nexcept ValueError, e: pass",
        "raise A, 'x'",
        "x = 0777",
        "x = f'{a b}'",
        "{% if t %}",
        "x = f'abc",
    ],
)
def test_old_or_broken_syntax_is_not_taken_for_new(source: str) -> None:
    assert refuse(source).needs is None


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5_000 + ")" * 5_000,
        "[" * 100_000,
        "not " * 100_000 + "x",
        "x" + ".f()" * 2_000,
        "x = " + " + ".join(["a"] * 100_000),
        "if a: pass\n" + "elif a: pass\n" * 2_500,
        "".join(" " * i + "if a:\n" for i in range(120)),
    ],
)
def test_what_nests_too_deeply_is_refused(source: str) -> None:
    assert "nested too deeply" in refuse(source).reason


@pytest.mark.parametrize(
    "source",
    [
        "(" * 180 + "a" + ")" * 180,
        "x = " + " + ".join(["a"] * 1_500),
        "if a: pass\n" + "elif a: pass\n" * 200,
        "lambda: " * 300 + "a",
        "".join(" " * i + "if a:\n" for i in range(99)) + " " * 99 + "a",
        "x = " + "9" * 5_000,
        "x = 0x" + "f" * 5_000,
    ],
)
def test_what_nests_deeply_or_is_large_is_read(source: str) -> None:
    lower(source)


def test_depth_does_not_depend_on_the_caller() -> None:
    def nested(depth: int) -> FileFacts | Unreadable:
        return nested(depth - 1) if depth else lower_source(source, "x.py", "x", False)

    limit = sys.getrecursionlimit()
    for links in (300, 400):
        source = ("x" + ".f()" * links).encode()
        assert nested(0) == nested(500)
    assert sys.getrecursionlimit() == limit
