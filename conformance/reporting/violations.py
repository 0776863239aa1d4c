"""A violation among the failures of a run, as the grouping by root cause reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from conformance.judging.verdict import Failure, Verdict

ViolationKind = Literal["status", "missing", "type", "value", "header", "body", "leak", "race"]
"""What is wrong: the status, a missing or ill-typed field, the value of a field, a header, a body that is no strict JSON,
a disclosure, or a race that no order of the requests explains."""

STATUS: Final = re.compile(r"HTTP ([1-5]\d\d)\b")
_ACK: Final = re.compile(r"POST \S*/ack(?:[/?#]\S*)?(?:\s|$)")
_LATER_READS: Final = frozenset({"after", "after.later", "late"})
"""Steps that read the item after the request that is judged."""
_GET: Final = re.compile(r"GET \S")
_UNCHANGED: Final = "ack.refused.changes-nothing"
_LEAK: Final = "ack.authz.foreign-no-leak"
_FOREIGN: Final = "authz.foreign-token"

Topic = Literal[
    "first",
    "retry",
    "rightful",
    "effect",
    "race",
    "terminal",
    "identity",
    "anonymous",
    "header-case",
    "request-body",
    "authentication",
    "authorization",
    "environment",
    "not-found",
    "other",
]
"""What a wrong status is about: wrong statuses of two topics are never one cause just because they look alike."""

_TOPICS: Final[tuple[tuple[str, Topic], ...]] = (
    ("ack.first.", "first"),
    ("ack.retry.", "retry"),
    ("ack.terminal.", "terminal"),
    ("ack.identity.mismatch", "identity"),
    ("ack.identity.redelivered", "identity"),
    ("ack.identity.header-case", "header-case"),
    ("ack.identity.", "anonymous"),
    ("ack.auth.", "authentication"),
    ("ack.authz.", "authorization"),
    ("ack.environment.", "environment"),
    ("ack.not-found.", "not-found"),
    ("ack.request.", "request-body"),
    ("ack.refused.rightful", "rightful"),
    ("ack.refused.changes-nothing", "effect"),
    ("ack.race.", "race"),
)


@dataclass(frozen=True)
class Violation:
    """One failure of one verdict."""

    verdict: Verdict
    failure: Failure

    @property
    def requirement(self) -> str:
        """The requirement that it violates."""
        return self.verdict.line.requirement

    @property
    def scenario(self) -> str:
        """The scenario in which it was seen."""
        return self.verdict.line.scenario

    @property
    def operation(self) -> str:
        """The operation that the requirement is about."""
        return self.requirement.partition(".")[0]

    @property
    def rule(self) -> str:
        """The requirement without its operation."""
        return self.requirement.partition(".")[2]

    @property
    def pointer(self) -> str:
        """The place in the response; empty if it is about the whole response."""
        return self.failure.pointer

    @cached_property
    def kind(self) -> ViolationKind:
        """What is wrong."""
        failure = self.failure
        if failure.diagram:
            return "race"
        if self.requirement == _LEAK or self._is_leak_to_another_tenant:
            return "leak"
        if failure.pointer and not failure.pointer.startswith("/"):
            return "header"
        if not failure.pointer:
            return "status" if self.got is not None else "body"
        return {"required": "missing", "type": "type"}.get(failure.keyword, "value")  # type: ignore[return-value]

    @property
    def _is_leak_to_another_tenant(self) -> bool:
        """Whether the requirement of another operation, on status, error type and leaks, was violated by a leak."""
        return self.rule == _FOREIGN and self.got is None and self.pointer != "/error/type"

    @cached_property
    def got(self) -> int | None:
        """The wrong status; None if the violation is about something else."""
        found = STATUS.match(self.failure.actual.en)
        return int(found[1]) if found and not self.pointer else None

    @property
    def status(self) -> str:
        """The status of the response as `HTTP 409`; empty if there was none."""
        found = STATUS.match(self.failure.response)
        return found[0] if found else ""

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """The expected statuses."""
        return tuple(dict.fromkeys(map(int, STATUS.findall(self.failure.expected.en))))

    @cached_property
    def topic(self) -> Topic:
        """What a wrong status is about."""
        found: Topic = next((topic for prefix, topic in _TOPICS if self.requirement.startswith(prefix)), "other")
        if found != "race" or self.kind != "status":
            return found
        if self.failure.step.startswith("rightful"):
            return "rightful"
        return "race" if 200 in self.wanted else "identity"

    @property
    def own(self) -> bool:
        """Whether the ack's own response shows it, rather than what a later GET or poll returned.

        What a refused ack changed counts too: only a GET can show it, but the ack is at fault.
        """
        request = self.failure.request
        if self.operation != "ack":
            return self.failure.step not in _LATER_READS
        return self.requirement == _UNCHANGED or bool(_ACK.match(request)) or not _GET.match(request)

    @property
    def follows(self) -> bool:
        """Whether it only shows what another violation caused: an unharmed worker's ack, or several acks at once."""
        return self.topic == "rightful" or (
            self.kind == "status" and "," in self.failure.actual.en.partition(" with ")[0]
        )

    @property
    def depth(self) -> int:
        """How much must be right before it can be judged: nothing for a status, most for the value of a field."""
        return {"status": 0, "missing": 1, "type": 1}.get(self.kind, 2)

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """The place and everything above it: `/data/id`, `/data`."""
        parts = self.pointer.split("/")
        return tuple("/".join(parts[:end]) for end in range(len(parts), 1, -1))

    @cached_property
    def body(self) -> Any:
        """The JSON value of the response; None if it cannot be read or was cut."""
        _, _, text = self.failure.response.partition("\n\n")
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


def primary(verdict: Verdict) -> list[Failure]:
    """Return the violations of single responses, or else all of them: a race's history only follows from those."""
    return [failure for failure in verdict.failures if not failure.diagram] or list(verdict.failures)
