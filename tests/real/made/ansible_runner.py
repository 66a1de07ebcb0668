import os
from pathlib import Path


def prepare(place):
    """Ansible itself need not be there: it is looked up, and never started."""
    folder = Path(place.folder, "bin")
    folder.mkdir()
    for name in ("ansible-config", "ansible-doc", "ansible-inventory", "ansible-playbook"):
        folder.joinpath(name).write_text("#!/bin/sh\n")
        folder.joinpath(name).chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
