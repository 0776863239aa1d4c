"""Worker identity: only the worker that polled an item may ack it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import LIVE_STATES, Item, ItemSpec, State
from conformance.arrange.responses import NotSupported
from conformance.chapters.ack.controls import ANOTHER_WORKER, FIRST_ACK_CONTROL
from conformance.chapters.ack.first_ack import TIMES
from conformance.chapters.ack.no_side_effects import OWNER_ACK, Attempt, refusal_case
from conformance.chapters.every_operation.item_differences import item_unchanged
from conformance.scenario.expectations import refusal, success
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.stale_reads import matches_response, no_older_than
from conformance.scenario.transcript_view import TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_CONFLICT: Final = (409, "invalid_request_error")


def _with_last_changed(worker: str) -> str:
    """Return the id with another last character. It is a hex digit, so the change is not one of letter case."""
    return worker[:-1] + ("0" if worker[-1] != "0" else "1")


LONGEST: Final = 64
"""The maximum length of a Worker-ID in this suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An id that is similar to the owning worker's. A `long` one derives from an id of the maximum length."""

    words: Text
    change: Callable[[str], str]
    states: tuple[State, ...] = ("queued",)
    long: bool = False

    def made_from(self, worker: str) -> str:
        """Return the similar id for this worker.

        Raises:
            NotSupported: the Worker-ID of a prepared item does not have the form for it.
        """
        near = self.change(worker)
        if near in {worker, ""} or len(near) > LONGEST or (self.long and len(worker) < LONGEST):
            raise NotSupported(
                Text(
                    "the Worker-ID of the prepared item cannot be turned into {w}",
                    "无法由预先准备的 item 的 Worker-ID 得到所需的 id（{w}）",
                ).format(w=self.words)
            )
        return near


def _long(stage: ScenarioContext) -> str:
    """Return a Worker-ID of the maximum length whose last character is a digit."""
    return f"{stage.worker_id()}-{stage.rng.getrandbits(512):0128x}"[: LONGEST - 1] + str(stage.rng.randrange(10))


_EVERY_STATE: Final = tuple(LIVE_STATES)
_NEAR_MISSES: Final[dict[str, NearMiss]] = {
    "suffix": NearMiss(
        words=Text("the owning worker's id plus a suffix", "原 Worker-ID 加后缀"),
        change=lambda worker: f"{worker}-2",
        states=_EVERY_STATE,
    ),
    "prefix": NearMiss(
        words=Text("a prefix of the owning worker's id", "原 Worker-ID 的前缀"),
        change=lambda worker: worker[:-1],
        states=_EVERY_STATE,
    ),
    "one-character": NearMiss(
        words=Text("the owning worker's id with one different character", "与原 Worker-ID 仅一个字符不同"),
        change=_with_last_changed,
        states=_EVERY_STATE,
    ),
    "end-of-64": NearMiss(
        words=Text("an id of 64 characters whose last one differs", "长 64 个字符，与原 Worker-ID 仅末位不同"),
        change=_with_last_changed,
        states=_EVERY_STATE,
        long=True,
    ),
    "underscore": NearMiss(
        words=Text("the owning worker's id with `_` instead of `-`", "把原 Worker-ID 的 `-` 换成 `_`"),
        change=lambda worker: worker.replace("-", "_"),
    ),
    "dot": NearMiss(
        words=Text("the owning worker's id with `.` instead of `-`", "把原 Worker-ID 的 `-` 换成 `.`"),
        change=lambda worker: worker.replace("-", "."),
    ),
    "no-hyphen": NearMiss(
        words=Text("the owning worker's id without its hyphens", "去掉连字符的原 Worker-ID"),
        change=lambda worker: worker.replace("-", ""),
    ),
    "leading-zero": NearMiss(
        words=Text("the owning worker's id with a leading zero", "带前导零的原 Worker-ID"),
        change=lambda worker: f"0{worker}",
    ),
}


def _near_miss_id(name: str, state: State) -> str:
    return f"identity.near-miss-{name}.{state}"


