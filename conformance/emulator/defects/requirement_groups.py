"""Groups of requirement ids that one defect violates together."""

from __future__ import annotations

from typing import Final

"""Races with a first ack that show its response, whichever request comes first."""

REDELIVERY: Final = "ack.race.redelivery"
"""A race that shows the ack's response only if the ack comes before the poll."""

LIVE_MISMATCHES: Final = "ack.identity.mismatch-queued ack.identity.mismatch-starting ack.identity.mismatch-active"

MISMATCHES: Final = f"{LIVE_MISMATCHES} ack.identity.redelivered"
"""Requirements about another worker's ack that returns 409, except variations of that ack."""

TERMINAL: Final = (
    "ack.terminal.stopping ack.terminal.stopped-queued ack.terminal.stopped-drained ack.terminal.stopped-forced"
)
NOT_FOUND: Final = "ack.not-found.environment ack.not-found.work ack.not-found.other-environment"
UNAUTHENTICATED: Final = (
    "ack.auth.missing ack.auth.unknown-token ack.auth.empty-bearer ack.auth.scheme ack.auth.x-api-key ack.auth.expired"
)
ITEM_SCHEMAS: Final = "ack.answer.schema-en ack.answer.schema-zh"
ENVELOPE_SCHEMAS: Final = "ack.envelope.schema-en ack.envelope.schema-zh"
ANOTHER_ITEM: Final = "ack.answer.same-item ack.answer.get-agrees"
