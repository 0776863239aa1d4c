"""Transcripts built by hand: good conversations, of which a test spoils one answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.exchange import Body, BodyProblem, Ending, Exchange, Header, Outcome, Request, Response, Transcript
from conformance.judging.judge import judge_requirement
from conformance.judging.verdict import Verdict
from conformance.scenario.model import Scenario
from conformance.scenario.transcript_view import TranscriptView

ENVIRONMENT = "env_019e64e01a137caf953ac2ac7b42ec5c"
WORK = "work_019f3be4fd2475d9a784bf2c739e1194"
SESSION = "sess_019f3be3fa66750bb9a1fbcde85b5fe1"
REQUEST_ID = "cb80235f-76a2-4ff3-9e28-5aa2da12dc14"

CREATED = "2026-07-01T08:15:01Z"
ACKNOWLEDGED = "2026-07-01T08:15:04Z"
STARTED = "2026-07-01T08:15:06Z"
HEARTBEAT = "2026-07-01T08:15:06.120394Z"

JSON_HEADERS: tuple[Header, ...] = (("Content-Type", "application/json"),)


def shown(state: str = "queued", /, **changes: Any) -> dict[str, Any]:
    """The item as an operation shows it in that state."""
    acknowledged = ACKNOWLEDGED if state in {"starting", "active"} else None
    return {
        "id": WORK,
        "type": "work",
        "environment_id": ENVIRONMENT,
        "data": {"type": "session", "id": SESSION},
        "state": state,
        "created_at": CREATED,
        "acknowledged_at": acknowledged,
        "started_at": STARTED if state == "active" else None,
        "latest_heartbeat_at": HEARTBEAT if state == "active" else None,
        "stop_requested_at": None,
        "stopped_at": None,
        "metadata": {"suite": "work-conformance"},
    } | changes


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def envelope(kind: str, message: str = "The request was refused.", **error: Any) -> dict[str, Any]:
    """A refusal as the conventions pages show it."""
    return {"type": "error", "request_id": REQUEST_ID, "error": {"type": kind, "message": message, **error}}


@dataclass
class Dialog:
    """A conversation of one scenario that can be changed answer by answer, and judged."""

    scenario: Scenario
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    ending: Ending = field(default_factory=lambda: Ending(kind="complete"))

    def said(
        self,
        step: str,
        status: int = 200,
        body: Any = None,
        *,
        text: str | None = None,
        headers: tuple[Header, ...] = JSON_HEADERS,
        problem: BodyProblem | None = None,
    ) -> Dialog:
        """The answer to a step; said again, it replaces the one before."""
        content = json.dumps(body, ensure_ascii=False) if text is None else text
        response = Response(
            status=status, headers=headers, body=Body(text=content, size=len(content.encode()), problem=problem)
        )
        return self._put(step, "ok", response)

    def lost(self, step: str) -> Dialog:
        """No answer came to a step, and there the conversation ended."""
        self._put(step, "unknown", None)
        return self.ended(Ending(kind="inconclusive", step=step), after=step)

    def unanswered(self, step: str, outcome: Outcome = "unknown") -> Dialog:
        """A step that was sent and not answered (`fail`: turned away); the conversation went on."""
        return self._put(step, outcome, None)

    def together(self, *steps: str) -> Dialog:
        """These steps were under way at the same time, from when the first of them was sent."""
        then = min(self.exchanges[step].invoked for step in steps)
        for number, step in enumerate(steps):
            begun = then + number / 1000
            self.exchanges[step] = replace(self.exchanges[step], invoked=begun, completed=begun + 0.04)
        return self

    def ended(self, ending: Ending, *, after: str | None = None) -> Dialog:
        """The conversation came to this end after a step."""
        self.ending = ending
        if after is not None:
            steps = list(self.exchanges)
            self.exchanges = {step: self.exchanges[step] for step in steps[: steps.index(after) + 1]}
        return self

    def late(self, step: str, seconds: float) -> Dialog:
        """A step, and all that follow it, came that much later."""
        steps = list(self.exchanges)
        for name in steps[steps.index(step) :]:
            then = self.exchanges[name]
            self.exchanges[name] = replace(then, invoked=then.invoked + seconds, completed=then.completed + seconds)
        return self

    def transcript(self) -> Transcript:
        return Transcript(
            scenario=self.scenario.id,
            run="20260701T081504-0a1b2c",
            seed=7,
            attempt=1,
            facts=self.facts,
            exchanges=tuple(self.exchanges.values()),
            ending=self.ending,
        )

    def view(self) -> TranscriptView:
        return TranscriptView(self.scenario, self.transcript())

    def verdict(self, requirement: str) -> Verdict:
        return judge_requirement(self.scenario, load_catalogue().requirements[requirement], self.transcript())

    def kinds(self) -> dict[str, str]:
        """The verdict on every requirement of the scenario."""
        return {requirement: self.verdict(requirement).kind for requirement in self.scenario.requirements}

    def not_passed(self) -> dict[str, str]:
        return {requirement: kind for requirement, kind in self.kinds().items() if kind != "passed"}

    def _put(self, step: str, outcome: Outcome, response: Response | None) -> Dialog:
        known = self.exchanges.get(step)
        moment = known.invoked if known is not None else 10 + 0.1 * len(self.exchanges)
        self.exchanges[step] = Exchange(
            step=step,
            operation=step.rpartition(".")[2],
            request=Request(method="POST", url=f"http://h/{step}", headers=(("Authorization", "Bearer ${QODER_PAT}"),)),
            outcome=outcome,
            invoked=moment,
            completed=moment + 0.05,
            response=response,
            problem=None if response is not None else "ReadError",
        )
        return self


def begun(scenario_id: str) -> Dialog:
    """A scenario to which poll delivered an item."""
    facts = {"arranged_by": "api", "seen_by": "arrange.poll.1", "environment_id": ENVIRONMENT, "work_id": WORK}
    return Dialog(scenarios()[scenario_id], facts=facts).said("arrange.poll.1", 200, shown())


def first_ack(scenario_id: str = "first-ack.named-worker") -> Dialog:
    return begun(scenario_id).said("ack", 200, shown("starting")).said("after", 200, shown("starting"))


def retries(state: str, name: str = "retry", times: int = 3) -> Dialog:
    dialog = begun(f"{name}.{state}").said("arrange.ack", 200, shown("starting")).said("before", 200, shown(state))
    for number in range(1, times + 1):
        dialog.said(f"retry.{number}", 200, shown(state))
    return dialog.said("after", 200, shown(state))


def refused(
    scenario_id: str = "identity.other-worker.queued", status: int = 409, kind: str = "invalid_request_error"
) -> Dialog:
    """A refused ack of a queued item, and the rightful worker's after it."""
    return (
        begun(scenario_id)
        .said("before", 200, shown())
        .said("ack", status, envelope(kind))
        .said("after", 200, shown())
        .said("rightful", 200, shown("starting"))
    )
