"""The decisions of a server, as replaceable pure functions.

The rest of the package calls these decisions only through a `Policy`. ``dataclasses.replace(HEALTHY, name=other)`` is a
server that violates the documentation in one point, or uses a freedom of it. Other changes (slow, cut or malformed
responses) wrap the ASGI application, or replace a handler in the table of operations (`app.operations`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import authorization, errors, rendering, tokens, work
from .authorization import AccessRequirement
from .errors import ApiError, JsonObject
from .records import Environment
from .tokens import Principal, Tokens
from .work import AckDecision, HeartbeatDecision, LeaseExpectation, WorkItem


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The decisions of a server. The defaults are correct."""

    authenticate: Callable[[Tokens, Sequence[str]], Principal] = tokens.authenticate
    admit: Callable[[Principal, Environment | None, AccessRequirement], Environment] = authorization.authorize
    find_item: Callable[[WorkItem | None], WorkItem] = authorization.find_item
    claimable: Callable[[WorkItem, datetime, timedelta], bool] = work.claimable
    delivery_order: Callable[[Iterable[WorkItem]], Iterable[WorkItem]] = work.oldest_first
    deliver: Callable[[WorkItem, str | None, datetime], WorkItem] = work.deliver
    decide_ack: Callable[[WorkItem, str | None], AckDecision] = work.decide_ack
    refuse_ack: Callable[[AckDecision], ApiError] = authorization.ack_conflict_error
    acknowledge: Callable[[WorkItem, datetime], WorkItem] = work.acknowledge
    repeat_ack: Callable[[WorkItem, datetime], WorkItem] = work.repeat_ack
    decide_heartbeat: Callable[[WorkItem, LeaseExpectation | None], HeartbeatDecision] = work.decide_heartbeat
    heartbeat: Callable[[WorkItem, datetime], WorkItem] = work.heartbeat
    stop: Callable[[WorkItem, bool, datetime], WorkItem] = work.stop
    merge_metadata: Callable[[Mapping[str, str], Mapping[str, str | None]], dict[str, str]] = work.merge_metadata
    render_work_item: Callable[[WorkItem], JsonObject] = rendering.render_work_item
    render_refusal: Callable[[ApiError, str], JsonObject] = errors.envelope


DEFAULT_POLICY = Policy()
