"""Where frameworks let a project set itself up: names of functions and methods that run once, before any request."""

AT_START = frozenset(
    {
        "configure",
        "includeme",  # Pyramid's `config.include`
        "init_app",  # extensions of Flask and their kind
        "ready",  # Django's `AppConfig`
        "setup",
    }
)
"""Code in them connects signals and listeners."""
