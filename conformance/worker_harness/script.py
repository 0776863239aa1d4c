"""What the scripted server does in a scenario, as data: the items that wait, and how it departs from a plain server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from conformance.arrange.item_spec import State

ScriptedOperation = Literal["poll", "ack", "heartbeat", "stop", "get", "list", "update", "stats", "session", "unknown"]
"""What a request of a worker is: an operation of the Work API, a call about a session, or neither."""

SHORT_LEASE: Final = 3.0
"""Seconds of a lease, unless the documented ones are asked for: the API's shortest would make a run slow."""

REAL_LEASE: Final = 10.0
"""Seconds of the shortest documented lease (`--real-leases`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Answer with this error and change nothing. `retry_after` is the value of that header, in seconds.

    With `as_date` the header is a date so many seconds after the `Date` of the response.
    """

    status: int
    error_type: str
    retry_after: int | None = None
    as_date: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose:
    """Close the connection without an answer. With `done`, the operation was carried out; `reset` closes it by RST."""

    done: bool = True
    reset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Carry out the operation at once, and answer so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answer 307 with the same path on another host, which records what arrives there and answers 404."""


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Let a poll deliver the first item once more, in the state `queued`."""


@dataclass(frozen=True, slots=True)
class SetState:
    """First bring the item into a state, as if it had been stopped from elsewhere, then carry out the operation."""

    state: State


@dataclass(frozen=True, slots=True)
class ShowState:
    """Carry out the operation, then bring the item into a state and show that in the answer."""

    state: State


Behaviour = Refuse | Lose | Delay | Redirect | Redeliver | SetState | ShowState


@dataclass(frozen=True, slots=True)
class Rule:
    """A departure: requests number `first` to `last` of an operation get this behaviour; None is without end.

    Requests on an item are counted for each item. With `item`, the rule is about that item only, counted from 0.
    `operation` None stands for every operation, counted together.
    """

    operation: ScriptedOperation | None
    behaviour: Behaviour
    first: int = 1
    last: int | None = 1
    item: int | None = None

    def applies(self, operation: ScriptedOperation, number: int, item: int | None) -> bool:
        """Return whether the rule is about a request, the `number`-th of its kind on that item."""
        return (
            self.operation in (None, operation)
            and self.first <= number
            and (self.last is None or number <= self.last)
            and (self.item is None or self.item == item)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The server of a scenario.

    - `items`: how many wait when it starts.
    - `job_leases`: the length of a job, in leases.
    - `odd_spelling`: answer with unknown fields, a `secret`, other spellings of times, white space around `null`.
    - `requeue`: put an item back into the queue when its lease has run out.
    - `idle`: seconds from the first poll for which nothing waits.
    - `workers`: nothing waits before so many different workers have polled.
    - `first_lease`: the length of the lease that the first heartbeat gets, in leases.
    - `one_each`: a worker gets its second item only when each of the `workers` has got one.
    - `redeliver_after`: seconds until an unacked item is delivered again; None leaves it to the poll's parameter.
    """

    items: int = 1
    job_leases: float = 0.4
    rules: tuple[Rule, ...] = ()
    odd_spelling: bool = False
    requeue: bool = False
    redeliver_after: float | None = None
    idle: float = 0.0
    first_lease: int = 1
    workers: int = 1
    one_each: bool = False
