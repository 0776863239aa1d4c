"""Whether a GET may lag behind: compares what it shows with what the target showed of the item before.

A scenario reads again while a condition here says that the item may be stale. Checks decide whether it is correct.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.arrange.item_spec import Item
from conformance.contract.model import PHASES
from conformance.contract.work_item import differences
from conformance.exchange import Exchange
from conformance.target import Target

ReadCondition = Callable[[Mapping[str, Any]], bool]
"""Whether the item, as a GET shows it, need not be read again."""

_OF_ITEMS: Final = frozenset({"get", "ack", "stop", "poll", "update"})
"""Operations whose 200 response shows the whole item."""


def any_state(_shown: Mapping[str, Any]) -> bool:
    """Accept any item."""
    return True


def object_in_response(exchange: Exchange) -> dict[str, Any] | None:
    """Return the JSON object of a 200 response; None if there is none."""
    response = exchange.response
    if exchange.outcome != "ok" or response is None or response.status != 200:
        return None
    body = response.json()
    return body if isinstance(body, dict) else None


def settled_or_lost(settled: ReadCondition) -> Callable[[Exchange], bool]:
    """Return whether a GET need not be repeated: it was lost, or shows a settled item."""

    def judge(exchange: Exchange) -> bool:
        shown = object_in_response(exchange)
        return exchange.outcome != "ok" or settled is any_state or (shown is not None and settled(shown))

    return judge


def in_state(state: str, target: Target) -> ReadCondition:
    """Accept the item in this state, under any of its names."""
    return lambda shown: target.documented_state(str(shown.get("state"))) == state


def not_before_state(state: str, target: Target) -> ReadCondition:
    """Accept the item in this state, a later one, or an undocumented one."""
    wanted = PHASES.index(state) if state in PHASES else 0
    return lambda shown: (rank := _rank(shown.get("state"), target)) is None or rank >= wanted


def matches_response(exchange: Exchange) -> ReadCondition:
    """Accept the item as an operation's response showed it; any item if that response shows none."""
    answered = object_in_response(exchange)
    return any_state if answered is None else lambda shown: not differences(answered, shown)


def no_older_than(exchanges: Sequence[Exchange], step: str) -> ReadCondition:
    """Reject the item as the target showed it before this step, if it no longer did at this step.

    A lagging GET does not explain any other change.
    """
    latest: dict[str, Any] = {}
    older = []
    for exchange in exchanges:
        shown = object_in_response(exchange) if exchange.operation in _OF_ITEMS else None
        if exchange.step == step:
            latest = shown or {}
            break
        older += [shown] if shown is not None else []
    passed = [shown for shown in older if differences(shown, latest)]
    return lambda shown: not any(not differences(before, shown) for before in passed)


def no_earlier_state(exchanges: Sequence[Exchange], item: Item, target: Target) -> ReadCondition:
    """Accept the item if it is at least as far in its life as the target has shown it."""
    ranks = [_rank(state, target) for state in _states(exchanges, item.work_id)]
    reached = max((rank for rank in ranks if rank is not None), default=0)
    return lambda shown: (rank := _rank(shown.get("state"), target)) is None or rank >= reached


def _states(exchanges: Sequence[Exchange], work_id: str) -> Iterator[Any]:
    for exchange in exchanges:
        shown = object_in_response(exchange)
        if shown is not None and (shown.get("id") == work_id or f"/work/{work_id}/" in exchange.request.url):
            yield shown.get("state")


def _rank(state: Any, target: Target) -> int | None:
    """Return how far in its life an item in that state is; None for an undocumented state."""
    named = target.documented_state(state) if isinstance(state, str) else None
    return PHASES.index(named) if named in PHASES else None
