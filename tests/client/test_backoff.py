"""How long is waited before a request is sent again: what the target asks for by its own clock, and spread out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from statistics import stdev
from types import SimpleNamespace

import pytest

from conformance.client import backoff
from conformance.client.backoff import retry_delay
from conformance.exchange import Body, Header, Response


def turned_away(*headers: Header) -> Response:
    return Response(status=429, headers=headers, body=Body(text="", size=0))


def moment(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.fixture
def at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than asked for."""
    monkeypatch.setattr(backoff, "_jitter", SimpleNamespace(random=lambda: 0.0))


@pytest.mark.usefixtures("at_least")
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([("Retry-After", "2")], 2.0),
        ([("retry-after", " 7 ")], 7.0),
        ([("Retry-After", "1.5")], 1.5),
        ([("Retry-After", ".25")], 0.25),
        ([("Retry-After", "30")], 30.0),
        ([("Retry-After", "31")], 30.0),
        ([("Retry-After", "86400")], 30.0),
        ([("Retry-After", "9" * 400)], 30.0),
        ([("Retry-After-Ms", "150")], 0.15),
        ([("Retry-After-Ms", "150.5")], 0.1505),
        ([("retry-after-ms", "99000")], 30.0),
        ([("Retry-After", "5"), ("Retry-After-Ms", "1500")], 1.5),
        ([("Retry-After", moment(3600))], 30.0),
        ([("Retry-After", moment(-600 + 3)), ("Date", moment(-600))], 3.0),
        ([("Retry-After", moment(600 + 5)), ("Date", moment(600))], 5.0),
        ([("Retry-After", moment(86400 * 400)), ("Date", moment(86400 * 400 - 2))], 2.0),
    ],
)
def test_what_the_target_asks_for_is_obeyed(headers: list[Header], seconds: float) -> None:
    assert retry_delay(turned_away(*headers), 1) == pytest.approx(seconds, abs=0.01 if seconds < 1 else 1.01)


@pytest.mark.usefixtures("at_least")
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Retry-After", "0")],
        [("Retry-After", "0.0")],
        [("Retry-After-Ms", "0")],
        [("Retry-After", moment(-10))],
        [("Retry-After", moment(-600)), ("Date", moment(-600))],
        [("Retry-After", moment(1)), ("Date", moment(600))],
        [("Retry-After", "soon")],
        [("Retry-After", "-1")],
        [("Retry-After", "nan")],
        [("Retry-After", "inf")],
        [("Retry-After-Ms", "soon")],
        [("Retry-After", "Mon, 99 Foo 2020 99:99:99 GMT")],
    ],
)
def test_what_asks_for_no_wait_is_waited_for_longer_each_time(headers: list[Header]) -> None:
    """Ten tries in one instant would be none."""
    response = turned_away(*headers)
    assert [retry_delay(response, tries) for tries in range(1, 9)] == [0.125, 0.25, 0.5, 1, 2, 4, 4, 4]
    assert retry_delay(response, 10_000) == 4


@pytest.mark.parametrize("headers", [[("Retry-After", "1")], [("Retry-After", "0")], []], ids=["one", "zero", "none"])
def test_those_that_wait_come_back_spread_out(headers: list[Header]) -> None:
    pauses = [retry_delay(turned_away(*headers), 4) for _ in range(200)]
    assert stdev(pauses) > 0.04 * max(pauses)
    if headers == [("Retry-After", "1")]:
        assert min(pauses) >= 1.0, "never before what was asked for"


def test_a_connection_that_was_not_made_asks_for_nothing() -> None:
    assert 0.125 <= retry_delay(None, 1) <= 0.25
