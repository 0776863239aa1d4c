"""The moment of an ack is held against the target's own clock, however that may be set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Header
from tests.scenario.transcript_builder import JSON_HEADERS, SESSION, Dialog, first_ack, retries, shown

FUTURE = "ack.answer.acknowledged-at-not-future"
CREATION = "ack.first.acknowledged-after-creation"
LATER = "first-ack.some-time-later"
CREATED = "2026-07-01T08:15:01Z"
AT_THE_ACK = "Wed, 01 Jul 2026 08:15:04 GMT"


def dated(date: str | None, **changes: Any) -> Dialog:
    """A first ack that was answered with this `Date`; the item was delivered half a second into the run."""
    headers: tuple[Header, ...] = JSON_HEADERS if date is None else (*JSON_HEADERS, ("date", date))
    dialog = first_ack()
    dialog.said("ack", 200, shown("starting", **changes), headers=headers)
    for step, exchange in dialog.exchanges.items():
        dialog.exchanges[step] = replace(exchange, invoked=exchange.invoked - 9.5, completed=exchange.completed - 9.5)
    return dialog


def given(dialog: Dialog) -> Dialog:
    """The item was there before the run."""
    dialog.facts["arranged_by"] = "manifest"
    return dialog


@pytest.mark.parametrize(
    "value",
    ["2099-07-01T08:15:04Z", "2026-07-01T09:15:04Z", "2026-07-01T16:15:04Z", "2026-07-01T08:15:11.000001Z"],
)
def test_an_ack_dated_after_its_response_fails(value: str) -> None:
    verdict = dated(AT_THE_ACK, acknowledged_at=value).verdict(FUTURE)
    assert (verdict.kind, verdict.failures[0].pointer) == ("failed", "/acknowledged_at")


@pytest.mark.parametrize("value", ["2026-07-01T08:15:04Z", "2026-07-01T08:15:09.9Z", CREATED])
def test_an_ack_dated_before_its_response_passes(value: str) -> None:
    assert dated(AT_THE_ACK, acknowledged_at=value).verdict(FUTURE).kind == "passed"


def test_a_clock_that_is_wrong_everywhere_is_no_failure() -> None:
    ahead: dict[str, Any] = {"created_at": "2031-01-01T00:00:00Z", "acknowledged_at": "2031-01-01T00:00:01Z"}
    dialog = dated("Wed, 01 Jan 2031 00:00:01 GMT", **ahead).said("arrange.poll.1", 200, shown("queued", **ahead))
    assert dialog.verdict(FUTURE).kind == "passed"


@pytest.mark.parametrize("date", ["Wed, 01 Jul 2026 07:15:04 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_gateway_whose_clock_is_slow_is_no_failure(date: str) -> None:
    item = shown("queued", created_at="2026-07-01T08:15:04Z")
    dialog = dated(date, created_at=item["created_at"]).said("arrange.poll.1", 200, item)
    assert dialog.verdict(FUTURE).kind == "passed"


def test_a_gateway_whose_clock_is_fast_excuses_no_more_than_its_lead() -> None:
    date = "Wed, 01 Jul 2026 09:15:04 GMT"
    assert dated(date, acknowledged_at="2026-07-01T09:15:04Z").verdict(FUTURE).kind == "passed"
    assert dated(date, acknowledged_at="2026-07-01T16:15:04Z").verdict(FUTURE).kind == "failed"


@pytest.mark.parametrize("date", [None, "", "yesterday", "Wed, 01 Jul 99999 08:15:04 GMT"])
def test_without_a_date_the_creation_shows_the_clock(date: str | None) -> None:
    item: dict[str, Any] = {"created_at": "2026-07-01T08:15:04Z"}

    def acked(value: str) -> Dialog:
        return dated(date, acknowledged_at=value, **item).said("arrange.poll.1", 200, shown("queued", **item))

    assert acked("2026-07-01T08:15:04Z").verdict(FUTURE).kind == "passed"
    assert acked("2026-07-01T09:15:04Z").verdict(FUTURE).kind == "failed"


def test_an_item_of_another_scenario_may_be_as_old_as_the_run() -> None:
    """Whichever item a poll returns is the caller's own: only of its own session does a scenario know the age."""
    late = (
        first_ack()
        .late("arrange.poll.1", 990)
        .said("ack", 200, shown("starting", acknowledged_at="2026-07-01T08:31:40Z"))
    )
    assert late.verdict(FUTURE).kind == "passed"
    own = late.said("arrange.session", 201, {"id": SESSION})
    assert own.exchanges["arrange.session"].invoked < 11
    own.late("arrange.session", 999)
    assert own.verdict(FUTURE).kind == "failed"


