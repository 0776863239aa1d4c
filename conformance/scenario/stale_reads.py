"""Whether a get may only be lagging behind: what it shows, held against what the target showed of the item before.

A scenario reads again while this says that what is shown may not be the latest; whether it is right is for the checks.
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
"""Whether the item, as a get shows it, need not be read again."""

_OF_ITEMS: Final = frozenset({"get", "ack", "stop", "poll"})
"""Operations whose 200 shows the whole item."""


def any_state(_shown: Mapping[str, Any]) -> bool:
    """Whatever is shown."""
    return True


def shown_by(exchange: Exchange) -> dict[str, Any] | None:
    """The JSON object that a 200 holds; None where it holds none."""
    response = exchange.response
    if exchange.outcome != "ok" or response is None or response.status != 200:
        return None
    body = response.json()
    return body if isinstance(body, dict) else None


def latest(settled: ReadCondition) -> Callable[[Exchange], bool]:
    """Whether a get need not be sent again: it was lost, or shows an item that is settled."""

    def judge(exchange: Exchange) -> bool:
        shown = shown_by(exchange)
        return exchange.outcome != "ok" or settled is any_state or (shown is not None and settled(shown))

    return judge


def in_state(state: str, target: Target) -> ReadCondition:
    """The item is in this state, by whatever name."""
    return lambda shown: target.state_named(str(shown.get("state"))) == state


def not_before_state(state: str, target: Target) -> ReadCondition:
    """The item is in this state or in a later one, or in one that no page documents."""
    wanted = PHASES.index(state) if state in PHASES else 0
    return lambda shown: (rank := _rank(shown.get("state"), target)) is None or rank >= wanted


def matches_response(exchange: Exchange) -> ReadCondition:
    """The item is as an operation answered it; anything will do where that shows no item."""
    answered = shown_by(exchange)
    return any_state if answered is None else lambda shown: not differences(answered, shown)


def no_older_than(exchanges: Sequence[Exchange], step: str) -> ReadCondition:
    """The item is not as the target showed it at some time before this step, and no longer at this step.

    Any other change since then is none that a lagging get explains.
    """
    latest: dict[str, Any] = {}
    older = []
    for exchange in exchanges:
        shown = shown_by(exchange) if exchange.operation in _OF_ITEMS else None
        if exchange.step == step:
            latest = shown or {}
            break
        older += [shown] if shown is not None else []
    passed = [shown for shown in older if differences(shown, latest)]
    return lambda shown: not any(not differences(before, shown) for before in passed)


def no_earlier_state(exchanges: Sequence[Exchange], item: Item, target: Target) -> ReadCondition:
    """The item is at least as far in its life as the target has said that it is."""
    ranks = [_rank(state, target) for state in _states(exchanges, item.work_id)]
    reached = max((rank for rank in ranks if rank is not None), default=0)
    return lambda shown: (rank := _rank(shown.get("state"), target)) is None or rank >= reached


def _states(exchanges: Sequence[Exchange], work_id: str) -> Iterator[Any]:
    for exchange in exchanges:
        shown = shown_by(exchange)
        if shown is not None and (shown.get("id") == work_id or f"/work/{work_id}/" in exchange.request.url):
            yield shown.get("state")


def _rank(state: Any, target: Target) -> int | None:
    """How far in its life an item of that state is; None for a state that no page documents."""
    named = target.state_named(state) if isinstance(state, str) else None
    return PHASES.index(named) if named in PHASES else None
