"""Decides which requests are allowed, and raises the refusals.

The docs give no order of precedence, except where a rule could otherwise never apply. The emulator uses this order: 401,
unknown environment, missing permission, wrong type of environment, unknown work item, state of the item. The type of
the environment comes before the item, as an environment of the wrong type has no items.
"""

from enum import Flag, auto

from .errors import ApiError, conflict, invalid_request, not_found, not_permitted
from .records import Environment
from .tokens import Principal
from .work import AckDecision, WorkItem


class AccessRequirement(Flag):
    """What an operation requires, besides an environment that the principal can see."""

    NOTHING = 0
    PERMISSION = auto()
    SELF_HOSTED = auto()


def authorize(principal: Principal, environment: Environment | None, demand: AccessRequirement) -> Environment:
    """Return the environment if the principal meets the operation's demands.

    Raises ApiError: 404 if it does not exist or is another tenant's, 403 without permission, 400 if it must be
    self-hosted and is not.
    """
    if environment is None or environment.tenant != principal.tenant:
        raise not_found("environment", "environment_id")
    if AccessRequirement.PERMISSION in demand and not principal.may_act:
        raise not_permitted()
    if AccessRequirement.SELF_HOSTED in demand and not environment.self_hosted:
        raise invalid_request("The environment is not of type self_hosted.", "environment_id")
    return environment


def find_item(item: WorkItem | None) -> WorkItem:
    """Return the item that was looked up in its environment. Raises ApiError 404 if there is none."""
    if item is None:
        raise not_found("work item", "work_id")
    return item


def ack_conflict_error(decision: AckDecision) -> ApiError:
    """Return the 409 for a refused ack."""
    if decision is AckDecision.OTHER_WORKER:
        return conflict("The work item was delivered to another worker.", "Worker-ID")
    return conflict("The work item is stopping or stopped.")
