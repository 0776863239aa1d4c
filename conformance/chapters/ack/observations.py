"""Observations: what the docs leave open. The report describes the responses and does not judge them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.ack.controls import FIRST_ACK
from conformance.chapters.every_operation.generated_ids import unknown_environment_id, unknown_work_id
from conformance.chapters.every_operation.response_status import error_type_of
from conformance.client import bad_credentials
from conformance.contract.schemas import display_value
from conformance.contract.work_item import FIELDS
from conformance.exchange import JSON_TYPE, Exchange
from conformance.scenario.model import Check, CheckFunction, Finding, Scenario
from conformance.scenario.transcript_view import ARRANGING_ACK, CannotJudge, NotExercised, TranscriptView
from conformance.text import Text, join

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_METHODS: Final = ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_ODD_IDS: Final = {"slash": "{id}/x", "space": "{id} x", "dots": "{id}..", "script": "{id}工作"}
_LONG: Final = 1000


async def _anonymous(stage: ScenarioContext) -> None:
    item = await stage.item()
    await stage.try_ack("first", item, stage.worker_headers(stage.worker_id()))
    await stage.try_ack("second", item, stage.worker_headers(stage.worker_id()))


async def _worker_ids(stage: ScenarioContext) -> None:
    item = await stage.item()
    worker = item.worker or ""
    await stage.try_ack("case", item, stage.worker_headers(worker.upper()))
    await stage.try_ack("empty", item, stage.worker_headers(""))
    await stage.try_ack("long", item, stage.worker_headers(worker + "x" * _LONG))
    await stage.try_ack("script", item, stage.worker_headers(worker + "工作"))
    await stage.try_ack("twice", item, (*stage.worker_headers(worker), *stage.worker_headers(stage.worker_id())))


async def _forms(stage: ScenarioContext) -> None:
    """Retry as the owning worker, each time with one unusual form. The item is starting, so a retry is safe."""
    item = await stage.item()
    mine = stage.owner_headers(item)
    pat = stage.valid_pat
    request_id = str(uuid.UUID(int=stage.rng.getrandbits(128), version=4))
    stage.facts["request_id"] = request_id
    await stage.try_ack("plain", item, (*mine, ("x-request-id", request_id)))
    await stage.try_ack("bearer", item, mine, authentication=bad_credentials.scheme("bearer", pat))
    await stage.try_ack("body.empty", item, (*mine, JSON_TYPE))
    await stage.try_ack("body.unknown", item, (*mine, JSON_TYPE), body='{"surprise": true}')
    await stage.try_ack("body.invalid", item, (*mine, JSON_TYPE), body="{")
    await stage.try_ack("query", item, mine, query={"surprise": "1"})
    await stage.try_ack("slash", item, mine, suffix="/")
    for method in _METHODS:
        await stage.try_ack(f"method.{method}", item, mine, method=method)
    for name, form in _ODD_IDS.items():
        await stage.try_ack(f"id.{name}", item, mine, work_id=form.format(id=item.work_id))


async def _precedence(stage: ScenarioContext) -> None:
    item = await stage.item()
    mine = stage.owner_headers(item)
    nobody = bad_credentials.bearer(bad_credentials.unissued_token(stage.valid_pat, stage.rng))
    nowhere = await unknown_environment_id(stage, item)
    nothing = await unknown_work_id(stage, item)
    await stage.try_ack("401-404", item, mine, environment_id=nowhere, authentication=nobody)
    if stage.run_resources.cloud is not None:
        await stage.try_ack("401-400", item, mine, environment_id=stage.run_resources.cloud, authentication=nobody)
    forbidden = stage.client.credentials.forbidden
    if forbidden is not None:
        token = bad_credentials.bearer(forbidden)
        await stage.try_ack("403-404", item, mine, work_id=nothing, authentication=token)
        stranger = stage.worker_headers(stage.worker_id())
        await stage.try_ack("403-409", item, stranger, authentication=token)


async def _undelivered(stage: ScenarioContext) -> None:
    item = await stage.item()
    try:
        await stage.try_ack("ack", item, stage.worker_headers(stage.worker_id()))
    finally:
        await stage.force_stop(item)


async def _archived(stage: ScenarioContext) -> None:
    item = await stage.item()
    try:
        await stage.archive_environment(item)
        await stage.try_ack("ack", item, stage.owner_headers(item))
    finally:
        await stage.force_stop(item)


def observe_responses(*steps: str) -> CheckFunction:
    """Return a check that describes the response to each of these steps."""

    def judge(view: TranscriptView) -> Iterator[Finding]:
        for step in steps:
            exchange = view.transcript.find(step)
            if exchange is not None:
                label = f"{step.rpartition('.')[2]}: " if len(steps) > 1 else ""
                words = Text("{label}{answer}", "{label}{answer}").format(label=label, answer=_words(view, exchange))
                yield Finding(step=step, expected=_OPEN, actual=words)
            elif view.transcript.ending.kind != "complete":
                view.exchange(step)  # raises with the reason if it was not sent

    return judge


def extra_fields(view: TranscriptView) -> Iterator[Finding]:
    """Report the names of undocumented fields."""
    body = _successful(view)
    names = sorted(str(name)[:40] for name in body if name not in FIELDS)
    words = join(", ", [display_value(name) for name in names]) if names else Text("none", "无")
    yield Finding(step="plain", expected=_OPEN, actual=words)


def response_headers(view: TranscriptView) -> Iterator[Finding]:
    """Report the names of the headers, and whether the request id was returned."""
    _successful(view)
    response = view.response("plain")
    names = ", ".join(sorted({name.lower()[:40] for name, _ in response.headers}))
    echoed = response.header("x-request-id") == view.transcript.facts.get("request_id")
    answer = Text("echoed", "已回传") if echoed else Text("not echoed", "未回传")
    yield Finding(
        step="plain",
        expected=_OPEN,
        actual=Text("{names}; x-request-id {answer}", "{names}；x-request-id {answer}").format(
            names=display_value(names), answer=answer
        ),
    )


_OPEN: Final = Text("left open by the docs", "文档未作规定")


def _successful(view: TranscriptView) -> dict[str, Any]:
    body = view.body("plain") if view.response("plain").status == 200 else None
    if not isinstance(body, dict):
        raise NotExercised(Text("the retry did not succeed", "重试没有成功"))
    return body


def _words(view: TranscriptView, exchange: Exchange) -> Text:
    """Return the status and what the body says about it, or that there was no response."""
    response = exchange.response
    if response is None:
        return Text("no response ({problem})", "没有响应（{problem}）").format(problem=exchange.problem)
    try:
        body = view.body(exchange.step) if exchange.outcome == "ok" and response.body.text else None
    except CannotJudge:
        body = None
    kind = error_type_of(body)
    state = body.get("state") if isinstance(body, dict) else None
    if kind is not None:
        return Text("{s}, error.type {k}", "{s}，error.type 为 {k}").format(s=response.status, k=display_value(kind))
    if isinstance(state, str):
        return Text("{s}, state {k}", "{s}，state 为 {k}").format(s=response.status, k=display_value(state))
    return Text(str(response.status), str(response.status))


def _case(
    name: str,
    title: Text,
    run_steps: Callable[[ScenarioContext], Any],
    item_spec: ItemSpec,
    *checks: Check,
    writes: int,
) -> Scenario:
    return Scenario(
        id=f"observe.{name}",
        chapter="observations",
        title=title,
        run_steps=run_steps,
        item_spec=item_spec,
        expectations={ARRANGING_ACK: FIRST_ACK} if "ack" in item_spec.transitions else {},
        checks=checks,
        extra_writes=writes,
        run_last=name == "archived-environment",
    )


def _observe(name: str, *steps: str) -> Check:
    return Check(f"ack.observe.{name}", observe_responses(*steps))


def scenarios() -> Iterator[Scenario]:
    """Yield a scenario for each open question."""
    yield _case(
        "anonymous-poll",
        Text(
            "Two workers ack an item that was polled without a Worker-ID",
            "poll 时不带 Worker-ID 的 item，由两个 worker 先后执行 ack",
        ),
        _anonymous,
        ItemSpec(named=False),
        _observe("worker-id-after-anonymous-poll", "first"),
        _observe("second-worker-after-anonymous-poll", "second"),
        writes=2,
    )
    yield _case(
        "worker-ids",
        Text("Acks with unusual Worker-IDs", "使用特殊的 Worker-ID 执行 ack"),
        _worker_ids,
        ItemSpec(),
        _observe("worker-id-case", "case"),
        _observe("worker-id-forms", "empty", "long", "script", "twice"),
        writes=5,
    )
    yield _case(
        "request-forms",
        Text("Retries in forms that the page does not document", "以页面没有说明的形式重试"),
        _forms,
        ItemSpec(transitions=("ack",)),
        _observe("lower-case-bearer", "bearer"),
        _observe("bodies", "body.empty", "body.unknown", "body.invalid"),
        _observe("unknown-query", "query"),
        _observe("trailing-slash", "slash"),
        _observe("other-methods", *(f"method.{method}" for method in _METHODS)),
        _observe("odd-ids", *(f"id.{name}" for name in _ODD_IDS)),
        Check("ack.observe.extra-fields", extra_fields),
        Check("ack.observe.response-headers", response_headers),
        writes=17,
    )
    yield _case(
        "precedence",
        Text("Acks that match two rows of the error table", "执行 ack，错误表中有两行同时适用"),
        _precedence,
        ItemSpec(),
        _observe("precedence", "401-404", "401-400", "403-404", "403-409"),
        writes=4,
    )
    yield _case(
        "undelivered",
        Text("An ack of an item that was never delivered", "对从未投递过的 item 执行 ack"),
        _undelivered,
        ItemSpec(place="quiet", delivered=False),
        _observe("undelivered", "ack"),
        writes=2,
    )
    yield _case(
        "archived-environment",
        Text("An ack in an environment that was archived", "在已归档的环境中执行 ack"),
        _archived,
        ItemSpec(place="quiet"),
        _observe("archived-environment", "ack"),
        writes=3,
    )
