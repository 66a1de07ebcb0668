"""What libraries mean, as data: one TOML file per library, a strict loader, lookup by dotted name."""

from txlint.catalog.loader import CatalogError, load_catalog
from txlint.catalog.lookup import Catalog
from txlint.catalog.types import Run, TypeExpr, parse_run, parse_type

__all__ = ["Catalog", "CatalogError", "Run", "TypeExpr", "load_catalog", "parse_run", "parse_type"]
