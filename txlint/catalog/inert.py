"""What does nothing that a rollback could fail to undo: packages (``inert.txt`` says which, and why), and methods, by their names."""

import sys
from functools import cache
from pathlib import Path

METHODS = frozenset({
    # Queries and what they read, of Django and SQLAlchemy: they go to the database whose transaction it is.
    "aggregate", "alias", "all", "annotate", "asc", "between", "cast", "contains", "correlate", "count", "dates", "datetimes",
    "defer", "desc", "distinct", "earliest", "else_", "exclude", "execution_options", "exists", "explain", "fetchall", "fetchmany",
    "fetchone", "filter", "filter_by", "first", "get_queryset", "group_by", "having", "icontains", "ilike", "in_", "in_bulk", "is_",
    "is_not", "isin", "isnot", "isnull", "iterator", "join", "joinedload", "label", "last", "latest", "like", "limit", "mappings",
    "none", "not_in", "notin_", "nulls_last", "nullsfirst", "nullslast", "offset", "on_conflict_do_nothing", "on_conflict_do_update",
    "one", "one_or_none", "only", "op", "options", "order_by", "outerjoin", "over", "prefetch_related", "query", "returning",
    "scalar", "scalar_one", "scalar_one_or_none", "scalar_subquery", "scalars", "select_for_update", "select_related", "selectinload",
    "self_group", "subquery", "subqueryload", "union", "unique", "using", "values", "values_list", "where", "with_entities",
    "with_for_update", "with_only_columns",
    # What Django says of itself, and is told of a form.
    "add_error", "get_app_config", "get_field", "get_fields", "get_for_id", "get_for_model", "get_for_models", "get_model",
    "get_models", "model_class",
    # Logging and tracing.
    "critical", "debug", "error", "exception", "info", "set_attribute", "warn", "warning",
    # Values, texts, numbers, dates, bytes, matches of regular expressions; rows as documents; messages for whoever asked;
    # addresses of views.
    "_", "_tuple", "append", "as_boolean", "as_float", "as_integer", "as_string", "casefold", "decode", "digest", "encode",
    "endswith", "extend", "findall", "finditer", "flash", "format", "fullmatch", "getall", "getboolean", "getlist", "gettext",
    "group", "groupdict", "groups", "hexdigest", "isoformat", "items", "keys", "lower", "lstrip", "match", "model_copy", "model_dump",
    "model_dump_json", "model_validate", "normalize_email", "quantize", "replace", "route_path", "route_url", "rsplit", "rstrip",
    "seek", "setdefault", "sort", "split", "splitlines", "startswith", "strftime", "strip", "sub", "tell", "title", "total_seconds",
    "upper",
})  # fmt: skip
"""Methods that read, compute or describe, whatever has them: a call of one whose receiver is not known is no gap worth telling of."""

ROWS = frozenset({
    "add", "bulk_create", "bulk_update", "clear", "create", "delete", "get", "get_or_create", "remove", "save", "set", "update",
    "update_or_create",
})  # fmt: skip
"""Methods of rows, managers and relations. They run code of the project only where the model has some: those that a migration is given
have none (Django 5.2: docs/topics/migrations.txt, "Historical models")."""


@cache
def inert() -> frozenset[str]:
    """Top-level packages; those of the standard library are among them, as the catalog speaks of all in it that matters."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return sys.stdlib_module_names | {line for line in lines if not line.startswith("#")}
