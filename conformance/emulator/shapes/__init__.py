"""Named foreign shapes: imitations of servers whose ack is correct but whose other operations differ from the docs.

A variant complies with the docs, and a run on it passes. A shape does not comply. What it makes unreachable stays
unjudged, and every failure on it is a false one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import operations, state_names
from .shape import Shape

SHAPES: Final[Mapping[str, Shape]] = {shape.id: shape for area in (operations, state_names) for shape in area.SHAPES}
"""Every shape by id."""

SHAPE_COMBINATIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("stop-204", "heartbeat-204", "poll-204", "message-204"),
    ("stop-accepted", "pending-for-queued", "list-bare"),
    ("stop-plain-text", "claimed-for-starting", "list-bare"),
    ("failed-for-stopped", "poll-twice", "heartbeat-204"),
    ("stop-straight", "starting-from-poll", "heartbeat-204"),
    ("second-heartbeat", "poll-until-acked", "stop-204", "message-204"),
)
"""Combinations of shapes on one server."""

__all__ = ["SHAPES", "SHAPE_COMBINATIONS", "Shape"]
