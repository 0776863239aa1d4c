"""Defects in access control: authentication and authorization."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..authorization import AccessRequirement
from ..configuration import Mutation
from ..errors import ApiError, JsonObject, conflict, envelope, internal_error, not_permitted, unauthenticated
from ..operations import Call, Operation, Reply
from ..records import Environment
from ..response_edits import EditableResponse, edit_refused_acks, errors
from ..tokens import Principal, Tokens
from ..work import State, WorkItem
from .defect import Defect, defect
from .mutations import override, replace_ack, rewrite_ack_call, wrap_app
from .requirement_groups import ENVELOPE_SCHEMAS, UNAUTHENTICATED

_OWNER = Principal("main", may_act=True)
_Authenticate = Callable[[Tokens, Sequence[str]], Principal]
_Admit = Callable[[Principal, Environment | None, AccessRequirement], Environment]


# Authentication -----------------------------------------------------------------------------------------------------


def _accepting(also: Callable[[Tokens, str], bool]) -> Mutation:
    """Also accept, as the owner, every Authorization value for which `also` is true (the value is empty if missing)."""

    def lenient(found: _Authenticate, tokens: Tokens, authorization: Sequence[str]) -> Principal:
        try:
            return found(tokens, authorization)
        except ApiError:
            if also(tokens, authorization[0] if authorization else ""):
                return _OWNER
            raise

    return override(authenticate=lenient)


def _refusing(error: Callable[[str], ApiError]) -> Mutation:
    """Refuse bad credentials with another error, which `error` builds from the Authorization value."""

    def forbid(found: _Authenticate, tokens: Tokens, authorization: Sequence[str]) -> Principal:
        try:
            return found(tokens, authorization)
        except ApiError:
            raise error(authorization[0] if authorization else "") from None

    return override(authenticate=forbid)


def _token_of(value: str) -> str:
    return value.removeprefix("Bearer ") if value.startswith("Bearer ") else ""


def _in_basic(tokens: Tokens, value: str) -> bool:
    return value == "Basic " + base64.b64encode(f"{tokens.owner}:".encode()).decode()


def _almost(tokens: Tokens, value: str) -> bool:
    presented = _token_of(value)
    differing = sum(one != other for one, other in zip(presented, tokens.owner, strict=False))
    return len(presented) == len(tokens.owner) and differing == 1


def _in_other_case(tokens: Tokens, value: str) -> bool:
    return _token_of(value).lower() == tokens.owner.lower()


def _crashing_in_other_case(tokens: Tokens, value: str) -> bool:
    if _in_other_case(tokens, value):
        raise internal_error()
    return False


def _taking_api_keys(app: ASGIApp, _tokens: Tokens) -> ASGIApp:
    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        headers = MutableHeaders(scope=scope)
        if "authorization" not in headers and "x-api-key" in headers:
            headers["authorization"] = f"Bearer {headers['x-api-key']}"
        await app(scope, receive, send)

    return called


def _open_once_acked(app: ASGIApp, tokens: Tokens) -> ASGIApp:
    """Answer the ack of an acked item before the credentials are checked."""
    acked: set[str] = set()
    known = {f"Bearer {getattr(tokens, field.name)}" for field in fields(tokens)}

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if not path.endswith("/ack"):
            await app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        if path in acked and headers.get("authorization") not in known:
            headers["authorization"] = f"Bearer {tokens.owner}"

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                acked.add(path)
            await send(message)

        await app(scope, receive, noting)

    return called


def _bad_request() -> ApiError:
    return ApiError(400, "invalid_request_error", "The Authorization header is missing or malformed.")


AUTHENTICATION = (
    defect(
        "auth.anonymous",
        "A request without an Authorization header is treated as the owner's.",
        "不带 Authorization 请求头的请求，被当作所有者的请求。",
        _accepting(lambda _tokens, value: value == ""),
        fails="ack.auth.missing ack.auth.x-api-key",
    ),
    defect(
        "auth.missing-400",
        "An ack without an Authorization header returns 400.",
        "不带 Authorization 请求头的 ack 返回 400。",
        _refusing(lambda value: unauthenticated() if value else _bad_request()),
        fails="ack.auth.missing ack.auth.x-api-key",
    ),
    defect(
        "auth.well-formed-is-enough",
        "Any token of the right format is accepted.",
        "只要 token 的格式正确，就被接受。",
        _accepting(lambda _tokens, value: re.fullmatch("pt-[A-Za-z0-9]{40}", _token_of(value)) is not None),
        fails="ack.auth.unknown-token ack.auth.expired",
    ),
    defect(
        "auth.unknown-403",
        "A token that was never issued returns 403.",
        "从未签发过的 token 得到 403。",
        _refusing(
            lambda value: not_permitted() if re.fullmatch("Bearer pt-[A-Za-z0-9]{40}", value) else unauthenticated()
        ),
        fails="ack.auth.unknown-token ack.auth.expired",
    ),
    defect(
        "auth.letter-case-ignored",
        "The comparison of tokens ignores letter case.",
        "比较 token 时不区分大小写。",
        _accepting(_in_other_case),
        fails="ack.auth.letter-case",
    ),
    defect(
        "auth.letter-case-500",
        "The server finds a token that differs from a valid one in letter case, and then crashes.",
        "服务器能查到与有效 token 仅大小写不同的 token，随后崩溃。",
        _accepting(_crashing_in_other_case),
        fails="ack.auth.letter-case",
    ),
    defect(
        "auth.beginning-is-enough",
        "Any prefix of the token is accepted, even the empty string.",
        "token 的任何前缀都被接受，甚至包括空字符串。",
        _accepting(lambda tokens, value: value.startswith("Bearer") and tokens.owner.startswith(_token_of(value))),
        fails="ack.auth.near-miss ack.auth.empty-bearer",
    ),
    defect(
        "auth.longer-accepted",
        "Any value that starts with the token is accepted.",
        "任何以该 token 开头的值都被接受。",
        _accepting(lambda tokens, value: _token_of(value).startswith(tokens.owner)),
        fails="ack.auth.near-miss",
    ),
    defect(
        "auth.one-character-forgiven",
        "A token that differs in one character is accepted.",
        "相差一个字符的 token 也被接受。",
        _accepting(_almost),
        fails="ack.auth.near-miss",
    ),
    defect(
        "auth.empty-bearer-500",
        "`Bearer` without a token crashes the server.",
        "只有 `Bearer` 而没有 token 时，服务器崩溃。",
        _refusing(lambda value: internal_error() if value.strip() == "Bearer" else unauthenticated()),
        fails="ack.auth.empty-bearer",
    ),
    defect(
        "auth.any-scheme",
        "The token is accepted under any scheme.",
        "无论使用哪种认证方案，token 都被接受。",
        _accepting(lambda tokens, value: value.endswith(f" {tokens.owner}")),
        fails="ack.auth.scheme",
    ),
    defect(
        "auth.basic",
        "The token is accepted as the user name of HTTP Basic.",
        "token 可作为 HTTP Basic 的用户名使用。",
        _accepting(_in_basic),
        fails="ack.auth.scheme",
    ),
    defect(
        "auth.x-api-key",
        "The token is accepted in x-api-key.",
        "token 放在 x-api-key 中也被接受。",
        wrap_app(_taking_api_keys),
        fails="ack.auth.x-api-key",
    ),
    defect(
        "auth.never-expires",
        "An expired token is accepted.",
        "过期的 token 仍被接受。",
        _accepting(lambda tokens, value: _token_of(value) == tokens.expired),
        fails="ack.auth.expired",
    ),
    defect(
        "auth.403",
        "Bad credentials get 403.",
        "无效的凭证得到 403。",
        _refusing(lambda _value: not_permitted()),
        fails=UNAUTHENTICATED,
    ),
    defect(
        "auth.wrong-type",
        "A 401 carries the type `unauthorized`.",
        "401 响应的 `error.type` 为 `unauthorized`。",
        wrap_app(edit_refused_acks(errors(type="unauthorized"), 401)),
        fails=f"{UNAUTHENTICATED} {ENVELOPE_SCHEMAS}",
    ),
    defect(
        "auth.open-once-acked",
        "Once an item was acked, any caller may ack it again.",
        "item 一经 ack，任何调用者都可以再次 ack。",
        wrap_app(_open_once_acked),
        fails="ack.auth.missing ack.auth.unknown-token",
    ),
)

# Authorization ------------------------------------------------------------------------------------------------------


def _to(status: int, error_type: str) -> Callable[[EditableResponse], None]:
    def edit(answer: EditableResponse) -> None:
        answer.status = status
        errors(type=error_type)(answer)

    return edit


def _any_tenant(
    found: _Admit, principal: Principal, environment: Environment | None, demand: AccessRequirement
) -> Environment:
    tenant = environment.tenant if environment is not None else principal.tenant
    return found(replace(principal, tenant=tenant), environment, demand)


def _to_strangers(tell: Callable[[Call, WorkItem], Reply]) -> Mutation:
    """`tell` writes the response to another tenant's ack of an item."""

    def change(ack: Operation) -> Operation:
        async def called(call: Call) -> Reply:
            environment_id, work_id = call.path["environment_id"], call.path["work_id"]
            environment = call.service.store.environments.get(environment_id)
            item = call.service.store.work_item(environment_id, work_id)
            if item is not None and environment is not None and environment.tenant != call.principal.tenant:
                return tell(call, item)
            return await ack(call)

        return called

    return replace_ack(change)


