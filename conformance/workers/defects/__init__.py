"""Defective workers: the reference worker with one fault each, and the requirements that must fail on them.

`python -m conformance.workers <id>` runs one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import acks, identity, leases, lost_leases, polling, requests, stops, tokens
from .defect import WorkerDefect

WORKER_DEFECTS: Final[Mapping[str, WorkerDefect]] = {
    defect.id: defect
    for topic in (polling, identity, acks, leases, lost_leases, stops, tokens, requests)
    for defect in topic.DEFECTS
}
"""All defective workers by id, in the order of the chapters."""

__all__ = ["WORKER_DEFECTS", "WorkerDefect"]
