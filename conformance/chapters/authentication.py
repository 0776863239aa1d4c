"""Authentication: the target must refuse every kind of bad credential, without side effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import LIVE_STATES, Item, State
from conformance.arrange.responses import NotSupported
from conformance.chapters.controls import UNKNOWN_TOKEN
from conformance.chapters.no_side_effects import Attempt, refusal_case
from conformance.chapters.scenario_names import scenario_id_in_state, scenario_title_in_state
from conformance.client import bad_credentials
from conformance.client.bad_credentials import Authentication
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Scenario
from conformance.target import Secret
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_REFUSED: Final = (401, "authentication_error")

Credential = Callable[["ScenarioContext"], Authentication]

_SHAPES: Final[tuple[tuple[str, str, Credential, Text], ...]] = (
    (
        "missing",
        "missing",
        lambda _: bad_credentials.ANONYMOUS,
        Text("no Authorization header", "不带 Authorization 请求头"),
    ),
    (
        "unknown-token",
        "unknown-token",
        lambda stage: bad_credentials.bearer(bad_credentials.unissued_token(stage.valid_pat, stage.rng)),
        Text("a token that was never issued", "从未签发过的 token"),
    ),
    (
        "near-miss.truncated",
        "near-miss",
        lambda stage: bad_credentials.bearer(bad_credentials.truncated(stage.valid_pat)),
        Text("the valid token without its last character", "有效的 token 去掉最后一个字符"),
    ),
    (
        "near-miss.extended",
        "near-miss",
        lambda stage: bad_credentials.bearer(bad_credentials.extended(stage.valid_pat)),
        Text("the valid token with one extra character", "有效的 token 末尾多一个字符"),
    ),
    (
        "near-miss.altered",
        "near-miss",
        lambda stage: bad_credentials.bearer(bad_credentials.altered(stage.valid_pat)),
        Text("the valid token with one character changed in the middle", "有效的 token 中间改动一个字符"),
    ),
    (
        "letter-case",
        "letter-case",
        lambda stage: bad_credentials.bearer(_swapped(stage)),
        Text("the valid token with its letter case swapped", "有效的 token 互换字母大小写"),
    ),
    (
        "empty-bearer",
        "empty-bearer",
        lambda _: bad_credentials.NO_TOKEN,
        Text("`Bearer` without a token", "只有 `Bearer` 而没有 token"),
    ),
    (
        "scheme.basic",
        "scheme",
        lambda stage: bad_credentials.basic(stage.valid_pat),
        Text("the valid token under the scheme `Basic`", "有效的 token 使用认证方案 `Basic`"),
    ),
    (
        "scheme.token",
        "scheme",
        lambda stage: bad_credentials.scheme("Token", stage.valid_pat),
        Text("the valid token under the scheme `Token`", "有效的 token 使用认证方案 `Token`"),
    ),
    (
        "x-api-key",
        "x-api-key",
        lambda stage: bad_credentials.api_key(stage.valid_pat),
        Text("the valid token only in `x-api-key`", "有效的 token 仅放在 `x-api-key` 中"),
    ),
)


_ALMOST_RIGHT: Final = frozenset({"near-miss", "letter-case"})
"""Scenarios whose token is similar to the valid one. An unknown token is their control."""


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


_QUEUED: Final[tuple[State, ...]] = ("queued",)
_IN_EVERY_STATE: Final = frozenset({"missing", "unknown-token"})
"""Bad credentials that are also sent for acked items: some servers answer a retry before they check the credentials."""


def ack_with(credential: Credential) -> Attempt:
    """Return an attempt: the owning worker's ack with another credential."""

    async def attempt(stage: ScenarioContext, item: Item) -> None:
        await stage.ack("ack", item, stage.owner_headers(item), authentication=credential(stage))

    return attempt


def scenarios() -> Iterator[Scenario]:
    """Yield one scenario for each kind of bad credential."""
    for name, rule, credential, words in _SHAPES:
        for state in LIVE_STATES if name in _IN_EVERY_STATE else _QUEUED:
            yield refusal_case(
                scenario_id_in_state(state, f"auth.{name}"),
                chapter="authentication",
                title=scenario_title_in_state(state, Text("An ack with {w}", "执行 ack，凭证：{w}").format(w=words)),
                expectation=refusal(f"ack.auth.{rule}", _REFUSED),
                attempt=ack_with(credential),
                transitions=LIVE_STATES[state],
                control=UNKNOWN_TOKEN if rule in _ALMOST_RIGHT else None,
            )
    yield refusal_case(
        "auth.expired",
        chapter="authentication",
        title=Text("An ack with an expired token", "执行 ack，凭证：已过期的 token"),
        expectation=refusal("ack.auth.expired", _REFUSED),
        attempt=ack_with(lambda stage: bad_credentials.bearer(stage.optional_pat("expired"))),
        token="expired",  # noqa: S106 - the name of the credential, not the credential
    )
