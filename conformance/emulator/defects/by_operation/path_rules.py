"""Defects of accepting what an operation must refuse: another scheme, and paths that lead to no item.

Each kind of defect is made for every operation besides ack to which it applies.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from ...tokens import Tokens
from ..defect import Defect
from .defect_kind import Kind, defects_of
from .leak_makers import leaking, session_of
from .makers import ON_ITEM, admits
from .path_makers import (
    accepts_any_kind,
    accepts_unknown_environments,
    accepts_unknown_items,
    acts_before_404,
    every_environment_exists,
)


def _is_basic(given: str, _key: str, tokens: Tokens) -> bool:
    return given == "Basic " + base64.b64encode(f"{tokens.owner}:".encode()).decode()


KINDS: Final[Sequence[Kind]] = (
    Kind(
        name="basic-scheme",
        en="A {X} accepts the valid token under Basic.",
        zh="{X} 接受以 Basic 方案携带的有效 token。",
        make=admits(_is_basic),
        fails="auth.scheme",
    ),
    Kind(
        name="not-self-hosted-accepted",
        en="A {X} in an environment that is not self-hosted is accepted.",
        zh="在非 self-hosted 的环境中执行 {X}，请求被接受。",
        make=accepts_any_kind,
        fails="environment.not-self-hosted",
        operations=("poll", "list", "stats"),
    ),
    Kind(
        name="unknown-environment-accepted",
        en="A {X} in an environment that does not exist is accepted.",
        zh="在不存在的环境中执行 {X}，请求被接受。",
        make=accepts_unknown_environments,
        fails="not-found.environment not-found.malformed",
    ),
    Kind(
        name="every-environment-exists",
        en="A {X} in an environment that does not exist is accepted, and a GET finds that environment.",
        zh="在不存在的环境中执行 {X}，请求被接受，而 GET 也能找到该环境。",
        make=every_environment_exists,
        fails="not-found.environment not-found.malformed",
        operations=("poll", "list", "stats"),
    ),
    Kind(
        name="unknown-item-accepted",
        en="A {X} of an item that does not exist returns an empty object.",
        zh="对不存在的 item 执行 {X}，返回空对象。",
        make=accepts_unknown_items,
        fails="not-found.work not-found.other-environment not-found.malformed",
        operations=ON_ITEM,
    ),
    Kind(
        name="foreign-sees-work",
        en="A {X} with another tenant's token gets 404 with the work in the body.",
        zh="使用其他租户 token 的 {X} 得到 404，响应体却带有 work。",
        make=leaking(lambda envelope, work: envelope.update(work=work)),
        fails="authz.foreign-token",
    ),
    Kind(
        name="foreign-sees-session",
        en="A {X} with another tenant's token gets 404 with the id of a session in the message.",
        zh="使用其他租户 token 的 {X} 得到 404，消息中却有 session 的 id。",
        make=leaking(lambda envelope, work: envelope["error"].update(message=f"You may not run {session_of(work)}.")),
        fails="authz.foreign-token",
    ),
    Kind(
        name="acts-before-404",
        en="A {X} under the path of another environment gets 404, but takes effect.",
        zh="以其他环境的路径执行 {X} 得到 404，却已生效。",
        make=acts_before_404,
        fails="refused.changes-nothing",
        operations=("update", "heartbeat", "stop"),
        moves_time=True,
    ),
)

DEFECTS: Sequence[Defect] = tuple(defects_of(KINDS))
