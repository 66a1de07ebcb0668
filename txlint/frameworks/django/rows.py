"""What a row of a model holds that has just been made: what was passed for its fields, else their defaults.

After ``Field._get_default`` (django/db/models/fields/__init__.py): ``default`` or what it returns, else None where the field may be null or
keeps no text, else the empty string. Fields of other packages, and of the project where they are more than a name, say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from txlint.frameworks.types import Field
from txlint.model.facts import Expr
from txlint.model.shapes import last_name

if TYPE_CHECKING:
    from txlint.frameworks.django.models import DjangoModels
    from txlint.frameworks.types import Atom, Klass, Linker, Value

_HOME = "django.db.models."
_TEXTS = frozenset(
    {"CharField", "EmailField", "FileField", "FilePathField", "ImageField", "SlugField", "TextField", "URLField"}
)  # fmt: skip
_TO_ONE = frozenset({"ForeignKey", "OneToOneField"})
_OTHERS = frozenset(
    {"BigIntegerField", "BooleanField", "DateField", "DateTimeField", "DecimalField", "DurationField", "FloatField",
     "GenericIPAddressField", "IntegerField", "JSONField", "NullBooleanField", "PositiveBigIntegerField", "PositiveIntegerField",
     "PositiveSmallIntegerField", "SmallIntegerField", "TimeField", "UUIDField"}
)  # fmt: skip
_FILLED = frozenset({"auto_now", "auto_now_add", "db_default", "primary_key"})
"""Arguments of fields that the library or the database fills."""
_EMPTY = {"bool": False, "float": 0.0, "int": 0, "str": ""}
"""What a default that is one of these makes. What `list` makes may be filled."""
_OF_MODELS = frozenset({"DoesNotExist", "MultipleObjectsReturned", "id", "objects", "pk"})
"""What rows have that no class says, and nobody doubts."""
_PLAIN = frozenset({"abc.ABC", "builtins.object", "django.db.models.Model", "typing.Generic"})
_FOLLOWS = frozenset({"height_field", "width_field"})
"""Arguments of image fields that name others, which they fill."""
_MANAGERS = frozenset({"django.db.models.Manager", "django.db.models.QuerySet"})
_RELATED = "django.db.models.fields.related_descriptors.RelatedManager"
_CREATES = ("create", "acreate", "get_or_create", "aget_or_create")


class DjangoRow:
    """A `Row` of a model."""

    hooks = frozenset(
        {"clean", "clean_fields", "from_db", "full_clean", "refresh_from_db", "save_base", "validate_constraints", "validate_unique"}
    )

    def __init__(self, models: DjangoModels, linker: Linker, klass: Klass) -> None:
        self.models = models
        self.linker = linker
        self.klass = klass
        self._fields: dict[str, Field | None] = {}

    def field(self, name: str) -> Field | None:
        if name not in self._fields:
            self._fields[name] = self._declared(name)
            if self._fields[name] is None and name.endswith("_id"):
                other = self._declared(name[:-3])
                self._fields[name] = other if other is not None and name in other.names else None
        return self._fields[name]

    def leads_back(self, name: str, other: str) -> bool:
        """``user.profile`` of a profile whose ``user`` is a `OneToOneField`: the library keeps each on the other."""
        call = self._call(name)
        if call is None or self._kind(name) != "OneToOneField":
            return False
        related = dict(call[3]).get("related_name", ("const", self.klass.fact.name.lower()))
        return bool(related == ("const", other))

    def lacks(self, name: str) -> bool:
        linker = self.linker
        if linker.find(self.klass, name) is not None or not linker.has_known_bases(self.klass):
            return False
        bases = [base for base in linker.mro(self.klass) if not isinstance(base, str)]
        return not any(name in self.models.reverse(linker).get(base.id, {}) for base in bases)

    def never_has(self, name: str) -> bool:
        linker = self.linker
        if name in _OF_MODELS or name.startswith(("_", "get_")) or not self.lacks(name):
            return False
        for base in linker.mro(self.klass):
            if base not in _PLAIN if isinstance(base, str) else any(name.startswith(f"{each}_") for each in base.names):
                return False
        if any(name == below.fact.name.lower() for below in self.klass.subclasses):
            return False
        return name not in self.models.related_names(linker) and name not in self.models.put_by_name(linker)

    def added_by(self, receiver: Atom | None) -> frozenset[str] | None:
        linker = self.linker
        if isinstance(receiver, linker.ExtObj):
            if receiver.name == _RELATED:
                return frozenset(name for base in self._models() for name in base.names if self._kind(name) in _TO_ONE)
            return frozenset() if receiver.name in _MANAGERS else None
        if isinstance(receiver, linker.Obj):
            found = (linker.find(receiver.klass, name) for name in _CREATES)
            return frozenset() if all(each is None or each.bindings is None for each in found) else None
        return None

    def _models(self) -> list[Any]:
        """The class and those above it whose fields its rows have: of others Django takes none."""
        linker = self.linker
        return [base for base in linker.mro(self.klass) if not isinstance(base, str) and self.models.is_model(linker, base)]

    def _call(self, name: str) -> Any:
        """The call in the body of a class that makes an attribute."""
        found = self.linker.find(self.klass, name)
        if found is None or found.bindings is None or len(found.bindings) != 1 or not self.models.is_model(self.linker, found.owner):
            return None
        binding = found.bindings[0]
        expr = binding[1] if binding[0] == "value" else None
        return expr if expr.__class__ is tuple and expr[0] == "call" else None

    def _kind(self, name: str) -> str:
        """The class of a field, where it is one of Django's own, or only another name for one; empty where not."""
        call = self._call(name)
        if call is None or not last_name(call[1])[:1].isupper():
            return ""
        linker = self.linker
        value = linker.class_attribute(linker.find(self.klass, name).owner, name)
        atom = value[0] if len(value) == 1 else None
        kind = atom.name if isinstance(atom, linker.ExtObj) else ""
        return kind.removeprefix(_HOME) if kind.startswith(_HOME) else ""

    def _is_field(self, name: str) -> bool:
        """Is it a field of another package or of the project's own, by its bases or its name?"""
        linker = self.linker
        value = linker.class_attribute(linker.find(self.klass, name).owner, name)
        bases = linker.library_bases(value[0].klass) if len(value) == 1 and isinstance(value[0], linker.Obj) else ()
        return last_name(self._call(name)[1]).endswith("Field") or any(base.startswith(_HOME) and base.endswith("Field") for base in bases)

    def _declared(self, name: str) -> Field | None:
        call = self._call(name)
        if call is None:
            return None
        kind = self._kind(name)
        keywords = dict(call[3])
        if kind not in _TEXTS | _TO_ONE | _OTHERS:
            return Field((name,), (), False) if self._is_field(name) else None
        names = (name, f"{name}_id") if kind in _TO_ONE else (name,)
        if len(call[2]) > 2 or None in keywords or not _FILLED.isdisjoint(keywords) or self._is_filled(name):
            return Field(names, ())
        if "default" in keywords:
            return Field(names, self._default(name, keywords["default"]))
        const = self.linker.atoms.const
        null = keywords.get("null", ("const", False))
        if kind not in _TEXTS or null == ("const", True):
            return Field(names, (const(None),))
        return Field(names, (const(""),) if null == ("const", False) else (const(None), const("")))

    def _default(self, name: str, expr: Expr) -> Value:
        linker = self.linker
        if expr.__class__ is str and expr in _EMPTY and expr not in self.klass.module.names:
            return (linker.atoms.const(_EMPTY[expr]),)
        if expr.__class__ is tuple and expr[0] in ("call", "lambda"):
            return ()
        value = linker.class_expression(linker.find(self.klass, name).owner, expr)
        return value if len(value) == 1 and isinstance(value[0], linker.Const) else ()

    def _is_filled(self, name: str) -> bool:
        """Is it what an image field keeps its measures in?"""
        for base in self._models():
            for bindings in base.names.values():
                expr = bindings[-1][1] if bindings[-1][0] == "value" else None
                if expr.__class__ is tuple and expr[0] == "call":
                    if any(key in _FOLLOWS and value == ("const", name) for key, value in expr[3]):
                        return True
        return False
