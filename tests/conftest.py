"""No test writes into the home of whoever runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = os.environ["LOCALAPPDATA"] = str(folder)
