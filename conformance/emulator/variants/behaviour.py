"""Variants in the behaviour of acks, and in access control."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..authorization import AccessRequirement
from ..errors import ApiError, conflict, invalid_request, not_permitted, unauthenticated
from ..operations import Call, Operation, Reply
from ..records import Environment
from ..response_edits import EditableResponse, edit_responses
from ..tokens import Principal, Tokens
from ..work import AckDecision, State, WorkItem
from .deliveries_and_leases import DELIVERIES_AND_LEASES
from .variant import ITEM, Variant, replace_operation

_ACK = f"{ITEM}/ack"
_READ_TO_WRITE_SECONDS = 0.02

DecideAck = Callable[[WorkItem, str | None], AckDecision]
Admit = Callable[[Principal, Environment | None, AccessRequirement], Environment]
Claimable = Callable[[WorkItem, datetime, timedelta], bool]


def _date_anew(repeat: Callable[[WorkItem, datetime], WorkItem]) -> Callable[[WorkItem, datetime], WorkItem]:
    return lambda item, now: replace(repeat(item, now), acknowledged_at=now)


def _bound(decide: DecideAck) -> DecideAck:
    def decided(item: WorkItem, worker_id: str | None) -> AckDecision:
        live = item.state not in (State.STOPPING, State.STOPPED)
        if live and item.worker_id is not None and worker_id is None:
            return AckDecision.OTHER_WORKER
        return decide(item, worker_id)

    return decided


def _in_any_case(decide: DecideAck) -> DecideAck:
    return lambda item, worker_id: decide(
        replace(item, worker_id=item.worker_id and item.worker_id.lower()), worker_id and worker_id.lower()
    )


async def _recording(ack: Operation, call: Call) -> Reply:
    """Assign the item to the ack's worker if the poll sent no Worker-ID."""
    reply = await ack(call)
    item = _item(call)
    if item is not None and item.worker_id is None:
        call.service.store.put_work(replace(item, worker_id=call.worker_id))
    return reply


def _item(call: Call) -> WorkItem | None:
    return call.service.store.work_item(call.path["environment_id"], call.path["work_id"])


async def _only_delivered(ack: Operation, call: Call) -> Reply:
    item = _item(call)
    if item is not None and item.state is State.QUEUED and item.delivered_at is None:
        call.environment(AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION)
        raise conflict("The work item was not delivered to anybody yet.")
    return await ack(call)


async def _well_formed_first(ack: Operation, call: Call) -> Reply:
    """Refuse malformed ids first. A well-formed id has its prefix and the length of this server's own ids."""
    for name, prefix in (("environment_id", "env_"), ("work_id", "work_")):
        given = call.path[name]
        if not given.startswith(prefix) or len(given) != len(call.service.resources.mint.new_id(prefix)):
            raise invalid_request(f"The {name} is malformed.", name)
    return await ack(call)


async def _rendered_late(ack: Operation, call: Call) -> Reply:
    """Read the item again a moment later, and return it as it is then."""
    reply = await ack(call)
    await asyncio.sleep(_READ_TO_WRITE_SECONDS)
    item = _item(call)
    return reply if item is None else Reply(call.service.policy.render_work_item(item), reply.status)


async def _compared_and_set(ack: Operation, call: Call) -> Reply:
    """Read the item, and write it only if it has not changed since."""
    read = _item(call)
    await asyncio.sleep(_READ_TO_WRITE_SECONDS)
    if read is not None and _item(call) is not read:
        call.environment(AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION)
        raise conflict("The work item changed at the same time.")
    return await ack(call)


async def _strict_request(ack: Operation, call: Call) -> Reply:
    """Accept only an empty JSON object as body, no query, and no long Worker-ID."""
    call.environment(AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION)
    if call.body.strip() and _parsed(call.body) != {}:
        raise invalid_request("The ack does not accept a body.")
    if call.query.text("surprise") is not None:
        raise invalid_request("The ack does not accept a query.", "surprise")
    worker_id = call.headers.get("worker-id", "")
    if not worker_id.isascii() or len(worker_id) > 64:
        raise invalid_request("The Worker-ID must have at most 64 characters of ASCII.", "Worker-ID")
    return await ack(call)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _strict_scheme(authenticate: Callable[[Tokens, Any], Principal]) -> Callable[[Tokens, Any], Principal]:
    def strict(tokens: Tokens, authorization: Any) -> Principal:
        if not all(value.startswith("Bearer ") for value in authorization):
            raise unauthenticated()
        return authenticate(tokens, authorization)

    return strict


def _strangers_forbidden(admit: Admit) -> Admit:
    def admitted(principal: Principal, environment: Environment | None, demand: AccessRequirement) -> Environment:
        if environment is not None and environment.tenant != principal.tenant:
            raise not_permitted()
        return admit(principal, environment, demand)

    return admitted


