"""Named foreign shapes: servers that nobody here wrote, whose other operations are odd beside an ack that is right.

A variant is odd and legal, and a run on it is green; a shape is odd and not legal. What it makes unreachable stays
unjudged, and whatever is blamed for it is an innocent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import operations, state_names
from .shape import Shape

SHAPES: Final[Mapping[str, Shape]] = {shape.id: shape for area in (operations, state_names) for shape in area.SHAPES}
"""Every shape by its id."""

SHAPE_COMBINATIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("stop-204", "heartbeat-204", "poll-204", "message-204"),
    ("stop-accepted", "pending-for-queued", "list-bare"),
    ("stop-plain-text", "claimed-for-starting", "list-bare"),
    ("failed-for-stopped", "poll-twice", "heartbeat-204"),
    ("stop-straight", "starting-from-poll", "heartbeat-204"),
    ("second-heartbeat", "poll-until-acked", "stop-204", "message-204"),
)
"""Servers that are odd in several points at once."""

__all__ = ["SHAPES", "SHAPE_COMBINATIONS", "Shape"]
