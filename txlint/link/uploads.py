"""Files that saving a row writes: a framework's field for files stores what has been assigned to it and is not stored yet.

That is told where the function that saves has also assigned the file, or passed it to whoever makes the row, or where the row is a form's
or serializer's that has a field for it: elsewhere most rows are saved with the file that they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from txlint.link.site import CERTAIN, LIKELY
from txlint.link.values import UNKNOWN, Atom, Cls, Const, Obj, SelfObj, Value
from txlint.model.facts import Expr, Pos
from txlint.model.graph import Test
from txlint.model.kinds import Confidence
from txlint.model.shapes import called, called_on, last_name, statements

if TYPE_CHECKING:
    from txlint.link.linker import Linker
    from txlint.link.replay import Frame
    from txlint.link.site import Site

METHODS = frozenset({"save", "asave", "create", "acreate"})
_MAKE = frozenset({"create", "acreate"})


def upload(site: Site, method: str) -> Test | None:
    """Makes a call of ``save`` or ``create`` an effect, if it is known to write a file. Gives the test under which it does, if there is
    one."""
    frame = site.frame
    linker = frame.linker
    known = linker.uploads
    test: Test | None = None
    if not known.stores:
        return test
    holder: Expr = frame.self_name if site.kind == "super" else site.receiver
    values = frame.looked_at(holder) if holder is not None else UNKNOWN
    if method in _MAKE:
        rows = linker.items(tuple([atom for atom in values if _is_any(linker, atom, known.managers)]))
        sure = _passed(linker, _saved(linker, rows), site.keywords)
    else:
        rows = tuple([row for row in values if _is_any(linker, row, known.models)])
        forms = values if site.kind == "super" else _saved(linker, values)
        sure = None if _is_put_off(site.expr) else _of_form(linker, forms)
        test = _asked(frame, site.expr) if sure is not None else None
        sure = sure or _of_row(frame, holder, rows if site.kind == "super" else _saved(linker, rows), site.pos)
    if sure is not None:
        site.effect = linker.at(known.stores).effects[0]
        site.confidence = min(site.confidence, sure)
    return test


def _asked(frame: Frame, call: Expr) -> Test | None:
    """The function's own parameter that says whether a form's ``save`` saves anything: ``super().save(commit=commit)``, or ``**kwargs``."""
    given = dict(call[3])
    name = given.get("commit", call[2][0] if call[2] else None)
    if name.__class__ is str and frame.is_param(name):
        return Test(name, "truthy", None, True)
    return Test("commit", "is", False, False) if None in given and frame.is_keywords(given[None]) else None


def _saved(linker: Linker, rows: Value) -> Value:
    """The rows and forms whose class has no ``save`` of its own: else it is there that the file is written."""
    return tuple([row for row in rows if isinstance(row, (Obj, SelfObj)) and not linker.has_own(row.klass, "save")])


def _of_row(frame: Frame, name: Expr, rows: Value, before: Pos) -> Confidence | None:
    """How sure it is that the function has given a row a file, before a place and after it saved the row last: as an attribute, or where
    it made the row."""
    linker = frame.linker
    sure: Confidence | None = None
    for stmt in statements(frame.fun.body) if rows and name.__class__ is str else ():
        if stmt[0] == "expr" and stmt[2] < before[0] and stmt[1].__class__ is tuple and called(stmt[1]) == f"{name}.save":
            sure = None
        if stmt[0] != "assign" or stmt[3] > before[0]:
            continue
        made = stmt[2]
        for target in stmt[1]:
            head, _, field = target.rpartition(".") if target.__class__ is str else ("", "", "")
            if head == name and _is_file(linker, rows, field):
                sure = _sure(linker, frame.looked_at(made))
            elif target == name and made.__class__ is tuple and made[0] == "call":
                if any(isinstance(atom, Cls) for atom in frame.looked_at(made[1])):
                    sure = _passed(linker, rows, {word: frame.looked_at(value) for word, value in made[3]})
                elif last_name(made[1]) == "save" and _is_put_off(made):
                    sure = _of_form(linker, frame.looked_at(_receiver(frame, made[1])))
    return sure


def _receiver(frame: Frame, func: Expr) -> Expr:
    """What a method is called on; the instance itself for ``super().save``."""
    base = called_on(func)
    return frame.self_name if called(base) == "super" else base


def _passed(linker: Linker, rows: Value, keywords: Mapping[str | None, Value]) -> Confidence | None:
    """How sure it is that one of the arguments is a file of the rows that are made with them."""
    for name, value in keywords.items():
        if name is not None and _is_file(linker, rows, name) and (sure := _sure(linker, value)) is not None:
            return sure
    return None


def _of_form(linker: Linker, values: Value) -> Confidence | None:
    """Has a model's form or serializer a field for a file? Whether it gets one is up to the request."""
    for form in values:
        if _is_any(linker, form, linker.uploads.forms):
            for meta in linker.attribute(form, "Meta"):
                for model in linker.attribute(meta, "model"):
                    if isinstance(model, Cls):
                        rows = _saved(linker, (linker.instance(model.klass, True),))
                        if any(_is_file(linker, rows, name) for name in _named(linker, meta, model)):
                            return LIKELY
    return None


def _named(linker: Linker, meta: Atom, model: Cls) -> Iterator[str]:
    """The attributes of a model that ``class Meta`` of a form names in ``fields``, or does not in ``exclude``."""
    fields = linker.attribute(meta, "fields")
    listed = [atom.value for atom in (*linker.items(fields), *fields) if isinstance(atom, Const)]
    if listed and listed != ["__all__"]:
        yield from (name for name in listed if isinstance(name, str))
        return
    left_out = [atom.value for atom in linker.items(linker.attribute(meta, "exclude")) if isinstance(atom, Const)]
    for base in linker.mro(model.klass) if listed or left_out else ():
        yield from (name for name in base.names if name not in left_out) if not isinstance(base, str) else ()


def _is_put_off(call: Expr) -> bool:
    """``form.save(commit=False)``: nothing is saved yet."""
    return any(word == "commit" and value == ("const", False) for word, value in call[3]) or ("const", False) in call[2][:1]


def _is_file(linker: Linker, rows: Value, name: str) -> bool:
    stored = linker.uploads.stored
    return name.isidentifier() and any(_is_any(linker, atom, stored) for row in rows for atom in linker.attribute(row, name))


def _sure(linker: Linker, value: Value) -> Confidence | None:
    """Is a value a file that is not stored yet? A text names one that is, and what another row holds has been stored with it."""
    known = linker.uploads
    if any(isinstance(atom, Const) or _is_any(linker, atom, known.stored) for atom in value):
        return None
    return CERTAIN if any(_is_any(linker, atom, known.files) for atom in value) else LIKELY


def _is_any(linker: Linker, atom: Atom, names: frozenset[str]) -> bool:
    """Is it an instance of one of these classes of a library?"""
    return not names.isdisjoint(linker.kinds(atom))
