"""Defects of the operations besides ack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..defect import Defect
from . import (
    get,
    heartbeat,
    parameter_values,
    path_rules,
    poll,
    poll_windows,
    rarer_responses,
    shared_rules,
    stats,
    stop,
    update,
)
from . import list as list_

DEFECTS: Final[Sequence[Defect]] = tuple(
    defect
    for area in (
        poll,
        poll_windows,
        list_,
        get,
        update,
        heartbeat,
        stop,
        stats,
        parameter_values,
        rarer_responses,
        shared_rules,
        path_rules,
    )
    for defect in area.DEFECTS
)
"""Every defect of these operations, in the order of the pages, then those of shared rules."""
