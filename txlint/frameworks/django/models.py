"""Django's models as the linker needs them: managers that know their model, fields named by strings, reverse relations, cascades.

What is plain data (what `filter()` returns, what `delete()` runs) is in the catalog; here is what needs the whole project."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from txlint.catalog.types import parse_type
from txlint.frameworks.data import ABSENT, Unknown
from txlint.frameworks.django.rows import DjangoRow
from txlint.frameworks.django.settings import DjangoSettings
from txlint.frameworks.named import bound_to
from txlint.frameworks.types import Framework, Row, Uploads
from txlint.model.facts import Expr, Pos
from txlint.model.graph import STORED, Related
from txlint.model.kinds import Confidence
from txlint.model.shapes import calls_in, last_name

if TYPE_CHECKING:
    from txlint.frameworks.types import Atom, Klass, Linker, Value

MODEL = "django.db.models.Model"
MANAGER = "django.db.models.Manager"
QUERYSET = "django.db.models.QuerySet"
ADMIN = "django.contrib.admin.ModelAdmin"
SITE = "django.contrib.admin.site"
ADMIN_SITE = "django.contrib.admin.AdminSite"
RUN_PYTHON = "django.db.migrations.RunPython"
SERIALIZER = "rest_framework.serializers.BaseSerializer"
FORM = "django.forms.BaseForm"
_CHOICE = "django.forms.ModelChoiceField"
_CHOICES = "django.forms.ModelMultipleChoiceField"
_CONTEXT = "get_serializer_context"
USER = "django.contrib.auth.models.User"
_LABELLED = frozenset(
    f"django.db.models.{where}{name}" for where in ("", "enums.") for name in ("Choices", "IntegerChoices", "TextChoices")
)
_TO_ONE = frozenset({"django.db.models.ForeignKey", "django.db.models.OneToOneField"})
_TO_MANY = frozenset({"django.db.models.ManyToManyField"})
_RELATED = "django.db.models.fields.related_descriptors.RelatedManager"
_MANY_RELATED = "django.db.models.fields.related_descriptors.ManyRelatedManager"
_GENERIC = "django.contrib.contenttypes.fields.GenericRelation"
_GENERIC_RELATED = "django.contrib.contenttypes.fields.GenericRelatedObjectManager"
_PARTS = MODEL.removesuffix("Model")
"""Of what models are made: fields, expressions, enumerations. All models that this module itself offers are in the catalog."""
_SETTINGS = "django.conf.settings."
_BY_NAME = frozenset({"django.apps.apps.get_model", "django.apps.registry.Apps.get_model", "django.apps.AppConfig.get_model"})
_BY_SUFFIX = (
    ("ModelForm", "django.forms.ModelForm"),
    ("ModelAdmin", ADMIN),
    ("StackedInline", "django.contrib.admin.StackedInline"),
    ("TabularInline", "django.contrib.admin.TabularInline"),
    ("ModelSerializer", "rest_framework.serializers.ModelSerializer"),
    ("ModelViewSet", "rest_framework.viewsets.ModelViewSet"),
    ("CreateView", "django.views.generic.CreateView"),
    ("UpdateView", "django.views.generic.UpdateView"),
    ("DeleteView", "django.views.generic.DeleteView"),
    ("FormView", "django.views.generic.FormView"),
    ("DetailView", "django.views.generic.DetailView"),
    ("ListView", "django.views.generic.ListView"),
    ("APIView", "rest_framework.views.APIView"),
    ("View", "django.views.generic.FormView"),
)
"""Packages that extend Django's or REST framework's classes keep the ends of their names. Of what is only said to be a view, any of the
methods may be overridden that Django's views call for a page or a form."""
_ROUTED = frozenset(f"rest_framework.decorators.{name}" for name in ("action", "detail_route", "list_route"))
_ROUTES = frozenset({"methods", "detail", "url_path", "url_name"})
"""Keywords of these decorators that are about the route. The others are what ``as_view`` is given, which makes them attributes of the view
(Django REST framework 3.18: routers.py, ``initkwargs``)."""
_FIELD_LISTS = frozenset({"_meta.fields", "_meta.concrete_fields", "_meta.get_fields()"})
_FILES = frozenset({"django.db.models.FileField", "django.db.models.ImageField"})
_NO_FILES = (
    *("AutoField", "BinaryField", "BooleanField", "CharField", "DateField", "DateTimeField", "DecimalField", "DurationField"),
    *("EmailField", "FloatField", "ForeignKey", "IntegerField", "JSONField", "Manager", "ManyToManyField", "Mixin", "OneToOneField"),
    *("QuerySet", "SlugField", "TextField", "TimeField", "URLField", "UUIDField"),
)
"""Classes that are no file fields, by the ends of their names."""
_PUT = ("Prefetch", "aggregate", "alias", "annotate", "extra", "setattr")
_LAZY = "django.utils.functional.LazyObject"
_SIMPLE_LAZY = "django.utils.functional.SimpleLazyObject"
_WRAPPED = "_wrapped"
"""What a lazy object stands for, once its ``_setup`` has assigned it."""
_CALL_COMMAND = "django.core.management.call_command"
_IMPORTS = frozenset({"django.utils.module_loading.import_string", "importlib.import_module", "werkzeug.utils.import_string"})


