"""Requirement, check and defect belong together: nothing in the catalogue is so written that no server breaks it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
from starlette.types import ASGIApp

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS, Defect, acks, races, response_encoding, state_transitions
from conformance.emulator.work import WorkItem
from conformance.mutation.kill_matrix import checks

EACH = pytest.mark.parametrize("subject", DEFECTS.values(), ids=DEFECTS)
CJK = re.compile(r"[一-鿿]")


ALL_CHECKS = (*checks("ack"), *checks("work"))


def of_level(level: str) -> set[str]:
    known = load_catalogue().of_profile("work").requirements
    return {requirement.id for requirement in known.values() if requirement.level == level}


def test_there_are_as_many_as_asked_for() -> None:
    assert len(DEFECTS) >= 120
    areas = (acks, state_transitions, response_encoding, races)
    assert all(DEFECTS[subject.id] is subject for area in areas for subject in area.DEFECTS)


def test_every_must_is_failed_from_two_sides() -> None:
    sides = Counter(rule for subject in DEFECTS.values() for rule in subject.fails)
    assert {rule for rule in of_level("MUST") if sides[rule] < 2} == set()


def test_every_should_is_warned_of() -> None:
    assert of_level("SHOULD") - frozenset().union(*(subject.warns for subject in DEFECTS.values())) == set()


def test_every_must_and_should_is_judged_on_some_scenario() -> None:
    assert {line.requirement for line in ALL_CHECKS} == of_level("MUST") | of_level("SHOULD")
    assert len(ALL_CHECKS) == sum(
        load_catalogue().requirements[rule].level != "OBSERVE"
        for each in scenarios().values()
        if not each.on_request
        for rule in each.requirements
    )


@EACH
def test_what_is_declared_exists_and_has_its_level(subject: Defect) -> None:
    assert subject.fails | subject.warns, "a defect breaks something"
    assert subject.fails | subject.may_fail <= of_level("MUST")
    assert subject.warns <= of_level("SHOULD")
    assert subject.skips <= of_level("MUST") | of_level("SHOULD")
    assert not subject.fails & subject.may_fail
    by_chance = [rule for rule in subject.may_fail if ".race." not in rule]
    assert by_chance == [] or subject.area == "guise" or subject.profile == "work", (
        "chance decides in races, and by whom a target takes us for"
    )


@EACH
def test_a_defect_is_named_and_told_in_both_languages(subject: Defect) -> None:
    assert re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", subject.id)
    assert subject.en.endswith(".")
    assert subject.en.count(". ") == 0
    assert not CJK.search(subject.en)
    assert subject.zh.endswith("。")
    assert len(CJK.findall(subject.zh)) > 2


def test_no_two_defects_say_the_same() -> None:
    for told in ([d.en for d in DEFECTS.values()], [d.zh for d in DEFECTS.values()]):
        assert [words for words, times in Counter(told).items() if times > 1] == []


def test_every_defect_has_an_id_of_its_own() -> None:
    from conformance.emulator import defects

    areas = [value for value in vars(defects).values() if isinstance(value, ModuleType) and hasattr(value, "DEFECTS")]
    assert len(areas) > 10
    assert sum(len(area.DEFECTS) for area in areas) == len(DEFECTS)


@EACH
def test_a_defect_changes_something(subject: Defect) -> None:
    healthy = ServerConfig()
    assert subject.apply_to(healthy) != healthy or subject.wire is not type(subject).wire


def test_a_defect_adds_to_what_it_finds() -> None:
    """Under a server that already departs, both departures show."""
    item = WorkItem(
        id="work_1", environment_id="env_1", session_id="sess_1", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    odd = ServerConfig().override_policy(
        render_work_item=lambda found: lambda item: {**found(item), "extra": True},
        acknowledge=lambda found: lambda item, now: found(item, now + timedelta(days=1)),
    )
    shown = DEFECTS["time.naive"].apply_to(odd).policy.render_work_item(item)
    assert shown["extra"] is True
    assert shown["created_at"] == "2026-01-01T00:00:00"
    acked = DEFECTS["item.created-anew"].apply_to(odd).policy.acknowledge(item, datetime(2026, 1, 1, tzinfo=UTC))
    assert acked.acknowledged_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_defect_lies_nearer_to_the_application_than_what_wraps_it() -> None:
    """Else it could not read what an odd server compresses or cuts."""

    def outer(app: ASGIApp, _tokens: Tokens) -> ASGIApp:
        return app

    wrappers = DEFECTS["written.plain-text"].apply_to(ServerConfig().with_wrapper(outer)).wrappers
    assert len(wrappers) == 2
    assert wrappers[-1] is outer
