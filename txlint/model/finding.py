"""Findings: what a run says. Frozen, complete and already worded; renderers only lay them out."""

from __future__ import annotations

from dataclasses import dataclass

from txlint.model.kinds import Confidence


@dataclass(frozen=True, slots=True)
class Place:
    """A span of source: path as reported, lines and columns 1-based, columns in Unicode code points, end exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a trace. ``kind`` is one of ``kinds.STEP_KINDS``; ``function`` is the dotted name in which the call stands;
    ``label`` says it in words: ``calls shop.orders.place_order``."""

    kind: str
    place: Place
    function: str
    label: str


@dataclass(frozen=True, slots=True)
class Opener:
    """One (opener, entry) pair with the trace that has least doubt in it. ``place`` is where the transaction is opened; ``entry`` the
    call in the opener's own function through which the effect is reached (the effect itself where it is lexical)."""

    kind: str
    opener: str
    place: Place
    alias: str | None
    confidence: Confidence
    fingerprint: str
    entry: Place
    entry_count: int
    condition: str | None
    trace: tuple[Step, ...]
    told: str = ""  # this pair in words: a finding's message is about its best one
    decorates: bool = False  # it is a decorator: the whole function runs in the transaction, only who calls that stands outside
    family: str = ""  # the catalog's: how one defers past this commit; empty where not known
    stays: bool = False  # the transaction and what the entry leads to rest on each other: not even the whole call can be deferred
    owner: str | None = None  # what its function calls the session that commits; empty: nothing; None: what it was begun on


@dataclass(frozen=True, slots=True)
class Effect:
    kind: str
    callee: str  # as written
    library: str
    result_used: bool = False  # then it cannot be deferred where it stands: line formats report it at the entry
    deferred_by: str = ""  # the keyword by which the call waits for the commit itself
    saves: str = ""  # the keyword that keeps the call from saving its row as well
    assigns: bool = False  # it also sets what is saved in the same transaction: it cannot wait
    raises: bool = False  # it ends by an exception, which rolls the transaction back: it cannot wait


@dataclass(frozen=True, slots=True)
class Fix:
    """``applicability`` is ``safe``, ``unsafe``, ``none`` (with ``reason``) or ``None`` (not computed)."""

    applicability: str | None = None
    recipe: str | None = None
    reason: str | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One effect site with its rule. ``function`` is the dotted name of the function that holds the effect call."""

    code: str
    name: str
    message: str
    remedy: str
    confidence: Confidence
    severity: str
    held: bool
    place: Place
    function: str
    effect: Effect
    openers: tuple[Opener, ...]
    omitted: int
    fix: Fix
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be looked at (TX900) or an ignore that cut nothing (TX901)."""

    code: str
    path: str
    line: int
    message: str
    given: bool = True  # the file was named on the command line or lies under a given path: exit code 2
    needs: str | None = None  # the Python version that can read the file, where newer syntax is the reason


@dataclass(frozen=True, slots=True)
class Assumption:
    """A setting or version that was not certain, and where it was read."""

    what: str
    value: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A call inside a transaction of which nothing is known, for ``--show-unresolved``."""

    place: Place
    function: str
    callee: str  # as written
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What was looked at: files read, files skipped and tests left out; transaction scopes, effect calls and unresolved calls inside
    scopes, each in the code that a transaction may reach; ``foreign`` are packages that the catalog does not know, each with the number
    of calls into it inside scopes, the most first."""

    files: int = 0
    skipped: int = 0
    tests: int = 0
    scopes: int = 0
    effects: int = 0
    unresolved: int = 0
    foreign: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What a baseline took out of a report: the number of pairs, and of files that could not be analysed; ``stale`` are the entries,
    as written, that stand for nothing any more."""

    path: str
    pairs: int
    files: int
    stale: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What one run found, in its final order. ``since`` is the revision whose changes it is limited to."""

    findings: tuple[Finding, ...]
    errors: tuple[Problem, ...]
    assumed: tuple[Assumption, ...]
    summary: Summary
    unresolved: tuple[Unresolved, ...] = ()
    known: Known | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one call on the line that `why` was asked about. ``target`` says what the call resolved to, or why it did
    not (then ``known`` is false); ``silent`` says in one sentence why an effect is not reported, ``None`` where ``finding`` is."""

    place: Place
    callee: str
    target: str
    effect: Effect | None = None
    finding: Finding | None = None
    silent: str | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to ``txlint why PATH:LINE``. ``openers`` are the ways in which a transaction is open when the line runs (the trace of
    each ends on the line); ``closed`` says that the line is also reached with none open; ``note`` is for lines without code;
    ``misuses`` are findings about a deferral or transaction on the line; ``read`` is what was taken for the whole project where nothing
    says what that is."""

    path: str
    line: int
    function: str  # dotted name of the enclosing function, "" outside of any
    openers: tuple[Opener, ...] = ()
    omitted: int = 0
    closed: bool = True
    calls: tuple[Verdict, ...] = ()
    note: str = ""
    misuses: tuple[Finding, ...] = ()
    read: str = ""


class NoSuchLine(ValueError):
    """Nothing can be said of this place; the message is one line."""
