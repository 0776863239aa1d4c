"""Named defects: servers that depart from the contract in one point each, and what must fail because of it.

A defect is a departure from whatever server it is given, so that it can be seen under an odd but legal one as well.
The healthy path knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import (
    acks,
    authentication,
    caches,
    check_then_act,
    cross_item,
    races,
    response_encoding,
    routing,
    shared_state,
    side_effects,
    state_transitions,
    suite_detection,
    value_formats,
    work_item_fields,
    worker_identity,
)
from .defect import Defect

DEFECTS: Final[Mapping[str, Defect]] = {
    defect.id: defect
    for area in (
        acks,
        state_transitions,
        worker_identity,
        caches,
        suite_detection,
        routing,
        authentication,
        side_effects,
        work_item_fields,
        value_formats,
        response_encoding,
        races,
        check_then_act,
        shared_state,
        cross_item,
    )
    for defect in area.DEFECTS
}
"""Every defect by its id, in the order of the contract's chapters."""

__all__ = ["DEFECTS", "Defect"]
