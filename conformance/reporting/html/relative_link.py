"""Addresses of files relative to a page, so that a folder of runs can be moved or published as it is."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def relative_link(page: Path, file: Path) -> str | None:
    """Return the address of a file relative to a page; None if there is no such file, or it is on another drive."""
    try:
        if not file.is_file():
            return None
        path = os.path.relpath(file.resolve(), page.resolve().parent)
    except (OSError, ValueError):
        return None
    words = path.replace(os.sep, "/")
    # Without the dot, a folder named like `javascript:` would be read as a scheme.
    return quote(os.fsencode(words if words.startswith("../") else f"./{words}"))
