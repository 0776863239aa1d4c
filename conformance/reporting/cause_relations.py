"""Which violations follow from which others: the knowledge about the requirements behind the grouping by root cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from conformance.reporting.violations import Violation

FOLLOWS_FROM: Final[Mapping[str, tuple[str, ...]]] = {
    "ack.auth.missing": ("ack.auth.unknown-token",),
    "ack.auth.x-api-key": ("ack.auth.missing", "ack.auth.unknown-token"),
    "ack.auth.scheme": ("ack.auth.unknown-token", "ack.auth.missing"),
    "ack.auth.expired": ("ack.auth.unknown-token",),
    "ack.auth.near-miss": ("ack.auth.unknown-token",),
    "ack.auth.letter-case": ("ack.auth.unknown-token",),
    "ack.auth.empty-bearer": ("ack.auth.unknown-token", "ack.auth.near-miss", "ack.auth.missing"),
    "ack.not-found.environment": ("ack.not-found.work", "ack.not-found.other-environment"),
    "ack.not-found.other-environment": ("ack.not-found.work",),
    "ack.not-found.malformed": ("ack.not-found.work", "ack.not-found.environment"),
}
"""Requirements whose wrong status follows from the same wrong status of another one."""

BEHIND_RACES: Final[Mapping[str, tuple[str, ...]]] = {
    "ack.race.same-worker": ("retry", "first"),
    "ack.race.foreign-worker": ("identity", "retry", "effect"),
    "ack.race.stop": ("terminal", "retry"),
    "ack.race.heartbeat": ("retry", "first"),
    "ack.race.redelivery": ("redelivered", "identity", "effect"),
}
"""Topics that are wrong without a race too, and then explain it."""

SHARED_RULES: Final[Mapping[str, str]] = {
    "auth.missing": "auth.missing",
    "auth.invalid-token": "auth.unknown-token",
    "auth.scheme": "auth.scheme",
    "auth.expired": "auth.expired",
    "authz.forbidden": "authz.forbidden",
    "authz.foreign-token": "authz.foreign",
    "environment.not-self-hosted": "environment.not-self-hosted",
    "not-found.environment": "not-found.environment",
    "not-found.work": "not-found.work",
    "not-found.other-environment": "not-found.other-environment",
    "not-found.malformed": "not-found.malformed",
}
"""Rules that every operation shares, with the name of the rule among those of ack."""

_EXPLAINED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "poll.race.one-delivery": ("poll.window.not-redelivered",),
    "poll.window.not-redelivered": ("poll.empty.null",),
    "poll.delivers.only-queued": ("poll.empty.null",),
    "poll.delivers.own-environment": ("poll.empty.null",),
    "poll.race.stop": ("poll.delivers.only-queued", "stop.force.stopped"),
    "list.race.growing": ("list.walk.page",),
    "list.walk.page": ("list.page.next", "list.walk.own-environment", "list.order.ascending"),
    "list.walk.after-id": ("list.walk.page", "list.page.next", "list.walk.own-environment", "list.order.ascending"),
    "list.order.ascending": ("list.walk.own-environment",),
    "list.limit.honoured": ("list.walk.own-environment",),
    "list.before-id.earlier": ("list.limit.honoured",),
    "list.page.next": ("list.limit.default",),
    "stats.counts.queued": ("stats.counts.own-environment",),
    "update.race.different-keys": ("update.merge.keeps-others",),
    "heartbeat.cas.accepted": ("heartbeat.value.is-latest",),
    "heartbeat.race.one-winner": (
        "heartbeat.cas.accepted",
        "heartbeat.cas.stale-refused",
        "heartbeat.cas.no-heartbeat-refused",
    ),
    "heartbeat.race.stop": (
        "heartbeat.never-revives",
        "heartbeat.cas.unconditional",
        "stop.live.stopping",
        "stop.force.stopped",
        "stop.body.alike",
    ),
    "worker.stop.after-job": ("worker.heartbeat.next-value",),
    "worker.stop.taken-over": ("worker.heartbeat.next-value", "worker.stop.after-job", "worker.poll.next-item"),
    "worker.redelivery.not-twice": ("worker.heartbeat.next-value", "worker.stop.after-job"),
}
"""Requirements with those that are violated by the same fault and say more about it: races, walks, later reads.

A worker with a wrong expected value gets 412 and drops the item, and an item that is never stopped is delivered again.
"""

SAME_PLACE: Final[Mapping[str, tuple[str, ...]]] = {
    "ack.race.heartbeat": ("heartbeat.first.active",),
    "ack.answer.get-agrees": ("get.shows.last-response",),
    "update.changes-metadata-only": ("get.shows.last-response",),
    "heartbeat.keeps-other-fields": ("get.shows.last-response",),
    "stop.keeps-other-fields": ("get.shows.last-response",),
    "get.shows.last-response": ("poll.delivered.queued", "heartbeat.first.active", "heartbeat.value.is-latest"),
    "heartbeat.state.queued": ("heartbeat.cas.unconditional",),
    "heartbeat.state.stopped": ("heartbeat.cas.unconditional",),
    "heartbeat.ttl.clamped": ("heartbeat.cas.unconditional",),
    "stop.stopped.force-keeps": ("stop.stopped.unchanged",),
}
"""The same, but only for the same place with the same wrong status, if it is one."""

_SHOWS_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    **SAME_PLACE,
    "update.refused.changes-nothing": ("update.invalid-value", "update.invalid-json"),
    "poll.answer.schema-en": ("poll.empty.null",),
    "poll.answer.schema-zh": ("poll.empty.null",),
}
"""Requirements with those that represent their cause if they have the same one."""

_WALKS: Final = frozenset({"list.walk.page", "list.walk.after-id"})

READ_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "ack.answer.get-agrees": ("get",),
    "update.changes-metadata-only": ("get",),
    "heartbeat.keeps-other-fields": ("get",),
    "stop.keeps-other-fields": ("get",),
}
"""Requirements that compare an item with what another operation shows of it."""


def explained_by(violation: Violation) -> tuple[str, ...]:
    """Return the requirements that say more about the fault behind a violation, if the same run violates them too."""
    if violation.rule == "authz.foreign-token" and violation.got is not None and violation.got >= 400:
        return (f"{violation.operation}.not-found.environment",)  # to this caller, the environment does not exist
    if violation.requirement == "list.page.next" and violation.failure.step.startswith("walk."):
        return (*_EXPLAINED_BY["list.page.next"], "list.walk.page")  # a page that skips or repeats items ends elsewhere
    explained = _EXPLAINED_BY.get(violation.requirement, ())
    if violation.requirement in _WALKS and violation.pointer == "/data":
        return tuple(name for name in explained if name != "list.page.next")
    return explained


def unexplained(members: Sequence[Violation]) -> list[Violation]:
    """Return the violations of a cause without those that only follow from another requirement's violation."""
    requirements = {each.requirement for each in members}
    return [
        each
        for each in members
        if requirements.isdisjoint((*explained_by(each), *_SHOWS_MORE.get(each.requirement, ())))
    ]