def _retry_unchecked(*states: State) -> Mutation:
    """Answer the ack of an item in one of these states before the sender's permission is checked."""

    def change(call: Call) -> Call:
        environment_id, work_id = call.path["environment_id"], call.path["work_id"]
        environment = call.service.store.environments.get(environment_id)
        item = call.service.store.work_item(environment_id, work_id)
        if environment is None or item is None or item.state not in states:
            return call
        return replace(call, principal=replace(call.principal, tenant=environment.tenant, may_act=True))

    return rewrite_ack_call(change)


def _conflict(_call: Call, _item: WorkItem) -> Reply:
    raise conflict("The work item was delivered to another worker.", "Worker-ID")


def _telling(what: Callable[[Call, WorkItem], JsonObject]) -> Mutation:
    """Refuse another tenant with a 403 whose `error` also contains `what` it leaks about the item."""

    def tell(call: Call, item: WorkItem) -> Reply:
        refusal: Any = envelope(not_permitted(), "req-1")
        refusal["error"] |= what(call, item)
        return Reply(refusal, 403)

    return _to_strangers(tell)


AUTHORIZATION = (
    defect(
        "authz.not-checked",
        "Every caller who may see the environment may ack its work.",
        "凡可查看环境的调用者都可以 ack 其中的 work。",
        override(admit=lambda found, who, where, demand: found(who, where, demand & ~AccessRequirement.PERMISSION)),
        fails="ack.authz.forbidden",
    ),
    defect(
        "authz.forbidden-401",
        "A token without the permission returns 401.",
        "没有权限的 token 得到 401。",
        wrap_app(edit_refused_acks(_to(401, "authentication_error"), 403)),
        fails="ack.authz.forbidden",
    ),
    defect(
        "authz.wrong-type",
        "A 403 carries the type `forbidden`.",
        "403 响应的 `error.type` 为 `forbidden`。",
        wrap_app(edit_refused_acks(errors(type="forbidden"), 403)),
        fails=f"ack.authz.forbidden {ENVELOPE_SCHEMAS}",
    ),
    defect(
        "authz.any-tenant",
        "The server does not compare tenants.",
        "服务器不比较租户。",
        override(admit=_any_tenant),
        fails="ack.authz.foreign",
    ),
    *(
        defect(
            f"authz.{state.value}-not-checked",
            f"Any valid token may ack an item that is {state.value}, even another tenant's token.",
            f"item 处于 {state.value} 时，任何有效的 token 都可以 ack，包括其他租户的 token。",
            _retry_unchecked(state),
            fails="ack.authz.forbidden ack.authz.foreign",
        )
        for state in (State.STARTING, State.ACTIVE)
    ),
    defect(
        "authz.worker-before-tenant",
        "Another tenant's ack gets 409, which reveals that a worker owns the item.",
        "其他租户的 ack 得到 409，由此泄露该 item 属于某个 worker。",
        _to_strangers(_conflict),
        fails="ack.authz.foreign",
    ),
    defect(
        "authz.names-the-session",
        "The refusal of another tenant's ack names the session.",
        "拒绝其他租户的 ack 时，响应中写明了会话。",
        _telling(lambda _call, item: {"message": f"The session {item.session_id} is not yours."}),
        fails="ack.authz.foreign-no-leak",
    ),
    defect(
        "authz.shows-the-item",
        "The refusal of another tenant's ack contains the item, without its session, some levels deep.",
        "拒绝其他租户的 ack 时，响应在较深的层级中含有该 item（不含其会话）。",
        _telling(
            lambda call, item: {
                "details": [{"resource": {**call.service.policy.render_work_item(item), "data": {"type": "session"}}}]
            }
        ),
        fails="ack.authz.foreign-no-leak",
    ),
)

DEFECTS: Sequence[Defect] = (*AUTHENTICATION, *AUTHORIZATION)
