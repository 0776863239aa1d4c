"""Tokens that no other test knows."""

from __future__ import annotations

import pytest

from conformance.emulator import Tokens


@pytest.fixture
def tokens() -> Tokens:
    return Tokens.generate()
