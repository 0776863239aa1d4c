"""Steps of JSON pointers (RFC 6901)."""

from __future__ import annotations


def pointer_step(name: str) -> str:
    """Return a member's name escaped as one step of a pointer (section 3)."""
    return name.replace("~", "~0").replace("/", "~1")
