"""Defects of stats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ...clock import whole_seconds
from ...configuration import Mutation
from ...operations import Call, Operation, Reply
from ...work import State, WorkItem
from ..defect import Defect, defect

_STATS: Final = "/environments/{environment_id}/work/stats"


def _counting(change: Callable[[dict[str, Any], list[WorkItem], Call], object]) -> Mutation:
    """Change the counts, given the items of the environment."""

    def changed(stats: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            reply = await stats(call)
            assert isinstance(reply.payload, dict)
            counts = dict(reply.payload)
            change(counts, call.service.store.work_items(call.path["environment_id"]), call)
            return Reply(counts)

        return called

    return lambda server_config: server_config.replace_operation("GET", _STATS, changed)


def _acked(items: list[WorkItem]) -> int:
    return sum(item.state is State.STARTING for item in items)


def _elsewhere(call: Call) -> int:
    """Return how many items wait in other environments."""
    others = [name for name in call.service.store.environments if name != call.path["environment_id"]]
    return sum(item.delivered_at is None for name in others for item in call.service.store.queued_items(name))


def _everybody(counts: dict[str, Any], _items: list[WorkItem], call: Call) -> None:
    counts["depth"] += _elsewhere(call) if not _items else 0


def _oldest_of_all(counts: dict[str, Any], items: list[WorkItem], call: Call) -> None:
    others = [
        item.created_at for name in call.service.store.environments for item in call.service.store.work_items(name)
    ]
    if items and counts["oldest_queued_at"] is not None:
        counts["oldest_queued_at"] = whole_seconds(min(others).replace(year=min(others).year - 1))


class _Anonymous:
    """Counts every poll, with or without a Worker-ID."""

    def __init__(self) -> None:
        self._polls: dict[str, int] = {}

    def __call__(self, server_config: Any) -> Any:
        def polled(poll: Operation) -> Operation:
            async def called(call: Call) -> Reply:
                environment_id = call.path["environment_id"]
                self._polls[environment_id] = self._polls.get(environment_id, 0) + (call.worker_id is None)
                return await poll(call)

            return called

        def count(counts: dict[str, Any], _items: list[WorkItem], call: Call) -> None:
            counts["workers_polling"] += self._polls.get(call.path["environment_id"], 0)

        changed = server_config.replace_operation("GET", "/environments/{environment_id}/work/poll", polled)
        return _counting(count)(changed)


DEFECTS: Sequence[Defect] = (
    defect(
        "stats.depth-always-zero",
        "`depth` is always 0.",
        "`depth` 始终为 0。",
        _counting(lambda counts, _items, _call: counts.update(depth=0)),
        fails="stats.counts.queued",
    ),
    defect(
        "stats.empty-is-one",
        "`pending` of an empty queue is 1.",
        "空队列的 `pending` 为 1。",
        _counting(lambda counts, items, _call: counts.update(pending=1) if not items else None),
        fails="stats.counts.queued stats.counts.own-environment",
    ),
    defect(
        "stats.delivered-in-depth",
        "`depth` counts delivered items too.",
        "`depth` 还统计已投递的 item。",
        _counting(lambda counts, _items, _call: counts.update(depth=counts["depth"] + counts["pending"])),
        fails="stats.counts.delivered",
    ),
    defect(
        "stats.no-pending",
        "`pending` is always 0.",
        "`pending` 始终为 0。",
        _counting(lambda counts, _items, _call: counts.update(pending=0)),
        fails="stats.counts.delivered",
    ),
    defect(
        "stats.acked-pending",
        "`pending` counts acked items.",
        "`pending` 统计已 ack 的 item。",
        _counting(lambda counts, items, _call: counts.update(pending=counts["pending"] + _acked(items))),
        fails="stats.counts.acked",
    ),
    defect(
        "stats.acked-in-depth",
        "`depth` counts acked items.",
        "`depth` 统计已 ack 的 item。",
        _counting(lambda counts, items, _call: counts.update(depth=counts["depth"] + _acked(items))),
        fails="stats.counts.acked",
    ),
    defect(
        "stats.whole-account",
        "`depth` of an empty environment counts items of other environments.",
        "空环境的 `depth` 统计了其他环境的 item。",
        _counting(_everybody),
        fails="stats.counts.own-environment",
        may_fail="stats.counts.queued stats.counts.acked",
    ),
    defect(
        "stats.oldest-of-account",
        "`oldest_queued_at` is a year too early.",
        "`oldest_queued_at` 早了一年。",
        _counting(_oldest_of_all),
        fails="stats.oldest.queued-at",
    ),
    defect(
        "stats.oldest-always-null",
        "`oldest_queued_at` is always null.",
        "`oldest_queued_at` 始终为 null。",
        _counting(lambda counts, _items, _call: counts.update(oldest_queued_at=None)),
        fails="stats.oldest.queued-at",
    ),
    defect(
        "stats.oldest-when-empty",
        "`oldest_queued_at` of an empty queue is a time.",
        "空队列的 `oldest_queued_at` 是一个时间。",
        _counting(
            lambda counts, items, call: (
                counts.update(oldest_queued_at=whole_seconds(call.service.resources.clock())) if not items else None
            )
        ),
        warns="stats.oldest.null-when-empty",
    ),
    defect(
        "stats.oldest-epoch",
        "`oldest_queued_at` of an empty queue is the year 1970.",
        "空队列的 `oldest_queued_at` 是 1970 年。",
        _counting(
            lambda counts, items, _call: counts.update(oldest_queued_at="1970-01-01T00:00:00Z") if not items else None
        ),
        warns="stats.oldest.null-when-empty",
    ),
    defect(
        "stats.counts-anonymous",
        "`workers_polling` counts polls without a Worker-ID.",
        "`workers_polling` 统计不带 Worker-ID 的 poll。",
        _Anonymous(),
        warns="stats.workers-polling",
    ),
    defect(
        "stats.counts-no-worker",
        "`workers_polling` is always 0.",
        "`workers_polling` 始终为 0。",
        _counting(lambda counts, _items, _call: counts.update(workers_polling=0)),
        warns="stats.workers-polling",
    ),
)
