"""Worker identity: whoever polled an item is the only one who may ack it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conformance.arrange.wants import Item, Verb, Want
from conformance.chapters.controls import ANOTHER_WORKER, FIRST
from conformance.chapters.first_ack import acknowledged_at, later_times_null
from conformance.chapters.refusal_effects import RIGHTFUL_ACK, Attempt, changes_nothing, refusal_case
from conformance.scenario.model import Check, Finding, Scenario, refusal, success
from conformance.scenario.view import View
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.stage import Stage

_CONFLICT: Final = (409, "invalid_request_error")
_WAYS: Final[dict[str, tuple[Verb, ...]]] = {"queued": (), "starting": ("ack",), "active": ("ack", "heartbeat")}


def _with_last_changed(worker: str) -> str:
    """One character differs, and not by letter case: the id ends in a hex digit."""
    return worker[:-1] + ("0" if worker[-1] != "0" else "1")


_NEAR_MISSES: Final[dict[str, tuple[Callable[[str], str], Text]]] = {
    "suffix": (lambda worker: f"{worker}-2", Text("its own id with a suffix", "在合法标识后加后缀")),
    "prefix": (lambda worker: worker[:-1], Text("a prefix of the id", "合法标识的前缀")),
    "one-character": (_with_last_changed, Text("an id with one other character", "仅差一个字符的标识")),
}


def _ack_as(identity: Callable[[Stage, str], str], header: str | None = None) -> Attempt:
    async def attempt(stage: Stage, item: Item) -> None:
        await stage.ack("ack", item, stage.worker(identity(stage, item.worker or ""), header))

    return attempt


def mismatches() -> Iterator[Scenario]:
    """Another worker, and three that look almost like the rightful one, in each live state."""
    for state, way in _WAYS.items():
        yield refusal_case(
            f"identity.other-worker.{state}",
            chapter="worker-identity",
            title=Text("Another worker acks an item that is {s}", "另一个 worker 对处于 {s} 的 item 执行 ack").format(
                s=state
            ),
            expectation=refusal(f"ack.identity.mismatch-{state}", _CONFLICT),
            attempt=_ack_as(lambda stage, _: stage.worker_id()),
            way=way,
            need="live",
        )
        for name, (change, words) in _NEAR_MISSES.items():
            yield refusal_case(
                f"identity.near-miss-{name}.{state}",
                chapter="worker-identity",
                title=Text(
                    "A worker with {w} acks an item that is {s}", "worker 以{w}对处于 {s} 的 item 执行 ack"
                ).format(w=words, s=state),
                expectation=refusal(f"ack.identity.mismatch-{state}", _CONFLICT),
                attempt=_ack_as(lambda _, worker, change=change: change(worker)),  # type: ignore[misc]
                way=way,
                need="live",
            )


def holders_of_another() -> Iterator[Scenario]:
    """Another worker that the target knows, since it holds an item of its own."""
    for state in ("starting", "active"):
        yield refusal_case(
            f"identity.holder-of-another.{state}",
            chapter="worker-identity",
            title=Text(
                "A worker that holds another item acks one that is {s}",
                "持有另一个 item 的 worker 对处于 {s} 的 item 执行 ack",
            ).format(s=state),
            expectation=refusal(f"ack.identity.mismatch-{state}", _CONFLICT),
            attempt=_ack_as(lambda stage, _: stage.facts["items"]["b"]["worker"]),
            way=_WAYS[state],
            need="live",
            beside_another=True,
        )


async def _no_id(stage: Stage) -> None:
    item = await stage.item()
    await stage.settle(item.seen)
    await stage.ack("ack", item)
    await stage.get("after", item)


async def _ack_without_id(stage: Stage) -> None:
    item = await stage.item()
    await stage.ack("ack", item)


async def _header_matches(stage: Stage) -> None:
    name = stage.client.target.worker_header
    item = await stage.item(header=name.upper())
    await stage.ack("ack", item, stage.rightful(item, name.lower()))
    await stage.get("after", item)


async def _refuse_lower_case(stage: Stage, item: Item) -> None:
    await stage.ack("ack", item, stage.worker(stage.worker_id(), stage.client.target.worker_header.lower()))


async def _redelivered(stage: Stage) -> None:
    item = await stage.item()
    other = stage.worker(stage.worker_id())
    try:
        await stage.deliver_again(item, other)
        await stage.baseline(item)
        await stage.ack("ack", item, stage.rightful(item))
        await stage.get("after", item)
        await stage.ack("rightful", item, other)
    finally:
        await stage.release(item)


def _accepted_or_refused(view: View) -> Iterator[Finding]:
    """The open question is answered one way or the other."""
    status = view.response("ack").status
    view.compared_with_control("ack")
    if status >= 500:
        expected = Text("HTTP 200, or a refusal (4xx)", "HTTP 200，或拒绝（4xx）")
        yield Finding(step="ack", expected=expected, actual=Text(f"HTTP {status}", f"HTTP {status}"))


def scenarios() -> Iterator[Scenario]:
    """Mismatches, a redelivery, and the header itself."""
    yield from mismatches()
    yield from holders_of_another()
    yield Scenario(
        id="identity.redelivered",
        chapter="worker-identity",
        title=Text(
            "An item is delivered again to another worker, then the first one acks",
            "item 被重新投递给另一个 worker 之后，原 worker 执行 ack",
        ),
        talk=_redelivered,
        expectations={
            "ack": replace(refusal("ack.identity.redelivered", _CONFLICT), witness="rightful"),
            "rightful": RIGHTFUL_ACK,
        },
        controls={"ack": FIRST, "rightful": FIRST},
        checks=(Check("ack.refused.changes-nothing", changes_nothing),),
        want=Want(place="quiet", need="id"),
    )
    yield Scenario(
        id="identity.no-id",
        chapter="worker-identity",
        title=Text("A worker polls and acks without a Worker-ID", "worker 在 poll 和 ack 时都不带 Worker-ID"),
        want=Want(named=False),
        talk=_no_id,
        expectations={"ack": success("ack.identity.optional", "starting")},
        gets=(("ack", "after"),),
        controls={"ack": FIRST},
        checks=(
            Check("ack.first.acknowledged-at", acknowledged_at),
            Check("ack.first.later-times-null", later_times_null),
        ),
    )
    yield Scenario(
        id="identity.ack-without-id",
        chapter="worker-identity",
        title=Text(
            "A worker polls with a Worker-ID and acks without it",
            "worker 带 Worker-ID poll，而 ack 时不带",
        ),
        talk=_ack_without_id,
        expectations={"ack": success("ack.identity.ack-without-id", None, optional=True)},
        controls={"ack": FIRST},
        checks=(Check("ack.identity.ack-without-id-answered", _accepted_or_refused),),
    )
    yield Scenario(
        id="identity.header-case.same-id",
        chapter="worker-identity",
        title=Text(
            "A worker polls with the header in upper case and acks with it in lower case",
            "worker 以大写头部名称 poll，以小写头部名称 ack",
        ),
        talk=_header_matches,
        expectations={"ack": success("ack.identity.header-case", "starting")},
        gets=(("ack", "after"),),
        controls={"ack": FIRST},
    )
    yield refusal_case(
        "identity.header-case.other-id",
        chapter="worker-identity",
        title=Text("Another worker acks with the header in lower case", "另一个 worker 以小写头部名称 ack"),
        expectation=refusal("ack.identity.header-case", _CONFLICT),
        attempt=_refuse_lower_case,
        control=ANOTHER_WORKER,
    )
