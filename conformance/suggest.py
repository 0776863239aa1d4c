"""Suggests the intended name for a misspelled one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_ALIKE: Final = 0.5


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name with the most similar spelling; None if none is similar."""
    found = several_nearest(name, known, most=1, alike=_ALIKE)
    return found[0] if found else None


def several_nearest(name: str, known: Iterable[str], *, most: int, alike: float) -> list[str]:
    """Return up to `most` similar names, the nearest first. `alike` is the minimum similarity, 0 to 1."""
    return difflib.get_close_matches(name, list(known), n=most, cutoff=alike)