NEAR_MISSES: Final[dict[str, NearMiss]] = {
    _near_miss_id(name, state): miss for name, miss in _NEAR_MISSES.items() for state in miss.states
}
"""The similar id of each scenario that acks with one."""


def _ack_as(identity: Callable[[ScenarioContext, str], str], header: str | None = None) -> Attempt:
    async def attempt(stage: ScenarioContext, item: Item) -> None:
        await stage.ack("ack", item, stage.worker_headers(identity(stage, item.worker or ""), header))

    return attempt


def mismatch_scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: another worker, and workers with similar ids, in each live state."""
    for state, transitions in LIVE_STATES.items():
        yield refusal_case(
            f"identity.other-worker.{state}",
            chapter="worker-identity",
            title=Text("Another worker acks an item that is {s}", "另一个 worker 对处于 {s} 的 item 执行 ack").format(
                s=state
            ),
            expectation=refusal(f"ack.identity.mismatch-{state}", _CONFLICT),
            attempt=_ack_as(lambda stage, _: stage.worker_id()),
            transitions=transitions,
            state_match="live",
        )
        for name, miss in _NEAR_MISSES.items():
            if state in miss.states:
                yield _almost(name, miss, state)


def _almost(name: str, miss: NearMiss, state: State) -> Scenario:
    return refusal_case(
        _near_miss_id(name, state),
        chapter="worker-identity",
        title=Text(
            "An ack of an item that is {s}, with another Worker-ID: {w}",
            "对处于 {s} 的 item 执行 ack，使用不同的 Worker-ID：{w}",
        ).format(w=miss.words, s=state),
        expectation=refusal(f"ack.identity.mismatch-{state}", _CONFLICT),
        attempt=_ack_as(lambda _, worker: miss.made_from(worker)),
        transitions=LIVE_STATES[state],
        state_match="live",
        worker=_long if miss.long else None,
    )


def other_holder_scenarios() -> Iterator[Scenario]:
    """Yield the scenarios with a worker that the target knows because it owns another item."""
    for state in ("starting", "active"):
        yield refusal_case(
            f"identity.holder-of-another.{state}",
            chapter="worker-identity",
            title=Text(
                "A worker that owns another item acks an item that is {s}",
                "拥有另一个 item 的 worker 对处于 {s} 的 item 执行 ack",
            ).format(s=state),
            expectation=refusal(f"ack.identity.mismatch-{state}", _CONFLICT),
            attempt=_ack_as(lambda stage, _: stage.facts["items"]["b"]["worker"]),
            transitions=LIVE_STATES[state],
            state_match="live",
            beside_another=True,
        )


async def _no_id(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.wait_for_next_timestamp(item.observed_body)
    acked = await stage.ack("ack", item)
    await stage.get("after", item, settled=matches_response(acked))


async def _ack_without_id(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.ack("ack", item)


async def _header_matches(stage: ScenarioContext) -> None:
    name = stage.client.target.worker_header
    item = await stage.item(header=name.upper())
    acked = await stage.ack("ack", item, stage.owner_headers(item, name.lower()))
    await stage.get("after", item, settled=matches_response(acked))


async def _refuse_lower_case(stage: ScenarioContext, item: Item) -> None:
    await stage.ack("ack", item, stage.worker_headers(stage.worker_id(), stage.client.target.worker_header.lower()))


async def _redelivered(stage: ScenarioContext) -> None:
    item = await stage.item()
    other = stage.worker_headers(stage.worker_id())
    try:
        await stage.redeliver(item, other)
        await stage.read_before(item)
        await stage.ack("ack", item, stage.owner_headers(item))
        await stage.wait_for_read_lag()
        await stage.get("after", item, settled=no_older_than(stage.exchanges, "before"))
        await stage.ack("rightful", item, other)
    finally:
        await stage.force_stop(item)


async def _right_after_redelivery(stage: ScenarioContext) -> None:
    """Ack right after a redelivery, with a GET right before it: nothing reads the item in between."""
    item = await stage.item()
    other = stage.worker_headers(stage.worker_id())
    try:
        await stage.read_in_wanted_state("before", item)
        await stage.redeliver(item, other)
        await stage.ack("former", item, stage.owner_headers(item))
        await stage.ack("ack", item, other)
    finally:
        await stage.force_stop(item)


def _accepted_or_refused(view: TranscriptView) -> Iterator[Finding]:
    """Check that the target accepts or refuses: the docs leave open which."""
    status = view.response("ack").status
    view.require_unlike_control("ack")
    if status >= 500:
        expected = Text("HTTP 200, or a refusal (4xx)", "HTTP 200，或拒绝（4xx）")
        yield Finding(step="ack", expected=expected, actual=Text(f"HTTP {status}", f"HTTP {status}"))


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: mismatches, a redelivery, and the header itself."""
    yield from mismatch_scenarios()
    yield from other_holder_scenarios()
    yield Scenario(
        id="identity.redelivered",
        chapter="worker-identity",
        title=Text(
            "An item is delivered again to another worker; then the first worker acks",
            "item 重新投递给另一个 worker 之后，原 worker 执行 ack",
        ),
        run_steps=_redelivered,
        expectations={
            "ack": replace(refusal("ack.identity.redelivered", _CONFLICT), owner_ack_step="rightful"),
            "rightful": OWNER_ACK,
        },
        controls={"ack": FIRST_ACK_CONTROL, "rightful": FIRST_ACK_CONTROL},
        checks=(Check("ack.refused.changes-nothing", item_unchanged(("ack",))),),
        item_spec=ItemSpec(place="quiet", state_match="id"),
    )
    yield Scenario(
        id="identity.right-after-redelivery",
        chapter="worker-identity",
        title=Text(
            "After a GET, a poll delivers the item again to another worker; then first the old and then the new worker ack",
            "GET 读取 item，item 重新投递给另一个 worker，原 worker 和新 worker 随即先后执行 ack",
        ),
        run_steps=_right_after_redelivery,
        expectations={
            "former": replace(refusal("ack.identity.redelivered", _CONFLICT), owner_ack_step="ack"),
            "ack": success("ack.refused.rightful-worker-unharmed", None, depends_on="former"),
        },
        controls={"former": FIRST_ACK_CONTROL, "ack": FIRST_ACK_CONTROL},
        item_spec=ItemSpec(place="quiet", state_match="id"),
    )
    yield Scenario(
        id="identity.no-id",
        chapter="worker-identity",
        title=Text("A worker polls and acks without a Worker-ID", "worker 在 poll 和 ack 时都不带 Worker-ID"),
        item_spec=ItemSpec(named=False),
        run_steps=_no_id,
        expectations={"ack": success("ack.identity.optional", "starting")},
        gets=(("ack", "after"),),
        controls={"ack": FIRST_ACK_CONTROL},
        checks=TIMES,
    )
    yield Scenario(
        id="identity.ack-without-id",
        chapter="worker-identity",
        title=Text(
            "A worker polls with a Worker-ID and acks without it",
            "worker 在 poll 时带有 Worker-ID，ack 时不带",
        ),
        run_steps=_ack_without_id,
        expectations={"ack": success("ack.identity.ack-without-id", None, optional=True)},
        controls={"ack": FIRST_ACK_CONTROL},
        checks=(Check("ack.identity.ack-without-id-answered", _accepted_or_refused),),
    )
    yield Scenario(
        id="identity.header-case.same-id",
        chapter="worker-identity",
        title=Text(
            "A worker polls with the header in upper case and acks with it in lower case",
            "worker 在 poll 时以大写书写该请求头的名称，ack 时以小写书写",
        ),
        run_steps=_header_matches,
        expectations={"ack": success("ack.identity.header-case", "starting")},
        gets=(("ack", "after"),),
        controls={"ack": FIRST_ACK_CONTROL},
    )
    yield refusal_case(
        "identity.header-case.other-id",
        chapter="worker-identity",
        title=Text(
            "Another worker acks with the header in lower case", "另一个 worker 执行 ack，以小写书写该请求头的名称"
        ),
        expectation=refusal("ack.identity.header-case", _CONFLICT),
        attempt=_refuse_lower_case,
        control=ANOTHER_WORKER,
    )
