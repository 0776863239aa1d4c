"""Variants in the setup of work: environments, agents, sessions and polls."""

from dataclasses import replace
from datetime import timedelta

from ..configuration import Mutation
from ..errors import ApiError, conflict, invalid_request, not_found, not_permitted
from ..operations import Call, Operation, Reply
from ..parameters import Query
from .behaviour import Claimable
from .variant import Variant, compose, replace_operation

_LATE = timedelta(seconds=3)
_MOST_ENVIRONMENTS = 3
_POLL = "/environments/{environment_id}/work/poll"


async def _with_200(create: Operation, call: Call) -> Reply:
    return Reply((await create(call)).payload)


_CREATES = ("/environments", "/agents", "/sessions", "/sessions/{session_id}/events")


def _missing(path: str) -> Mutation:
    async def refused(_list: Operation, _call: Call) -> Reply:
        raise not_found("path")

    return replace_operation("GET", path, refused)


async def _with_work(create: Operation, call: Call) -> Reply:
    reply = await create(call)
    assert isinstance(reply.payload, dict)
    session = call.service.resources.session(call.principal.tenant, reply.payload["id"])
    message = {"type": "user.message", "content": [{"type": "text", "text": "Begin."}]}
    call.service.resources.send_events(session, {"events": [message]})
    return reply


def _after_a_while(claimable: Claimable) -> Claimable:
    return lambda item, now, reclaim: now - item.created_at >= _LATE and claimable(item, now, reclaim)


async def _without_the_newest(list_items: Operation, call: Call) -> Reply:
    """Return the list without items that cannot be polled yet."""
    reply = await list_items(call)
    assert isinstance(reply.payload, dict)
    now = call.service.resources.clock()
    items = call.service.store.work_items(call.path["environment_id"])
    known = {item.id for item in items if now - item.created_at >= _LATE}
    shown = [entry for entry in reply.payload["data"] if entry["id"] in known]
    ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {"first_id": None, "last_id": None}
    return Reply({**reply.payload, **ends, "data": shown})


async def _managed(create: Operation, call: Call) -> Reply:
    """Use `managed` for environments that are not self-hosted, and refuse `cloud`."""
    config = call.json_body().get("config")
    if isinstance(config, dict) and config.get("type") == "cloud":
        raise invalid_request("config.type must be self_hosted or managed.", "config.type")
    return await create(replace(call, body=call.body.replace(b'"managed"', b'"cloud"')))


async def _three_at_most(create: Operation, call: Call) -> Reply:
    environments = call.service.store.environments.values()
    live = [one for one in environments if one.tenant == call.principal.tenant and one.archived_at is None]
    if len(live) >= _MOST_ENVIRONMENTS:
        raise ApiError(403, "permission_error", "The plan allows three environments.")
    return await create(call)


class _Impatient(Query):
    """The query of a poll, without its waiting time."""

    def __init__(self, found: Query) -> None:
        super().__init__({})
        self._found = found

    def text(self, name: str) -> str | None:
        return self._found.text(name)

    def integer(self, name: str, *, minimum: int, maximum: int | None = None) -> int | None:
        value = self._found.integer(name, minimum=minimum, maximum=maximum)
        return None if name == "block_ms" else value


async def _at_once(poll: Operation, call: Call) -> Reply:
    return await poll(replace(call, query=_Impatient(call.query)))


async def _by_administrators(_delete: Operation, call: Call) -> Reply:
    call.environment()
    raise not_permitted()


async def _after_its_end(delete: Operation, call: Call) -> Reply:
    resources = call.service.resources
    if resources.running(resources.session(call.principal.tenant, call.path["session_id"])):
        raise conflict("The session is running; cancel it first.")
    return await delete(call)


SETUP_API = (
    Variant(
        id="creates-with-200",
        en="Create and send operations return 200.",
        zh="创建和发送操作一律返回 200。",
        change=compose(*(replace_operation("POST", path, _with_200) for path in _CREATES)),
    ),
    Variant(
        id="no-environment-list",
        en="There is no list of environments.",
        zh="服务器没有列出环境的端点。",
        change=_missing("/environments"),
    ),
    Variant(
        id="no-model-list",
        en="There is no list of models.",
        zh="服务器没有列出模型的端点。",
        change=_missing("/models"),
    ),
    Variant(
        id="work-at-session",
        en="Work is queued when a session is created.",
        zh="会话一经创建，work 就进入队列。",
        change=replace_operation("POST", "/sessions", _with_work),
    ),
    Variant(
        id="work-after-3-s",
        en="Work becomes visible only three seconds after it was requested.",
        zh="work 在请求之后三秒才可见。",
        change=compose(
            lambda server_config: server_config.override_policy(claimable=_after_a_while),
            replace_operation("GET", "/environments/{environment_id}/work", _without_the_newest),
        ),
    ),
    Variant(
        id="managed",
        en="Environments that are not self-hosted have the type `managed`.",
        zh="非 self-hosted 的环境以 `managed` 为类型。",
        change=replace_operation("POST", "/environments", _managed),
    ),
    Variant(
        id="three-environments",
        en="A tenant may have at most three environments.",
        zh="每个租户最多三个环境。",
        profile="ack",
        change=replace_operation("POST", "/environments", _three_at_most),
    ),
    Variant(
        id="polls-at-once",
        en="A poll responds immediately, for any `block_ms`.",
        zh="无论 `block_ms` 为何值，poll 都立即响应。",
        change=replace_operation("GET", _POLL, _at_once),
    ),
    Variant(
        id="environments-kept",
        en="Only administrators may delete environments; others can only archive them.",
        zh="只有管理员可以删除环境，其他人只能归档。",
        change=replace_operation("DELETE", "/environments/{environment_id}", _by_administrators),
    ),
    Variant(
        id="running-sessions-kept",
        en="A running session cannot be deleted until it is cancelled.",
        zh="运行中的会话须先取消，才能删除。",
        change=replace_operation("DELETE", "/sessions/{session_id}", _after_its_end),
    ),
)
