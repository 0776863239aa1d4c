"""The query parameters of poll: what is accepted and what is refused; and what the page leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.responses import object_of
from conformance.chapters.every_operation.observed_responses import LEFT_OPEN, observe_beside
from conformance.chapters.poll.deliveries import CHAPTER, NOTHING, polled
from conformance.client import bad_credentials
from conformance.contract.parameter_cases import accepted_values, open_queries, refused_values
from conformance.contract.schemas import display_value
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, Finding, Scenario
from conformance.scenario.transcript_view import Blocked, TranscriptView
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_INVALID: Final = (400, "invalid_request_error")
_ITEMS: Final = 3

_PARAMETERS: Final = (("block", "poll.block-ms", "block_ms"), ("reclaim", "poll.reclaim", "reclaim_older_than_ms"))
"""The prefix of the steps, the beginning of the requirement, and the name of each parameter."""

_OPEN: Final = tuple(f"{prefix}.{kind}" for prefix, _, _ in _PARAMETERS for kind in ("empty", "repeated"))
_ANONYMOUS: Final = "anonymous"

Case = tuple[str, str, str]
"""A requirement, a parameter and its value."""


def _refused() -> Mapping[str, Case]:
    return {
        f"{prefix}.{name}": (f"{rule}.refused", parameter, value)
        for prefix, rule, parameter in _PARAMETERS
        for name, value in refused_values("poll", parameter).items()
    }


def _accepted() -> Mapping[str, Case]:
    return {
        f"{prefix}.{name}": (f"{rule}.accepted", parameter, value)
        for prefix, rule, parameter in _PARAMETERS
        for name, value in accepted_values("poll", parameter).items()
    }


async def _values(stage: ScenarioContext) -> None:
    """Send the accepted values to an empty environment, and the others, which must deliver nothing, to one with an item."""
    own = await stage.own_environment()
    for step, (_, name, value) in _accepted().items():
        await stage.call(step, "poll", own.id, query={name: value})
    await stage.call("none", "poll", own.id)
    for prefix, _, name in _PARAMETERS:
        for kind, query in open_queries("poll", name).items():
            await stage.call(f"{prefix}.{kind}", "poll", own.id, query=query)
    items = await own.queue_and_list(1)
    stage.facts["work_id"] = items[0].get("id")
    for step, (_, name, value) in _refused().items():
        await stage.call(step, "poll", own.id, query={name: value})
    await stage.call(_ANONYMOUS, "poll", own.id, authentication=bad_credentials.ANONYMOUS)
    await own.poll("after", stage.worker_headers(stage.worker_id()))


def _delivers_afterwards(view: TranscriptView) -> Iterator[Finding]:
    """Yield why the poll after the refused ones did not deliver the item: one of them took it."""
    refused = (*_refused(), _ANONYMOUS)
    for step in refused:
        view.expected_response(step)
    if view.response("after").status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        raise Blocked("poll.delivered.queued", Text("the last poll was refused", "最后一次 poll 被拒绝"))
    body, wanted = view.body("after"), view.fact("work_id")
    found = body.get("id") if isinstance(body, dict) else None
    if found != wanted:
        expected = Text("{id}, which no refused poll delivered", "{id}（被拒绝的 poll 都没有投递它）")
        yield Finding(
            step="after",
            pointer="/id",
            expected=expected.format(id=display_value(wanted)),
            actual=NOTHING if found is None else display_value(found),
            blamed=refused,
        )


async def _order(stage: ScenarioContext) -> None:
    own = await stage.own_environment()
    items = await own.queue_and_list(_ITEMS)
    stage.facts["created"] = [entry.get("id") for entry in items]
    headers = stage.worker_headers(stage.worker_id())
    found = [object_of(await own.poll(f"poll.{number}", headers)).get("id") for number in range(_ITEMS)]
    stage.facts["delivered"] = found


def _describe_order(view: TranscriptView) -> Iterator[Finding]:
    same = view.fact("delivered") == view.fact("created")
    first = Text("in the order of creation", "按创建顺序")
    other = Text("in another order", "按其他顺序")
    yield Finding(step="poll.0", expected=LEFT_OPEN, actual=first if same else other)


def _describe_wait(view: TranscriptView) -> Iterator[Finding]:
    exchange = view.exchange("block.most")
    seconds = f"{exchange.completed - exchange.invoked:.1f}"
    words = Text("an empty poll with block_ms=999 took {n} s", "block_ms=999 的空 poll 用时 {n} 秒")
    yield Finding(step="block.most", expected=LEFT_OPEN, actual=words.format(n=seconds))


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: the values of both parameters, and the order of deliveries."""
    yield Scenario(
        id="poll.parameters",
        chapter=CHAPTER,
        title=Text("Polls with values at and beyond the limits of both parameters", "两个参数取边界内外的值执行 poll"),
        item_spec=ItemSpec(place="own"),
        run_steps=_values,
        expectations={
            _ANONYMOUS: refusal("poll.auth.missing", (401, "authentication_error"), operation="poll"),
            **{step: refusal(rule, _INVALID, operation="poll") for step, (rule, _, _) in _refused().items()},
            **{step: polled(rule) for step, (rule, _, _) in _accepted().items()},
        },
        checks=(
            Check("poll.refused.changes-nothing", _delivers_afterwards),
            Check("poll.observe.open-values", observe_beside(_OPEN, "none")),
            Check("poll.observe.long-poll", _describe_wait),
        ),
        extra_writes=3,
    )
    yield Scenario(
        id="poll.order",
        chapter=CHAPTER,
        title=Text("Polls while several items are queued", "有多个 item 排队时执行 poll"),
        item_spec=ItemSpec(place="own", items=_ITEMS),
        run_steps=_order,
        expectations={},
        checks=(Check("poll.observe.order", _describe_order),),
        extra_writes=2 * _ITEMS + 1,
    )
