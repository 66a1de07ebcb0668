"""What a recipe looks at and what it answers: one finding at one call, with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import libcst as cst

from txlint.fix.names import Function, Names, NewImport, Reference
from txlint.fix.scopes import Scope, Site
from txlint.fix.source import Edit, Source, Span
from txlint.fix.walk import Walked
from txlint.model.finding import Finding, Opener


@dataclass(frozen=True, slots=True)
class Project:
    """What the engine knows beyond one file. ``databases``: the aliases in settings. ``versions``: of distributions, as read.
    ``after_commit_helper``: dotted name of the project's own ``on_commit(session, function)``. ``tasks``: fingerprints of findings whose
    callee is provably a task with ``delay_on_commit``. ``around``: by fingerprint, what stands around the calls that lead to an effect."""

    databases: frozenset[str] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)
    after_commit_helper: str | None = None
    tasks: frozenset[str] = frozenset()
    around: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def is_at_least(self, distribution: str, major: int) -> bool:
        """Whether the project is known to use this major release or a newer one."""
        first = self.versions.get(distribution, "").partition(".")[0]
        return first.isdigit() and int(first) >= major

    def allows_before(self, distribution: str, *release: int) -> bool:
        """Whether what is written about a distribution allows a release before this one."""
        oldest = self.versions.get(distribution, "")
        return bool(oldest) and tuple(map(int, oldest.split("."))) < release


@dataclass(frozen=True, slots=True)
class Case:
    """One finding at one call. ``at_entry`` says that the call is not the effect itself but the call in the opener's own function through
    which it is reached."""

    finding: Finding
    site: Site
    walked: Walked
    source: Source
    names: Names
    project: Project
    family: str
    at_entry: bool = False

    def span(self, node: cst.CSTNode) -> Span:
        return self.walked.visitor.span(node)

    def line(self, node: cst.CSTNode) -> int:
        return self.span(node)[0]

    def code(self, node: cst.CSTNode) -> str:
        return self.walked.module.code_for_node(node)

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions and lambdas around the call, outermost first."""
        line, column = self.site.span[:2]
        return self.names.functions_at(line, column)

    @property
    def locals(self) -> frozenset[str]:
        """The names that are local to one of them."""
        return frozenset[str]().union(*(self.names.bound_in(function) for function in self.functions))

    @property
    def imported(self) -> frozenset[str]:
        """Those of them that imports bind: modules, functions and classes, which calls do not change."""
        return frozenset[str]().union(*(self.names.imported_in(function) for function in self.functions))

    def reference(self, module: str, name: str, importing: tuple[str, str] | None = None) -> Reference:
        """How to name ``module.name`` where the call stands."""
        line, column = self.site.span[:2]
        return self.names.reference(module, name, line, column, importing)

    @property
    def callee(self) -> str:
        return short(self.code(self.site.call.func))

    @property
    def whole_call(self) -> str:
        """The risk of every fix at an entry."""
        return f"the whole call of `{self.callee}` would leave the transaction, with everything else that it does"

    @property
    def ends_here(self) -> bool:
        """Whether this function shows all that runs before the commit: every transaction that reaches the call is its own."""
        openers = self.finding.openers
        around = [s for s in self.site.chain if s.kind == "with" and s.opener]
        return not self.finding.omitted and all(
            len(o.trace) <= 1 and (o.kind == "decorator" or any(self.is_here(o, s) for s in around)) for o in openers
        )

    @property
    def region(self) -> tuple[Scope, ...]:
        """The scopes between the transaction's outermost end and the call: those that an effect moved to the commit leaves. All of
        the function's, unless every transaction that reaches the call is opened by a ``with`` around it."""
        chain = self.site.chain
        around = [i for i, s in enumerate(chain) if s.kind == "with" and s.opener]
        if not around or self.finding.omitted:
            return chain
        all_here = all(any(self.is_here(o, chain[i]) for i in around) for o in self.finding.openers)
        return chain[around[0] + 1 :] if all_here else chain

    def is_here(self, opener: Opener, scope: Scope) -> bool:
        """Whether a reported opener is this with item; engines point at the item or at its statement."""
        if opener.place.path != self.source.path or opener.kind == "decorator":
            return False
        return scope.line == opener.place.line or any(
            s.kind == "suite" and isinstance(w := s.statement, cst.With) and scope.node in w.items and self.line(w) == opener.place.line
            for s in self.site.chain
        )

    def receiver(self, opener: Opener) -> str:
        """What a transaction that began by itself began on, as written in this function: ``session`` of ``session.add(x)``."""
        function, place = self.site.function.node, opener.place
        first, last = self.span(function)[0], self.span(function)[2]
        if place.path != self.source.path or not first <= place.line <= last:
            return ""
        if opener.owner is not None:
            return opener.owner
        written = self.source.between((place.line, place.column, place.end_line, place.end_column))
        return written.removeprefix("await ").partition("(")[0].rpartition(".")[0].strip()


@dataclass(frozen=True, slots=True)
class Verdict:
    """``applicability`` is ``safe``, ``unsafe`` or ``none``; the last two with a reason in words."""

    applicability: str
    reason: str | None = None


def weighed(risks: Iterable[str]) -> Verdict:
    """``unsafe`` for these risks, each said once, else ``safe``."""
    said = "; ".join(dict.fromkeys(risks))
    return Verdict("unsafe", said) if said else Verdict("safe")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Edits of the file's text, the imports they rely on, and what behaves otherwise afterwards, one sentence each."""

    edits: tuple[Edit, ...]
    needs: tuple[NewImport, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """The stretch of the text that it touches."""
        return min(e.start for e in self.edits), max(e.end for e in self.edits)


def short(text: str, most: int = 60) -> str:
    """Code on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
