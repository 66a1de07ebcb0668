"""What calls that read the environment give: the default that is written in the settings, else a value that only the deployment knows.

`read_environment` is the hook of the settings' `Evaluator`. Known are ``os.environ`` and the usual libraries; beyond them a call whose
first argument is the name of a variable (``"SHOP_DEBUG"``) and that has a default is taken for a reader too."""

from __future__ import annotations

from typing import Any

from txlint.frameworks.data import Attr, Cell, FunctionRef, Made, Name, Series, Table, Unknown, dotted_name, open_table
from txlint.frameworks.evaluate import Call
from txlint.model.kinds import Confidence

TRUE_WORDS = frozenset({"1", "true", "t", "yes", "y", "on", "enabled"})
FALSE_WORDS = frozenset({"0", "false", "f", "no", "n", "off", "disabled", ""})
FROM_ENVIRONMENT = "it is read from the environment"
"""Why nothing is known of it."""
# Readers that give a dict of connection settings.
_CONNECTIONS = frozenset(
    {
        *("db", "db_url", "dj_db_url", "cache", "cache_url", "dj_cache_url", "email", "email_url", "dj_email_url", "search_url"),
        *("search", "channels", "channels_url", "json", "dict"),
    }
)
_CONNECTION_LIBRARIES = ("dj_database_url.", "dj_email_url.", "django_cache_url.", "dj_cache_url.", "dj_search_url.")
_CASTS = {"bool": "bool", "int": "int", "float": "float", "str": "str"}


def read_environment(call: Call) -> Cell | None:
    """The value of a call that reads the environment; ``None`` for other calls."""
    name = call.dotted
    method = call.last or name.rpartition(".")[2]
    first = call.args[0].value if call.args else None
    if name.startswith(_CONNECTION_LIBRARIES):
        return _settings_of_a_connection(call)
    if ".values." in f".{name}" and name.startswith("configurations."):
        return _class_value(call, method)
    if _is_words_to_bool(method) and len(call.args) == 1 and not isinstance(call.func, Attr):
        return _to_bool(call, call.args[0])
    if isinstance(first, str) and first.isidentifier() and first.upper() == first:
        return _read(call, name, method, first)
    if method in _CONNECTIONS and _is_reader(call.func):
        return _settings_of_a_connection(call)
    return None


def _at(call: Call, value: Any, confidence: Confidence = Confidence.LIKELY) -> Cell:
    return call.evaluator.cell(value, call.frame, confidence)


def _settings_of_a_connection(call: Call) -> Cell:
    """A dict of which nothing is known; that it is one is certain."""
    return _at(call, open_table(FROM_ENVIRONMENT), Confidence.CERTAIN)


def _is_reader(func: Any) -> bool:
    """A method of an object made of a library's class whose name says that it reads the environment."""
    base = func.base if isinstance(func, Attr) else func
    made = base.func if isinstance(base, Made) else base
    name = dotted_name(made)
    return name.rpartition(".")[2].lower() in ("env", "fileawareenv", "config", "autoconfig", "environ") or name.startswith("environ")


def _is_words_to_bool(method: str) -> bool:
    """``strtobool``, ``str_to_bool``, ``str2bool``, ``asbool``, ``parse_bool``: functions that turn words into a truth value."""
    name = method.lower().replace("_", "").replace("string", "str").replace("2", "to")
    return name in ("strtobool", "asbool", "tobool", "parsebool", "boolify", "boolean", "strbool", "getbool", "istrue", "truthy")


def _to_bool(call: Call, cell: Cell) -> Cell:
    value = call.evaluator.force(cell.value)
    if isinstance(value, str) and value.strip().lower() in TRUE_WORDS | FALSE_WORDS:
        return _at(call, value.strip().lower() in TRUE_WORDS, cell.confidence)
    if isinstance(value, (bool, int, type(None))):
        return _at(call, bool(value), cell.confidence)
    return _at(call, value if isinstance(value, Unknown) else Unknown("a word that is no truth value"))


def _class_value(call: Call, method: str) -> Cell:
    """``values.BooleanValue(True)`` of django-configurations: the default is the first argument."""
    if method in ("DatabaseURLValue", "CacheURLValue", "EmailURLValue", "SearchURLValue"):
        return _settings_of_a_connection(call)
    default = call.args[0] if call.args else call.keyword("default")
    if default is None:
        return _at(call, Unknown(FROM_ENVIRONMENT))
    return default.unsure()


def _read(call: Call, name: str, method: str, variable: str) -> Cell | None:
    reader = name in ("os.environ.get", "os.getenv", "os.environ.setdefault", "os.environ.pop") or _is_reader(call.func)
    default = call.keyword("default") or (call.args[1] if len(call.args) > 1 else None)
    cast = call.keyword("cast")
    if method in _CONNECTIONS and (reader or default is None) and not isinstance(call.func, Name):
        given = default is not None and isinstance(default.value, (Table, Series))
        return default.unsure() if default is not None and given else _settings_of_a_connection(call)
    if default is None and isinstance(call.func, Made):
        default, cast = _scheme(call.func, variable)
    if default is None or (default.value is None and reader):
        return _at(call, Unknown(FROM_ENVIRONMENT)) if reader else None
    if isinstance(call.func, FunctionRef):  # of the project: what it returns says more
        result = call.evaluator.invoke(call.func, call.args, call.keywords, call.frame)
        if result is not None and not isinstance(result.value, (Unknown, Made, Name, Attr)):
            return result.unsure()
    default = call.evaluator.force_cell(default)
    wanted = _CASTS.get(method.lower().removeprefix("get_").removeprefix("env_"), "")
    if cast is not None:
        wanted = dotted_name(cast.value).rpartition(".")[2] or wanted
    if wanted in ("bool", "boolean", "strtobool", "_cast_boolean"):
        return _to_bool(call, default.unsure())
    if wanted in ("int", "float") and isinstance(default.value, (str, int, float)):
        try:
            return _at(call, (int if wanted == "int" else float)(default.value))
        except ValueError:
            return _at(call, Unknown("a conversion that fails"))
    return default.unsure()


def _scheme(reader: Made, variable: str) -> tuple[Cell | None, Cell | None]:
    """``Env(DEBUG=(bool, False))``: cast and default stand where the reader is made."""
    cell = reader.keyword(variable)
    if cell is None:
        return None, None
    if isinstance(cell.value, Series) and len(cell.value.items) == 2:
        return cell.value.items[1], cell.value.items[0]
    return None, cell
