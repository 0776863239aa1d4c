"""One server instance: its parts, built once and passed to every operation."""

from dataclasses import dataclass

from .clock import Clock
from .ids import IdGenerator
from .long_polling import Notifier
from .override_points import DEFAULT_POLICY, Policy
from .resources import Resources
from .store import Store
from .tokens import Tokens
from .turns import Turns
from .work_queue import WorkQueue


@dataclass(frozen=True)
class Service:
    """The state, decisions, resources, work queue and conversations of a server."""

    tokens: Tokens
    policy: Policy
    store: Store
    queue: WorkQueue
    resources: Resources
    turns: Turns

    @classmethod
    def build(
        cls, *, tokens: Tokens, clock: Clock, mint: IdGenerator | None = None, policy: Policy = DEFAULT_POLICY
    ) -> "Service":
        """Return an empty server. ``clock`` returns aware datetimes. ``mint`` generates ids, by default UUIDs."""
        store, mint = Store(), mint or IdGenerator(clock)
        turns = Turns(store=store, clock=clock, mint=mint, notifier=Notifier())
        queue = WorkQueue(store=store, clock=clock, mint=mint, policy=policy, turns=turns)
        resources = Resources(store=store, queue=queue, turns=turns, clock=clock, mint=mint)
        return cls(tokens=tokens, policy=policy, store=store, queue=queue, resources=resources, turns=turns)
