"""Two implementations, one verdict: where opener or hook stands in the effect's own function, the visitor must flag what the engine does.

The engine replays the function's facts; the visitor walks the text with libcst. They share the meaning of names and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from txlint.fix.known import meanings_of
from txlint.fix.source import Refused, Source, Span, code_points, parse, span_of_pos
from txlint.fix.walk import flags
from txlint.model.graph import Program


@dataclass(frozen=True, slots=True, order=True)
class Disagreement:
    """An effect that only one of the two flags: ``by`` is ``engine`` or ``visitor``."""

    path: str
    span: Span
    by: str


def disagreements(program: Program, sources: Mapping[str, Source]) -> tuple[int, tuple[Disagreement, ...]]:
    """How many effects of these files either of the two flags, and on which they differ. Files that libcst does not take are left out."""
    meanings = meanings_of(program, (), sources)
    by_engine, ended = _by_engine(program, sources)
    found: list[Disagreement] = []
    count = 0
    for path, source in sorted(sources.items()):
        try:
            seen = {span for span, _ in flags(path, source.data, meanings[path])}
        except Refused:
            continue
        said = by_engine.get(path, set())
        seen -= ended.get(path, set()) - said
        count += len(seen | said)
        found += [Disagreement(path, span, "visitor" if span in seen else "engine") for span in sorted(seen ^ said)]
    return count, tuple(found)


def _by_engine(program: Program, sources: Mapping[str, Source]) -> tuple[dict[str, set[Span]], dict[str, set[Span]]]:
    """What the engine says of effects whose ``with``, decorator or hook stands in their own function; and the effects before which an
    explicit commit or rollback has ended a transaction, which scopes alone do not show."""
    entered = {entrance.node[0] for entrance in program.entrances}
    places = {path: dict(_openings(source)) for path, source in sources.items()}
    found: dict[str, set[Span]] = {}
    ended: dict[str, set[Span]] = {}
    for node, flow in program.flows.items():
        path = program.infos[node[0]].path
        for event in flow.events if path in sources else ():
            if event.effect is None:
                continue
            source = sources[path]
            span = span_of_pos(source, event.pos)
            starts = (span_of_pos(source, each.pos)[:2] for each in event.region if each.path is None and each.begun is None)
            if any(start in places[path] and span[0] <= places[path][start] for start in starts) or node[0] in entered:
                found.setdefault(path, set()).add(span)
            elif event.closed:
                ended.setdefault(path, set()).add(span)
    return found, ended


def _openings(source: Source) -> Iterator[tuple[tuple[int, int], int]]:
    """Where the items of ``with`` statements, those statements, and decorators of functions begin, each with its scope's last line."""
    try:
        tree = parse(source.text)
    except Refused:
        return
    for node in ast.walk(tree):
        match node:
            case ast.With(items=items) | ast.AsyncWith(items=items):
                starts: list[ast.stmt | ast.expr] = [node, *(item.context_expr for item in items)]
                before = 0
            case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
                starts, before = [*decorators], 1  # engines point at the ``@``, too
            case _:
                continue
        for start in starts:
            column = code_points(source.line(start.lineno), start.col_offset)
            yield from (((start.lineno, column - shift), node.end_lineno or node.lineno) for shift in range(before + 1))
