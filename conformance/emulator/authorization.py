"""Who and what is let through, and the refusals that keep the rest out.

The order in which refusals win is not documented except where a rule would otherwise never apply: 401, then an
unknown environment, then a missing permission, then the wrong type of environment, then an unknown work item,
then the item's state. The type of the environment comes before the item, as such an environment has no items.
"""

from enum import Flag, auto

from .errors import ApiError, conflict, invalid_request, not_found, not_permitted
from .records import Environment
from .tokens import Principal
from .work import AckDecision, WorkItem


class Demand(Flag):
    """What an operation needs beyond an environment that the principal can see."""

    NOTHING = 0
    PERMISSION = auto()
    SELF_HOSTED = auto()


def admit(principal: Principal, environment: Environment | None, demand: Demand) -> Environment:
    """The environment, if this principal may do there what the operation demands.

    Raises ApiError: 404 when it does not exist or is another tenant's, 403 without the permission, 400 when it
    has to be self-hosted and is not.
    """
    if environment is None or environment.tenant != principal.tenant:
        raise not_found("environment", "environment_id")
    if Demand.PERMISSION in demand and not principal.may_act:
        raise not_permitted()
    if Demand.SELF_HOSTED in demand and not environment.self_hosted:
        raise invalid_request("The environment is not of type self_hosted.", "environment_id")
    return environment


def find_item(item: WorkItem | None) -> WorkItem:
    """The item that was looked up within its environment. Raises ApiError 404 when there is none."""
    if item is None:
        raise not_found("work item", "work_id")
    return item


def refuse_ack(decision: AckDecision) -> ApiError:
    """The 409 of an ack that may not happen."""
    if decision is AckDecision.OTHER_WORKER:
        return conflict("The work item was delivered to another worker.", "Worker-ID")
    return conflict("The work item is stopping or stopped.")
