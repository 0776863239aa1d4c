"""Authentication: the target must refuse every kind of bad credential, without side effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import LIVE_STATES, Item, State
from conformance.chapters.ack.controls import UNKNOWN_TOKEN
from conformance.chapters.ack.no_side_effects import Attempt, refusal_case
from conformance.chapters.ack.scenario_names import scenario_id_in_state, scenario_title_in_state
from conformance.chapters.every_operation.bad_credential_cases import BAD_CREDENTIALS, Credential
from conformance.client import bad_credentials
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Scenario
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

_REFUSED: Final = (401, "authentication_error")

_ALMOST_RIGHT: Final = frozenset({"near-miss", "letter-case"})
"""Scenarios whose token is similar to the valid one. An unknown token is their control."""


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
    for bad in BAD_CREDENTIALS:
        for state in LIVE_STATES if bad.name in _IN_EVERY_STATE else _QUEUED:
            yield refusal_case(
                scenario_id_in_state(state, f"auth.{bad.name}"),
                chapter="authentication",
                title=scenario_title_in_state(
                    state, Text("An ack with {w}", "执行 ack，凭证：{w}").format(w=bad.words)
                ),
                expectation=refusal(f"ack.auth.{bad.rule}", _REFUSED),
                attempt=ack_with(bad.credential),
                transitions=LIVE_STATES[state],
                control=UNKNOWN_TOKEN if bad.rule in _ALMOST_RIGHT else None,
            )
    yield refusal_case(
        "auth.expired",
        chapter="authentication",
        title=Text("An ack with an expired token", "执行 ack，凭证：已过期的 token"),
        expectation=refusal("ack.auth.expired", _REFUSED),
        attempt=ack_with(lambda stage: bad_credentials.bearer(stage.optional_pat("expired"))),
        token="expired",  # noqa: S106 - the name of the credential, not the credential
    )
