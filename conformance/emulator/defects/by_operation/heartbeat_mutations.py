"""Ways to break heartbeat: other parameters, decisions and interleavings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from ...clock import microseconds, parse_rfc3339
from ...configuration import Mutation, ServerConfig
from ...errors import ApiError
from ...operations import Call, Operation, Reply
from ...parameters import Query
from ...work import HeartbeatDecision, LeaseExpectation, State, WorkItem, heartbeat
from ..mutations import WORK_ITEM, override
from ..races import current_item

_PATH: Final = f"{WORK_ITEM}/heartbeat"
_WINDOW: Final = 0.02
"""Seconds between comparing the expected value and writing the new one."""


def beating(change: Callable[[Operation], Operation]) -> Mutation:
    return lambda server_config: server_config.replace_operation("POST", _PATH, change)


def reads_query(change: Callable[[str | None, str | None], tuple[str | None, str | None]]) -> Mutation:
    """Read the expected value and the desired seconds in another way."""

    def changed(beat: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            names = ("expected_last_heartbeat", "desired_ttl_seconds")
            found = change(*(call.query.text(name) for name in names))
            values = {name: value for name, value in zip(names, found, strict=True) if value is not None}
            return await beat(replace(call, query=Query(values)))

        return called

    return beating(changed)


def desired_seconds(change: Callable[[str], str | None]) -> Mutation:
    return reads_query(lambda expected, ttl: (expected, ttl if ttl is None else change(ttl)))


def expected_value(change: Callable[[str], str | None]) -> Mutation:
    return reads_query(lambda expected, ttl: (expected if expected is None else change(expected), ttl))


def refused_as(status: int, error_type: str, *, was: int, param: str | None = None) -> Mutation:
    def changed(beat: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await beat(call)
            except ApiError as error:
                if error.status == was and (param is None or error.param == param):
                    raise ApiError(status, error_type, error.message) from None
                raise

        return called

    return beating(changed)


def deciding(decide: Callable[[WorkItem, LeaseExpectation | None], HeartbeatDecision | None]) -> Mutation:
    """Decide otherwise where `decide` returns something."""

    def decided(found: Any, item: WorkItem, expectation: LeaseExpectation | None) -> HeartbeatDecision:
        decision: HeartbeatDecision = decide(item, expectation) or found(item, expectation)
        return decision

    return override(decide_heartbeat=decided)


def accepts_where(holds: Callable[[WorkItem, datetime | None], bool]) -> Mutation:
    """Accept an expected value of a live item where `holds`."""

    def decide(item: WorkItem, expectation: LeaseExpectation | None) -> HeartbeatDecision | None:
        live = item.state in (State.STARTING, State.ACTIVE)
        if live and expectation is not None and holds(item, expectation.latest_heartbeat_at):
            return HeartbeatDecision.EXTEND
        return None

    return deciding(decide)


def decides_in_state(state: State, decision: HeartbeatDecision) -> Mutation:
    return deciding(lambda item, _expectation: decision if item.state is state else None)


def stores_although_refused(when: Callable[[ApiError, WorkItem, LeaseExpectation], bool]) -> Mutation:
    """Refuse a heartbeat as always, but store it where `when` says so."""

    def changed(beat: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            try:
                return await beat(call)
            except ApiError as error:
                item = current_item(call)
                expectation = LeaseExpectation(parse_rfc3339(call.query.text("expected_last_heartbeat") or ""))
                if item is not None and when(error, item, expectation):
                    call.service.store.put_work(heartbeat(item, call.service.resources.clock()))
                raise

        return called

    return beating(changed)


def compares_early(beat: Operation) -> Operation:
    """Compare, wait, and write without comparing again."""

    async def called(call: Call) -> Reply:
        item = current_item(call)
        if item is None or call.query.text("expected_last_heartbeat") is None:
            return await beat(call)
        before = item.latest_heartbeat_at
        await asyncio.sleep(_WINDOW)
        now = current_item(call)
        if now is not None and now.latest_heartbeat_at != before and now.state is State.ACTIVE:
            call.service.store.put_work(replace(now, latest_heartbeat_at=before))
        return await beat(call)

    return called


def nobody_wins(beat: Operation) -> Operation:
    """Refuse every heartbeat that overlaps another one of its item."""
    under_way: dict[str, int] = {}

    async def called(call: Call) -> Reply:
        work_id = call.path["work_id"]
        under_way[work_id] = under_way.get(work_id, 0) + 1
        await asyncio.sleep(_WINDOW)
        crowded = under_way[work_id] > 1
        try:
            await asyncio.sleep(_WINDOW)
            if crowded:
                raise ApiError(412, "precondition_failed_error", "The latest heartbeat is not the expected one.")
            return await beat(call)
        finally:
            under_way[work_id] -= 1

    return called


def writes_over_a_stop(*states: State) -> Mutation:
    """Write the item back as it was read before a stop, where the stop led to one of these states."""

    def changed(beat: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            read = current_item(call)
            reply = await beat(call)
            await asyncio.sleep(_WINDOW)
            now = current_item(call)
            if read is not None and now is not None and now.state in states and read.state is State.ACTIVE:
                call.service.store.put_work(read)
            return reply

        return called

    return beating(changed)


def revives(*states: State) -> Mutation:
    """A heartbeat makes items in these states active again, whatever it returns."""

    def changed(beat: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            item = current_item(call)
            try:
                return await beat(call)
            finally:
                if item is not None and item.state in states:
                    call.service.store.put_work(replace(item, state=State.ACTIVE))

        return called

    return beating(changed)


def is_timestamp(text: str) -> bool:
    return parse_rfc3339(text) is not None


def two_seconds_later(text: str) -> str:
    """Return a timestamp two seconds later."""
    instant = parse_rfc3339(text)
    assert instant is not None
    return microseconds(instant + timedelta(seconds=2))


def repeats_desired_seconds(beat: Operation) -> Operation:
    async def called(call: Call) -> Reply:
        reply = await beat(call)
        desired = call.query.integer("desired_ttl_seconds", minimum=1)
        assert isinstance(reply.payload, dict)
        return Reply({**reply.payload, "ttl_seconds": desired or reply.payload["ttl_seconds"]})

    return called


def after_ack_of_active(decision: HeartbeatDecision) -> Mutation:
    """Make an ack of an active item forget the value that a heartbeat must expect, and decide on any value in this way."""

    def apply(server_config: ServerConfig) -> ServerConfig:
        forgotten: set[str] = set()

        def repeated(found: Any, item: WorkItem, now: datetime) -> WorkItem:
            if item.state is State.ACTIVE:
                forgotten.add(item.id)
            result: WorkItem = found(item, now)
            return result

        def decided(item: WorkItem, expectation: LeaseExpectation | None) -> HeartbeatDecision | None:
            return decision if item.id in forgotten and expectation is not None else None

        return deciding(decided)(override(repeat_ack=repeated)(server_config))

    return apply
