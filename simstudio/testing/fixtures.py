"""The pytest side of simstudio.testing; loaded where pytest is asked for it."""

from __future__ import annotations

from typing import Iterator

import pytest

from .server import SimServer


@pytest.fixture
def sim_server() -> Iterator[SimServer]:
    """A SimServer of the test's own, which takes any API key."""
    with SimServer() as server:
        yield server
