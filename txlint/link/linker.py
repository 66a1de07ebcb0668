"""The linker: names to values, classes to attributes, functions to flows. The one place that holds what a run knows so far.

Everything is computed on demand and remembered. What is asked for while it is being computed is unknown (`UNKNOWN`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.catalog.lookup import PROJECT, Catalog
from txlint.catalog.types import TypeExpr, parse_type
from txlint.frameworks.types import NO_UPLOADS, Called, Framework, Loaders, Row
from txlint.link import classes, holding, iterated, kept, members, names, passing, something, substitution, taught, typehints, types
from txlint.link.classes import Found
from txlint.link.project import Fun, Klass, Module, Project
from txlint.link.values import (
    UNKNOWN,
    Atom,
    Atoms,
    Cls,
    Const,
    Ext,
    ExtMethod,
    ExtObj,
    Fn,
    Many,
    Mod,
    Obj,
    OneOf,
    Part,
    SelfObj,
    Seq,
    Stored,
    Table,
    Value,
    union,
)
from txlint.model.catalog import Closer, Opener
from txlint.model.facts import FileFacts
from txlint.model.graph import SELF, Flow, Given, Key, Opened, Test
from txlint.model.shapes import speaks_of

if TYPE_CHECKING:
    from txlint.link.properties import Properties

DEEP = 60  # calls followed into each other to learn what a function returns
_NONE = 1 << 60  # deeper than any computation


class Decoration(NamedTuple):
    """What the decorators of a function make of it."""

    value: Value
    openers: tuple[Opened, ...] = ()
    deferred: bool = False
    retried: bool = False  # a decorator runs it again after an error
    role: str = ""  # "property", "static", "class", "manager" (a context manager made of a generator)
    inert: tuple[Opened, ...] = ()  # what would open a transaction, but has ended it before the body runs
    given: tuple[tuple[str, Value], ...] = ()  # attributes of the receiver under them: `@action(serializer_class=X)`


class Replay(NamedTuple):
    """A function replayed with one class of receiver. ``sets``: what it assigns to attributes of the receiver and, marked with `GLOBAL`, to
    names of its module."""

    flow: Flow
    returns: Value
    yields: tuple[tuple[tuple[Opened, ...], Value], ...]
    left_open: tuple[Opened, ...]
    closes: frozenset[Any]
    commits: frozenset[Any]
    mostly_closes: frozenset[Any]  # on the way to its last return, whatever returns early or after an exception
    closes_if: tuple[frozenset[Any], frozenset[Any]]  # what is closed besides where the result is true, and where it is false
    closes_given: Given  # what is closed besides where a test of a parameter holds
    sets: dict[str, Value]
    env: dict[str, Value]
    queries: dict[tuple[str, str], Any]
    raises: bool = False  # whatever it is given
    is_quiet: bool = False  # a generator of which nothing is heard before its first yield
    returns_if: tuple[Test, ...] = ()  # tests of parameters without which it only raises
    joins: bool = False  # where a caller has a session open it uses that, and what is told of closing holds where none has
    by_flag: bool = False  # a flag says whether a caller has: one that has the session open itself need not be that

    @property
    def left(self) -> tuple[Any, ...]:
        """What a call leaves open and closes for its caller."""
        return {(opened.key, opened.reads, opened.writes_if, opened.begun_if) for opened in self.left_open}, self.closes


class Linker:
    """Everything that is known of one program. What is looked up in it is in modules of its own (`names`, `classes`, `members`, ...);
    here is what makes that safe: nothing waits for itself, and what was computed meanwhile is computed again."""

    # Frameworks lie below this package: the kinds of atoms reach them as attributes.
    Cls, Obj, Fn, Const, Ext, ExtObj, Many = Cls, Obj, Fn, Const, Ext, ExtObj, Many
    Mod, OneOf, Part, Seq, Stored, Table = Mod, OneOf, Part, Seq, Stored, Table
    union = staticmethod(union)

    def __init__(
        self, files: Iterable[FileFacts], catalog: Catalog, frameworks: tuple[Framework, ...] = (), also: Mapping[str, str] | None = None
    ) -> None:
        self.project = Project(files, frozenset(catalog.roots) | sys.stdlib_module_names, also)
        self.where_bound = self.project.where_bound
        self.catalog = catalog
        self.finals = frozenset(dotted.rpartition(".")[2] for dotted in self.project.finals)  # names that some module declares `Final`
        self.frameworks = frameworks
        self.abstract = frozenset(name for each in frameworks for name in each.abstract)
        self.plain = frozenset(name for each in frameworks for name in each.plain)
        self.changes = frozenset(name for each in frameworks for name in each.changes)
        self.asking_changes = frozenset(name.rpartition(".")[2] for name in self.changes)
        self.uploads = next((each.uploads for each in frameworks if each.uploads.stores), NO_UPLOADS)
        # Of the others it is not asked at each call.
        self.read_calls = tuple(each for each in frameworks if _answers(each, "given", "runs", "constant"))
        self.name_values = tuple(each for each in frameworks if _answers(each, "name"))
        self.atoms = Atoms()
        self.at = catalog.at
        self.teaches = PROJECT in catalog.libraries
        self.taught: dict[str, str] = taught.places(self.project, catalog) if self.teaches else {}
        self.global_values: dict[tuple[int, str], Value] = {}
        self.wrapped: list[tuple[Fun, Opened, Fun]] = []  # a decorator's function, what another decorator opens around it, whose
        # (decorator, its parameter) -> what it is given, each with what decorators below put around it, and whether there are none;
        # asked for once all are known.
        self.decorating: dict[tuple[int, str], dict[Value, bool]] = {}
        self.decorated: dict[tuple[int, str], dict[Value, bool]] = {}
        self.methods: set[str] | None = None
        self.methods_by_name: dict[str, list[Fun]] | None = None
        self.holders: dict[str, Klass | None] | None = None  # attribute -> the class that binds it; None: several do
        self.calls: dict[str, list[Any]] = {}  # of modules, by their paths
        self.parameters: dict[str, frozenset[str]] = {}
        self._flows: dict[tuple[int, int, bool], None] = {}  # being replayed, outermost first
        self._unsettled: dict[tuple[int, int, bool], None] = {}  # replays that asked for something under way
        self._again: set[Any] = set()  # what has been put off once
        self._put_off: dict[tuple[int, int, bool], Replay] = {}  # ... and what came out at first
        self.tested: dict[int, frozenset[str]] = {}  # factory of decorators -> its parameters that are tested
        self._given_replays: dict[tuple[int, tuple[tuple[str, Any], ...]], Replay] = {}  # (function, constants), see `replay_given`
        self.corrected: set[tuple[int, int, bool]] = set()  # what leaves something else open or closed than it did at first
        self.misses = 0  # how often a replay under way was asked for
        self._missed: dict[Any, int] = {}
        self._loose: list[tuple[dict[Any, Any], Any]] = []
        self._stack: dict[Any, int] = {}
        self._lowest = _NONE
        self._provisional: list[tuple[dict[Any, Any], Any]] = []
        self._decorations: dict[int, Decoration] = {}
        self._variants: dict[int, dict[tuple[tuple[str, str], ...], dict[tuple[Any, ...], Replay]]] = {}
        self.on_functions: dict[tuple[int, str], Value] = {}  # (function, attribute) -> what decorators put there
        self.instance_values: dict[tuple[int, str, Atom], Value] = {}
        self._answers: dict[tuple[int, bool], dict[tuple[str, str], Any]] = {}  # what a class answers to replays, see `_signature`
        self.setter_methods: dict[int, dict[str, tuple[Fun, ...]]] = {}
        self.library_base_names: dict[int, tuple[str, ...]] = {}
        self.sealed: dict[int, dict[int, tuple[tuple[str, tuple[int, ...]], ...]]] = {}  # decorator's function, one under it: `sealed_in`
        self.made_with: dict[int, list[Atom]] = {}  # class -> the functions that a decorator made instances of it of
        self.given: dict[str, list[tuple[str, Any, Any]]] | None = None  # see `descriptors`
        self.held_by_names: dict[tuple[str, str], Mapping[str, Key]] = {}  # (module, name) -> the sessions in what it is bound to
        self.held_by: dict[int, Mapping[str, tuple[str, str]]] = {}  # what instances of a class hold, see `held`
        self.alike: dict[int, Mapping[str, str]] = {}  # class -> paths on its instances that are the same as others, see `alike`
        self._known_replays: dict[tuple[int, int, bool], Replay] = {}
        self.first_for_class = False  # most replays are the first ones for their class: what they are told before is no news to them
        self._shared: dict[int, list[tuple[int, int, bool]]] = {}
        self.class_values: dict[tuple[int, str], Value] = {}
        self.found: dict[tuple[int, str], Found | None] = {}
        self.overridden: dict[tuple[int, str], list[tuple[Klass, Fun]]] = {}
        self.runnable: dict[tuple[int, int], bool] = {}  # (class, method of a base class) -> may instances run it, see `may_run`
        self.implemented: dict[int, Klass] = {}  # abstract class -> the one that there is
        self.spawns: dict[str, bool] = {}  # libraries' functions: do they run their arguments elsewhere?
        self.keeps: dict[int, frozenset[int]] = {}  # functions -> the places of parameters that they only put into a container
        self._depth = 0
        self.params: dict[tuple[int, str, int], Value] = {}  # (function, parameter, class or -1): what callers pass
        self.asking: set[int] = set()  # functions that ask of an annotated parameter what only callers can say
        self.handed: dict[tuple[int, str], dict[Any, None]] = {}  # (function, parameter): what it is called with
        self.connected: dict[Any, None] = {}  # signal connections, in the order found
        self.heard: dict[str, str] = {}  # signals of libraries that the catalog does not know -> their class, where the project hears them
        self.of_libraries: dict[str, int] = {}  # libraries' classes whose instances signals are sent for -> their numbers, below `SELF`
        self.through: dict[int, int] = {}  # relations between rows, by number: the class of the rows that stand between them
        self.relations: dict[int, tuple[int, ...]] = {}  # those of which receivers are told, by number: whose it is, and what it leads to
        self.contexts: dict[int, Value] = {}  # function -> what a framework gives it first, whatever its annotation says
        self.listeners: dict[int, tuple[Any, str]] = {}  # function -> (hook entry, state) of a named event
        self.blocks = _blocks(catalog)
        self.signal_classes = catalog.signal_classes
        self.connecting = catalog.connecting
        self.own_signals: set[int] = set()  # the project's classes that derive from these
        self.around_methods: set[int] = set()  # functions that decorators put around methods, and that ask the instance for something
        self.stale: dict[int, set[int]] = {}  # function -> classes, or -1, for which callers have told something new
        self.stores: dict[Any, dict[Atom, None]] = {}  # place -> what is put there (see `kept`)
        self.put_under: dict[tuple[Any, Atom], tuple[tuple[int, Test], ...]] = {}  # (place, what is put there) -> always under these tests
        self.puts = 0  # how often more became known of what is put somewhere, or passed
        self.entries: dict[Any, tuple[int, dict[tuple[Atom, Any], None]]] | None = None  # while places are told: see `keyed.entries`
        self.keys: dict[tuple[Any, Atom], dict[Any, dict[Any, None]]] = {}  # (place, what is put there) -> with what keys (see `keyed`)
        self.narrowed: set[int] = set()  # functions with an annotated parameter of which callers may say more
        self.made_by: dict[int, dict[int, Klass]] | None = None  # metaclass -> the classes that it makes
        self.wrapped_methods: dict[int, list[tuple[Opened, str]]] = {}  # class -> what its decorators open around which methods
        self.looked: set[Any] = set()  # places that have been looked at as soon as they were asked for
        self.contents: dict[Any, Value] = {}  # place -> what readers get
        self.filling: dict[int, bool] = {}  # functions: do they put something into containers?
        self.readers: dict[Any, dict[int, None]] = {}  # place -> the functions that asked for it
        self.begun: set[tuple[Any, ...]] = set()  # sessions that are in a transaction wherever they can be named
        self.retrying: dict[int, bool] = {}  # decorators of the project: do they try again?
        self.dispatched: dict[int, list[Fun]] = {}  # function -> those that run instead of it for arguments of other types
        self.unfilled: list[Any] = []  # places asked for and not yet looked for
        self.writers: dict[Module, list[tuple[Fun, frozenset[str] | None]]] = {}  # what fills containers, for `kept`
        self.assigning: dict[Module, dict[str, list[Fun]]] = {}  # ... and what assigns attributes, by their names
        self.left_out: dict[int, str] = {}  # functions that could not be followed, and why: they are taken to do nothing
        self.kept_fields: dict[Any, Any] = {}  # what constructors keep of fields, and what is done to names: see `changes`
        self.told_together: dict[Any, None] = {}  # parameters of which it was asked what is passed beside them, see `together`
        self.varying: dict[tuple[int, str], bool] = {}  # see `varies`
        self.times_named: dict[tuple[int, str], int] = {}  # function and local name -> how often its body speaks of it
        self.shared_lists: dict[tuple[int, str], bool] = {}  # class and attribute -> has its list another name
        self.compared: dict[int, frozenset[str]] = {}  # class -> attributes that its methods compare, see `settled`
        self.always_true: dict[int, bool] = {}  # class -> are all its instances true, see `something`
        self.flags: dict[tuple[int, str], bool] = {}  # (class, attribute): settled when an instance is made? see `settled`
        # (function, head) -> how often which names behind it are assigned, see `settled`
        self.assigned_names: dict[tuple[int, str], dict[str, int]] = {}
        self.configured: dict[str, list[Klass]] | None = None  # what is written in capitals in the body of a class -> the classes
        self.type_variables: dict[int, tuple[str, ...]] = {}  # of the generic classes, by class
        self.own_variables: dict[int, tuple[str, ...]] = {}  # of functions whose annotations name some
        self.has_generics = False
        self.sets_any: dict[tuple[int, str], bool] = {}  # (class, but for which method) -> does it set attributes whose names it is told?
        self.flag_names: dict[int, dict[str, None]] = {}  # class -> those that tests in its own methods ask for
        self.changed: dict[int, frozenset[str] | None] = {}  # class -> what methods assign that are no constructors
        self.constructors: dict[tuple[int, int | None], Any] = {}  # (class, the class behind which) -> what the constructor keeps
        self.assigned_fields: dict[tuple[int, int], frozenset[str] | None] = {}
        self.filled_fields: dict[tuple[int, int, str], bool] = {}
        self.asked: dict[tuple[int, str], Any] = {}  # (function, attribute of a parameter) -> the statement that tests it, see `carried`
        self.carried: dict[Any, Any] = {}  # what attributes of arguments are, by call (`carried`)
        self.handed_fields: dict[tuple[str, int | str], frozenset[str] | None] = {}
        self.functions_by_name: dict[str, list[Fun]] = {}
        self.passed_texts: dict[tuple[str, int], frozenset[str]] = {}  # (function's name, position) -> the constants passed there
        self.loops: dict[int, tuple[frozenset[Any], ...]] = {}  # function -> the calls in each of its loops, see `unset`
        self.uses: dict[tuple[Any, ...], Any] = {}
        self.attributes_named: dict[int, dict[str, str]] = {}  # function -> its names for attributes, see `calls`
        self.held: dict[tuple[int, str], bool] = {}  # (class, attribute): is it known what a new instance holds? see `unset`
        self.new_rows: dict[int, Row | None] = {}
        self.meanwhile: dict[int, frozenset[str]] = {}
        self.having: dict[tuple[int, str], bool | None] = {}  # (class, attribute): have its instances one? see `having`
        self.properties: Properties | None = None  # those of the project that may do anything
        self.accessors: dict[Module, tuple[frozenset[str], frozenset[str]]] = {}  # ... that a module uses: read, assigned
        self.loaders: dict[str, Loaders] = {}  # a library's name -> what loads that with its first use in a request
        self.versions: Any = None  # (library, specifier) -> bool | None
        self.has_sessions = True  # may a transaction be that of an object, a session or connection?
        for klass in self.project.klasses:
            for base in self.mro(klass)[1:]:
                if isinstance(base, Klass):
                    base.subclasses.append(klass)
                elif base in self.signal_classes:
                    self.own_signals.add(klass.id)
        classes.implementations(self)

    # names
    module_name = names.module_name
    module_value = names.module_value
    global_name = names.global_name
    bound = names.bound
    imported = names.imported
    library = names.library
    signal_name = names.signal_name
    # typehints
    annotation = typehints.annotation
    annotation_alias = typehints.annotation_alias
    dependencies = typehints.dependencies
    marked = typehints.marked
    request_wide = typehints.request_wide
    injected = typehints.injected
    # classes
    mro = classes.mro
    library_bases = classes.library_bases
    kinds = classes.kinds
    has_known_bases = classes.has_known_bases
    is_a = classes.is_a
    find = classes.find
    has_own = classes.has_own
    defaults = something.defaults_of
    overrides = classes.overrides
    may_run = classes.may_run
    varies = classes.varies
    implementation = classes.implementation
    definitions_of = classes.definitions_of
    method_names = classes.method_names
    parameters_of = classes.parameters_of
    holder_of = classes.holder_of
    prefixed = classes.prefixed
    setters = classes.setters
    class_attribute = classes.class_attribute
    descriptors = classes.descriptors
    fields = classes.fields
    class_expression = classes.class_expression
    # members
    attribute = members.attribute
    attributes = members.attributes
    instance_attribute = members.instance_attribute
    # types
    typed = types.typed
    passed_by_library = types.passed_by_library
    made = types.made
    # holding
    instance = holding.instance
    with_item = holding.with_item
    of_row = holding.of_row
    item_of = holding.item_of
    items = holding.items
    item_at = holding.item_at
    # passing
    tell = passing.tell
    # kept
    put = kept.put
    kept = kept.kept
    # substitution
    result = substitution.result
    substitute = substitution.substitute

    def number_of(self, dotted: str) -> int:
        """The number that a library's class, or a relation between rows, has where classes have theirs: as the sender of signals."""
        return self.of_libraries.setdefault(dotted, SELF - 1 - len(self.of_libraries))

    def of_library(self, number: int) -> str:
        """The library's class that has a number."""
        return next(dotted for dotted, known in self.of_libraries.items() if known == number)

    # -- functions -----------------------------------------------------------------------------------------------------------

    def decoration(self, fun: Fun) -> Decoration:
        """What the decorators of a function make of it."""
        found = self._decorations.get(fun.id)
        if found is None:
            around = fun.parent
            if around is not None and fun.fact is not None and fun.fact.decorators and around.fact is not None:
                if speaks_of(fun.fact.decorators, around.scope) and not self.has_replayed(around, around.klass.id if around.klass else -1):
                    self.replay(around, around.klass, True)  # which asks for this as well: then not while it is under way
            if not self.begin(("deco", fun.id)):
                return Decoration((self.atoms(Fn, fun, None),))
            if fun.fact is None or not (fun.fact.decorators or (fun.klass is not None and fun.klass.fact.decorators)):
                found = Decoration((self.atoms(Fn, fun, None),))
            else:
                from txlint.link.decorate import decorate

                found = decorate(self, fun)
            self._decorations[fun.id] = found
            self.done(("deco", fun.id), self._decorations, fun.id)
        return found

    def replay(self, fun: Fun, klass: Klass | None, exact: bool) -> Replay:
        """The flow of a function for receivers of a class; classes on which it would come out the same share it."""
        if klass is not None and not klass.subclasses:
            exact = True
        key = (fun.id, klass.id if klass is not None else -1, exact)
        known = self._known_replays.get(key)
        if known is not None:
            return known
        if self._depth > DEEP or key in self._flows:
            self.misses += 1
            if self._flows:
                self._unsettled[next(reversed(self._flows))] = None
            return _NOTHING
        self._flows[key] = None
        variants = self._variants.get(fun.id)
        for queries, known_by in tuple(variants.items()) if variants is not None else ():  # what is asked may replay it for others
            shared = known_by.get(self._signature(queries, klass, exact))
            if shared is not None:
                self._known_replays[key] = shared
                self._shared.setdefault(fun.id, []).append(key)
                self._flows.pop(key)
                return shared
        from txlint.link.replay import replay_function

        depth, begun, flows = self._depth, len(self._stack), len(self._flows)
        self._depth += 1
        try:
            replay = replay_function(self, fun, klass, exact)
        except RecursionError:
            self._abandon(begun, flows)
            self.left_out[fun.id] = "is nested too deeply to be followed"
            replay = _NOTHING
        except Exception as error:  # an error of ours costs one function, never the run
            if "TXLINT_TRACE" in os.environ or isinstance(error, MemoryError):
                raise
            self._abandon(begun, flows)
            told = " ".join(f"{type(error).__name__}: {error}".split())
            self.left_out[fun.id] = f"could not be followed (internal error: {told}; please report it)"
            replay = _NOTHING
        self._depth = depth
        self._flows.pop(key)
        self._known_replays[key] = replay
        self._shared.setdefault(fun.id, []).append(key)
        if key in self._unsettled and key not in self._again:
            self._again.add(key)  # it asked for something that was under way: once more, when that is known
            self._put_off[key] = replay
        else:
            first = self._put_off.pop(key, None)
            if first is not None and first.left != replay.left:
                self.corrected.add(key)
            self._unsettled.pop(key, None)
            queries = tuple(sorted(replay.queries))
            self._variants.setdefault(fun.id, {}).setdefault(queries, {})[self._signature(queries, klass, exact)] = replay
        if not self._flows and (self._unsettled or self._loose):
            for unsettled in self._unsettled:
                self._known_replays.pop(unsettled, None)
            self._unsettled.clear()
            for cache, at in self._loose:
                cache.pop(at, None)
            self._loose.clear()
        return replay

    def names_of(self, fun: Fun, klass: Klass | None, exact: bool) -> dict[str, Value]:
        """The names of a function as it leaves them. One that is asked for them while it defines what asks would be no wiser if it were
        replayed once more."""
        key = (fun.id, klass.id if klass is not None else -1, exact or (klass is not None and not klass.subclasses))
        if self._flows and next(reversed(self._flows)) == key:
            self.misses += 1
            return {}
        return self.replay(fun, klass, exact).env

    def replay_given(self, fun: Fun, given: tuple[tuple[str, Any], ...]) -> Replay:
        """The flow of a function of which parameters, or names of the functions around it, are these constants."""
        at = fun.id, given
        known = self._given_replays.get(at)
        if known is None:
            if not self.begin(("given", *at)):
                return _NOTHING
            from txlint.link.replay import replay_function

            known = self._given_replays[at] = replay_function(self, fun, fun.klass, True, dict(given))
            self.done(("given", *at), self._given_replays, at)
        return known

    def replayed(self, fun: Fun, klass: Klass, exact: bool) -> Replay | None:
        """What is known of a function without replaying it."""
        return self._known_replays.get((fun.id, klass.id, exact or not klass.subclasses))

    def has_replayed(self, fun: Fun, cls: int) -> bool:
        """Has a function been replayed for receivers of a class, or is it being?"""
        keys = (fun.id, cls, True), (fun.id, cls, False)
        return any(key in self._known_replays or key in self._flows for key in keys)

    @property
    def under_way(self) -> dict[tuple[int, int, bool], None]:
        """The replays under way, outermost first."""
        return self._flows

    # -- what is being computed ------------------------------------------------------------------------------------------------

    def begin(self, key: Any) -> bool:
        """Start to compute something; False where that is under way already. Whatever was begun since then is provisional: it is
        kept until the outer computation ends, and forgotten with it."""
        index = self._stack.get(key)
        if index is not None:
            self._lowest = min(self._lowest, index)
            if self._flows:
                self._unsettled[next(reversed(self._flows))] = None
            return False
        self._stack[key] = len(self._stack)
        self._missed[key] = self.misses
        return True

    def done(self, key: Any, cache: dict[Any, Any], at: Any) -> bool:
        """Computed and stored; False where the result is provisional."""
        index = self._stack.pop(key)
        if self._missed.pop(key) != self.misses and self._flows and key not in self._again:
            self._again.add(key)  # it rests on a replay that is under way: once more, when that is known
            self._loose.append((cache, at))
        if self._lowest < index:
            self._provisional.append((cache, at))
            return False
        if self._lowest == index:
            for held, where in self._provisional:
                held.pop(where, None)
            self._provisional.clear()
            self._lowest = _NONE
        return True

    def is_settled(self, misses: int) -> bool:
        """Rests nothing that was computed since then (``misses``, of that time) on something that is still under way?"""
        return self._lowest == _NONE and misses == self.misses

    def _abandon(self, begun: int, flows: int) -> None:
        """What was begun since then ended in an error: it is no longer under way."""
        while len(self._flows) > flows:
            self._flows.popitem()
        while len(self._stack) > begun:
            self._missed.pop(self._stack.popitem()[0], None)
        if self._lowest >= begun:
            for held, where in self._provisional:
                held.pop(where, None)
            self._provisional.clear()
            self._lowest = _NONE

    def forget(self, fun: Fun, classes: Container[int] | None = None) -> None:
        """Replay a function anew when it is next asked for; with ``classes`` for these only, of whose parameters more is known."""
        self.instance_values.clear()
        self.on_functions.clear()
        self._answers.clear()
        variants = self._variants.pop(fun.id, {})
        others = []
        for key in self._shared.pop(fun.id, ()):
            if classes is None or key[1] in classes:
                self._known_replays.pop(key, None)
                self._again.discard(key)
            else:
                others.append(key)
        if others:
            self._shared[fun.id] = others
            used = {id(self._known_replays[key]) for key in others if key in self._known_replays}
            left = {queries: {at: r for at, r in known.items() if id(r) in used} for queries, known in variants.items()}
            self._variants[fun.id] = {queries: known for queries, known in left.items() if known}

    def assigning_replays(self, functions: Mapping[int, Container[int] | None], but: Container[Any]) -> list[tuple[int, int, bool]]:
        """The replays of constructors, for these classes, that assign to attributes of their receivers, but for some."""
        found = []
        for number, only in functions.items():
            fact = self.project.funs[number].fact
            for key in self._shared.get(number, ()) if fact is not None and fact.name == "__init__" else ():
                if key[1] >= 0 and key not in but and (only is None or key[1] in only):
                    known = self._known_replays.get(key)
                    if known is not None and known.sets:
                        found.append(key)
        return found

    def readers_of(self, attributes: Mapping[str, set[int]]) -> dict[int, set[int]]:
        """The functions that were replayed for receivers of these classes (or classes above and below them), by number, and asked for
        one of the attributes."""
        asked: dict[int, dict[int, set[int]]] = {}  # class -> function -> of which classes the attributes are that it asked for
        for (fun, number, _), replay in self._known_replays.items():
            for kind, name in replay.queries if number >= 0 else ():
                if kind == "attr" and name in attributes:
                    asked.setdefault(number, {}).setdefault(fun, set()).update(attributes[name])
        found: dict[int, set[int]] = {}
        for number, functions in asked.items():
            klass = self.project.klasses[number]
            family = {number, *(each.id for each in (*self.mro(klass), *klass.subclasses) if isinstance(each, Klass))}
            for fun, owners in functions.items():
                if not family.isdisjoint(owners):
                    found.setdefault(fun, set()).add(number)
        return found

    def is_affordable(self, fun: Fun, klass: Klass, most: int) -> bool:
        """Is a replay for this class shared with another one, or one of the first few?"""
        if (fun.id, klass.id, True) in self._known_replays:
            return True
        variants = self._variants.get(fun.id, {})
        if sum(len(known) for known in variants.values()) < most:
            self.replay(fun, klass, True)
            return True
        return any(self._signature(queries, klass, True) in known for queries, known in tuple(variants.items()))

    def _signature(self, queries: tuple[tuple[str, str], ...], klass: Klass | None, exact: bool) -> tuple[Any, ...]:
        """What a class answers to the questions that a replay asked of its receiver: classes that answer alike share the replay."""
        if not queries:
            return ()
        if klass is None:
            return (None,)
        known = self._answers.get((klass.id, exact))
        if known is None:
            known = self._answers[klass.id, exact] = {}
        answers: list[Any] = []
        for query in queries:
            if query[0] == "told":
                number, _, parameter = query[1].partition("|")
                answers.append(self.params.get((int(number), parameter, klass.id)))
                continue
            try:
                answers.append(known[query])
            except KeyError:
                misses = self.misses
                answer = self._asked(query, klass, exact)
                if self.is_settled(misses):
                    known[query] = answer
                answers.append(answer)
        return tuple(answers)

    def _asked(self, query: tuple[str, str], klass: Klass, exact: bool) -> Any:
        """What a class answers to one question."""
        kind, name = query
        if kind == "class":
            return klass.id, exact
        if kind == "bound":
            return True
        if kind == "has":
            from txlint.link.having import told

            return told(self, klass, exact, name)
        if kind == "fields":
            return iterated.fields_of(self, klass, exact, name)
        if kind == "item":
            return tuple(self._answer(atom) for atom in self.item_of(self.atoms(SelfObj, klass, exact)))
        if kind == "gives":
            return tuple(self._answer(atom) for atom in self.typed(TypeExpr("gives", name), self.atoms(SelfObj, klass, exact), (), {}))
        if kind == "type":
            return tuple(self._answer(atom) for atom in self.typed(parse_type(name), self.atoms(SelfObj, klass, exact), (), {}))
        if kind == "passed":
            method, _, parameter = name.partition("|")
            value = self.passed_by_library(self.atoms(SelfObj, klass, exact), method, parameter)
            return tuple(self._answer(atom) for atom in value)
        after = None
        if kind == "after":
            name, _, number = name.partition("|")
            after = self.project.klasses[int(number)]
        found = self.find(klass, name, after)
        where = found if found is None else found.name if found.bindings is None else id(found.bindings)
        if kind != "attr":
            return where
        own = klass.id if not exact and klass.subclasses and self.overrides(klass, name) else None
        if found is not None and (found.bindings is None or found.bindings[-1][0] == "def"):
            return where, own
        value = self.instance_attribute(klass, name, self.atoms(SelfObj, klass, exact))
        return where, own, tuple(self._answer(atom) for atom in value)

    def _answer(self, atom: Atom) -> Any:
        """An atom without its receiver, where that is the one who is asked."""
        if isinstance(atom, ExtMethod):
            return atom.name
        if isinstance(atom, Fn):
            return atom.fun.id
        return SelfObj if isinstance(atom, SelfObj) else atom

    def value(self, expr: Any, module: Module, scope: Fun | None = None) -> Value:
        """An expression that stands in a module, or in a function; its calls leave no events."""
        from txlint.link.replay import evaluate

        return evaluate(self, expr, module, None, scope)

    def connect(self, signal: str, fun: Fun, cls: int, sender: int) -> None:
        """A function receives a signal that is sent for a class."""
        from txlint.link.signals import Connection

        self.connected[Connection(signal, fun.id, cls, sender, True)] = None

    def is_mapped(self, klass: Klass) -> bool:
        """Are instances of the class rows of a session?"""
        kinds = (self.catalog.library_class(base) for base in self.library_bases(klass))
        return self.find(klass, "__tablename__") is not None or any(kind is not None and kind.mapped for kind in kinds)

    def is_plain(self, klass: Klass, name: str) -> bool:
        """Is an attribute of rows of the class none that is written?"""
        return any(framework.is_plain(self, klass, name) for framework in self.frameworks)

    # -- signals and versions ------------------------------------------------------------------------------------------------

    def version_matches(self, library: str, specifier: str) -> bool | None:
        """Does the project's version of a library satisfy a specifier? None where it is not known."""
        return self.versions(library, specifier) if self.versions is not None else None

    def class_openers(self, klass: Klass) -> list[tuple[Opened, str]]:
        """What decorators of a class open around one of its methods, with the method's name."""
        from txlint.link.decorate import class_openers

        return class_openers(self, klass)

    def called_methods(self, klass: Klass | str, names: Iterable[str]) -> Iterator[Called]:
        """The project's functions that run when a library calls these methods of a class, each with the class of its receiver."""
        from txlint.link.entrances import called_methods

        return called_methods(self, klass, names)

    def connect_decorated(
        self, frame: Any, fun: Fun, hook: Any, name: str, args: tuple[Value, ...], keywords: dict[str | None, Value], pos: Any
    ) -> None:
        """``@receiver(signal, sender=X)``."""
        from txlint.link.signals import connect

        expr = next((d[0] for d in fun.fact.decorators if d[1] == pos), None) if fun.fact is not None else None
        connect(self, frame, fun, expr, hook, args, keywords)


def _blocks(catalog: Catalog) -> frozenset[str]:
    """The last words of what opens and ends transactions, but for those by which statements are sent."""
    ends = {entry.name for entry in catalog.entries if isinstance(entry, Closer) and entry.how != "close"}
    opens = {entry.name for entry in catalog.entries if isinstance(entry, Opener) and {"with", "manual", "call"} & {*entry.forms}}
    sends = {entry.name for entry in catalog.entries if isinstance(entry, Opener) and "autobegin" in entry.forms}
    return frozenset(name.rpartition(".")[2] for name in (ends | opens) - sends)


def _answers(framework: Framework, *questions: str) -> bool:
    """Has a framework an answer of its own to one of these questions?"""
    return any(getattr(type(framework), each) is not getattr(Framework, each) for each in questions)


_NOTHING = Replay(Flow(-1), UNKNOWN, (), (), frozenset(), frozenset(), frozenset(), (frozenset(), frozenset()), {}, {}, {}, {})
