"""Evaluates module bodies from facts, as far as configuration code needs it: `Evaluator.namespace(module)` gives a module's names.

Nothing is executed: a statement that is understood changes a table of names, everything else leaves an `Unknown` that says why.
Where a test cannot be decided both branches are followed and joined; a test that rests on an assumption (the default of an
environment reader) is followed the way it points, and what the other way would have changed is then only `likely`. Calls whose
meaning depends on a library are given to a ``hook``; calls that nobody knows give a `Made`, which remembers its arguments.

`evaluator` holds the state; `statements`, `expressions`, `calls` and `boxes` say what the language does."""

from txlint.frameworks.evaluate.evaluator import Evaluator
from txlint.frameworks.evaluate.frame import Call, Frame
from txlint.frameworks.evaluate.modules import Modules, absolute_import

__all__ = ["Call", "Evaluator", "Frame", "Modules", "absolute_import"]
