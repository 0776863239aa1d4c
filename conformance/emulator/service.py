"""One server instance: its parts, built once and handed to every operation."""

from dataclasses import dataclass

from .clock import Clock
from .ids import IdMint
from .override_points import HEALTHY, Seams
from .resources import Registry
from .store import Store
from .tokens import Tokens
from .work_queue import WorkQueue


@dataclass(frozen=True)
class Service:
    """State, decisions and the two groups of transitions of a server."""

    tokens: Tokens
    seams: Seams
    store: Store
    queue: WorkQueue
    registry: Registry

    @classmethod
    def build(cls, *, tokens: Tokens, clock: Clock, mint: IdMint | None = None, seams: Seams = HEALTHY) -> "Service":
        """An empty server. ``clock`` answers aware datetimes; ``mint`` makes the ids, UUIDs unless given."""
        store, mint = Store(), mint or IdMint(clock)
        queue = WorkQueue(store=store, clock=clock, mint=mint, seams=seams)
        registry = Registry(store=store, queue=queue, clock=clock, mint=mint)
        return cls(tokens=tokens, seams=seams, store=store, queue=queue, registry=registry)
