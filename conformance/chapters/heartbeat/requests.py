"""The requests and expectations that the scenarios of heartbeat share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.arrange.item_spec import LEASE_SECONDS, Item, ItemSpec, Transition
from conformance.arrange.responses import NotSupported
from conformance.contract.work_item import instant_of
from conformance.exchange import Exchange
from conformance.scenario.expectations import Expectation, refusal, success
from conformance.scenario.stale_reads import any_state, object_in_response
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext
    from conformance.scenario.stale_reads import ReadCondition

CHAPTER: Final = "heartbeat"
NO_HEARTBEAT: Final = "NO_HEARTBEAT"
ACKED: Final = ItemSpec(transitions=("ack",))
CONFLICT: Final = (409, "invalid_request_error")
PRECONDITION: Final = (412, "precondition_failed_error")
INVALID: Final = (400, "invalid_request_error")

FIRST: Final = success("heartbeat.first.active", "active", operation="heartbeat")


def accepted(requirement: str, *, depends_on: str | None = None) -> Expectation:
    """Return the expectation that a heartbeat of a live item is accepted."""
    return success(requirement, "active", depends_on=depends_on, operation="heartbeat")


def refused(requirement: str, response: tuple[int, str]) -> Expectation:
    """Return the expectation that a heartbeat is refused."""
    return refusal(requirement, response, operation="heartbeat")


def after(*transitions: Transition) -> ItemSpec:
    """Return the specification of an item after these transitions."""
    return ItemSpec(transitions=transitions)


async def beat(
    stage: ScenarioContext,
    step: str,
    item: Item,
    *,
    expected: str | None = None,
    ttl: object = LEASE_SECONDS,
) -> Exchange:
    """Send a heartbeat; None for a parameter leaves it out."""
    query = {"expected_last_heartbeat": expected, "desired_ttl_seconds": ttl}
    query = {name: value for name, value in query.items() if value is not None}
    return await stage.call(step, "heartbeat", item.environment_id, item.work_id, query=query)


def shows_heartbeat(value: str | None) -> ReadCondition:
    """Accept the item if its latest heartbeat is this one, in any spelling of the same moment; None: any item."""
    if value is None:
        return any_state
    wanted = instant_of(value)

    def judge(shown: Mapping[str, Any]) -> bool:
        found = shown.get("latest_heartbeat_at")
        return found == value or (isinstance(found, str) and wanted is not None and instant_of(found) == wanted)

    return judge


def value_or_none(exchange: Exchange) -> str | None:
    """Return `last_heartbeat` of a response, as the target wrote it; None if there is none."""
    value = (object_in_response(exchange) or {}).get("last_heartbeat")
    return value if isinstance(value, str) and value else None


def value_of(exchange: Exchange) -> str:
    """Return `last_heartbeat` of a response, as the target wrote it.

    Raises:
        NotSupported: there is none to send back.
    """
    value = value_or_none(exchange)
    if value is None:
        raise NotSupported(Text("the heartbeat returned no `last_heartbeat`", "heartbeat 没有返回 `last_heartbeat`"))
    return value
