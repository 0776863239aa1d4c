"""Named defects: servers that violate the contract in one point each, and the requirements that must fail on them.

A defect changes any given server, so that it also works on an unusual but compliant one. The code of the correct server
does not know the defects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import (
    acks,
    authentication,
    by_operation,
    caches,
    check_then_act,
    cross_item,
    item_lookup,
    races,
    refusal_side_effects,
    response_encoding,
    shared_state_races,
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
        item_lookup,
        authentication,
        refusal_side_effects,
        work_item_fields,
        value_formats,
        response_encoding,
        races,
        check_then_act,
        shared_state_races,
        cross_item,
        by_operation,
    )
    for defect in area.DEFECTS
}
"""Every defect by id, in the order of the contract's chapters."""

__all__ = ["DEFECTS", "Defect"]