def test_the_age_of_a_given_item_is_unknown_so_that_a_heartbeat_shows_the_clock() -> None:
    def acked(date: str | None) -> Dialog:
        dialog = given(dated(date, created_at="2026-06-01T00:00:00Z"))
        return dialog.said("arrange.poll.1", 200, shown("queued", created_at="2026-06-01T00:00:00Z"))

    assert acked(None).verdict(FUTURE).kind == "not-exercised"
    assert acked(AT_THE_ACK).verdict(FUTURE).kind == "passed"
    assert acked("Wed, 01 Jul 2026 07:15:04 GMT").verdict(FUTURE).kind == "failed"
    beat = {"last_heartbeat": "2026-07-01T08:15:04.5Z"}
    assert acked("Wed, 01 Jul 2026 07:15:04 GMT").said("heartbeat", 200, beat).verdict(FUTURE).kind == "passed"
    early = {"last_heartbeat": "2026-07-01T08:14:04.5Z"}
    assert acked(None).said("heartbeat", 200, early).verdict(FUTURE).kind == "failed"


@pytest.mark.parametrize("body", [None, [], {}, {"last_heartbeat": 5}, {"last_heartbeat": "soon"}])
def test_a_heartbeat_that_shows_no_moment_shows_no_clock(body: object) -> None:
    assert given(dated(None)).said("heartbeat", 200, body).verdict(FUTURE).kind == "not-exercised"


def test_an_ack_without_its_moment_is_the_other_requirements_failure() -> None:
    verdict = dated(AT_THE_ACK, acknowledged_at=None).verdict(FUTURE)
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", "ack.first.acknowledged-at")


@pytest.mark.parametrize("state", ["starting", "active"])
def test_a_retry_that_dates_the_ack_ahead_fails(state: str) -> None:
    dialog = retries(state).said("retry.2", 200, shown(state, acknowledged_at="2026-07-01T16:15:04Z"))
    verdict = dialog.verdict(FUTURE)
    assert (verdict.kind, [failure.step for failure in verdict.failures]) == ("failed", ["retry.2"])


# --- after the creation


def acked_later(acknowledged_at: object, *, after: float = 2.0) -> Dialog:
    item = shown("starting", acknowledged_at=acknowledged_at)
    return first_ack(LATER).said("ack", 200, item).said("after", 200, item).late("ack", after)


def test_an_ack_that_came_late_and_says_so_passes() -> None:
    assert acked_later("2026-07-01T08:15:03Z").not_passed() == {"ack.observe.lagging-get": "observed"}
    assert acked_later("2026-07-01T08:15:02Z").verdict(CREATION).kind == "passed"


@pytest.mark.parametrize("value", [CREATED, "2026-07-01T08:15:01.000Z", "2026-07-01T08:15:00.9Z"])
def test_a_copy_of_the_creation_fails_at_any_precision(value: str) -> None:
    verdict = acked_later(value).verdict(CREATION)
    assert (verdict.kind, verdict.failures[0].pointer) == ("failed", "/acknowledged_at")


def test_an_ack_that_did_not_come_late_says_nothing() -> None:
    assert acked_later(CREATED, after=0).verdict(CREATION).kind == "inconclusive"


@pytest.mark.parametrize("value", [None, "soon", "2026-07-01T07:15:01Z"])
def test_what_is_no_moment_or_one_before_the_creation_is_the_other_requirements_failure(value: object) -> None:
    verdict = acked_later(value).verdict(CREATION)
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", "ack.first.acknowledged-at")


def test_a_get_that_lagged_behind_is_observed() -> None:
    at_once = acked_later("2026-07-01T08:15:03Z").verdict("ack.observe.lagging-get")
    assert at_once.observation is not None
    assert "immediately" in at_once.observation.en
    dialog = acked_later("2026-07-01T08:15:03Z").said("after.stale", 200, shown()).late("after", 1.2)
    verdict = dialog.verdict("ack.observe.lagging-get")
    assert verdict.observation is not None
    assert "after 1." in verdict.observation.en


# --- many retries


@pytest.mark.parametrize("state", ["starting", "active"])
def test_the_last_of_many_retries_counts_like_the_first(state: str) -> None:
    assert retries(state, "retry.many", 10).not_passed() == {}
    for step in ("retry.1", "retry.5", "retry.10"):
        dialog = retries(state, "retry.many", 10).said(step, 409, {})
        assert dialog.verdict(f"ack.retry.{state}").kind == "failed"