async def _none_in_the_archive(ack: Operation, call: Call) -> Reply:
    if call.environment(AccessRequirement.SELF_HOSTED | AccessRequirement.PERMISSION).archived_at is not None:
        raise ApiError(403, "permission_error", "The environment is archived.")
    return await ack(call)


def _delivered_once(claimable: Claimable) -> Claimable:
    return lambda item, now, reclaim: item.delivered_at is None and claimable(item, now, reclaim)


def _plain_405(answer: EditableResponse) -> None:
    """Let the web server in front answer unsupported methods in its own way."""
    if answer.status == 405:
        answer.content = b"<html><body><h1>405 Not Allowed</h1></body></html>"
        answer.headers["content-type"] = "text/html"


BEHAVIOUR = (
    Variant(
        id="acknowledged-at-refreshed",
        en="A retry updates `acknowledged_at`.",
        zh="重试时重新记录 `acknowledged_at`。",
        change=lambda server_config: server_config.override_policy(repeat_ack=_date_anew),
        warns=frozenset({"ack.retry.acknowledged-at-unchanged"}),
    ),
    Variant(
        id="polled-id-binds",
        en="If the poll sent a Worker-ID, an ack without one returns 409.",
        zh="poll 带有 Worker-ID 时，不带 Worker-ID 的 ack 返回 409。",
        change=lambda server_config: server_config.override_policy(decide_ack=_bound),
        warns=frozenset({"ack.identity.ack-without-id"}),
    ),
    Variant(
        id="ack-records-worker",
        en="An ack records its worker if the poll sent no Worker-ID.",
        zh="poll 未带 Worker-ID 时，由 ack 记录 worker。",
        change=replace_operation("POST", _ACK, _recording),
    ),
    Variant(
        id="worker-ids-in-any-case",
        en="Worker-IDs that differ only in letter case are the same.",
        zh="仅大小写不同的 Worker-ID 视为相同。",
        change=lambda server_config: server_config.override_policy(decide_ack=_in_any_case),
    ),
    Variant(
        id="undelivered-refused",
        en="An ack of an item that was never delivered returns 409.",
        zh="对从未投递的 item 执行 ack 返回 409。",
        change=replace_operation("POST", _ACK, _only_delivered),
    ),
    Variant(
        id="malformed-ids-400",
        en="A malformed id is invalid input and returns 400.",
        zh="格式错误的 id 视为输入错误，返回 400。",
        change=replace_operation("POST", _ACK, _well_formed_first),
    ),
    Variant(
        id="strangers-403",
        en="Another tenant's environment returns 403.",
        zh="其他租户的环境返回 403。",
        change=lambda server_config: server_config.override_policy(admit=_strangers_forbidden),
    ),
    Variant(
        id="archived-refused",
        en="An ack in an archived environment returns 403.",
        zh="在已归档的环境中执行 ack 返回 403。",
        change=replace_operation("POST", _ACK, _none_in_the_archive),
    ),
    Variant(
        id="strict-requests",
        en="An ack with an unknown body, an unknown query, or a long or non-ASCII Worker-ID returns 400.",
        zh="请求体或查询参数未知、Worker-ID 过长或含非 ASCII 字符的 ack 返回 400。",
        change=replace_operation("POST", _ACK, _strict_request),
    ),
    Variant(
        id="strict-scheme",
        en="The authentication scheme must be spelled exactly `Bearer`.",
        zh="认证方案必须严格写作 `Bearer`。",
        change=lambda server_config: server_config.override_policy(authenticate=_strict_scheme),
    ),
    Variant(
        id="plain-405",
        en="The web server answers unsupported methods itself, in HTML.",
        zh="对于路径不支持的方法，由 Web 服务器返回 HTML 响应。",
        change=lambda server_config: server_config.with_wrapper(edit_responses(_plain_405)),
    ),
    Variant(
        id="never-delivers-again",
        en="A delivered item is not delivered again.",
        zh="已投递过的 item 不再投递。",
        change=lambda server_config: server_config.override_policy(claimable=_delivered_once),
        warns=frozenset({"poll.redelivery.after-window"}),
        skips=frozenset({"ack.identity.redelivered", "ack.race.redelivery"}),
    ),
    Variant(
        id="rendered-late",
        en="The server reads the item again before it renders the body of an ack.",
        zh="ack 在重新读取 item 之后生成响应体。",
        change=replace_operation("POST", _ACK, _rendered_late),
    ),
    Variant(
        id="conflict-when-overlapping",
        en="An ack returns 409 without effect if its item changes in the meantime.",
        zh="如果 item 在 ack 处理期间发生变化，则 ack 返回 409，不产生任何影响。",
        change=replace_operation("POST", _ACK, _compared_and_set),
    ),
    *DELIVERIES_AND_LEASES,
)
