"""Decides whether a burst must be repeated on a fresh item: its requests did not overlap, or responses were lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from conformance.exchange import Exchange
from conformance.text import Text

MAX_MISSED_RACES: Final = 5
"""How often a race is repeated whose requests did not overlap."""

MAX_LOST_RACES: Final = 10
"""How often a race is repeated that the target rejected with 429."""

MAX_UNANSWERED_RACES: Final = 3
"""How often a race is repeated if too many responses were lost; after that, lost responses count as unknown."""

_SOON: Final = 5.0
"""Seconds after which a burst without responses is no accident of the network: a repetition would take as long."""

MISSED: Final = Text("the requests did not overlap in time", "各请求在时间上没有重叠")
_UNANSWERED: Final = Text(
    "too many responses to the burst were lost to determine its outcome", "这批请求的响应丢失过多，无法确定结果"
)
_TURNED_AWAY: Final = Text(
    "the target rejected requests of the burst with HTTP 429; lower the rate with --max-rate",
    "目标以 HTTP 429 拒绝了这批请求；请用 --max-rate 降低速率",
)


class RepeatRace(Exception):
    """A race did not come about or lost its subject, and must be repeated on a fresh item."""

    def __init__(self, reason: Text, limit: int) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.limit = limit


def require_race(taken: Mapping[str, Exchange], about: Callable[[set[str]], bool], *, attempt: int) -> None:
    """Check that the accepted requests of a burst, and their responses, still form the intended race.

    Raises:
        RepeatRace: they do not. If responses are lost in every repetition, the last race counts anyway.
    """
    if not about(set(taken)):
        raise RepeatRace(_TURNED_AWAY, MAX_LOST_RACES)
    answered = {step for step, each in taken.items() if each.outcome == "ok"}
    if attempt <= MAX_UNANSWERED_RACES and not about(answered) and _lost_soon(taken.values()):
        raise RepeatRace(_UNANSWERED, MAX_UNANSWERED_RACES)


def overlap(exchanges: Sequence[Exchange]) -> bool:
    """Return whether all exchanges were in flight at the same instant."""
    return not exchanges or max(e.invoked for e in exchanges) <= min(e.completed for e in exchanges)


def _lost_soon(exchanges: Iterable[Exchange]) -> bool:
    """Return whether the losses happened as soon as a network would lose requests."""
    return all(each.completed - each.invoked < _SOON for each in exchanges if each.outcome == "unknown")
