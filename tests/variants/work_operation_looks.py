"""Looks at the variants of the seven other Work operations."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.emulator.api_driver import Work
from tests.variants.variant_server import Visit


def _stats(visit: Visit, environment: str) -> dict[str, Any]:
    found: dict[str, Any] = visit.api.get(f"/environments/{environment}/work/stats").json()
    return found


def _listed(visit: Visit, **query: str) -> int:
    return visit.api.get(f"/environments/{visit.api.environment()}/work", params=query).status_code


def _posted(state: str, path: str, document: object, status: int) -> Callable[[Visit], bool]:
    def look(visit: Visit) -> bool:
        work = visit.api.work_in(visit.api.environment(), state)
        return visit.api.post(f"{work.path}{path}", json=document).status_code == status

    return look


def _cached(visit: Visit) -> bool:
    work = visit.api.queue(visit.api.environment())
    depths = [_stats(visit, work.environment)["depth"]]
    visit.api.poll(work.environment)
    depths.append(_stats(visit, work.environment)["depth"])
    time.sleep(2.1)
    return [*depths, _stats(visit, work.environment)["depth"]] == [1, 1, 0]


def _uncounted(visit: Visit) -> bool:
    environment = visit.api.environment()
    visit.api.get(f"/environments/{environment}/work/poll", headers={"Worker-ID": "w"})
    return bool(_stats(visit, environment)["workers_polling"] == 0)


def _oldest(state: str, *, known: bool) -> Callable[[Visit], bool]:
    def look(visit: Visit) -> bool:
        work = visit.api.work_in(visit.api.environment(), state)
        return bool((_stats(visit, work.environment)["oldest_queued_at"] is not None) == known)

    return look


def _overrun(visit: Visit) -> bool:
    begun = time.monotonic()
    assert visit.api.poll(visit.api.environment(), block_ms=1).json() is None
    return time.monotonic() - begun > 0.5


def _requested(visit: Visit) -> bool:
    work = visit.api.work_in(visit.api.environment(), "queued")
    visit.api.post(f"{work.path}/ack")
    visit.api.post(f"{work.path}/stop", json={"force": True})
    return work.show()["stop_requested_at"] is not None


def _beaten_by_another(visit: Visit) -> bool:
    work: Work = visit.api.work_in(visit.api.environment(), "starting")
    return visit.api.post(f"{work.path}/heartbeat", headers={"Worker-ID": "another"}).status_code == 409


WORK_LOOKS: Final[Mapping[str, Callable[[Visit], bool]]] = {
    "limit-above-maximum-400": lambda visit: _listed(visit, limit="101") == 400,
    "unknown-cursor-400": lambda visit: _listed(visit, after_id="work_unknown") == 400,
    "stats-cached": _cached,
    "workers-uncounted": _uncounted,
    "oldest-time-stays": _oldest("starting", known=True),
    "oldest-claimable": _oldest("delivered", known=False),
    "poll-overruns": _overrun,
    "stopping-refuses-heartbeat": _posted("stopping", "/heartbeat", {}, 409),
    "forced-stop-requested": _requested,
    "force-coerced": _posted("starting", "/stop", {"force": "yes"}, 200),
    "stopped-is-read-only": _posted("stopped", "", {"metadata": {"a": "1"}}, 409),
    "empty-value-400": _posted("starting", "", {"metadata": {"a": ""}}, 400),
    "heartbeat-of-its-worker": _beaten_by_another,
}
