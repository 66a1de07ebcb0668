"""`Catalog`: everything known of a dotted name, found in one dict lookup.

Names may be given in any of their homes: all methods canonicalise. Most names of a program are unknown; they cost a dict miss and one
set test. Answers are tuples in the order of the files; what holds under which ``when`` is for the caller to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from txlint.model.catalog import Calls, Closer, Deferral, Effect, Entry, Hook, Library, LibraryClass, Opener, Returns, Signature, Silent


class Known(NamedTuple):
    """All entries under one name, a field per table."""

    effects: tuple[Effect, ...] = ()
    silent: tuple[Silent, ...] = ()
    openers: tuple[Opener, ...] = ()
    closers: tuple[Closer, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    hooks: tuple[Hook, ...] = ()
    returns: tuple[Returns, ...] = ()
    classes: tuple[LibraryClass, ...] = ()
    calls: tuple[Calls, ...] = ()


_FIELD: Mapping[type[Entry], int] = {
    Effect: 0,
    Silent: 1,
    Opener: 2,
    Closer: 3,
    Deferral: 4,
    Hook: 5,
    Returns: 6,
    LibraryClass: 7,
    Calls: 8,
}
_UNKNOWN = Known()
PROJECT = "project"
"""The library that a project's own tables make."""
ITS_CLASS = "{class}"
"""In a type: the class that was looked up, where the entry stands under one of its bases."""


_APART = str.maketrans("(),|", "    ")


def _classes(types: str) -> list[str]:
    """The words of type expressions, classes among them."""
    return types.translate(_APART).split()


