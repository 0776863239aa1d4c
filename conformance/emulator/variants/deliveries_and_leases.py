"""Variants in the order of deliveries, and in the precision of heartbeats."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from ..configuration import ServerConfig
from ..response_edits import EditableResponse, edit_responses
from ..work import WorkItem
from .variant import Variant

_SECOND = timedelta(seconds=1)

Heartbeat = Callable[[WorkItem, datetime], WorkItem]
Order = Callable[[Iterable[WorkItem]], Iterable[WorkItem]]


def _reversed(order: Order) -> Order:
    return lambda items: reversed(tuple(order(items)))


def _in_seconds(beat: Heartbeat) -> Heartbeat:
    """Accept a heartbeat at the beginning of its second, or a second after the one before."""

    def beaten(item: WorkItem, now: datetime) -> WorkItem:
        second, latest = now.replace(microsecond=0), item.latest_heartbeat_at
        return beat(item, second if latest is None else max(second, latest + _SECOND))

    return beaten


def _without_zeros(answer: EditableResponse) -> None:
    answer.content = answer.content.replace(b".000000Z", b"Z")


def _heartbeats_in_seconds(server_config: ServerConfig) -> ServerConfig:
    return server_config.override_policy(heartbeat=_in_seconds).with_wrapper(edit_responses(_without_zeros))


DELIVERIES_AND_LEASES = (
    Variant(
        id="newest-first",
        en="A poll delivers the newest item first.",
        zh="poll 先投递最新的 item。",
        change=lambda server_config: server_config.override_policy(delivery_order=_reversed),
    ),
    Variant(
        id="heartbeats-in-seconds",
        en="The times of heartbeats have whole seconds, and no two of an item are the same.",
        zh="heartbeat 的时间精确到秒，同一 item 的各次 heartbeat 时间不同。",
        change=_heartbeats_in_seconds,
    ),
)
