"""The controls that variations are compared with, each on a fresh item (see `scenario/controls.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import ItemSpec, State, Transition
from conformance.chapters.every_operation.generated_ids import unknown_environment_id, unknown_work_id
from conformance.client import bad_credentials
from conformance.scenario.expectations import Control, refusal, success

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext

FIRST_ACK: Final = success("ack.first.starting", "starting")


def owners_ack(transitions: tuple[Transition, ...] = ()) -> Control | None:
    """Return the control for the owning worker's ack after `transitions`; None if the item has ended and no ack can succeed."""
    return _OWNERS.get(ItemSpec(transitions=transitions).state)


def _owner(transitions: tuple[Transition, ...]) -> Callable[[ScenarioContext, str], Awaitable[None]]:
    async def send(stage: ScenarioContext, step: str) -> None:
        item = await stage.control_item(step, transitions)
        await stage.ack(step, item, stage.owner_headers(item))

    return send


async def _another_workers_ack(stage: ScenarioContext, step: str) -> None:
    item = await stage.control_item(step)
    await stage.ack(step, item, stage.worker_headers(stage.worker_id()))


async def _ack_of_an_unknown_item(stage: ScenarioContext, step: str) -> None:
    item = await stage.control_item(step)
    await stage.ack(step, item, stage.owner_headers(item), work_id=await unknown_work_id(stage, item))


async def _ack_in_an_unknown_environment(stage: ScenarioContext, step: str) -> None:
    item = await stage.control_item(step)
    await stage.ack(step, item, stage.owner_headers(item), environment_id=await unknown_environment_id(stage, item))


async def _ack_with_an_unknown_token(stage: ScenarioContext, step: str) -> None:
    item = await stage.control_item(step)
    unissued_token = bad_credentials.bearer(bad_credentials.unissued_token(stage.client.credentials.pat, stage.rng))
    await stage.ack(step, item, stage.owner_headers(item), authentication=unissued_token)


_OWNERS: Final[Mapping[State, Control]] = {
    "queued": Control(name="owner", expectation=FIRST_ACK, send=_owner(())),
    "starting": Control(name="owner", expectation=success("ack.retry.starting", "starting"), send=_owner(("ack",))),
    "active": Control(
        name="owner", expectation=success("ack.retry.active", "active"), send=_owner(("ack", "heartbeat"))
    ),
}

FIRST_ACK_CONTROL: Final = _OWNERS["queued"]
"""The first ack of a delivered item, by its worker."""

REQUIRED_FIRST_ACK_CONTROL: Final = replace(FIRST_ACK_CONTROL, always=True)

ANOTHER_WORKER: Final = Control(
    name="another-worker",
    expectation=refusal("ack.identity.mismatch-queued", (409, "invalid_request_error")),
    send=_another_workers_ack,
)
"""The ack of another worker than the owning one, in the documented form."""

UNKNOWN_TOKEN: Final = Control(
    name="unknown-token",
    expectation=refusal("ack.auth.unknown-token", (401, "authentication_error")),
    send=_ack_with_an_unknown_token,
)
"""An ack with a token that was never issued and is not similar to a valid one."""

UNKNOWN_WORK: Final = Control(
    name="unknown-work",
    expectation=refusal("ack.not-found.work", (404, "not_found_error")),
    send=_ack_of_an_unknown_item,
)
UNKNOWN_ENVIRONMENT: Final = Control(
    name="unknown-environment",
    expectation=refusal("ack.not-found.environment", (404, "not_found_error")),
    send=_ack_in_an_unknown_environment,
)
