"""What counts as a stop, as a second run and as a pause, on histories of a few requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from conformance.chapters.registry import worker_scenarios
from conformance.chapters.worker.polling import takes_next
from conformance.chapters.worker.request_checks import polls_again, waits_for_retry_after
from conformance.chapters.worker.stop_checks import after_job, once
from conformance.exchange import Body, Ending, Exchange, Header, Request, Response, Transcript
from conformance.scenario.model import Finding
from conformance.scenario.transcript_view import Blocked, CannotJudge, TranscriptView

ITEM = {"id": "work_1", "type": "work", "state": "queued"}
STOPPED = {**ITEM, "state": "stopped"}
OVER = 20.0


def sent(
    step: str, at: float, status: int | None, value: Any = None, headers: tuple[Header, ...] = (), took: float = 0.1
) -> Exchange:
    operation = step.split(".")[0]
    path = "/poll" if operation == "poll" else f"/work_1/{operation}"
    text = str(value).replace("'", '"').replace("None", "null")
    return Exchange(
        step=step,
        operation=operation,
        request=Request(method="POST", url=f"http://x/environments/env_1/work{path}", headers=(), body=None),
        outcome="ok",
        invoked=at,
        completed=at + took,
        response=None if status is None else Response(status=status, headers=headers, body=Body(text=text, size=9)),
    )


def view(exchanges: Sequence[Exchange], exit_code: int | None = None) -> TranscriptView:
    facts = {
        "items": {"item 1": "work_1"},
        "sessions": {"item 1": "sess_1"},
        "lease_seconds": 3.0,
        "job_seconds": 1.0,
        "over": OVER,
        "unkept": 0,
        "workers": {"": {"exit_code": exit_code, "printed_token": False, "last_lines": []}},
    }
    scenario = worker_scenarios()["plain-job"]
    ending = Ending(kind="complete")
    return TranscriptView(
        scenario,
        Transcript(
            scenario=scenario.id, run="r", seed=1, attempt=1, facts=facts, exchanges=tuple(exchanges), ending=ending
        ),
    )


BEGUN = (sent("poll.1", 0.0, 200, ITEM), sent("ack.1", 0.2, 200, ITEM))


def found(check: Callable[[TranscriptView], Iterator[Finding]], *exchanges: Exchange) -> list[str]:
    return [finding.step for finding in check(view([*BEGUN, *exchanges]))]


def test_a_second_stop_after_the_last_poll_leaves_that_poll_the_next_one() -> None:
    late = (sent("stop.1", 1.5, 200, STOPPED), sent("poll.2", 1.7, 200), sent("stop.2", 5.0, 200, STOPPED))
    assert found(takes_next, *late) == []
    assert found(once, *late) == ["stop.2"]
    assert found(takes_next, late[0]) == ["stop.1"]


@pytest.mark.parametrize(("status", "steps"), [(200, []), (None, []), (503, []), (400, ["stop.1"])])
def test_a_refused_stop_is_no_stop(status: int | None, steps: list[str]) -> None:
    assert found(after_job, sent("stop.1", 1.5, status, ITEM)) == steps


@pytest.mark.parametrize(("status", "cause"), [(401, "worker.token.bearer"), (404, "worker.ids.as-given")])
def test_a_stop_that_is_refused_for_another_fault_is_not_judged(status: int, cause: str) -> None:
    with pytest.raises(Blocked) as blocked:
        found(after_job, sent("stop.1", 1.5, status, ITEM))
    assert blocked.value.requirement == cause


def test_a_stop_on_the_suites_own_sigterm_is_no_stop_of_the_job() -> None:
    assert found(after_job, sent("stop.1", OVER + 0.1, 200, STOPPED)) == ["ack.1"]


DATE = (("Date", "Sat, 28 Nov 2026 10:00:00 GMT"), ("Retry-After", "Sat, 28 Nov 2026 10:00:03 GMT"))


@pytest.mark.parametrize(("pause", "steps"), [(1.8, ["poll.2"]), (2.0, []), (3.0, [])])
def test_a_date_names_full_seconds(pause: float, steps: list[str]) -> None:
    polls = [sent("poll.1", 0.0, 429, headers=DATE), sent("poll.2", 0.1 + pause, 200)]
    assert [finding.step for finding in waits_for_retry_after(view(polls), ("poll",))] == steps


def test_a_worker_that_ends_on_a_date_fails_although_it_went_on_after_seconds() -> None:
    polls = [
        sent("poll.1", 0.0, 429, headers=(("Retry-After", "1"),)),
        sent("poll.2", 1.2, 429, headers=DATE),
    ]
    assert [finding.step for finding in polls_again(view(polls, exit_code=1))] == ["poll.2"]
    with pytest.raises(CannotJudge):
        list(polls_again(view(polls)))
    assert list(polls_again(view([*polls, sent("poll.3", 5.0, 200)]))) == []
