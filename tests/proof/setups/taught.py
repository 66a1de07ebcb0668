"""The platform, as it calls the project's code: inside its own transaction."""


def submitted(document):
    atomically(document.on_submit)  # noqa: F821 (a name of the stage)


def fired(event):
    from acme.events import HANDLERS

    atomically(HANDLERS[event])  # noqa: F821
