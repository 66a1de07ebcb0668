"""Takes a file, or the top-level statements of it that matter, through libcst and the scope visitor."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from txlint.fix.depth import check_depth, deep
from txlint.fix.meanings import Meanings, OpenerMeaning
from txlint.fix.scopes import Site, TransactionScopeVisitor
from txlint.fix.source import Refused, Source, Span, decode, parse

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Walked:
    """A tree that was walked: its sites by span and where its nodes stand."""

    module: cst.Module
    visitor: TransactionScopeVisitor
    _kept: dict[tuple[str, int], list[Any]] = field(default_factory=dict)

    @property
    def sites(self) -> Mapping[Span, Site]:
        return self.visitor.sites

    def kept(self, what: str, node: cst.CSTNode, read: Callable[[], Iterable[T]]) -> list[T]:
        """What is read from a node of the tree, once for the thousands of findings that may ask for it."""
        key = what, id(node)
        if key not in self._kept:
            self._kept[key] = list(read())
        return self._kept[key]


def walk(source: Source, meanings: Meanings, watch: Collection[Span] = (), lines: tuple[int, int] | None = None) -> Walked:
    """Parse and walk a file, or the lines ``first..last`` of it, which must be whole top-level statements. Call it inside of `deep`.
    Raises `Refused` where libcst cannot read the text exactly."""
    first, last = lines or (1, len(source.starts))
    begin = source.starts[first - 1]
    end = source.starts[last] if last < len(source.starts) else len(source.text)
    text = source.text[begin:end]
    check_depth(text, parse(text))
    try:
        module = cst.parse_module(text)
    except (cst.ParserSyntaxError, cst.CSTValidationError, UnicodeError) as error:
        raise Refused("libcst cannot parse this file") from error
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    if wrapper.module.code != text:
        raise Refused("libcst does not give this file back unchanged")
    visitor = TransactionScopeVisitor(meanings, positions, watch, first, source)
    wrapper.module.visit(visitor)
    return Walked(wrapper.module, visitor)


def definition_lines(source: Source, tree: ast.Module, line: int) -> tuple[int, int]:
    """The lines of the top-level statement that holds a line, together with neighbours that share a line with it."""
    found = 1, len(source.starts)
    begin = end = 0
    for statement in tree.body:
        start = min((d.lineno for d in getattr(statement, "decorator_list", ())), default=statement.lineno)
        stop = statement.end_lineno or statement.lineno
        if start > end:
            if begin <= line <= end:
                return begin, end
            begin, end = start, stop
        else:
            end = max(end, stop)
    return (begin, end) if begin <= line <= end else found


def flags(path: str, data: bytes, meanings: Meanings) -> tuple[tuple[Span, tuple[OpenerMeaning, ...]], ...]:
    """The effects of a file that the visitor flags by itself, sorted, each with what it sees open: to be held against the engine's verdict
    on effects whose opener or hook stands in their own function. Raises `Refused` where the file cannot be taken."""
    source = decode(path, data)
    walked = deep(lambda: walk(source, meanings))
    return tuple((span, site.openers) for span, site in sorted(walked.sites.items()) if site.flagged)
