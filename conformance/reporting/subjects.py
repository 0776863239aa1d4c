"""What a wrong status is about, in a few words: the ack that a requirement sends, as the subject of a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from conformance.chapters.ack.worker_identity import NEAR_MISSES
from conformance.reporting.cause_relations import FOLLOWS_FROM
from conformance.reporting.violations import Topic, Violation
from conformance.text import Text

ACK: Final = Text("Ack", "ack")

_OF_REQUIREMENTS: Final[Mapping[str, Text]] = {
    "ack.first.starting": Text("First ack", "首次 ack"),
    "ack.retry.starting": Text("Retried ack of a `starting` item", "对 `starting` 的 item 重试 ack 时"),
    "ack.retry.active": Text("Retried ack of an `active` item", "对 `active` 的 item 重试 ack 时"),
    "ack.terminal.stopping": Text("Ack of a `stopping` item", "对 `stopping` 的 item 执行 ack 时"),
    "ack.terminal.stopped-queued": Text(
        "Ack of an item stopped while `queued`", "对在 `queued` 时被停止的 item 执行 ack 时"
    ),
    "ack.terminal.stopped-drained": Text("Ack of a drained and stopped item", "对排空后停止的 item 执行 ack 时"),
    "ack.terminal.stopped-forced": Text("Ack of a force-stopped item", "对被强制停止的 item 执行 ack 时"),
    "ack.identity.mismatch-queued": Text(
        "Another worker's ack of a `queued` item", "其他 worker 对 `queued` 的 item 执行 ack 时"
    ),
    "ack.identity.mismatch-starting": Text(
        "Another worker's ack of a `starting` item", "其他 worker 对 `starting` 的 item 执行 ack 时"
    ),
    "ack.identity.mismatch-active": Text(
        "Another worker's ack of an `active` item", "其他 worker 对 `active` 的 item 执行 ack 时"
    ),
    "ack.identity.redelivered": Text("Former worker's ack after a redelivery", "item 重新投递后，原 worker 的 ack"),
    "ack.identity.optional": Text(
        "Ack without Worker-ID after a poll without it", "poll 与 ack 均不带 Worker-ID 时，ack"
    ),
    "ack.identity.header-case": Text(
        "Ack with the Worker-ID header in lower case", "以小写书写 Worker-ID 请求头名称的 ack"
    ),
    "ack.identity.ack-without-id": Text(
        "Ack without the Worker-ID that poll sent", "poll 带有 Worker-ID 而 ack 不带时，ack"
    ),
    "ack.identity.ack-without-id-answered": Text(
        "Ack without the Worker-ID that poll sent", "poll 带有 Worker-ID 而 ack 不带时，ack"
    ),
    "ack.auth.missing": Text("Ack without an Authorization header", "不带 Authorization 请求头的 ack"),
    "ack.auth.unknown-token": Text("Ack with a token that was never issued", "使用从未签发的 token 的 ack"),
    "ack.auth.near-miss": Text("Ack with a token that is wrong in one character", "token 有一个字符错误的 ack"),
    "ack.auth.letter-case": Text("Ack with a token in the wrong letter case", "token 大小写不符的 ack"),
    "ack.auth.empty-bearer": Text("Ack with `Bearer` but no token", "只有 `Bearer` 而没有 token 的 ack"),
    "ack.auth.scheme": Text("Ack with the token under another scheme", "以其他认证方案携带 token 的 ack"),
    "ack.auth.x-api-key": Text("Ack with the token only in `x-api-key`", "只在 `x-api-key` 中携带 token 的 ack"),
    "ack.auth.expired": Text("Ack with an expired token", "使用过期 token 的 ack"),
    "ack.authz.forbidden": Text("Ack with a token that lacks the permission", "使用无此权限的 token 的 ack"),
    "ack.authz.foreign": Text("Ack with another tenant's token", "使用其他租户的 token 的 ack"),
    "ack.environment.not-self-hosted": Text(
        "Ack in an environment that is not `self_hosted`", "在非 `self_hosted` 的环境中执行 ack 时"
    ),
    "ack.not-found.environment": Text("Ack in an unknown environment", "在不存在的环境中执行 ack 时"),
    "ack.not-found.work": Text("Ack of an unknown work item", "对不存在的 work item 执行 ack 时"),
    "ack.not-found.other-environment": Text(
        "Ack of another environment's work item", "对其他环境的 work item 执行 ack 时"
    ),
    "ack.not-found.malformed": Text("Ack with a malformed id", "id 格式错误的 ack"),
    "ack.request.json-body": Text("Ack with the JSON body `{{}}`", "请求体为 `{{}}` 的 ack"),
    "ack.refused.rightful-worker-unharmed": Text(
        "Owning worker's ack after a refused ack", "其他 ack 被拒绝之后，拥有 item 的 worker 的 ack"
    ),
    "ack.race.same-worker": Text("Concurrent ack of the owning worker", "拥有 item 的 worker 的并发 ack"),
    "ack.race.foreign-worker": Text("Concurrent ack of the owning worker", "拥有 item 的 worker 的并发 ack"),
    "ack.race.stop": Text("Ack concurrent with a stop", "与 stop 并发的 ack"),
    "ack.race.heartbeat": Text("Ack concurrent with a heartbeat", "与 heartbeat 并发的 ack"),
    "ack.race.redelivery": Text("Ack concurrent with a redelivery", "与重新投递并发的 ack"),
}

_OF_TOPICS: Final[Mapping[Topic, Text]] = {
    "retry": Text("Retried ack", "重试的 ack"),
    "terminal": Text("Ack of a stopping or stopped item", "对正在停止或已停止的 item 执行 ack 时"),
    "identity": Text("Another worker's ack", "其他 worker 的 ack"),
    "authentication": Text("Ack with bad credentials", "凭证无效的 ack"),
    "authorization": Text("Ack with a token that lacks the permission", "使用无此权限的 token 的 ack"),
    "not-found": Text("Ack of an item or environment that does not exist", "对不存在的 item 或环境执行 ack 时"),
    "race": Text("Concurrent ack", "并发的 ack"),
}
_RACE_OF_WORKERS: Final = Text("Another worker's concurrent ack", "其他 worker 的并发 ack")
_ALMOST: Final = Text("Ack with a similar Worker-ID", "使用相近 Worker-ID 的 ack")
_NEAR: Final = Text("Ack with {words}", "以不同的 Worker-ID（{words}）执行 ack 时")
_OF_SCENARIOS: Final[Mapping[str, Text]] = {
    "retry.no-id": Text("Retried ack without Worker-ID", "不带 Worker-ID 重试 ack 时"),
    "identity.header-case.other-id": Text(
        "Another worker's ack with the header in lower case", "其他 worker 以小写书写请求头名称，执行 ack 时"
    ),
    "request.json-body.other-worker": Text(
        "Another worker's ack with the JSON body `{{}}`", "其他 worker 以请求体 `{{}}` 执行 ack 时"
    ),
}
"""Scenarios that say more than their requirement, if no other one fails."""


def subject(violations: Collection[Violation]) -> Text:
    """Return the acks that violations are about, in a few words."""
    requirements = {each.requirement for each in violations}
    topics = {each.topic for each in violations}
    near = {NEAR_MISSES.get(each.scenario) for each in violations}
    if topics == {"identity"} and None not in near:
        (miss, *others) = near
        return _ALMOST if others or miss is None else _NEAR.format(words=miss.words)
    if topics == {"identity"} and requirements == {"ack.race.foreign-worker"}:
        return _RACE_OF_WORKERS
    if {each.scenario for each in violations} <= _OF_SCENARIOS.keys():
        return _OF_SCENARIOS[next(iter(violations)).scenario].format()
    if len(requirements) == 2:
        requirements -= {name for name in requirements if requirements & set(FOLLOWS_FROM.get(name, ()))}
    if len(requirements) == 1:
        return _OF_REQUIREMENTS.get(requirements.pop(), ACK).format()
    if len(topics) == 1:
        return _OF_TOPICS.get(topics.pop(), ACK)
    return ACK
