"""What libraries mean, as the strict loader decodes it from ``catalog/libs/*.toml``. Data only; nothing here names a library.

Names are dotted, as users import them: ``requests.post``, ``requests.Session.post`` (a method on an instance of the class).
Other homes of the same thing are under ``aliases``. A last segment may be ``*`` or end in ``*`` (``put_*``); exact names win over
patterns, longer patterns over shorter ones. Methods are looked up along the bases given by ``class`` tables.

Type expressions (``returns.type``, attribute and parameter types of ``class``); ``txlint.catalog.types`` parses them:
    ``pkg.Class``              an instance of that class
    ``pkg.Class[T]``           an instance with item type T (a queryset of orders, a list of files)
    ``class pkg.Class``        the class itself
    ``self``                   the receiver itself (builders); ``self[T]`` the receiver with another item type
    ``self.name``              the value of the receiver's attribute
    ``self.name()``            what the receiver's method gives, where the project has overridden it
    ``item``                   the receiver's item type
    ``arg(0)``, ``arg(name)``  the value of that argument; ``arg(1:using)`` passed either way
    ``init(0)``, ``init(name)``  likewise, an argument of the call that made the receiver
    ``put(name)``              what the project assigns to this attribute of instances of the receiver's class, a namespace, if it is one
                               thing
    ``new(T)``                 an instance of the class that T is, or names by a dotted path; of a manager or queryset: its item
    ``owner``                  an instance of the class on which a manager or field stands (its model)
    ``decorated``              the function or class under a decorator
    ``holding(T, U)``          the class T, for instances that hold U
    ``bound(T)``               the callable T with the other arguments bound (``partial``)
    ``context(T)``             calling it gives a context manager whose body is the generator function T
    ``result(T)``              what calling T, a function of the project or a tuple with some, gives
    ``setting(A.B)``           the project's own classes or functions that this setting names by dotted strings, one or several; nothing
                               where it names a library's
    ``text(A.B)``              the strings that this setting may hold; ``*`` in it is the first argument: ``new(text(STORAGES.*.BACKEND))``
    ``stored(T)``              T, which stands for a row in the database, or was given one; ``unsaved(T)``: which is, or has, none yet
    ``tuple[T, U]``            a tuple; ``none`` and ``bool`` stand for "nothing of interest"
    ``false``              the constant: what is true only while the tests of a project run
    ``never``              nothing: the call always raises
    ``T | U``                  the first one that is known
    ``{class}``                the library class that the call or attribute was looked up on: an entry of a base class, said of each

Operators have their dunder names: ``X.__call__`` calling an instance, ``X.__iter__`` a loop variable, ``X.__getitem__`` a subscript,
``X.__get__`` reading an attribute that was declared as ``name = X(..)`` in a class body, ``X.__setattr__`` assigning one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from txlint.model.kinds import Confidence

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Arg:
    """Where a value is passed: by keyword ``name``, else at ``position`` (0 is the first after the receiver), else ``default``. With
    ``key`` it is what the argument, a dict, has under this key (``kwargs={"autocommit": True}``)."""

    name: str | None = None
    position: int | None = None
    default: Any = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class When:
    """A condition on a call; all given parts must hold. An argument or setting that cannot be evaluated leaves the entry in
    force at ``likely``, except that ``absent`` is decided by syntax.

    ``arg`` is tested by exactly one of ``equals``, ``one_of``, ``contains_any`` (a string holds one of these substrings), ``sql`` (a
    statement begins with these words, whatever their case; of one that is put together, what stands before the first value), ``absent``,
    ``present``, ``truthy``, ``instance_of`` (its inferred class is one of these or derives from it; a value of which nothing is known is no
    instance, so that with ``unless`` an effect stays in force as it is). A library's constant equals its dotted name. ``setting`` (a dotted
    path into Django settings, e.g. ``RQ.COMMIT_MODE``) is tested likewise; one that is not set has ``default``. ``instance_of`` holds for a
    setting that names a class of the project's own which derives from one of these.
    ``known``: what cannot be evaluated does not meet it (a statement that may as well be a ``SELECT``).
    ``unless`` turns the whole condition round. ``version`` is a PEP 440 specifier of the library (``>=3.0``). ``row`` asks whether the
    receiver has a row in the database (``stored``) or none yet (``unsaved``). ``asked`` holds where a branch around the call, or one that
    returns before it, has asked for one of these settings and found it true; whatever the settings of the project say, else it does not."""

    arg: Arg | None = None
    setting: str | None = None
    default: Any = None
    equals: Any = None
    one_of: tuple[Any, ...] | None = None
    contains_any: tuple[str, ...] | None = None
    sql: tuple[str, ...] | None = None
    absent: bool = False
    present: bool = False
    truthy: bool | None = None
    instance_of: tuple[str, ...] | None = None
    version: str | None = None
    known: bool = False
    row: str | None = None
    asked: tuple[str, ...] = ()
    unless: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What all entries share. ``confidence`` caps what a path through it may claim. ``untested`` says why nobody has
    seen it leave the process (``tests/real``): it caps the confidence at ``likely``."""

    name: str
    library: str
    when: tuple[When, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    untested: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Entry):
    """A call that a rollback does not undo. ``unless_overridden``: a method of the same class which, when the project overrides
    it, is what runs instead (``delay`` runs ``apply_async``). ``irreversible`` effects have severity high. One that only ``reads``
    has severity low: all its harm is that the transaction is held while it waits. ``verb`` and ``harm`` are what the call does
    ("removes a job") and the end of the sentence, where those of its kind do not fit. ``deferred_by`` is a keyword that makes the call
    wait for the commit by itself where it is true (``enqueue_after_commit=True``). One that ``assigns`` also sets on its receiver what is
    saved in the same transaction (a file field's ``save`` names the file), so that it cannot wait. What one starts whose result may be
    ``awaited`` is over when that has been: to the function that does so it is as if it had called what it passes. One that ``raises`` ends
    by an exception of its own, which rolls the transaction back on its way out: it is mostly made for that, and has severity low. ``saves``
    is a keyword that keeps the call from saving its row as well, where it is false."""

    kind: str
    unless_overridden: str | None = None
    irreversible: bool = False
    reads: bool = False
    verb: str = ""
    harm: str = ""
    deferred_by: str = ""
    saves: str = ""
    assigns: bool = False
    awaited: bool = False
    raises: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent(Entry):
    """A call known to be harmless: it wins over an effect whose name is a shorter pattern, and ``why`` says so to the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener(Entry):
    """A call that opens a transaction. ``forms``: how it is used: ``with``, ``decorator``, ``call`` (from here on, until a closer
    on the same key), ``manual`` (like call; an explicit ``begin()``), ``asserts`` (proves that one is open already), ``runs``
    (the callable given as ``callback`` runs inside), ``body`` (code that the call runs, see Calls, is inside: ``delete()``),
    ``autobegin`` (like ``call``, but nothing in the source says "begin").
    ``key``: what is opened: ``"alias"`` (Django alias, read from ``alias``), ``"receiver"`` (the session or connection object),
    ``"new"`` (a fresh one each time), ``"result"`` (the object that the ``with`` binds), or ``"argument"`` (the session, connection or
    cursor passed as ``alias``).
    ``durable``: when it insists on being the outermost. ``broken_by``: exceptions after which the transaction is of no use, until a
    savepoint or the whole of it is rolled back.
    ``reads``: it only reads, so that alone it holds but does not write. ``statement``: the SQL; where it is a constant that only
    selects, the call only reads. ``retry``: when the body may run again. ``shown``: the kind of opener that a finding shows, where its
    form does not say it: ``request`` for a write of which the framework commits the transaction, at the end of the request or job."""

    forms: tuple[str, ...]
    key: str = "alias"
    family: str = "django"
    alias: Arg | None = None
    callback: Arg | None = None
    reads: bool = False
    statement: Arg | None = None
    retry: When | None = None
    durable: When | None = None
    broken_by: tuple[str, ...] = ()
    mode: str = "both"  # with/decorator on sync and async code: "sync", "async", "both"
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closer(Entry):
    """A call that ends the open transaction of its key: ``how`` is ``commit``, ``rollback`` or ``close``. With the key ``"joined"`` it
    ends all of its family: those of sessions that have joined one that spans several."""

    how: str
    key: str = "receiver"
    family: str = "django"
    alias: Arg | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral(Entry):
    """A call that runs ``callable`` after the commit (``when_runs="commit"``), or outside of any transaction of this thread:
    ``"thread"``, ``"worker"``, ``"exit"``. A deferral without ``callable`` is an enqueue that itself waits for the commit
    (``delay_on_commit``). A call that is an effect at once and hands on a callable (``executor.submit``) is no deferral: it has an
    effect and a Calls with state ``never``."""

    callable: Arg | None = None
    alias: Arg | None = None
    when_runs: str = "commit"
    outside: str = "now"  # what happens where no transaction is open: "now", "error", "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook(Entry):
    """User code that a library calls before the commit. ``name`` is a signal object (``by="signal"``), a decorator or
    registration call (``by="decorator"``/``"register"``; ``callable`` says which argument) or a method that users override
    (``by="method"``, on subclasses of the class). ``state``: ``caller`` (whatever the caller has: TX2xx when unknown), ``in`` (the
    library has a transaction open: kind ``opener``), ``after`` (after the commit), ``out`` (none open)."""

    by: str
    state: str
    callable: Arg | None = None
    sender: Arg | None = None
    event: Arg | None = None  # the argument that names the event, with ``events`` mapping its values to a state
    events: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    opener: str = "hook"  # the kind of opener that a finding shows
    family: str = "django"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns(Entry):
    """What a call (or, with ``attribute``, reading an attribute) gives; ``enter`` what a ``with`` on it binds. ``decorated``: what a
    function or class becomes under it as a decorator, with or without arguments (``arg(..)`` are those of the decorator); ``decorated``
    in ``Calls.runs`` is then that function. ``shares_key``: what it gives stands for the receiver's transaction (a query for its
    session, a cursor for its connection); of a function, for whichever session is open. ``beside``: an attribute of a base class that
    was itself taken from an object (``class Order(db.Model)``) stands for the transaction of this other attribute of that object
    (``Order.query``: ``db.session``). ``descriptor``: what it gives is meant to be kept in an attribute of a class, for whose rows it
    then is (``Base.query = session.query_property()``). ``becomes``: what the receiver is from then on (a connection of which
    autocommit has been switched on); an attribute that is assigned is a call of ``X.__setattr__`` with its name and the value. With
    ``made`` it is this argument instead (named ``self``: the receiver) that becomes it, where that is a name which the function itself
    gives to something once: the path of a file that it makes.
    ``by_name``: an attribute of this name is this one on what is not known as well, where the project uses the library
    (``request.tm``)."""

    type: str = ""
    enter: str = ""
    decorated: str = ""
    attribute: bool = False
    shares_key: bool = False
    beside: str = ""
    descriptor: bool = False
    becomes: str = ""
    made: Arg | None = None
    by_name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryClass(Entry):
    """A class of a library: its bases, the types of its attributes, and the types of parameters of the methods that users override
    (``{"form_valid.form": "self.form_class"}``)."""

    bases: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    parameters: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    item: str = ""  # item type of a bare instance
    mapped: bool = False  # instances of subclasses are rows: what is assigned to their attributes is written with the next flush
    row: Arg | None = None  # the argument of its constructor that is the row it is to change; an attribute of that name is None without
    proxy: str = ""  # the method that gives an instance what it stands for, from then on
    brief: bool = False  # what this marker of a dependency gives is over when the function that asks for it has returned
    namespace: bool = False  # there is one instance for each request, which holds whatever the project puts there


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls(Entry):
    """Code of the project that a library call runs. ``runs`` lists what, in order: ``self.m`` (a method of the receiver's class),
    ``self[arg(0)]`` (its method of that name), ``below(lib.Component)[arg(0)]`` (the methods of that name of the project's classes below
    this one, any of which may be meant), ``arg(0)`` (a callable argument, named as in type expressions), ``arg(0).m`` (a method
    of that argument), ``new(self.form_class).m`` (of any type expression), ``item.m`` (a method of the item type),
    ``receivers(signal.name)`` (with the receiver's class, or its item type, as sender; ``receivers(signal.name, arg(0))``: with the
    class of this value; ``receivers(self)``: the receiver is the signal), ``decorated`` (the
    function that the receiver was made of). Callables in a tuple run one after the other, those in what it
    holds too. ``state``: ``caller``, ``in`` (an opener of the same name with form ``body``),
    ``own`` (methods that are hooks, and always inside of one transaction with the caller: what is open is said of the hook, not once
    more of each caller), ``end`` (when the function that calls it has returned, with what a dependency of it has open then), ``after``,
    ``never`` (it stores the callable, or hands it to another thread or process). ``retries``: it
    may run it again after an error."""

    runs: tuple[str, ...] = ()
    state: str = "caller"
    retries: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Entry):
    """What gives a method away where nothing is known of the receiver: a call by its last name that passes one of ``keywords``, or
    (``bare``) nothing at all, is taken for it, at ``likely``, unless the project has such a method itself; and whatever the project has,
    one of whose result the same function calls one of ``answers``, methods that only such results have."""

    keywords: tuple[str, ...] = ()
    bare: bool = False
    answers: tuple[str, ...] = ()


class Fault(NamedTuple):
    """What is said of a project's own entry: the row of its table (from 0), its name, the key that is meant. ``severity`` is ``error``,
    ``warning`` or ``note``."""

    severity: str
    table: str
    row: int
    name: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Library:
    """One TOML file. ``needs`` are libraries that must be known too when this one is; ``virtual`` are names under which there is
    nothing to import (typing stubs, classes made at run time), so that the truth test passes them by; it does so too where a release is
    older than the one that ``since`` says brought a name."""

    name: str
    distribution: str
    packages: tuple[str, ...]  # importable top-level names that it stands for
    needs: tuple[str, ...] = ()
    virtual: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()  # releases that the names were checked against, oldest first
    entries: tuple[Entry, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    since: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
