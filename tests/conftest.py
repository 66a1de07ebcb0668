"""No test writes into the home of whoever runs it, and none passes over an error of txlint's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("state")
    os.environ.setdefault("TXLINT_TRACE", "1")  # an error of ours ends a test, where it would cost a user one function
    os.environ["XDG_STATE_HOME"] = os.environ["LOCALAPPDATA"] = str(folder)
