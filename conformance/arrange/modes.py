"""The names of the three ways to obtain work items, for the command line."""

from __future__ import annotations

from typing import Final, Literal, get_args

ArrangeMode = Literal["api", "manifest", "command"]

MODES: Final[tuple[ArrangeMode, ...]] = get_args(ArrangeMode)
DEFAULT_TIMEOUT: Final = 30.0
"""Seconds that one request to a vendor's program may take."""