class Catalog:
    """The entries of the libraries given. Immutable but for its memos."""

    def __init__(self, libraries: Iterable[Library]) -> None:
        self._libraries = {library.name: library for library in libraries}
        self._aliases: dict[str, str] = {}
        self._generated: list[tuple[tuple[str, ...], str]] = []  # alias patterns: segments with *, the name they stand for
        self.signatures: dict[str, tuple[Signature, ...]] = {}  # by the last name of the method
        self.by_name: dict[str, Returns] = {}  # attributes of objects of which nothing else is known
        self.namespaces: set[str] = set()  # classes that hold whatever the project puts there
        self.proxies: set[str] = set()  # methods that give a proxy what it stands for
        self.descriptors: set[str] = set()  # last names of what makes something to be kept in a class, for whose rows it then is
        self.by_language: set[str] = set()  # methods that the language calls, of which one opens something or is an effect
        self.signal_classes: dict[str, str] = {}  # each with a method that sends one
        self.connecting: dict[str, str] = {}  # the names of methods that connect receivers -> a class of signals that has one
        self.watched: set[str] = set()  # classes on which it matters what is assigned to an attribute
        self.false_words: set[str] = set()  # one of them is in every test of what is false
        self.given_parameters: set[str] = set()  # with their methods: ``form_valid.form``
        self.asked_words: set[str] = set()  # the last names of settings for which a branch may ask
        self.breaking: dict[str, str] = {}  # exceptions that break a transaction, with the family of that
        derived: list[LibraryClass] = []
        registering: list[str] = []
        for library in self._libraries.values():
            for old, new in library.aliases.items():
                if "*" in old:
                    self._generated.append((tuple(old.split(".")), new))
                else:
                    self._aliases[old] = new
            for entry in library.entries:
                for when in entry.when:
                    self.asked_words.update(name.rpartition(".")[2] for name in when.asked)
                if isinstance(entry, (Effect, Opener)) and entry.name.endswith(("__iter__", "__getitem__")):
                    self.by_language.add(entry.name.rpartition(".")[2])
                if isinstance(entry, Signature):
                    last = entry.name.rpartition(".")[2]
                    self.signatures[last] = (*self.signatures.get(last, ()), entry)
                elif isinstance(entry, Opener):
                    self.breaking.update(dict.fromkeys(entry.broken_by, entry.family))
                elif isinstance(entry, LibraryClass):
                    self.given_parameters.update(entry.parameters)
                    if entry.namespace:
                        self.namespaces.add(entry.name)
                    if entry.proxy:
                        self.proxies.add(entry.proxy)
                    if entry.bases:
                        derived.append(entry)
                elif isinstance(entry, Calls):
                    if "receivers(self)" in entry.runs and not entry.when:
                        self.signal_classes[entry.name.rpartition(".")[0]] = entry.name
                elif isinstance(entry, Hook):
                    if entry.by == "register":
                        registering.append(entry.name)
                elif isinstance(entry, Returns):
                    owner, _, last = entry.name.rpartition(".")
                    if entry.by_name:
                        self.by_name[last] = entry
                    if entry.descriptor:
                        self.descriptors.add(last)
                    if entry.becomes and last == "__setattr__":
                        self.watched.add(owner)
                    if entry.type == "false":
                        self.false_words.add(next((str(when.equals) for when in entry.when if when.equals is not None), last))
        for each in derived:
            self.signal_classes.update((each.name, self.signal_classes[base]) for base in each.bases if base in self.signal_classes)
        for owner, _, last in (name.rpartition(".") for name in registering):
            if owner in self.signal_classes:
                self.connecting.setdefault(last, owner)
        self._acting: frozenset[str] | None = None
        self._leading: frozenset[str] | None = None
        self._keyed: dict[str, bool] = {}
        self.breaking_words = frozenset(name.rpartition(".")[2] for name in self.breaking)
        table = _by_name(entry for library in self._libraries.values() if library.name != PROJECT for entry in library.entries)
        if PROJECT in self._libraries:
            for name, known in _by_name(self._libraries[PROJECT].entries).items():
                name = self._resolve(name)
                table[name] = _inherit(known, table.get(name, _UNKNOWN))
        exact: dict[str, Known] = {}
        patterns: dict[str, list[tuple[str, Known]]] = {}
        for name, known in table.items():
            if name.endswith("*"):
                parent, _, last = name.rpartition(".")
                patterns.setdefault(parent, []).append((last[:-1], known))
            else:
                exact[name] = known
        for choices in patterns.values():
            choices.sort(key=lambda choice: -len(choice[0]))
        self._exact = exact
        self._patterns = patterns
        self._roots = {name.partition(".")[0] for name in (*table, *self._aliases)}
        self._canonical: dict[str, str] = {}
        self._memo: dict[str, Known] = {}
        self._own: dict[str, Known] = {}
        self._bases: dict[str, tuple[str, ...]] = {}
        self._methods: dict[tuple[str, str], str | None] = {}
        self._attribute_types: dict[tuple[str, str], str | None] = {}
        self._parameter_types: dict[tuple[str, str], str | None] = {}

    def leading(self) -> frozenset[str]:
        """The methods that begin the transaction of a session or connection, and those that give one that has such a method: ``begin``,
        ``transaction``, ``acquire`` of a pool."""
        if self._leading is None:
            entries = [entry for library in self._libraries.values() for entry in library.entries]
            openers = [entry.name for entry in entries if isinstance(entry, Opener) and entry.key != "alias"]
            given = [(e.name, _classes(f"{e.type} {e.enter}")) for e in entries if isinstance(e, Returns)]
            names = dict.fromkeys(openers)
            owners = {name.rpartition(".")[0] for name in names}
            while more := [name for name, kinds in given if name not in names and not owners.isdisjoint(kinds)]:
                names.update(dict.fromkeys(more))
                owners.update(name.rpartition(".")[0] for name in more)
            self._leading = frozenset(name.rpartition(".")[2] for name in names)
        return self._leading

    def is_keyed(self, class_name: str) -> bool:
        """Has an instance of a library's class a transaction of its own, or an attribute that has one: a session, a connection, a
        database with a ``session``?"""
        known = self._keyed.get(class_name)
        if known is None:
            self._keyed[class_name] = False  # while it is found out
            names = self.bases(class_name)
            known = not self._owners.isdisjoint(names) or any(
                self.is_keyed(self.canonical(kind)) for name in names for kind in self._holders.get(name, ())
            )
            self._keyed[class_name] = known
        return known

    @cached_property
    def _owners(self) -> frozenset[str]:
        """The classes with methods that end the transaction of their receiver."""
        ends = (entry for entry in self.entries if isinstance(entry, Closer) and entry.key == "receiver")
        return frozenset(entry.name.rpartition(".")[0] for entry in ends)

    @cached_property
    def _holders(self) -> dict[str, list[str]]:
        """The words of the types of attributes, by the class that has these."""
        found: dict[str, list[str]] = {}
        for entry in self.entries:
            if isinstance(entry, Returns) and entry.attribute:
                found.setdefault(entry.name.rpartition(".")[0], []).extend(_classes(entry.type))
        return found

    # -- names ---------------------------------------------------------------------------------------------------------------

    def canonical(self, name: str) -> str:
        """The name under which the catalog knows this thing; the name itself where it knows no other.
        ``celery.app.task.Task.delay`` is ``celery.Task.delay``."""
        found = self._canonical.get(name)
        if found is None:
            if name.partition(".")[0] in self._roots:
                found = self._canonical[name] = self._resolve(name)
            elif self._generated:
                found = self._canonical[name] = self._generate(name)
            else:
                return name
        return found

    def is_known(self, name: str) -> bool:
        """Is there an entry of any kind under this name (or a pattern that covers it)?"""
        return self.at(name) is not _UNKNOWN

    def method(self, class_name: str, attribute: str) -> str | None:
        """The canonical name of the nearest class under which a method or attribute has an entry; None if no table says anything.
        ``method("django.contrib.auth.models.User", "save")`` is ``"django.db.models.Model.save"``. `at` and its kin already look
        along the bases of a library class; this is for naming things, and for classes of the project by each of their bases."""
        key = (class_name, attribute)
        if key not in self._methods:
            names = (f"{base}.{attribute}" for base in self.bases(class_name))
            self._methods[key] = next((name for name in names if any(self._find_here(name))), None)
        return self._methods[key]

    def bases(self, class_name: str) -> tuple[str, ...]:
        """The class itself and its bases in method resolution order, canonical names."""
        found = self._bases.get(class_name)
        if found is None:
            found = self._bases[class_name] = self._linearise(self.canonical(class_name))
        return found

    # -- entries -------------------------------------------------------------------------------------------------------------

    def at(self, name: str) -> Known:
        """Everything known under a name; empty for most. The name of a method of a library class has what its bases say too."""
        found = self._memo.get(name)
        if found is None:
            if name.partition(".")[0] not in self._roots and not self._generated:
                return _UNKNOWN
            found = self._memo[name] = self._find(self.canonical(name))
        return found

    def acting_names(self) -> frozenset[str]:
        """The last names of all that has an effect, opens, ends or defers something, or runs code of the project."""
        if self._acting is None:
            kinds = (Calls, Closer, Deferral, Effect, Hook, Opener)
            self._acting = frozenset(entry.name.rpartition(".")[2] for entry in self.entries if isinstance(entry, kinds))
        return self._acting

    def acting(self, owner: str) -> tuple[str, ...]:
        """The functions of a library's module, or the methods of its class and of those above it, that have an effect, by their own
        names."""
        found: dict[str, None] = {}
        for each in self.bases(owner) or (owner,):
            prefix = f"{each}."
            found.update((n[len(prefix) :], None) for n, known in self._exact.items() if n.startswith(prefix) and known.effects)
        return tuple(sorted(name for name in found if name.isidentifier()))

    def own(self, name: str) -> Known:
        """What the tables say of exactly this name, bases not included."""
        found = self._own.get(name)
        if found is None:
            found = self._own[name] = self._find_here(name)
        return found

    @property
    def asked(self) -> frozenset[tuple[type[Entry], str]]:
        """The entries that somebody has asked about so far: what they are, and their names."""
        known = (*self._memo.values(), *self._own.values())
        return frozenset((type(entry), entry.name) for each in known for field in each for entry in field)

    def effects(self, name: str) -> tuple[Effect, ...]:
        return self.at(name).effects

    def silent(self, name: str) -> tuple[Silent, ...]:
        return self.at(name).silent

    def openers(self, name: str) -> tuple[Opener, ...]:
        return self.at(name).openers

    def closers(self, name: str) -> tuple[Closer, ...]:
        return self.at(name).closers

    def deferrals(self, name: str) -> tuple[Deferral, ...]:
        return self.at(name).deferrals

    def hooks(self, name: str) -> tuple[Hook, ...]:
        return self.at(name).hooks

    def returns(self, name: str) -> tuple[Returns, ...]:
        return self.at(name).returns

    def calls(self, name: str) -> tuple[Calls, ...]:
        return self.at(name).calls

    def library_class(self, name: str) -> LibraryClass | None:
        classes = self.at(name).classes
        return classes[0] if classes else None

    def attribute_type(self, class_name: str, attribute: str) -> str | None:
        """The type expression of an attribute of a library class, the bases included."""
        key = (class_name, attribute)
        if key not in self._attribute_types:
            classes = (self.library_class(base) for base in self.bases(class_name))
            self._attribute_types[key] = next(
                (each.attributes[attribute] for each in classes if each and attribute in each.attributes), None
            )
        return self._attribute_types[key]

    def parameter_type(self, class_name: str, method: str, parameter: str) -> str | None:
        """The type expression of a parameter of a method that users override: what ``form`` is in ``form_valid(self, form)``."""
        key = (class_name, f"{method}.{parameter}")
        if key not in self._parameter_types:
            classes = (self.library_class(base) for base in self.bases(class_name))
            self._parameter_types[key] = next((each.parameters[key[1]] for each in classes if each and key[1] in each.parameters), None)
        return self._parameter_types[key]

    @cached_property
    def roots(self) -> frozenset[str]:
        """The top-level packages of which anything is known."""
        return frozenset(self._roots)

    @property
    def libraries(self) -> Mapping[str, Library]:
        """The libraries that were read, by name."""
        return MappingProxyType(self._libraries)

    def distribution(self, library: str) -> str:
        """What a library is called where it is installed from; empty where it is not (the standard library, a project's tables)."""
        known = self._libraries.get(library)
        return known.distribution if known is not None else ""

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All of them: put together once, as half a dozen stages look through them."""
        return tuple(entry for library in self._libraries.values() for entry in library.entries)

    @cached_property
    def openers_by_library(self) -> dict[str, tuple[Opener, ...]]:
        """What opens transactions, by library."""
        return {name: tuple([e for e in known.entries if e.__class__ is Opener]) for name, known in self._libraries.items()}

    @cached_property
    def excepted(self) -> frozenset[str]:
        """Classes above one of which the catalog says that its methods are harmless: a path, as there are temporary ones."""
        owners = {entry.name.rpartition(".")[0] for entry in self.entries if isinstance(entry, Silent)}
        return frozenset(base for owner in owners if self.library_class(owner) is not None for base in self.bases(owner)[1:])

    # -- inside --------------------------------------------------------------------------------------------------------------

    def _resolve(self, name: str) -> str:
        aliases = self._aliases
        for _ in range(4):  # an alias of an alias; more would be a cycle
            head, tail = name, ""
            while head and head not in aliases:
                head, _, last = head.rpartition(".")
                tail = f".{last}{tail}"
            if not head:
                return name
            name = aliases[head] + tail
        return name

    def _generate(self, name: str) -> str:
        """Names of generated code, known by their pattern: ``shop.api_pb2_grpc.CartStub`` is ``grpc.Stub``."""
        segments = name.split(".")
        for pattern, stands_for in self._generated:
            size = len(pattern)
            for start in range(len(segments) - size + 1):
                if all(_matches(segments[start + i], pattern[i]) for i in range(size)):
                    return ".".join((stands_for, *segments[start + size :]))
        return name

    def _find(self, name: str) -> Known:
        known = self._find_here(name)
        parent, _, last = name.rpartition(".")
        if self._find_here(parent).classes:
            for base in self.bases(parent)[1:]:
                known = _inherit(known, self._find_here(f"{base}.{last}"))
            if any(ITS_CLASS in entry.type or ITS_CLASS in entry.enter for entry in known.returns):
                known = known._replace(returns=tuple([_of_class(each, parent) for each in known.returns]))
        return known if any(known) else _UNKNOWN

    def _find_here(self, name: str) -> Known:
        """Under exactly this name, bases not included."""
        known = self._exact.get(name, _UNKNOWN)
        parent, _, last = name.rpartition(".")
        for prefix, general in self._patterns.get(parent, ()):
            if last.startswith(prefix) and last != "__init__":  # `*` is what a class does, not how one is made (`super().__init__()`)
                if known is not _UNKNOWN:  # what is known as a method is none of the attributes with whatever name
                    general = general._replace(returns=tuple(each for each in general.returns if not each.attribute))
                known = _inherit(known, general)
        return known

    def _linearise(self, name: str, above: tuple[str, ...] = ()) -> tuple[str, ...]:
        classes = self._find_here(name).classes
        if not classes or name in above:
            return (name,)
        bases = tuple(self.canonical(base) for base in classes[0].bases)
        sequences = [list(self._linearise(base, (*above, name))) for base in bases] + [list(bases)]
        order = [name]
        while sequences := [sequence for sequence in sequences if sequence]:
            # C3; where it has no answer, the first head: a catalog lists only the bases that matter
            head = next(
                (s[0] for s in sequences if not any(s[0] in other[1:] for other in sequences)),
                sequences[0][0],
            )
            order.append(head)
            sequences = [[item for item in sequence if item != head] for sequence in sequences]
        return tuple(order)


def _by_name(entries: Iterable[Entry]) -> dict[str, Known]:
    fields: dict[str, list[list[Entry]]] = {}
    for entry in entries:
        if not isinstance(entry, Signature):
            fields.setdefault(entry.name, [[] for _ in _FIELD])[_FIELD[type(entry)]].append(entry)
    return {name: Known(*map(tuple, each)) for name, each in fields.items()}  # type: ignore[arg-type]


def _of_class(entry: Returns, name: str) -> Returns:
    """With the class by which it was looked up in the place of ``{class}``."""
    return replace(entry, type=entry.type.replace(ITS_CLASS, name), enter=entry.enter.replace(ITS_CLASS, name))


def _inherit(own: Known, wide: Known) -> Known:
    """What a name has itself wins, table by table, over what a pattern or a base class says of it, and what a project says over what a
    library's file says. What a call does at all
    (effect, silence, deferral) is one answer: a pipeline that only queues hides the effect of the client it derives from."""
    if wide is _UNKNOWN:
        return own
    if own.effects or own.silent or own.deferrals:
        wide = wide._replace(effects=(), silent=(), deferrals=())
    return Known(*(mine or theirs for mine, theirs in zip(own, wide, strict=True)))  # type: ignore[arg-type]


def _matches(segment: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    return segment == pattern if not star else segment.startswith(before) and segment.endswith(after) and segment != before + after
