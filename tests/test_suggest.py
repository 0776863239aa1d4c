"""What a misspelt name may have meant."""

from __future__ import annotations

import pytest

from conformance.suggest import nearest, several_nearest

COMMANDS = ["run", "replay", "verify", "explain"]


@pytest.mark.parametrize(("name", "meant"), [("rum", "run"), ("verfy", "verify"), ("explian", "explain")])
def test_a_misspelt_name_has_a_nearest_one(name: str, meant: str) -> None:
    assert nearest(name, COMMANDS) == meant


@pytest.mark.parametrize("name", ["", "q", "certificate"])
def test_nothing_is_guessed_where_nothing_is_near(name: str) -> None:
    assert nearest(name, COMMANDS) is None


def test_the_known_names_may_come_one_by_one() -> None:
    assert nearest("replya", iter(COMMANDS)) == "replay"


def test_several_come_the_nearest_first_and_no_more_than_asked_for() -> None:
    known = ["ack.retry", "ack.retries", "poll", "ack.reply"]
    assert several_nearest("ack.retry", known, most=2, alike=0.6) == ["ack.retry", "ack.retries"]
    assert several_nearest("ack.retry", known, most=9, alike=0.9) == ["ack.retry"]
