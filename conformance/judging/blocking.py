"""Which requirements could not be judged because of which others: a cause graph without cycles.

A blocked check names the requirement whose failure blocks it, as far as a single check can see. This module resolves
causes over a whole run, one requirement at a time, each after its causes. So no requirement is its own direct or
indirect cause, and following causes always ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.judging.verdict import Verdict, VerdictKind, worst

JUDGED: Final[frozenset[VerdictKind]] = frozenset({"failed", "waived", "warned", "passed", "observed"})
"""Verdicts that say something about the target."""

_FAILURES: Final[frozenset[VerdictKind]] = frozenset({"failed", "waived"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementOutcome:
    """The verdict of a requirement over all of its checks.

    `causes` are the requirements that block the checks that could not be judged. It is empty if one of these checks has
    another reason. `behind_failures` says that all causes lead to failures, and `behind_waived` that all of these are
    waived.
    """

    kind: VerdictKind
    causes: tuple[str, ...] = ()
    behind_failures: bool = False
    behind_waived: bool = False


def resolve_blocking(
    lines: Mapping[str, list[VerdictKind]], verdicts: Mapping[str, tuple[Verdict, ...]]
) -> dict[str, RequirementOutcome]:
    """Return the outcome of every requirement, from the verdict kinds of its checks and the verdicts that exist."""
    settled: dict[str, RequirementOutcome] = {}
    waiting: dict[str, tuple[str, ...]] = {}
    for name, kinds in lines.items():
        kind = worst(kinds)
        causes = _causes(name, verdicts[name]) if kind == "inconclusive" else ()
        if causes:
            waiting[name] = causes
        else:
            settled[name] = RequirementOutcome(kind=kind)
    while waiting:
        ready = [name for name, causes in waiting.items() if not any(cause in waiting for cause in causes)]
        for name in ready:
            settled[name] = _behind(waiting.pop(name), lines[name], settled)
        if not ready:
            for name in _in_circles(waiting):
                settled[name] = RequirementOutcome(kind="inconclusive")
                del waiting[name]
    return settled


def _causes(name: str, verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Return each blocking requirement once; none if a check is open for another reason, or blocked by its own."""
    found = [verdict.blocked_by for verdict in verdicts if verdict.kind == "inconclusive"]
    if None in found or name in found:
        return ()
    return tuple(dict.fromkeys(cause for cause in found if cause is not None))


def _behind(
    causes: tuple[str, ...], kinds: Iterable[VerdictKind], settled: Mapping[str, RequirementOutcome]
) -> RequirementOutcome:
    """Return the outcome of a requirement with resolved causes; if they lead to failures, its judged part counts."""
    ways = [settled.get(cause, RequirementOutcome(kind="inconclusive")) for cause in causes]
    failures = all(way.kind in _FAILURES or way.behind_failures for way in ways)
    waived = all(way.kind == "waived" or way.behind_waived for way in ways)
    seen = [kind for kind in kinds if kind in JUDGED]
    kind = worst(seen) if seen and failures else "inconclusive"
    return RequirementOutcome(kind=kind, causes=causes, behind_failures=failures, behind_waived=waived)


def _in_circles(causes: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the requirements that lead to themselves."""
    return [name for name in causes if name in _reached(causes[name], causes)]


def _reached(names: Iterable[str], causes: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += causes.get(name, ())
    return found
