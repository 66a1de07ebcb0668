"""Walks code with libcst and says for each effect call in which scopes it stands: the second, independent reading of what the engine
found by propagation.

`TransactionScopeVisitor` keeps the chain of scopes of the code that it walks (functions, with items, try parts, loops, branches,
suites) and copies it into a `Site` for every call that its `Meanings` call an effect or that it was told to watch. A site is *flagged*
where a transaction is open in its own function: inside a with item or decorator that opens one, or because the function is entered so.
It judges no safety and rewrites nothing; recipes do, from the sites."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import libcst as cst

from txlint.fix.meanings import EffectMeaning, Meanings, OpenerMeaning
from txlint.fix.source import Source, Span


@dataclass(frozen=True, slots=True)
class Scope:
    """One link of the chain, outermost first. ``kind`` is one of ``module class function lambda comprehension with try handler
    else finally loop branch suite header``; ``opener`` what a with item opens; ``statement`` (of a suite) the statement of it in which the
    site stands; ``text`` how a with item is written."""

    kind: str
    node: cst.CSTNode
    line: int
    opener: OpenerMeaning | None = None
    statement: cst.CSTNode | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class FunctionScope:
    """The function, lambda or module body in which a site stands. ``openers``: by decorators, then those it is entered with."""

    node: cst.FunctionDef | cst.Lambda | cst.Module
    name: str
    line: int
    is_async: bool = False
    is_generator: bool = False
    openers: tuple[OpenerMeaning, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One call. ``chain`` are the scopes within its own function, outermost first; ``functions`` the functions around it, outermost
    first, its own last. ``statement`` is the expression statement that consists of this call alone, else ``None``."""

    call: cst.Call
    span: Span
    effect: EffectMeaning | None
    chain: tuple[Scope, ...]
    functions: tuple[FunctionScope, ...]
    classes: tuple[str, ...]
    statement: cst.Expr | None
    awaited: bool
    within: cst.Call | None  # the innermost call among whose arguments it stands
    is_deferred_argument: bool  # that call stores what it is given for the commit, but got the result of this one

    @property
    def function(self) -> FunctionScope:
        return self.functions[-1]

    @property
    def openers(self) -> tuple[OpenerMeaning, ...]:
        """What is open here as far as this function shows, outermost first."""
        return (*self.function.openers, *(scope.opener for scope in self.chain if scope.opener))

    @property
    def flagged(self) -> bool:
        return self.effect is not None and bool(self.openers)


_LEAVES = (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Comment, cst.Newline, cst.Name, cst.BaseNumber)
_LEAVES_MORE = (cst.SimpleString, cst.Import, cst.ImportFrom, cst.BaseUnaryOp, cst.BaseBinaryOp, cst.BaseBooleanOp)
_SKIPPED = (*_LEAVES, *_LEAVES_MORE)


