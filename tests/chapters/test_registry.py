"""The cases of ack and the catalogue agree, and every case is whole."""

from __future__ import annotations

import re

import pytest

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.scenario.model import Scenario

ALL = list(scenarios("ack").values())
ALWAYS_RUN = [scenario for scenario in ALL if not scenario.on_request]
EACH = pytest.mark.parametrize("scenario", ALL, ids=[scenario.id for scenario in ALL])
REFUSALS = [s for s in ALL if "ack" in s.expectations and not s.expectations["ack"].allows(success=True)]
EACH_REFUSAL = pytest.mark.parametrize("scenario", REFUSALS, ids=[scenario.id for scenario in REFUSALS])


def test_every_requirement_is_judged_and_nothing_else_is() -> None:
    judged = {requirement for scenario in ALL for requirement in scenario.requirements}
    assert judged == set(load_catalogue().of_profile("ack").requirements)


def test_ids_are_unique_also_but_for_their_punctuation() -> None:
    folded = [re.sub(r"[^a-z0-9]", "", scenario.id) for scenario in ALL]
    assert len(set(folded)) == len(ALL) > 40


@EACH
def test_an_id_is_lower_case_words(scenario: Scenario) -> None:
    assert re.fullmatch(r"[a-z-]+(\.[a-z0-9-]+)+", scenario.id)
    assert scenarios()[scenario.id] is scenario


@EACH
def test_a_case_has_a_title_in_both_languages_and_a_chapter(scenario: Scenario) -> None:
    assert scenario.title.en.strip()
    assert re.search(r"[\u4e00-\u9fff]", scenario.title.zh)
    assert not re.search(r"[{}]", (scenario.title.en + scenario.title.zh).replace("{}", ""))
    assert scenario.chapter in {chapter.id for chapter in load_catalogue().chapters}


def test_no_two_cases_have_the_same_title() -> None:
    for lang in ("en", "zh"):
        titles = [getattr(scenario.title, lang) for scenario in ALL]
        assert sorted(set(titles)) == sorted(titles)


@EACH
def test_every_ack_serves_a_requirement_that_this_case_judges(scenario: Scenario) -> None:
    for expectation in scenario.expectations.values():
        assert expectation.requirement in load_catalogue().requirements
        assert expectation.requirement in scenario.requirements
        assert expectation.depends_on is None or expectation.depends_on in scenario.expectations
        assert expectation.allowed


@EACH
def test_only_a_should_is_optional(scenario: Scenario) -> None:
    for expectation in scenario.expectations.values():
        assert expectation.optional == (load_catalogue().requirements[expectation.requirement].level == "SHOULD")


@EACH
def test_a_get_pair_begins_with_an_ack_that_must_succeed(scenario: Scenario) -> None:
    for ack, get in scenario.gets:
        assert not scenario.expectations[ack].allows(success=False)
        assert get not in scenario.expectations


@EACH
def test_bodies_are_judged_wherever_there_are_any(scenario: Scenario) -> None:
    successes = any(expectation.allows(success=True) for expectation in scenario.expectations.values())
    refusals = any(expectation.allows(success=False) for expectation in scenario.expectations.values())
    assert ("ack.answer.schema-en" in scenario.requirements) is successes
    assert ("ack.envelope.schema-zh" in scenario.requirements) is refusals
    assert ("ack.answer.get-agrees" in scenario.requirements) is bool(scenario.gets)


@EACH_REFUSAL
def test_a_refusal_is_seen_to_change_nothing(scenario: Scenario) -> None:
    assert "ack.refused.changes-nothing" in scenario.requirements
    terminal = scenario.chapter == "terminal-states"
    assert ("rightful" in scenario.expectations) is not terminal
    if not terminal:
        assert scenario.expectations["rightful"].depends_on == "ack"
        assert list(scenario.expectations)[-1] == "rightful"


def test_the_quiet_cases_are_the_few_that_need_a_short_reclaim() -> None:
    assert {scenario.id for scenario in ALL if scenario.in_second_environment} == {
        "identity.redelivered",
        "identity.right-after-redelivery",
        "race.redelivery",
        "race.redelivery-first",
        "race.not-delivered-again",
        "observe.undelivered",
        "observe.archived-environment",
        "race.explored",
    }


def test_only_who_polls_can_hold_the_quiet_cases_and_their_requirements_say_so() -> None:
    for scenario in ALWAYS_RUN:
        own = [r for r in scenario.requirements if r.partition(".")[2].partition(".")[0] in {"race", "observe"}]
        marks = {load_catalogue().requirements[requirement].exercised for requirement in own}
        polls = scenario.in_second_environment or (scenario.item_spec.items > 1 and scenario.controls_races)
        assert marks <= ({"needs-poll", "may-not-occur"} if polls else {"always"})


def test_the_cases_that_name_the_second_environment_do_not_use_it() -> None:
    beside = {scenario.id for scenario in ALL if scenario.names_second_environment}
    assert beside == {"not-found.other-environment"}
    assert not any(scenarios()[name].in_second_environment for name in beside)


def test_the_archived_environment_comes_after_all_else_and_is_the_quiet_one() -> None:
    assert [scenario.id for scenario in ALL if scenario.run_last] == ["observe.archived-environment"]
    assert scenarios()["observe.archived-environment"].in_second_environment


@EACH
def test_a_burst_is_of_acks_that_may_be_lost(scenario: Scenario) -> None:
    racing = {step for step, expectation in scenario.expectations.items() if expectation.race}
    planned = scenario.chapter == "races" and scenario in ALWAYS_RUN
    assert bool(racing) is (planned and scenario.id != "race.not-delivered-again")
    assert not any(scenario.expectations[step].depends_on for step in racing)
    at_once = 10 if ".crowd." in scenario.id else 8 if scenario.item_spec.items > 1 else 4
    assert len(racing) + bool(racing) * scenario.extra_writes <= at_once, "bursts are small"


@EACH
def test_an_ack_of_a_case_of_several_items_says_which_it_is_about(scenario: Scenario) -> None:
    named = {expectation.item for expectation in scenario.expectations.values()}
    if scenario.id == "race.items":
        assert named == {"a", "b", "c"}, "nobody acks the fourth"
    else:
        assert named <= {None}, "the first one"


@EACH
def test_a_way_is_one_that_an_item_can_go(scenario: Scenario) -> None:
    transitions = scenario.item_spec.transitions
    assert scenario.item_spec.delivered or transitions == ()
    assert "ack" not in transitions[1:]
    assert "heartbeat" not in transitions or transitions[:2] == ("ack", "heartbeat")
    assert ("arrange.ack" in scenario.expectations) is ("ack" in transitions)


def test_an_optional_token_goes_with_the_requirement_that_names_it() -> None:
    for scenario in ALL:
        inputs = {load_catalogue().requirements[e.requirement].input for e in scenario.expectations.values()} - {None}
        expected = {f"QODER_{scenario.token.upper()}_PAT"} if scenario.token else set()
        assert inputs == expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_every_documented_refusal_is_provoked(status: int) -> None:
    statuses = {answer.status for s in REFUSALS for answer in s.expectations["ack"].allowed}
    assert status in statuses
    assert statuses <= {400, 401, 403, 404, 409}


def test_the_cost_of_a_case_counts_every_write() -> None:
    assert scenarios()["first-ack.named-worker"].writes == 5
    assert scenarios()["terminal.stopped.drained-from-active"].writes == 8
