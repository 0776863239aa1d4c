"""When a burst of requests was no race, or lost what it is about, so that it is run again on a fresh item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from conformance.exchange import Exchange
from conformance.text import Text

MAX_MISSED_RACES: Final = 5
"""How often a race is run again whose requests did not overlap."""

MAX_LOST_RACES: Final = 10
"""How often a race is run again that the target turned away."""

MAX_UNANSWERED_RACES: Final = 3
"""How often a race is run again of whose requests too many got no answer; then an unknown outcome is one like others."""

_SOON: Final = 5.0
"""Seconds after which a burst without answers is no accident of the network: it would take as long again."""

MISSED: Final = Text("the requests did not overlap in time", "各请求在时间上没有重叠")
_UNANSWERED: Final = Text(
    "too many answers to the burst were lost to say what became of it", "并发请求丢失的响应过多，无法得知其结果"
)
_TURNED_AWAY: Final = Text(
    "the target turned requests of the burst away; send less with --max-rate",
    "目标因限流拒收了并发请求；请用 --max-rate 降低速率",
)


class RepeatRace(Exception):
    """A race was none, or lost what it is about: it is to be run again on a fresh item."""

    def __init__(self, reason: Text, limit: int) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.limit = limit


def require_race(taken: Mapping[str, Exchange], about: Callable[[set[str]], bool], *, attempt: int) -> None:
    """See that what the target took of a burst, and what it answered of that, still is the race that was wanted.

    Raises:
        Repeat: it is not. Where answers are lost every time, the last race counts all the same.
    """
    if not about(set(taken)):
        raise RepeatRace(_TURNED_AWAY, MAX_LOST_RACES)
    answered = {step for step, each in taken.items() if each.outcome == "ok"}
    if attempt <= MAX_UNANSWERED_RACES and not about(answered) and _lost_soon(taken.values()):
        raise RepeatRace(_UNANSWERED, MAX_UNANSWERED_RACES)


def overlap(exchanges: Sequence[Exchange]) -> bool:
    """Whether at some instant all of them were under way."""
    return not exchanges or max(e.invoked for e in exchanges) <= min(e.completed for e in exchanges)


def _lost_soon(exchanges: Iterable[Exchange]) -> bool:
    """Whether what was lost was lost in a time in which the network loses requests."""
    return all(each.completed - each.invoked < _SOON for each in exchanges if each.outcome == "unknown")
