"""What a misspelt name may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_ALIKE: Final = 0.5


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is spelt most like it; None where none comes near."""
    found = several_nearest(name, known, most=1, alike=_ALIKE)
    return found[0] if found else None


def several_nearest(name: str, known: Iterable[str], *, most: int, alike: float) -> list[str]:
    """Up to `most` known names that are spelt like it, the nearest first. `alike` is the least likeness, 0 to 1."""
    return difflib.get_close_matches(name, list(known), n=most, cutoff=alike)
