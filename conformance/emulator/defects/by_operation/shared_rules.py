"""Defects of the rules that every operation shares: bodies, envelopes, credentials, permission, paths.

Each kind of defect is made for every operation besides ack, which has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...response_edits import body, content, header
from ..defect import Defect
from .defect_kind import Kind, defects_of
from .makers import (
    ACTING,
    ON_ITEM,
    acting_first,
    admits,
    drop_media_type,
    edit_but_long_polls,
    edit_kind,
    field_gone,
    field_of_wrong_type,
    ignoring_environment,
    is_near_miss,
    is_unknown_bearer,
    malformed_is,
    refused_as,
    stopping_at,
    stopping_what_is_alike,
    with_member,
    with_value,
    without,
)

_NAN: Final = with_member(b'"elapsed": NaN')

_UNREADABLE: Final = {
    "poll": "ack.race.redelivery",
    "list": "ack.race.redelivery",
    "heartbeat": "heartbeat.value.is-latest heartbeat.cas.accepted heartbeat.keeps-other-fields heartbeat.cas.no-heartbeat-refused"
    " heartbeat.cas.stale-refused heartbeat.cas.unconditional heartbeat.later.keeps-started-at",
}
"""What cannot be judged where a success cannot be read: its value cannot be sent back."""

_READS_HAS_MORE: Final = "list.page.empty list.page.next list.race.growing list.walk.after-id list.walk.page"

KINDS: Final[Sequence[Kind]] = (
    Kind(
        name="text-media-type",
        en="A successful {X} returns JSON as text/plain.",
        zh="成功的 {X} 把 JSON 标为 text/plain。",
        make=edit_kind(header("content-type", "text/plain"), success=True),
        fails="answer.media-type",
    ),
    Kind(
        name="no-media-type",
        en="A successful {X} returns no Content-Type.",
        zh="成功的 {X} 不返回 Content-Type。",
        make=edit_kind(drop_media_type, success=True),
        fails="answer.media-type",
    ),
    Kind(
        name="field-missing",
        en="A successful {X} leaves out a documented field.",
        zh="成功的 {X} 缺少文档规定的一个字段。",
        make=field_gone,
        fails="answer.schema-en answer.schema-zh",
        also={
            "list": _READS_HAS_MORE,
            "get": "update.changes-metadata-only",
            "update": "update.changes-metadata-only",
        },
        may_fail="ack.answer.get-agrees",
    ),
    Kind(
        name="field-of-wrong-type",
        en="A successful {X} returns a field with another JSON type.",
        zh="成功的 {X} 有一个字段的 JSON 类型不同。",
        make=field_of_wrong_type,
        fails="answer.schema-en answer.schema-zh",
        also={
            "poll": "get.shows.last-response",
            "stop": "get.shows.last-response",
            "list": _READS_HAS_MORE,
            "get": "get.shows.last-response update.changes-metadata-only",
            "update": "update.changes-metadata-only",
        },
        may_fail="ack.answer.get-agrees",
    ),
    Kind(
        name="not-a-number",
        en="The body of a successful {X} has a NaN.",
        zh="成功的 {X} 响应体含有 NaN。",
        make=edit_but_long_polls(content(_NAN)),
        fails="answer.strict-json",
        skips=_UNREADABLE,
        blocks=("list", "get", "heartbeat", "stop"),
    ),
    Kind(
        name="duplicate-key",
        en="The body of a successful {X} has a key twice.",
        zh="成功的 {X} 响应体有重复的键。",
        make=edit_but_long_polls(content(with_member(b'"type": "x", "has_more": false'))),
        fails="answer.strict-json",
        skips=_UNREADABLE,
        blocks=("list", "get", "heartbeat", "stop"),
    ),
    Kind(
        name="error-as-html",
        en="A refused {X} returns its envelope as text/html.",
        zh="被拒绝的 {X} 把信封标为 text/html。",
        make=edit_kind(header("content-type", "text/html"), success=False),
        fails="envelope.media-type",
    ),
    Kind(
        name="error-without-media-type",
        en="A refused {X} returns no Content-Type.",
        zh="被拒绝的 {X} 不返回 Content-Type。",
        make=edit_kind(drop_media_type, success=False),
        fails="envelope.media-type",
    ),
    Kind(
        name="error-not-a-number",
        en="The body of a refused {X} has a NaN.",
        zh="被拒绝的 {X} 响应体含有 NaN。",
        make=edit_kind(content(_NAN), success=False),
        fails="envelope.strict-json",
    ),
    Kind(
        name="error-duplicate-key",
        en="The body of a refused {X} has a key twice.",
        zh="被拒绝的 {X} 响应体有重复的键。",
        make=edit_kind(content(with_member(b'"request_id": "x"')), success=False),
        fails="envelope.strict-json",
    ),
    Kind(
        name="error-without-request-id",
        en="A refused {X} returns no `request_id`.",
        zh="被拒绝的 {X} 不返回 `request_id`。",
        make=edit_kind(body(without("request_id")), success=False),
        fails="envelope.schema-en envelope.schema-zh",
    ),
    Kind(
        name="error-without-message",
        en="A refused {X} returns no `error.message`.",
        zh="被拒绝的 {X} 不返回 `error.message`。",
        make=edit_kind(body(without("error", "message")), success=False),
        fails="envelope.schema-en envelope.schema-zh",
    ),
    Kind(
        name="error-message-empty",
        en="A refused {X} returns an empty `error.message`.",
        zh="被拒绝的 {X} 返回空的 `error.message`。",
        make=edit_kind(body(with_value("", "error", "message")), success=False),
        fails="envelope.not-empty",
    ),
    Kind(
        name="error-request-id-empty",
        en="A refused {X} returns an empty `request_id`.",
        zh="被拒绝的 {X} 返回空的 `request_id`。",
        make=edit_kind(body(with_value("", "request_id")), success=False),
        fails="envelope.not-empty",
    ),
    Kind(
        name="anonymous",
        en="A {X} needs no credentials.",
        zh="{X} 不需要凭证。",
        make=admits(lambda given, key, _tokens: not given and not key),
        fails="auth.missing",
    ),
    Kind(
        name="anonymous-forbidden",
        en="A {X} without credentials returns 403.",
        zh="不带凭证的 {X} 返回 403。",
        make=refused_as(403, "permission_error", was=401),
        fails="auth.missing auth.invalid-token auth.scheme auth.expired",
    ),
    Kind(
        name="any-token",
        en="A {X} accepts every bearer token that it does not know.",
        zh="{X} 接受任何未知的 bearer token。",
        make=admits(is_unknown_bearer),
        fails="auth.invalid-token",
    ),
    Kind(
        name="similar-token",
        en="A {X} accepts a token that begins like a valid one.",
        zh="{X} 接受开头与有效 token 相同的 token。",
        make=admits(is_near_miss),
        fails="auth.invalid-token",
    ),
    Kind(
        name="other-scheme",
        en="A {X} accepts the valid token under any scheme.",
        zh="{X} 接受任何认证方案下的有效 token。",
        make=admits(lambda given, _key, tokens: given == f"Token {tokens.owner}"),
        fails="auth.scheme",
    ),
    Kind(
        name="api-key",
        en="A {X} accepts the valid token in `x-api-key`.",
        zh="{X} 接受 `x-api-key` 中的有效 token。",
        make=admits(lambda _given, key, tokens: key == tokens.owner),
        fails="auth.scheme",
    ),
    Kind(
        name="expired-token",
        en="A {X} accepts an expired token.",
        zh="{X} 接受已过期的 token。",
        make=admits(lambda given, _key, tokens: given == f"Bearer {tokens.expired}"),
        fails="auth.expired",
    ),
    Kind(
        name="no-permission",
        en="A {X} needs no permission to act on work.",
        zh="{X} 不检查操作 work 的权限。",
        make=admits(lambda given, _key, tokens: given == f"Bearer {tokens.forbidden}"),
        fails="authz.forbidden",
        operations=ACTING,
    ),
    Kind(
        name="no-permission-401",
        en="A {X} without permission returns 401.",
        zh="无权执行的 {X} 返回 401。",
        make=refused_as(401, "authentication_error", was=403),
        fails="authz.forbidden",
        operations=ACTING,
    ),
    Kind(
        name="other-tenant",
        en="A {X} accepts another tenant's token.",
        zh="{X} 接受其他租户的 token。",
        make=admits(lambda given, _key, tokens: given == f"Bearer {tokens.foreign}"),
        fails="authz.foreign-token",
    ),
    Kind(
        name="not-self-hosted-404",
        en="A {X} in an environment that is not self-hosted returns 404.",
        zh="在非 self-hosted 的环境中执行 {X}，返回 404。",
        make=refused_as(404, "not_found_error", param="environment_id", was=400),
        fails="environment.not-self-hosted",
    ),
    Kind(
        name="not-self-hosted-409",
        en="A {X} in an environment that is not self-hosted returns 409.",
        zh="在非 self-hosted 的环境中执行 {X}，返回 409。",
        make=refused_as(409, "invalid_request_error", param="environment_id", was=400),
        fails="environment.not-self-hosted",
    ),
    Kind(
        name="unknown-environment-500",
        en="A {X} in an environment that does not exist returns 500.",
        zh="在不存在的环境中执行 {X}，返回 500。",
        make=refused_as(500, "api_error", param="environment_id", was=404),
        fails="not-found.environment not-found.malformed authz.foreign-token",
    ),
    Kind(
        name="unknown-environment-400",
        en="A {X} in an environment that does not exist returns 400.",
        zh="在不存在的环境中执行 {X}，返回 400。",
        make=refused_as(400, "invalid_request_error", param="environment_id", was=404),
        fails="not-found.environment authz.foreign-token",
    ),
    Kind(
        name="unknown-item-500",
        en="A {X} of an item that does not exist returns 500.",
        zh="对不存在的 item 执行 {X}，返回 500。",
        make=refused_as(500, "api_error", param="work_id", was=404),
        fails="not-found.work not-found.other-environment not-found.malformed",
        operations=ON_ITEM,
    ),
    Kind(
        name="unknown-item-400",
        en="A {X} of an item that does not exist returns 400.",
        zh="对不存在的 item 执行 {X}，返回 400。",
        make=refused_as(400, "invalid_request_error", param="work_id", was=404),
        fails="not-found.work not-found.other-environment",
        operations=ON_ITEM,
    ),
    Kind(
        name="any-environment",
        en="A {X} finds an item under the path of another environment.",
        zh="在其他环境的路径下，{X} 也能找到 item。",
        make=ignoring_environment,
        fails="not-found.other-environment",
        operations=ON_ITEM,
    ),
    Kind(
        name="malformed-id-500",
        en="A {X} with a malformed id returns 500.",
        zh="id 格式错误的 {X} 返回 500。",
        make=malformed_is(500),
        fails="not-found.malformed",
    ),
    Kind(
        name="malformed-id-422",
        en="A {X} with a malformed id returns 422.",
        zh="id 格式错误的 {X} 返回 422。",
        make=malformed_is(422),
        fails="not-found.malformed",
    ),
    Kind(
        name="acts-before-401",
        en="A {X} with bad credentials gets 401, but takes effect.",
        zh="凭证无效的 {X} 得到 401，却已生效。",
        make=acting_first(401),
        fails="refused.changes-nothing",
        operations=("update", "heartbeat", "stop"),
        moves_time=True,
    ),
    Kind(
        name="acts-before-403",
        en="A {X} without permission gets 403, but takes effect.",
        zh="无权执行的 {X} 得到 403，却已生效。",
        make=acting_first(403),
        fails="refused.changes-nothing",
        operations=("update", "heartbeat", "stop"),
        moves_time=True,
    ),
    Kind(
        name="stops-what-is-alike",
        en="A {X} that is refused with 400 or 404 stops the item whose id begins like the one in the path.",
        zh="{X} 以 400 或 404 被拒绝，却使 id 开头与路径中 id 相同的 item 停止。",
        make=stopping_what_is_alike(400, 404),
        fails="refused.changes-nothing",
        also={
            # the suite finds out with a GET that an id is unknown
            "get": "heartbeat.refused.changes-nothing stop.refused.changes-nothing update.refused.changes-nothing",
            "stop": "stop.invalid-json",
        },
        may_fail="ack.refused.changes-nothing ack.refused.rightful-worker-unharmed",
        operations=ON_ITEM,
    ),
    Kind(
        name="stops-before-401",
        en="A {X} with bad credentials gets 401, but stops the item.",
        zh="凭证无效的 {X} 得到 401，并使 item 停止。",
        make=stopping_at(401),
        fails="refused.changes-nothing",
        operations=("get",),
    ),
    Kind(
        name="stops-before-404",
        en="A {X} with the token of another tenant gets 404, but stops the item.",
        zh="使用其他租户 token 的 {X} 得到 404，并使 item 停止。",
        make=stopping_at(404),
        fails="refused.changes-nothing",
        operations=("get",),
    ),
)


DEFECTS: Sequence[Defect] = tuple(defects_of(KINDS))
