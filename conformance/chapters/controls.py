"""The plain cases that variations are compared with, each on a fresh item (see `scenario/controls.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conformance.arrange.item_spec import State, Verb, Want
from conformance.chapters.generated_ids import unknown_environment_id, unknown_work_id
from conformance.client import bad_credentials
from conformance.scenario.expectations import Control, refusal, success

if TYPE_CHECKING:
    from conformance.scenario.context import Stage

FIRST_ACK: Final = success("ack.first.starting", "starting")


def owners_ack(way: tuple[Verb, ...] = ()) -> Control | None:
    """The owning worker's ack of an item that went `way`; None where that is over, for then there is none to accept."""
    return _OWNERS.get(Want(way=way).state)


def _owner(way: tuple[Verb, ...]) -> Callable[[Stage, str], Awaitable[None]]:
    async def send(stage: Stage, step: str) -> None:
        item = await stage.plain_item(step, way)
        await stage.ack(step, item, stage.rightful(item))

    return send


async def _another_workers_ack(stage: Stage, step: str) -> None:
    item = await stage.plain_item(step)
    await stage.ack(step, item, stage.worker(stage.worker_id()))


async def _ack_of_an_unknown_item(stage: Stage, step: str) -> None:
    item = await stage.plain_item(step)
    await stage.ack(step, item, stage.rightful(item), work_id=await unknown_work_id(stage, item))


async def _ack_in_an_unknown_environment(stage: Stage, step: str) -> None:
    item = await stage.plain_item(step)
    await stage.ack(step, item, stage.rightful(item), environment_id=await unknown_environment_id(stage, item))


async def _ack_with_an_unknown_token(stage: Stage, step: str) -> None:
    item = await stage.plain_item(step)
    unknown = bad_credentials.bearer(bad_credentials.unknown(stage.client.credentials.pat, stage.rng))
    await stage.ack(step, item, stage.rightful(item), authentication=unknown)


_OWNERS: Final[Mapping[State, Control]] = {
    "queued": Control(name="owner", expectation=FIRST_ACK, send=_owner(())),
    "starting": Control(name="owner", expectation=success("ack.retry.starting", "starting"), send=_owner(("ack",))),
    "active": Control(
        name="owner", expectation=success("ack.retry.active", "active"), send=_owner(("ack", "heartbeat"))
    ),
}

FIRST: Final = _OWNERS["queued"]
"""The first ack of a delivered item, by its worker."""

ALWAYS_FIRST: Final = replace(FIRST, always=True)

ANOTHER_WORKER: Final = Control(
    name="another-worker",
    expectation=refusal("ack.identity.mismatch-queued", (409, "invalid_request_error")),
    send=_another_workers_ack,
)
"""The ack of a worker that an item was not delivered to, in the documented form."""

UNKNOWN_TOKEN: Final = Control(
    name="unknown-token",
    expectation=refusal("ack.auth.unknown-token", (401, "authentication_error")),
    send=_ack_with_an_unknown_token,
)
"""An ack with a token that was never issued and that is like no other."""

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
