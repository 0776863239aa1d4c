"""Connections that are broken on purpose, some of them in the middle of a TLS handshake."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def cut_off_handshakes() -> Iterator[None]:
    """Collect what a handshake left behind that was cut off, while nobody minds: asyncio closes it when it is collected."""
    yield
    gc.collect()
