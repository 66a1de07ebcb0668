"""txlint finds effects that a rollback cannot undo while a database transaction is open."""

__version__ = "0.1.0"
