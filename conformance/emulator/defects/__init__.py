"""Named defects: servers that depart from the contract in one point each, and what must fail because of it.

A defect is a departure from whatever server it is given, so that it can be seen under an odd but legal one as well.
The healthy path knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import (
    of_acks,
    of_caches,
    of_check_then_act,
    of_credentials,
    of_effects,
    of_envelopes,
    of_forms,
    of_guises,
    of_identity,
    of_interleavings,
    of_items,
    of_neighbours,
    of_places,
    of_races,
    of_states,
)
from .defect import Defect

DEFECTS: Final[Mapping[str, Defect]] = {
    defect.id: defect
    for area in (
        of_acks,
        of_states,
        of_identity,
        of_caches,
        of_guises,
        of_places,
        of_credentials,
        of_effects,
        of_items,
        of_forms,
        of_envelopes,
        of_races,
        of_check_then_act,
        of_interleavings,
        of_neighbours,
    )
    for defect in area.DEFECTS
}
"""Every defect by its id, in the order of the contract's chapters."""

__all__ = ["DEFECTS", "Defect"]
