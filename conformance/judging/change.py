"""How the verdicts on a check and on a requirement changed from an earlier run to a later one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from conformance.judging.blocking import JUDGED
from conformance.judging.verdict import VerdictKind

Change = Literal["new", "wider", "revealed", "still", "narrower", "fixed", "dropped", "other"]
"""- `new`: violated now, and met before.
- `wider`: violated both times, now in scenarios that passed before.
- `revealed`: violated now, and not judged before.
- `still`: violated both times.
- `narrower`: violated both times, now in fewer scenarios.
- `fixed`: violated before, and holds now.
- `dropped`: violated before, and not judged now in all of these scenarios.
- `other`: violated neither time.
"""

VIOLATED: Final[frozenset[VerdictKind]] = frozenset({"failed", "waived", "warned"})
"""Verdicts of requirements that the target violates."""


def change_of_check(before: VerdictKind | None, now: VerdictKind | None) -> Change:
    """Return how the verdict on one check changed; None stands for a run that did not plan the check."""
    if now in VIOLATED:
        if before in VIOLATED:
            return "still"
        return "new" if before in JUDGED else "revealed"
    if before in VIOLATED:
        return "fixed" if now in JUDGED else "dropped"
    return "other"


def change_of_requirement(checks: Iterable[tuple[VerdictKind | None, VerdictKind | None]]) -> Change:
    """Return how a requirement changed, from the verdicts before and now on each of its checks."""
    changes = {change_of_check(before, now) for before, now in checks}
    before, now = changes & {"still", "fixed", "dropped"}, changes & {"still", "new", "revealed"}
    if now and "new" in changes:
        return "wider" if before else "new"
    if now and before:
        return "narrower" if "fixed" in changes else "still"
    if now:
        return "revealed"
    if before:
        return "dropped" if "dropped" in changes else "fixed"
    return "other"
