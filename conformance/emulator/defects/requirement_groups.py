"""Requirements that one departure breaks together, by their ids."""

from __future__ import annotations

from typing import Final

"""Races that a first ack takes part in and that show its answer, whoever comes first."""

REDELIVERY: Final = "ack.race.redelivery"
"""A race that shows what an ack answers only where the ack comes before the poll."""

LIVE_MISMATCHES: Final = "ack.identity.mismatch-queued ack.identity.mismatch-starting ack.identity.mismatch-active"

MISMATCHES: Final = f"{LIVE_MISMATCHES} ack.identity.redelivered"
"""Whatever speaks of another worker's ack that answers 409, but for variations of that ack."""

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
