"""What the tests of the library share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def development_data() -> Path:
    """Return the folder of real data that lies beside the project on a developer's machine, or skip the test."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data (../shared/data) is not on this machine")
    return folder
