"""Authorization: valid credentials without permission to act on the item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.arrange.item_spec import LIVE_STATES
from conformance.chapters.ack.authentication import ack_with
from conformance.chapters.ack.no_side_effects import refusal_case
from conformance.chapters.ack.scenario_names import scenario_id_in_state, scenario_title_in_state
from conformance.chapters.every_operation.leaks import no_leak
from conformance.client import bad_credentials
from conformance.scenario.expectations import refusal
from conformance.scenario.model import Check, Scenario
from conformance.text import Text

_FORBIDDEN: Final = (403, "permission_error")
_MISSING: Final = (404, "not_found_error")


def scenarios() -> Iterator[Scenario]:
    """Yield the scenarios: a token without permission, and another tenant's, in each state in which an ack can succeed.

    Some servers answer a retried ack before they check who sent it.
    """
    for state, transitions in LIVE_STATES.items():
        yield refusal_case(
            scenario_id_in_state(state, "authz.forbidden"),
            chapter="authorization",
            title=scenario_title_in_state(
                state,
                Text(
                    "An ack with a token that may see the environment but not act on its work",
                    "执行 ack，携带可以查看该环境但无权操作其 work 的 token",
                ),
            ),
            expectation=refusal("ack.authz.forbidden", _FORBIDDEN),
            attempt=ack_with(lambda stage: bad_credentials.bearer(stage.optional_pat("forbidden"))),
            transitions=transitions,
            token="forbidden",  # noqa: S106 - the name of the credential, not the credential
        )
    for state, transitions in LIVE_STATES.items():
        yield refusal_case(
            scenario_id_in_state(state, "authz.foreign"),
            chapter="authorization",
            title=scenario_title_in_state(
                state, Text("An ack with another tenant's token", "执行 ack，携带其他租户的 token")
            ),
            expectation=refusal("ack.authz.foreign", _FORBIDDEN, _MISSING),
            attempt=ack_with(lambda stage: bad_credentials.bearer(stage.optional_pat("foreign"))),
            transitions=transitions,
            token="foreign",  # noqa: S106 - the name of the credential, not the credential
        ).with_checks(Check("ack.authz.foreign-no-leak", no_leak("ack")))