class TransactionScopeVisitor(cst.CSTVisitor):
    """Give it the meanings of the file and the positions of the tree it will visit; afterwards ``sites`` holds the effect calls and the
    watched calls by span. ``first_line`` is the file's line at which the tree starts, where only a part of a file is walked."""

    def __init__(
        self,
        meanings: Meanings,
        positions: Mapping[cst.CSTNode, object],
        watch: Collection[Span] = (),
        first_line: int = 1,
        source: Source | None = None,
    ) -> None:
        super().__init__()
        self.meanings = meanings
        self.positions = positions
        self.watch = frozenset(watch)
        self.sites: dict[Span, Site] = {}
        self._shift = first_line - 1
        self._source = source
        self._functions: list[FunctionScope] = []
        self._chains: list[list[Scope]] = []
        self._classes: list[str] = []
        self._expression: cst.Expr | None = None
        self._awaited: cst.BaseExpression | None = None
        self._calls: list[cst.Call | None] = [None]

    # ---- positions

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands in the file."""
        found = self.positions[node]
        start, end = found.start, found.end  # type: ignore[attr-defined]
        return start.line + self._shift, start.column + 1, end.line + self._shift, end.column + 1

    def line(self, node: cst.CSTNode) -> int:
        return self.span(node)[0]

    # ---- the chain

    @contextmanager
    def _inside(self, *scopes: Scope) -> Iterator[None]:
        chain = self._chains[-1]
        chain += scopes
        yield
        if scopes:
            del chain[-len(scopes) :]

    @contextmanager
    def _function(self, function: FunctionScope) -> Iterator[None]:
        kept = self._expression, self._awaited
        self._expression = self._awaited = None
        self._functions.append(function)
        self._chains.append([])
        self._calls.append(None)
        yield
        self._calls.pop()
        self._chains.pop()
        self._functions.pop()
        self._expression, self._awaited = kept

    def _walk(self, *nodes: cst.CSTNode | None) -> None:
        for node in nodes:
            if node is not None:
                node.visit(self)

    def _within(self, kind: str, owner: cst.CSTNode, *nodes: cst.CSTNode | None) -> None:
        with self._inside(Scope(kind, owner, self.line(owner))):
            self._walk(*nodes)

    def on_visit(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, _SKIPPED) and super().on_visit(node)

    # ---- suites and statements

    def visit_Module(self, node: cst.Module) -> bool:
        with self._function(FunctionScope(node, "<module>", 1)):
            self._statements(node, node.body)
        return False

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> bool:
        self._statements(node, node.body)
        return False

    def visit_SimpleStatementSuite(self, node: cst.SimpleStatementSuite) -> bool:
        self._statements(node, node.body)
        return False

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> bool:
        self._statements(node, node.body)
        return False

    def _statements(self, suite: cst.CSTNode, body: Sequence[cst.CSTNode]) -> None:
        for statement in body:
            with self._inside(Scope("suite", suite, 0, statement=statement)):
                statement.visit(self)

    def visit_Expr(self, node: cst.Expr) -> bool:
        self._expression = node
        return True

    def leave_Expr(self, original_node: cst.Expr) -> None:
        self._expression = None

    # ---- scopes

    def visit_With(self, node: cst.With) -> bool:
        chain, whole = self._chains[-1], self.span(node)
        before = len(chain)
        for item in node.items:
            item.visit(self)
            opener = self.meanings.opener(self.span(item.item), whole)
            chain.append(Scope("with", item, self.line(item), opener, text=self._text(item)))
        node.body.visit(self)
        del chain[before:]
        return False

    def visit_Try(self, node: cst.Try) -> bool:
        self._try(node)
        return False

    def visit_TryStar(self, node: cst.TryStar) -> bool:
        self._try(node)
        return False

    def _try(self, node: cst.Try | cst.TryStar) -> None:
        self._within("try", node, node.body)
        final = node.finalbody
        with self._inside(*(Scope("try-final", node, self.line(node)),) if final else ()):
            for handler in node.handlers:
                self._walk(handler.type)
                self._within("handler", handler, handler.body)
            if node.orelse:
                self._within("else", node, node.orelse.body)
        if final:
            self._within("finally", final, final.body)

    def visit_If(self, node: cst.If) -> bool:
        self._walk(node.test)
        self._within("branch", node, node.body)
        if isinstance(node.orelse, cst.Else):
            self._within("branch", node.orelse, node.orelse.body)
        else:
            self._within("branch", node, node.orelse)
        return False

    def visit_For(self, node: cst.For) -> bool:
        self._walk(node.iter, node.target)
        self._within("loop", node, node.body)
        self._walk(node.orelse and node.orelse.body)
        return False

    def visit_While(self, node: cst.While) -> bool:
        self._within("loop", node, node.test, node.body)
        self._walk(node.orelse and node.orelse.body)
        return False

    def visit_Match(self, node: cst.Match) -> bool:
        self._walk(node.subject)
        for case in node.cases:
            self._walk(case.guard)
            self._within("branch", case, case.body)
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self._walk(*node.decorators, node.params, node.returns)
        whole = self.span(node)
        def_line = self.line(node.name)
        opened = [self.meanings.opener(self.span(d.decorator), self.span(d)) for d in node.decorators]
        entered = self.meanings.entered((def_line, *whole[1:]))
        function = FunctionScope(
            node,
            node.name.value,
            def_line,
            node.asynchronous is not None,
            _is_generator(node.body),
            (*entered, *(o for o in opened if o)),
        )
        with self._function(function):
            node.body.visit(self)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        self._walk(node.params)
        with self._function(FunctionScope(node, "<lambda>", self.line(node))):
            node.body.visit(self)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self._walk(*node.decorators, *node.bases, *node.keywords)
        self._classes.append(node.name.value)
        self._within("class", node, node.body)
        self._classes.pop()
        return False

    def visit_CompFor(self, node: cst.CompFor) -> bool:
        self._within("comprehension", node, node.iter, *node.ifs, node.inner_for_in)
        return False

    # ---- calls

    def visit_Await(self, node: cst.Await) -> bool:
        self._awaited = node.expression
        return True

    def visit_Call(self, node: cst.Call) -> bool:
        span = self.span(node)
        effect = self.meanings.effect(span)
        expression = self._expression
        if effect or span in self.watch:
            self.sites[span] = Site(
                node,
                span,
                effect,
                tuple(self._chains[-1]),
                tuple(self._functions),
                tuple(self._classes),
                expression if expression is not None and expression.value is node else None,
                self._awaited is node,
                self._calls[-1],
                self._calls[-1] is not None and self.meanings.deferral(self.span(self._calls[-1])) is not None,
            )
        node.func.visit(self)
        self._calls.append(node)
        self._walk(*node.args)
        self._calls.pop()
        return False

    def _text(self, item: cst.WithItem) -> str:
        return self._source.between(self.span(item.item)) if self._source else ""


class _Yields(cst.CSTVisitor):
    """Whether a function's own body yields."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Yield):
            self.found = True
        return not self.found and not isinstance(node, (*_SKIPPED, cst.FunctionDef, cst.Lambda, cst.ClassDef))


def _is_generator(body: cst.BaseSuite) -> bool:
    finder = _Yields()
    body.visit(finder)
    return finder.found
