"""Names to definitions, receivers to classes, calls to callees, over the whole project."""