class Registered(NamedTuple):
    """A model that the admin has, of the project or of a library: with which model admin of the project (None: Django's own), and where
    that is said."""

    model: Klass | str
    admin: Klass | None
    path: str
    pos: Pos


class DjangoModels(Framework):
    """A `Framework` of the linker."""

    abstract = frozenset({MODEL})
    uploads = Uploads(
        stores="django.db.models.FileField.pre_save",  # django/db/models/fields/files.py: only what is not committed yet
        models=frozenset({MODEL}),
        managers=frozenset({MANAGER, QUERYSET}),
        forms=frozenset({"django.forms.BaseModelForm", "rest_framework.serializers.ModelSerializer"}),
        files=frozenset({"django.core.files.base.File"}),
        stored=frozenset({"django.db.models.fields.files.FieldFile"}),
    )
    plain = frozenset({RUN_PYTHON})
    changes = frozenset(  # model_utils/tracker.py, 4.0 to 5.0; django_lifecycle/mixins.py
        {
            "django_lifecycle.LifecycleModelMixin.has_changed",
            "model_utils.FieldTracker.has_changed",
            "model_utils.tracker.FieldTracker.has_changed",
        }
    )

    def __init__(self, settings: DjangoSettings) -> None:
        self.settings = settings
        self._by_name: dict[str, Klass | None] | None = None
        self._reverse: dict[int, dict[str, Value]] | None = None
        self._cascades: dict[int | str, list[Klass]] = {}
        self._user: Any = False
        self._registered: list[Registered] | None = None
        self._contexts: dict[int, Value] | None = None
        self._models: dict[int, bool] = {}
        self._rows: dict[int, list[Klass]] | None = None
        self._fields: dict[tuple[int, str], frozenset[str] | None] = {}
        self._lazy: frozenset[int] | None = None  # classes of lazy objects
        self._wired: set[str] | None = None  # keywords of all calls of `as_view`
        self._put: set[str] | None = None  # attributes that rows get by a name which a call is told
        self._related: set[str] | None = None
        self._all: Value | None = None  # what of the project's own all settings name

    # -- the linker's questions ---------------------------------------------------------------------------------------------------

    def setting(self, path: str) -> tuple[str, Any]:
        state, value = self._setting(path)
        is_unsure = state == "value" and self.settings.trial and path != "INSTALLED_APPS"  # what is installed a package depends on
        return "likely" if is_unsure else state, value

    def _setting(self, path: str) -> tuple[str, Any]:
        answer = self.settings.get(path)
        if answer.value is ABSENT:
            return "absent", None
        if isinstance(answer.value, Unknown):
            return "unknown", None
        return "value" if answer.confidence is Confidence.CERTAIN else "likely", answer.value

    def setting_named(self, dotted: str) -> tuple[str, Any]:
        return self._setting(dotted.removeprefix(_SETTINGS)) if dotted.startswith(_SETTINGS) else ("unknown", None)

    def may_hold(self, path: str) -> Sequence[str]:
        answer = self.settings.get(path)
        return [value for value in (answer.value, *answer.others) if isinstance(value, str)]

    def set_by(self, linker: Linker, path: str) -> Value | None:
        value, names = self._names_in(path)
        found = tuple(bound_to(linker, name) for name in names if isinstance(name, str) and _is_own(linker, name))
        if not found:
            return None
        return found[0] if isinstance(value, str) else (linker.atoms(linker.Seq, found),)

    def _names_in(self, path: str) -> tuple[Any, Sequence[Any]]:
        """What a setting holds, and its items: of a string itself."""
        value = self.setting(path)[1]
        return value, (value,) if isinstance(value, str) else value if isinstance(value, (list, tuple)) else ()

    def assumed_bases(self, dotted: str) -> tuple[str, ...]:
        """What an unknown package's class is taken to be: a model or model admin where its module says so, else what its name ends in."""
        name = dotted.rpartition(".")[2]
        if ".admin." in dotted and name.endswith("Admin"):
            return (ADMIN,)
        if ".models." in dotted and name[:1].isupper() and not dotted.startswith(_PARTS):
            return (MODEL,)
        return tuple(base for suffix, base in _BY_SUFFIX if name.endswith(suffix))[:1]

    def name(self, linker: Linker, dotted: str) -> Value | None:
        if dotted.startswith(_SETTINGS):
            return self._named_by_setting(linker, dotted.removeprefix(_SETTINGS))
        if dotted != USER:
            return None
        klass = self.user(linker)
        return (linker.atoms(linker.Cls, klass),) if klass is not None else None

    def _named_by_setting(self, linker: Linker, setting: str) -> Value | None:
        """The dotted names of the project's own classes and functions that a setting holds: ``import_string(settings.SMS_BACKEND)``,
        ``import_string(settings.SEARCH[alias]["BACKEND"])``; of ``*`` a table of those of all settings: ``getattr(settings, name)``."""
        if setting == "*":
            if self._all is None:
                read = {name: self._setting(name)[1] for name in self.settings.names.entries if isinstance(name, str) and name.isupper()}
                self._all = _named_in(linker, read) or ()
            return self._all or None
        value, names = self._names_in(setting)
        if value is None:
            return self._made_in_settings(linker, setting)
        if isinstance(value, dict):
            return _named_in(linker, value)
        if not names or not all(isinstance(name, str) and _is_own(linker, name) for name in names):
            return None
        constants = [linker.atoms.const(name) for name in names]
        return tuple(constants) if isinstance(value, str) else (linker.atoms(linker.Seq, tuple((each,) for each in constants)),)

    def _made_in_settings(self, linker: Linker, setting: str) -> Value | None:
        """The object of a library that a settings module makes: ``CARRIER = requests.Session()``."""
        if "." in setting or self.settings.module is None or self.setting(setting)[0] != "unknown":
            return None
        value = bound_to(linker, f"{self.settings.module}.{setting}")
        return value if value and all(isinstance(atom, linker.ExtObj) for atom in value) else None

    def constant(self, linker: Linker, dotted: str, value: Any) -> Value | None:
        if dotted in _IMPORTS:
            return bound_to(linker, value)
        if dotted not in _BY_NAME:
            return None
        klass = self.named(linker, value, None)
        return (linker.atoms(linker.Cls, klass),) if klass is not None else None

    def models(self, linker: Linker, value: Value) -> Value:
        """Of ``"shop.Order"``, ``"auth.User"`` and ``settings.AUTH_USER_MODEL``; that is what ``get_user_model()`` gives."""
        own = tuple(linker.atoms(linker.Cls, klass) for klass in self._classes(linker, value, None))
        names = [USER if _is_user(linker, atom) else atom.name for atom in value if isinstance(atom, linker.Ext)]
        names += [each.name for each in self._of_library(linker, value) if not names]
        return own or tuple(linker.atoms(linker.Ext, name) for name in names)

    def runs(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value:
        """``call_command("nightly")`` runs the ``handle`` of that command (django/core/management/__init__.py: of the last app in
        INSTALLED_APPS that has one; here of all that have)."""
        if dotted != _CALL_COMMAND or not args:
            return ()
        found: Value = ()
        for atom in args[0]:
            if isinstance(atom, linker.Const) and isinstance(atom.value, str):
                ending = f".management.commands.{atom.value}"
                for module in linker.project.ordered:
                    if module.name.endswith(ending):
                        found = linker.union(found, linker.module_name(module, "Command"))
            else:
                found = linker.union(found, (atom,))
        made = tuple(linker.instance(atom.klass, True) if isinstance(atom, linker.Cls) else atom for atom in found)
        return tuple(each for atom in made if isinstance(atom, linker.Obj) for each in linker.attribute(atom, "handle"))

    def class_attribute(self, linker: Linker, klass: Klass, name: str) -> Value | None:
        """Managers hold instances of the class that they are read from, whoever declared them."""
        if name.startswith("__") or not self.is_model(linker, klass):
            return None
        found = linker.find(klass, name)
        if found is None or found.bindings is None:
            if name in ("objects", "_default_manager", "_base_manager"):
                if name == "_default_manager":
                    declared = self._first_manager(linker, klass)
                    if declared is not None:
                        return declared
                given = (linker.catalog.attribute_type(base, "objects") for base in linker.library_bases(klass))
                manager = next((parse_type(text).name for text in given if text is not None), MANAGER)
                return (linker.atoms(linker.ExtObj, manager, (linker.instance(klass, True, origin=STORED),), None),)
            return None
        if all(binding[0] != "value" for binding in found.bindings):
            return None
        value: Value = ()
        for binding in found.bindings:
            if binding[0] == "value":
                value = linker.union(value, linker.bound(binding, found.owner.module, found.owner))
        if not any(self._is_manager(linker, atom) for atom in value):
            if name != "objects":
                return tuple(self._with_relation(linker, klass, found.owner, name, atom) for atom in value)
            value = (linker.atoms(linker.ExtObj, MANAGER, (), None),)  # made in a way that is not followed, but a manager
        item = (linker.instance(klass, True, origin=STORED),)
        return tuple(linker.with_item(atom, item) if self._is_manager(linker, atom) else atom for atom in value)

    def _with_relation(self, linker: Linker, klass: Klass, owner: Klass, name: str, atom: Atom) -> Atom:
        """A field that leads to many rows, with the number of its relation and the class whose it is: of an abstract one, each class below
        has its own."""
        if not isinstance(atom, linker.ExtObj) or _TO_MANY.isdisjoint(linker.catalog.bases(atom.name)) or not atom.origin:
            return atom
        holders = [base for base in linker.mro(klass) if not isinstance(base, str) and owner in linker.mro(base) and not _abstract(base)]
        holder = holders[-1] if holders else owner
        number = linker.number_of(f"{holder.dotted}.{name}")
        for between in self._classes(linker, dict(atom.origin[2]).get("through", ()), holder):
            linker.through[number] = between.id
        origin = (*atom.origin[:3], number, holder)
        return linker.atoms(linker.ExtObj, atom.name, atom.item, origin)

    def instance_attribute(self, linker: Linker, klass: Klass, name: str, holder: Atom) -> Value | None:
        if name == "model" and ADMIN in linker.mro(klass) and linker.find(klass, "model") is None:
            models = [each.model for each in self.registered(linker) if each.admin is klass]
            return (
                tuple(linker.atoms(linker.Ext if isinstance(model, str) else linker.Cls, model) for model in dict.fromkeys(models)) or None
            )
        if name == "context" and linker.is_a(klass, SERIALIZER):
            return self.contexts(linker).get(klass.id)
        if name == "cleaned_data" and linker.is_a(klass, FORM):
            return self._cleaned(linker, klass, holder)
        if self._lazy is None:
            self._lazy = frozenset(each.id for each in linker.project.klasses if _LAZY in linker.mro(each))
        if klass.id in self._lazy:
            return self._of_wrapped(linker, klass, name, holder)
        if not self.is_model(linker, klass):
            return None
        if linker.find(klass, name) is None:
            for base in linker.mro(klass):
                if not isinstance(base, str):
                    found = self.reverse(linker).get(base.id, {}).get(name)
                    if found is not None:
                        return found
        return None

    def _of_wrapped(self, linker: Linker, klass: Klass, name: str, holder: Atom) -> Value | None:
        """What a lazy object has not got is that of what it stands for."""
        if name == _WRAPPED or linker.find(klass, name) is not None:
            return None
        found: Value = ()
        for atom in linker.attribute(holder, _WRAPPED):
            found = linker.union(found, linker.attribute(atom, name))
        return found or None

    def given(self, linker: Linker, dotted: str, args: tuple[Value, ...], keywords: dict[str | None, Value]) -> Value | None:
        """``SimpleLazyObject(make)`` stands for what ``make`` gives."""
        if dotted != _SIMPLE_LAZY:
            return None
        found: Value = ()
        for atom in args[0] if args else keywords.get("func", ()):
            if isinstance(atom, linker.Fn):
                found = linker.union(found, linker.result(atom.fun, getattr(atom.receiver, "klass", None), True))
        return found or None

    def _cleaned(self, linker: Linker, klass: Klass, form: Atom) -> Value | None:
        """The rows that a valid form keeps by the names of its fields: those that its own fields choose, and those that the foreign keys of
        its model lead to. None where there are none."""
        found: dict[str, Value] = {}
        for base in linker.mro(klass):
            for name, bindings in base.names.items() if not isinstance(base, str) else ():
                if bindings[-1][0] == "value" and name not in found:
                    fields = [atom for atom in linker.class_attribute(base, name) if _CHOICE in linker.kinds(atom)]
                    found[name] = tuple([row for field in fields if _CHOICES not in linker.kinds(field) for row in field.item])
        for model in (atom for meta in linker.attribute(form, "Meta") for atom in linker.attribute(meta, "model")):
            for base in linker.mro(model.klass) if isinstance(model, linker.Cls) else ():
                for name in base.names if not isinstance(base, str) and self.is_model(linker, base) else ():
                    if any(not _TO_ONE.isdisjoint(linker.kinds(atom)) for atom in linker.class_attribute(base, name)):
                        found.setdefault(name, linker.attribute(linker.instance(model.klass, True), name))
        return (linker.atoms(linker.Table, tuple(found.items()), ()),) if any(found.values()) else None

    def item(self, linker: Linker, klass: Klass) -> Value | None:
        """The rows of a manager or queryset that one model has; where several have it, only a caller knows whose it is."""
        if not any(linker.is_a(klass, base) for base in (MANAGER, QUERYSET)):
            return None
        if self._rows is None:
            self._rows = {}
            for model in linker.project.klasses:
                if self.is_model(linker, model):
                    self._own_managers(linker, model, self._rows)
        found = self._rows.get(klass.id, ())
        return (linker.instance(found[0], False, origin=STORED),) if len(found) == 1 else None

    def _own_managers(self, linker: Linker, model: Klass, rows: dict[int, list[Klass]]) -> None:
        for bindings in model.names.values():
            for binding in bindings:
                if binding[0] == "value" and binding[1].__class__ is tuple and binding[1][0] == "call":
                    for atom in linker.bound(binding, model.module, model):
                        if isinstance(atom, linker.Obj) and self._is_manager(linker, atom):
                            for base in linker.mro(atom.klass):
                                if not isinstance(base, str) and model not in rows.setdefault(base.id, []):
                                    rows[base.id].append(model)

    def described(self, linker: Linker, method: str, item: Atom, receiver: Atom) -> Value | None:
        """A relation whose other side is named by a string, or is the class itself."""
        kind = method.rpartition(".")[0]
        if kind not in _TO_ONE and kind not in _TO_MANY and kind != _GENERIC:
            return None
        origin = getattr(item, "origin", None)
        if not isinstance(origin, tuple) or not origin or origin[0] != "init":
            return None
        given = dict(origin[2])
        value = given.get("to") or (origin[1][0] if origin[1] else ())
        near = getattr(receiver, "klass", origin[4] if len(origin) > 3 else None)
        klasses = self._classes(linker, value, near)
        instances = tuple(linker.instance(klass, True, origin=STORED) for klass in klasses) or self._of_library(linker, value)
        if not instances:
            return None
        if kind in _TO_ONE:
            return instances
        related = Related(origin[3], near.id, False) if kind != _GENERIC and len(origin) > 3 and near is not None else None
        return (linker.atoms(linker.ExtObj, _GENERIC_RELATED if kind == _GENERIC else _MANY_RELATED, instances, related),)

    def member(self, linker: Linker, klass: Klass, parts: tuple[Value, ...]) -> Value | None:
        """``PAID = "paid", _("Paid")``: the label is no part of the member's value (``ChoicesType.__new__``)."""
        return parts[0] if len(parts) == 2 and not _LABELLED.isdisjoint(linker.library_bases(klass)) else None

    def row(self, linker: Linker, klass: Klass) -> Row | None:
        return DjangoRow(self, linker, klass) if self.is_model(linker, klass) else None

    def may_set(self, linker: Linker, klass: Klass, name: str) -> bool:
        """A view is given attributes where it is wired: ``OrderView.as_view(eager=True)``."""
        if self._wired is None:
            modules = (module for module in linker.project.ordered if "as_view" in module.facts.words)
            calls = (call for module in modules for fun in (module.body, *module.funs) for call in calls_in(fun.body))
            self._wired = {name for call in calls if last_name(call[1]) == "as_view" for name, _ in call[3] if name is not None}
        return name in self._wired

    def cascades(self, linker: Linker, klass: Klass | str) -> list[Klass]:
        """The models whose rows go with those of a model, over any number of foreign keys."""
        self.reverse(linker)
        seen: dict[int, Klass] = {}
        waiting = [klass] if isinstance(klass, str) else [base.id for base in linker.mro(klass) if not isinstance(base, str)]
        while waiting:
            for child in self._cascades.get(waiting.pop(), ()):
                if child.id not in seen and child is not klass:
                    seen[child.id] = child
                    waiting.append(child.id)
        return list(seen.values())

    def registered(self, linker: Linker) -> list[Registered]:
        """What the admin has by ``@admin.register(Model)``, ``site.register(Model, Admin)`` and ``site.register(Model)``."""
        if self._registered is not None:
            return self._registered
        found: list[Registered] = []
        unregistered: dict[Klass | str, tuple[str, Pos]] = {}  # where the last time
        self._registered = found
        for klass in linker.project.klasses:
            for expr, pos in klass.fact.decorators:
                called = expr[1] if isinstance(expr, tuple) and expr[0] == "call" else None
                if str(called).rpartition(".")[2] == "register" and ADMIN in linker.mro(klass):
                    for argument in expr[2]:
                        models = linker.class_expression(klass, argument)
                        found.extend(Registered(model, klass, klass.module.facts.path, pos) for model in _models(linker, models))
        for module in linker.project.ordered:
            if "register" not in module.facts.words:
                continue
            for stmt in module.facts.body:
                expr = stmt[1] if stmt[0] == "expr" else None
                if isinstance(expr, tuple) and expr[0] == "call" and str(expr[1]).endswith(".unregister") and expr[2]:
                    gone = _models(linker, linker.bound(("value", expr[2][0], None), module, None))
                    for model in gone if self._admins(linker, module, (*expr[:2], expr[2][:1], (), expr[4])) else ():
                        unregistered[model] = (module.facts.path, expr[4])
                elif isinstance(expr, tuple) and expr[0] == "call" and str(expr[1]).endswith(".register") and expr[2]:
                    admins = self._admins(linker, module, expr)
                    models = linker.bound(("value", expr[2][0], None), module, None) if admins else ()
                    for model in _models(linker, models):
                        found.extend(Registered(model, admin, module.facts.path, expr[4]) for admin in admins)
        if unregistered:
            found[:] = [each for each in found if _stays(each, unregistered.get(each.model))]
        return found

    def _admins(self, linker: Linker, module: Any, call: tuple[Any, ...]) -> list[Klass | None]:
        """The model admins with which a call of ``register`` registers; None: Django's own. Empty where it is no admin's."""
        given = call[2][1] if len(call[2]) > 1 else dict(call[3]).get("admin_class")
        if given is None:
            sites = linker.bound(("value", call[1].rpartition(".")[0], None), module, None) if isinstance(call[1], str) else ()
            return [None] if any(_is_site(linker, site) for site in sites) else []
        return [klass for klass in _classes(linker, linker.bound(("value", given, None), module, None)) if ADMIN in linker.mro(klass)]

    def contexts(self, linker: Linker) -> dict[int, Value]:
        """What views of REST framework hand to the serializers that they name: ``self.context["booking"]``."""
        if self._contexts is None:
            self._contexts = {}
            for view in linker.project.klasses:
                found = linker.find(view, _CONTEXT)
                if found is None or found.method is None:
                    continue
                for serializer in linker.class_attribute(view, "serializer_class"):
                    if isinstance(serializer, linker.Cls):
                        handed = linker.result(found.method, view, True)
                        number = serializer.klass.id
                        self._contexts[number] = linker.union(self._contexts.get(number, ()), handed)
        return self._contexts

    def attributes_given(self, dotted: str) -> frozenset[str] | None:
        return _ROUTES if dotted in _ROUTED else None

    def fields(self, linker: Linker, klass: Klass, path: str, kind: str) -> frozenset[str] | None:
        """The file fields of a model. Django takes fields from bases that are models only, and from ``add_to_class``. A library's class
        that the catalog does not know and that is called a mixin is taken to have none."""
        if path not in _FIELD_LISTS or kind not in _FILES or not self.is_model(linker, klass):
            return None
        key = (klass.id, kind)
        if key not in self._fields:
            added = any("add_to_class" in module.facts.words for module in linker.project.ordered)
            self._fields[key] = None if added else self._of_kind(linker, klass, kind)
        return self._fields[key]

    def _of_kind(self, linker: Linker, klass: Klass, kind: str) -> frozenset[str] | None:
        names = set()
        for base in linker.mro(klass):
            if isinstance(base, str):
                if not base.endswith("Mixin") and not _is_described(linker, base):
                    return None
                continue
            if not linker.has_known_bases(base):
                return None
            for name, bindings in base.names.items() if self.is_model(linker, base) else ():
                for binding in bindings:
                    if binding[0] in ("def", "class", "import"):
                        continue
                    found = _makes(linker, linker.bound(binding, base.module, base), binding[1], kind) if binding[0] == "value" else None
                    if found is None:
                        return None
                    if found:
                        names.add(name)
        return frozenset(names)

    # -- models -------------------------------------------------------------------------------------------------------------------

    def is_model(self, linker: Linker, klass: Klass) -> bool:
        known = self._models.get(klass.id)
        if known is None:
            known = self._models[klass.id] = MODEL in linker.mro(klass)
        return known

    def _is_manager(self, linker: Linker, atom: Atom) -> bool:
        if isinstance(atom, linker.ExtObj):
            return bool({MANAGER, QUERYSET} & set(linker.catalog.bases(atom.name)))
        if isinstance(atom, linker.Obj):
            return linker.is_a(atom.klass, MANAGER) or linker.is_a(atom.klass, QUERYSET)
        return False

    def _first_manager(self, linker: Linker, klass: Klass) -> Value | None:
        for base in linker.mro(klass):
            if isinstance(base, str):
                continue
            for name, bindings in base.names.items():
                if bindings[-1][0] == "value" and bindings[-1][1] is not None and not isinstance(bindings[-1][1], str):
                    value = self.class_attribute(linker, klass, name)
                    if value and any(self._is_manager(linker, atom) for atom in value):
                        return value
        return None

    def user(self, linker: Linker) -> Klass | None:
        """The project's user model, by ``AUTH_USER_MODEL``; else the one class that derives from Django's abstract ones."""
        if self._user is False:
            self._user = None
            state, value = self.setting("AUTH_USER_MODEL")
            if isinstance(value, str):
                self._user = self.named(linker, value, None)
            elif state != "absent":
                abstract = ("django.contrib.auth.models.AbstractUser", "django.contrib.auth.models.AbstractBaseUser")
                found = [k for k in linker.project.klasses if any(linker.is_a(k, base) for base in abstract)]
                self._user = found[0] if len(found) == 1 else None
        return self._user  # type: ignore[no-any-return]

    def named(self, linker: Linker, text: str, near: Klass | None) -> Klass | None:
        """The model of ``"app.Model"``, ``"Model"`` or ``"self"``."""
        if text == "self":
            return near
        if self._by_name is None:
            self._by_name = {}
            for klass in linker.project.klasses:
                if klass.parent is None and self.is_model(linker, klass):
                    self._by_name[f"{_apps(klass)[0]}.{klass.fact.name}".lower()] = klass
                    short = klass.fact.name.lower()
                    self._by_name[short] = None if short in self._by_name else klass
        if "." in text:
            found = self._by_name.get(text.lower())
            if found is not None:
                return found
            return self._by_name.get(text.rpartition(".")[2].lower())
        if near is not None:
            label = near.module.name.rpartition(".models")[0].rpartition(".")[2]
            found = self._by_name.get(f"{label}.{text}".lower())
            if found is not None:
                return found
        return self._by_name.get(text.lower())

    def _classes(self, linker: Linker, value: Value, near: Klass | None) -> list[Klass]:
        result = []
        for atom in value:
            if isinstance(atom, linker.Cls):
                result.append(atom.klass)
            elif isinstance(atom, linker.Const) and isinstance(atom.value, str):
                found = self.named(linker, atom.value, near)
                if found is not None:
                    result.append(found)
            elif _is_user(linker, atom):
                found = self.user(linker)
                if found is not None:
                    result.append(found)
        return result

    def _of_library(self, linker: Linker, value: Value) -> Value:
        """Instances of a library's model that ``"auth.User"`` or ``settings.AUTH_USER_MODEL`` names, where the project has none of its own
        by that name."""
        for atom in value:
            text = atom.value if isinstance(atom, linker.Const) else None
            if _is_user(linker, atom):
                text = self.setting("AUTH_USER_MODEL")[1]
                if text is None:  # Django's own default; settings that are elsewhere mostly name a user that derives from it
                    text = "auth.User"
            label, dot, name = text.partition(".") if isinstance(text, str) else ("", "", "")
            for package in (f"django.contrib.{label}", label) if dot else ():
                if linker.catalog.library_class(f"{package}.models.{name}") is not None:
                    return (linker.atoms(linker.ExtObj, f"{package}.models.{name}", (), STORED),)
        return ()

    def reverse(self, linker: Linker) -> dict[int, dict[str, Value]]:
        """For each model, what other models' fields add to its instances."""
        if self._reverse is not None:
            return self._reverse
        self._reverse = {}
        for klass in linker.project.klasses:
            if not self.is_model(linker, klass):
                continue
            for base in linker.mro(klass):
                if isinstance(base, str):
                    continue
                if base is not klass and not _abstract(base):
                    continue
                for name, bindings in base.names.items():
                    expr = bindings[-1][1] if bindings[-1][0] == "value" else None
                    if expr is not None and not isinstance(expr, str) and expr[0] == "call" and not _abstract(klass):
                        self._relate(linker, klass, base, name, expr)
        return self._reverse

    def put_by_name(self, linker: Linker) -> set[str]:
        """The attributes that rows get by a name which a call is told: ``annotate(total=..)``, ``setattr(row, "total", 1)``."""
        if self._put is None:
            modules = dict.fromkeys(module for word in _PUT for module in linker.project.using(word))
            calls = (call for module in modules for fun in (module.body, *module.funs) for call in calls_in(fun.body))
            self._put = set()
            for call in (call for call in calls if last_name(call[1]) in _PUT):
                given = (*call[2], *(part for name, value in call[3] for part in (("const", name), value)))
                self._put.update(str(each[1]) for each in given if each.__class__ is tuple and each[0] == "const")
        return self._put

    def related_names(self, linker: Linker) -> set[str]:
        """The names under which relations of whatever kind say that rows have those that are related to them."""
        if self._related is None:
            bound = (binding for klass in linker.project.klasses for bindings in klass.names.values() for binding in bindings)
            values = (binding[1] for binding in bound if binding[0] == "value" and binding[1].__class__ is tuple)
            given = (pair for value in values if value[0] == "call" for pair in value[3])
            self._related = {str(value[1]) for name, value in given if name == "related_name" and value[0] == "const"}
        return self._related

    def _relate(self, linker: Linker, klass: Klass, holder: Klass, name: str, expr: Expr) -> None:
        assert self._reverse is not None
        func = expr[1]
        if not isinstance(func, str) or not func.rpartition(".")[2][:1].isupper():
            return
        for atom in linker.class_attribute(holder, name):
            kinds = linker.kinds(atom)
            one, many = not _TO_ONE.isdisjoint(kinds), not _TO_MANY.isdisjoint(kinds)
            if not one and not many and _GENERIC not in kinds:
                continue
            keywords = dict(expr[3])
            target = keywords.get("to") or (expr[2][0] if expr[2] else None)
            if target is None:
                continue
            value = linker.class_expression(holder, target)
            if _GENERIC in kinds:  # it is the other side of what has no name there, and those rows go with this one
                self._cascades.setdefault(klass.id, []).extend(self._classes(linker, value, klass))
                continue
            related = keywords.get("related_name")
            single = "OneToOne" in func
            if related is not None and not isinstance(related, str) and related[0] == "const" and isinstance(related[1], str):
                named = related[1].replace("%(class)s", klass.fact.name.lower())
                accessors = {named.replace("%(app_label)s", app) for app in _apps(klass)} if "%(app_label)s" in named else {named}
            else:
                accessors = {klass.fact.name.lower() + ("" if single else "_set")}
            item = (linker.instance(klass, True, origin=STORED),)
            kind = _MANY_RELATED if many else _RELATED
            others = self._classes(linker, value, klass)
            for other in others:
                field = atom.origin[3:] if many and isinstance(atom, linker.ExtObj) else ()
                relation = Related(field[0], other.id, True) if field else None
                reverse = item if single else (linker.atoms(linker.ExtObj, kind, item, relation),)
                self._reverse.setdefault(other.id, {}).update(dict.fromkeys(accessors, reverse))
            deleting = keywords.get("on_delete") or (expr[2][1] if len(expr[2]) > 1 else None)
            if one and isinstance(deleting, str) and deleting.endswith("CASCADE"):
                for target in [each.id for each in others] or [each.name for each in self.models(linker, value)]:
                    self._cascades.setdefault(target, []).append(klass)


def _meta(klass: Klass, name: str) -> Any:
    """A constant of ``class Meta``."""
    for binding in klass.names.get("Meta", ()):
        if binding[0] == "class":
            for inner in klass.module.klasses[binding[1]].names.get(name, ()):
                if inner[0] == "value" and inner[1] is not None and not isinstance(inner[1], str) and inner[1][0] == "const":
                    return inner[1][1]
    return None


def _stays(registered: Registered, gone: tuple[str, Pos] | None) -> bool:
    """Is a model still registered, that is unregistered there? What does that registers it anew below, if at all."""
    return gone is None or (registered.path == gone[0] and registered.pos > gone[1])


def _classes(linker: Linker, value: Value) -> list[Klass]:
    return [atom.klass for atom in (*value, *linker.items(value)) if isinstance(atom, linker.Cls)]


def _models(linker: Linker, value: Value) -> list[Klass | str]:
    """The models in a value; those of libraries by their names."""
    own = _classes(linker, value)
    return [*own, *(atom.name for atom in (*value, *linker.items(value)) if isinstance(atom, linker.Ext))]


def _is_site(linker: Linker, atom: Atom) -> bool:
    if isinstance(atom, (linker.Ext, linker.ExtObj)):
        return atom.name in (SITE, ADMIN_SITE)
    return isinstance(atom, linker.Obj) and linker.is_a(atom.klass, ADMIN_SITE)


def _is_user(linker: Linker, atom: Atom) -> bool:
    """Is it the setting that names the user model?"""
    return isinstance(atom, linker.Ext) and atom.name.endswith("AUTH_USER_MODEL")


def _is_own(linker: Linker, dotted: str) -> bool:
    module, name = linker.project.inside(dotted)
    return module is not None and name in module.names


def _named_in(linker: Linker, value: Any) -> Value | None:
    """A string that names something of the project's own, or a dict that has one in it, as far as it does."""
    if isinstance(value, str):
        return (linker.atoms.const(value),) if _is_own(linker, value) else None
    if not isinstance(value, dict):
        return None
    found = {key: _named_in(linker, item) for key, item in value.items()}
    if all(item is None for item in found.values()):
        return None
    return (linker.atoms(linker.Table, tuple((key, item or ()) for key, item in found.items()), ()),)


def _abstract(klass: Klass) -> bool:
    return _meta(klass, "abstract") is True


def _label(klass: Klass) -> str:
    label = _meta(klass, "app_label")
    return label if isinstance(label, str) else ""


def _apps(klass: Klass) -> list[str]:
    """The labels that a model's app may have: as it says, else the package in which its ``models`` are, and those around that."""
    if label := _label(klass):
        return [label]
    parts = klass.module.name.split(".")
    before = parts[: parts.index("models")] if "models" in parts[1:] else parts[:-1]
    return before[::-1] or [""]


def _is_described(linker: Linker, name: str) -> bool:
    """Is a library's class known well enough to say that nothing else of interest is in it?"""
    return linker.catalog.library_class(name) is not None or name.partition(".")[0] in sys.stdlib_module_names


def _makes(linker: Linker, value: Value, expr: Expr | None, kind: str) -> bool | None:
    """Is what the body of a model binds a field of a kind? None where that is not known."""
    if not value:
        return False if expr is None or (expr.__class__ is tuple and expr[0] != "call") else None
    for atom in value:
        if isinstance(atom, linker.ExtObj):
            bases = linker.catalog.bases(atom.name)
        elif isinstance(atom, linker.Obj):
            bases = linker.library_bases(atom.klass)
            if not all(linker.has_known_bases(base) for base in linker.mro(atom.klass) if not isinstance(base, str)):
                return None
        else:
            continue
        if kind in bases:
            return True
        if not all(base.endswith(_NO_FILES) or _is_described(linker, base) for base in bases):
            return None
    return False
