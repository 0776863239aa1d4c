"""How many rounds of races a run has: what was asked for, or what its time and the distance of the target allow."""

from __future__ import annotations

import pytest

from conformance.plugin.race_rounds import NEAR, ROUNDS_WHEN_NEAR, RoundPolicy

FAR = NEAR * 10
CLOSE = NEAR / 10


def rounds(policy: RoundPolicy, *, fastest: float, seconds: float = 1.0) -> int:
    """How many rounds of so many seconds each there are."""
    number = 1
    while policy.wants_another_round(seconds, fastest=fastest):
        number += 1
        assert number < 10_000
    return number


@pytest.mark.parametrize("fastest", [CLOSE, FAR])
@pytest.mark.parametrize("limited", [True, False])
def test_what_was_asked_for_is_what_is_done(fastest: float, limited: bool) -> None:
    for wanted in (1, 3, 40):
        assert rounds(RoundPolicy(wanted=wanted, rest=5.0, limited=limited), fastest=fastest) == wanted


def test_a_near_target_sees_at_least_eight() -> None:
    assert rounds(RoundPolicy(wanted=None, rest=0.0, limited=False), fastest=CLOSE) == ROUNDS_WHEN_NEAR == 8


@pytest.mark.parametrize(("limited", "fastest"), [(True, CLOSE), (False, FAR), (True, FAR)])
def test_elsewhere_as_many_as_fit_into_the_time_of_the_rest(limited: bool, fastest: float) -> None:
    assert rounds(RoundPolicy(wanted=None, rest=0.0, limited=limited), fastest=fastest) == 1
    assert rounds(RoundPolicy(wanted=None, rest=5.5, limited=limited), fastest=fastest) == 5


def test_where_the_rest_takes_long_a_near_target_sees_more() -> None:
    assert rounds(RoundPolicy(wanted=None, rest=20.0, limited=False), fastest=CLOSE) == 20
    assert rounds(RoundPolicy(wanted=None, rest=1e6, limited=False), fastest=CLOSE) == 100
