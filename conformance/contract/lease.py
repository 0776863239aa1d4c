"""The value of an item's latest heartbeat: what the suite knows of it, and which expected values it matches.

A heartbeat returns the value as `last_heartbeat`, and a worker sends it back as `expected_last_heartbeat`, byte for byte.
An item shows it as `latest_heartbeat_at`, perhaps in another precision.

Sources: Heartbeat § Query parameters and § Errors; Work schemas § Work item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from conformance.contract.timestamps import may_be_same_moment
from conformance.contract.work_item import instant_of

NO_HEARTBEAT: Final = "NO_HEARTBEAT"
"""The expected value for an item without a heartbeat."""

_YES: Final = frozenset({True})
_NO: Final = frozenset({False})
_EITHER: Final = _YES | _NO


@dataclass(frozen=True, slots=True)
class Lease:
    """What is known of the latest heartbeat's value.

    - `returned`: a heartbeat returned `value`, so its spelling is known. `value` None: there was no heartbeat.
    - `shown`: only an item showed `value`.
    - `unknown`: the value was never seen. It is none of `rejected`.
    - `untracked`: the history does not follow the value, so every response is allowed.
    """

    knowledge: Literal["returned", "shown", "unknown", "untracked"]
    value: str | None = None
    rejected: frozenset[str] = frozenset()

    def matches(self, expected: str | None) -> frozenset[bool]:
        """Return whether a heartbeat that expects this value may match, and whether it may not. None matches always."""
        if self.knowledge == "untracked":
            return _EITHER
        if expected is None:
            return _YES
        if self.knowledge == "unknown":
            return _NO if expected in self.rejected else _EITHER
        if self.value is None or expected == NO_HEARTBEAT or self.knowledge == "returned":
            return frozenset({expected == (self.value or NO_HEARTBEAT)})
        return _EITHER if _same_moment(expected, self.value) else _NO

    def as_shown(self, shown: str | None) -> Lease | None:
        """Return what is known once an item shows this value (None: `null`); None if it cannot show it."""
        if self.knowledge in {"unknown", "untracked"}:
            return None if shown is None and NO_HEARTBEAT in self.rejected else Lease("shown", shown)
        if self.value is None or shown is None:
            return self if self.value == shown else None
        return self if _same_moment(self.value, shown) else None

    def renewed(self, returned: str | None = None) -> Lease:
        """Return what is known after a heartbeat whose value was not seen.

        `returned` is the value of an overlapping heartbeat, if it came instead. The unseen value is then later than the
        one before, unless both are in whole seconds.
        """
        if self.knowledge == "untracked":
            return self
        older = returned is not None and self.value is not None and "." in self.value and self.value != returned
        return Lease(
            "unknown", None, frozenset({NO_HEARTBEAT, self.value or NO_HEARTBEAT} if older else {NO_HEARTBEAT})
        )


UNTRACKED: Final = Lease("untracked")
UNKNOWN: Final = Lease("unknown")
NO_LEASE: Final = Lease("returned")
"""There was no heartbeat."""


def lease_order(lease: Lease) -> tuple[str, str, tuple[str, ...]]:
    """Return a sort key."""
    return lease.knowledge, lease.value or "", tuple(sorted(lease.rejected))


def _same_moment(one: str, other: str) -> bool:
    a, b = instant_of(one), instant_of(other)
    return one == other if a is None or b is None else may_be_same_moment(a, b)
