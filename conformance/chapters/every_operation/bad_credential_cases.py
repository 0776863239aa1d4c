"""The bad credentials that every operation must refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.arrange.responses import NotSupported
from conformance.client import bad_credentials
from conformance.client.bad_credentials import Authentication
from conformance.target import Secret
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

Credential = Callable[["ScenarioContext"], Authentication]


@dataclass(frozen=True, slots=True)
class BadCredential:
    """A bad credential. `rule` names the requirement of ack that refuses it, `group` that of the other operations."""

    name: str
    rule: str
    group: str
    credential: Credential
    words: Text


BAD_CREDENTIALS: Final = (
    BadCredential(
        "missing",
        "missing",
        "missing",
        lambda _: bad_credentials.ANONYMOUS,
        Text("no Authorization header", "不带 Authorization 请求头"),
    ),
    BadCredential(
        "unknown-token",
        "unknown-token",
        "invalid-token",
        lambda stage: bad_credentials.bearer(bad_credentials.unissued_token(stage.valid_pat, stage.rng)),
        Text("a token that was never issued", "携带从未签发过的 token"),
    ),
    BadCredential(
        "near-miss.truncated",
        "near-miss",
        "invalid-token",
        lambda stage: bad_credentials.bearer(bad_credentials.truncated(stage.valid_pat)),
        Text("the valid token without its last character", "携带去掉最后一个字符的有效 token"),
    ),
    BadCredential(
        "near-miss.extended",
        "near-miss",
        "invalid-token",
        lambda stage: bad_credentials.bearer(bad_credentials.extended(stage.valid_pat)),
        Text("the valid token with one extra character", "携带末尾多一个字符的有效 token"),
    ),
    BadCredential(
        "near-miss.altered",
        "near-miss",
        "invalid-token",
        lambda stage: bad_credentials.bearer(bad_credentials.altered(stage.valid_pat)),
        Text("the valid token with one character changed in the middle", "携带中间改动一个字符的有效 token"),
    ),
    BadCredential(
        "letter-case",
        "letter-case",
        "invalid-token",
        lambda stage: bad_credentials.bearer(_swapped(stage)),
        Text("the valid token with its letter case swapped", "携带互换字母大小写的有效 token"),
    ),
    BadCredential(
        "empty-bearer",
        "empty-bearer",
        "invalid-token",
        lambda _: bad_credentials.NO_TOKEN,
        Text("`Bearer` without a token", "Authorization 请求头只有 `Bearer` 而没有 token"),
    ),
    BadCredential(
        "scheme.basic",
        "scheme",
        "scheme",
        lambda stage: bad_credentials.basic(stage.valid_pat),
        Text("the valid token under the scheme `Basic`", "以认证方案 `Basic` 携带有效的 token"),
    ),
    BadCredential(
        "scheme.token",
        "scheme",
        "scheme",
        lambda stage: bad_credentials.scheme("Token", stage.valid_pat),
        Text("the valid token under the scheme `Token`", "以认证方案 `Token` 携带有效的 token"),
    ),
    BadCredential(
        "x-api-key",
        "x-api-key",
        "scheme",
        lambda stage: bad_credentials.api_key(stage.valid_pat),
        Text("the valid token only in `x-api-key`", "仅在 `x-api-key` 中携带有效的 token"),
    ),
)


def _swapped(stage: ScenarioContext) -> Secret:
    """Return the valid token with its letter case swapped.

    Raises:
        NotSupported: it has no letters.
    """
    swapped = bad_credentials.case_swapped(stage.valid_pat)
    if swapped is None:
        raise NotSupported(
            Text("the token has no letters, so their case cannot be swapped", "token 中没有字母，无法互换大小写")
        )
    return swapped
