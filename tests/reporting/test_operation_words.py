"""Headlines of causes in operations other than ack: what came back is first, so that it is never cut."""

from __future__ import annotations

import pytest

from conformance.judging.verdict import Failure
from conformance.reporting.root_causes import causes_of
from tests.reporting.cause_samples import breach, failed, status


@pytest.mark.parametrize(
    ("scenario", "requirement", "failure", "beginning"),
    [
        (
            "list.many-items",
            "list.page.next",
            breach("false", expected="true", pointer="/has_more", status=200),
            "List: `/has_more` is false (expected true)",
        ),
        (
            "list.many-items",
            "list.walk.page",
            breach("1 missing, 0 more than once", expected="each of the 22 items once", pointer="/data", status=200),
            "List, `/data`: 1 missing, 0 more than once (expected each of the 22 items once)",
        ),
        (
            "poll.redelivered",
            "poll.window.not-redelivered",
            breach('"work_0123"', expected="no work item", pointer="/id", status=200),
            "Poll returns a work item (expected none); a poll within",
        ),
        (
            "heartbeat.expects.stale",
            "heartbeat.cas.stale-refused",
            status(200, 412),
            "Heartbeat returns 200 (expected 412); a h",
        ),
        ("poll.auth.missing", "poll.auth.missing", status(200, 401), "Poll returns 200 (expected 401); no credentials"),
        (
            "stop.graceful.active",
            "stop.live.stopping",
            breach('"stopped"', expected="HTTP 200 with state `stopping`", pointer="/state", status=200),
            "Stop: `/state` is `stopped` (expected `stopping`); a graceful stop",
        ),
    ],
)
def test_a_headline_of_another_operation_begins_with_the_finding(
    scenario: str, requirement: str, failure: Failure, beginning: str
) -> None:
    (cause,) = causes_of([failed(scenario, requirement, failure)])
    assert cause.headline.en.startswith(beginning)
