"""Which failures have one root cause, and in which order the causes come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judging.verdict import Failure, VerdictKind
from conformance.reporting.root_causes import causes_of
from conformance.text import Text

from .cause_samples import (
    EXPECTED,
    QUEUED,
    SCHEMA_EN,
    SCHEMA_ZH,
    STARTING,
    STOPPING,
    breach,
    failed,
    field,
    race,
    requirements_and_scenarios,
    status,
)
from .run_results import both, verdict


def shown_by_get(failure: Failure) -> Failure:
    return replace(failure, step="after", request="GET http://127.0.0.1:4010/x", response="HTTP 200\n\n{}")


AGREES, SAME_ITEM = "ack.answer.get-agrees", "ack.answer.same-item"


def test_breaches_that_look_alike_at_one_place_are_one_cause_whatever_the_requirement() -> None:
    causes = causes_of([failed("a", QUEUED, breach()), failed("b", QUEUED, breach()), failed("c", STOPPING, breach())])
    assert requirements_and_scenarios(causes) == [((QUEUED, STOPPING), ("a", "b", "c"))]


@pytest.mark.parametrize("keyword", ["required", "type", "const", "format"])
def test_a_place_with_one_kind_of_violation_is_one_cause_whatever_the_status_and_the_value(keyword: str) -> None:
    verdicts = [
        failed("a", SCHEMA_EN, field("/request_id", keyword, "1", code=404)),
        failed("b", SCHEMA_ZH, field("/request_id", keyword, "2", code=409)),
    ]
    assert len(causes_of(verdicts)) == 1
    assert len(causes_of([*verdicts, failed("c", SCHEMA_EN, field("/error/message", keyword, "1"))])) == 2
    other = {"required": "type"}.get(keyword, "required")
    assert len(causes_of([*verdicts, failed("c", SCHEMA_EN, field("/request_id", other, "3"))])) == 2


def test_what_looks_alike_but_is_about_something_else_is_two_causes() -> None:
    another_worker, stopping = failed("a", QUEUED, status(200, 409)), failed("b", STOPPING, status(200, 409))
    assert requirements_and_scenarios(causes_of([another_worker, stopping])) == [
        ((QUEUED,), ("a",)),
        ((STOPPING,), ("b",)),
    ]
    scheme, expired = (failed(name, f"ack.auth.{name}", status(200, 401)) for name in ("scheme", "expired"))
    assert len(causes_of([scheme, expired])) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((QUEUED, 200, 409), (STARTING, 200, 409)),
        (("ack.auth.unknown-token", 200, 401), ("ack.auth.expired", 200, 401)),
        (("ack.auth.missing", 403, 401), ("ack.auth.x-api-key", 403, 401)),
        (("ack.not-found.work", 200, 404), ("ack.not-found.other-environment", 200, 404)),
        (("ack.first.starting", 202, 200), ("ack.retry.starting", 202, 200)),
        (("ack.retry.active", 500, 200), ("ack.race.stop", 500, 200)),
    ],
)
def test_a_wrong_status_is_one_cause_where_one_follows_from_the_other(
    first: tuple[str, int, int], second: tuple[str, int, int]
) -> None:
    causes = causes_of(failed(rule, rule, status(actual, wanted)) for rule, actual, wanted in (first, second))
    assert requirements_and_scenarios(causes) == [((first[0], second[0]), (first[0], second[0]))]


def test_statuses_that_differ_are_two_causes() -> None:
    assert len(causes_of([failed("a", QUEUED, status(200, 409)), failed("b", QUEUED, status(403, 409))])) == 2


def test_a_similar_worker_id_is_another_cause_than_a_redelivery_unless_no_worker_is_compared() -> None:
    similar = failed("identity.near-miss-suffix.queued", QUEUED, status(200, 409))
    redelivered = failed("identity.redelivered", "ack.identity.redelivered", status(200, 409))
    assert len(causes_of([similar, redelivered])) == 2
    assert len(causes_of([similar, redelivered, failed("identity.other-worker.queued", QUEUED, status(200, 409))])) == 1


def test_every_refusal_with_200_and_an_error_is_one_cause() -> None:
    def accepted(wanted: int) -> Failure:
        return replace(status(200, wanted), actual=both('HTTP 200 with error.type "x"'))

    assert len(causes_of([failed("a", QUEUED, accepted(409)), failed("b", "ack.auth.missing", accepted(401))])) == 1


def test_what_a_get_shows_after_the_ack_is_the_acks_cause_and_the_ack_represents_it() -> None:
    ack = field("/metadata", "", "null", code=200)
    get = shown_by_get(field("/metadata", "", "{}"))
    (cause,) = causes_of([failed("a", AGREES, get), failed("a", SAME_ITEM, ack), failed("b", AGREES, get)])
    assert requirements_and_scenarios([cause]) == [((AGREES, SAME_ITEM), ("a", "b"))]
    assert cause.failure == ack
    assert len(causes_of([failed("a", AGREES, get), failed("b", SAME_ITEM, field("/data", "", code=200))])) == 2


def test_one_place_of_one_response_is_one_cause_whatever_was_expected_there() -> None:
    by_schema = replace(breach(expected="a string"), keyword="type")
    together = [failed("a", QUEUED, breach()), failed("a", SCHEMA_EN, by_schema)]
    assert requirements_and_scenarios(causes_of(together)) == [((QUEUED, SCHEMA_EN), ("a",))]
    below = [failed("a", SAME_ITEM, field("/data", "")), failed("a", SCHEMA_EN, field("/data/id"))]
    assert len(causes_of(below)) == 1


def test_three_places_of_one_response_with_one_kind_are_one_cause_and_two_are_not() -> None:
    three = [field(f"/{name}") for name in "abc"]
    (cause,) = causes_of([failed("a", SCHEMA_EN, *three), failed("b", SCHEMA_ZH, three[2])])
    assert cause.places == ("/a", "/b", "/c")
    assert cause.sentence == Text(
        "required fields `/a`, `/b` and 1 more missing (HTTP 409)", "响应缺少必需字段 `/a`、`/b` 等 3 处（HTTP 409）"
    )
    assert len(causes_of([failed("a", SCHEMA_EN, *three[:2])])) == 2


def test_error_types_are_one_cause_by_their_value_or_where_none_is_right() -> None:
    def typed(actual: str, code: int) -> Failure:
        return breach(actual, expected=f'"{code}"', status=code)

    assert len(causes_of([failed("a", QUEUED, typed("x", 409)), failed("b", "ack.auth.missing", typed("x", 401))])) == 1
    two = [failed("a", QUEUED, typed("x", 409)), failed("b", "ack.auth.missing", typed("y", 401))]
    assert len(causes_of(two)) == 2
    assert len(causes_of([*two, failed("c", "ack.not-found.work", typed("z", 404))])) == 1


def test_everything_that_a_refused_ack_changes_is_one_cause_with_what_it_does_to_the_owner() -> None:
    changed = [
        shown_by_get(breach(actual, expected=f"{before}, as before the refused ack", pointer=pointer))
        for pointer, before, actual in (("/state", '"queued"', '"stopped"'), ("/stopped_at", "null", '"2026-01-01"'))
    ]
    verdicts = [
        failed("a", "ack.refused.rightful-worker-unharmed", status(409, 200, "rightful")),
        failed("a", "ack.refused.changes-nothing", *changed),
    ]
    (cause,) = causes_of(verdicts)
    assert cause.headline.en == "Refused ack changes the state from `queued` to `stopped`"
    assert len(causes_of([*verdicts, failed("b", STOPPING, status(404, 409))])) == 2


def test_a_disclosure_is_one_cause_wherever_it_is() -> None:
    leak = "ack.authz.foreign-no-leak"
    verdicts = [
        failed("a", leak, field("/error/secret", "")),
        failed("b", leak, breach("a text with the item's `data.id`", pointer="/error/message")),
    ]
    assert [cause.headline.en for cause in causes_of(verdicts)] == ["`/error/secret` leaks the item to another tenant"]


def test_that_no_order_explains_a_race_counts_only_by_itself() -> None:
    (cause,) = causes_of([failed("a", QUEUED, race(), breach()), failed("b", STOPPING, breach())])
    assert requirements_and_scenarios([cause]) == [((QUEUED, STOPPING), ("a", "b"))]
    (alone,) = causes_of([failed("a", "ack.race.stop", race()), failed("b", "ack.race.heartbeat", race("ack.1"))])
    assert alone.sentence == both("no order explains them")
    assert alone.requirements == ("ack.race.stop", "ack.race.heartbeat")


def test_a_race_is_explained_by_the_same_fault_without_one() -> None:
    stopped = failed("race.stop.queued", "ack.race.stop", race())
    assert len(causes_of([stopped, failed("b", STOPPING, status(200, 409))])) == 1
    assert len(causes_of([stopped, failed("b", QUEUED, status(200, 409))])) == 2


def test_only_failures_have_causes() -> None:
    kinds: tuple[VerdictKind, ...] = ("waived", "warned", "passed", "inconclusive")
    assert causes_of(verdict("a", QUEUED, kind, failures=(breach(),)) for kind in kinds) == []


def test_the_acks_own_response_comes_first_then_what_blocks_most_then_the_most_requirements() -> None:
    get = failed("a", AGREES, shown_by_get(field("/metadata", "")))
    one, two = failed("b", STOPPING, status(200, 409)), failed("c", "ack.not-found.work", status(200, 404))
    several = [failed(name, f"ack.auth.{name}", status(403, 401)) for name in ("missing", "x-api-key")]
    blocked = [
        verdict(name, "ack.answer.schema-en", "inconclusive", reason=both("no"), blocked_by="ack.not-found.work")
        for name in "xyz"
    ]
    assert [cause.requirements for cause in causes_of([get, one, two, *several, *blocked])] == [
        ("ack.not-found.work",),
        ("ack.auth.missing", "ack.auth.x-api-key"),
        (STOPPING,),
        (AGREES,),
    ]


def test_a_cause_says_what_there_is_where_and_what_must_be() -> None:
    (cause,) = causes_of([failed("a", QUEUED, breach())])
    assert cause.sentence == Text(
        f'`/error/type` is "conflict_error" (HTTP 409); expected {EXPECTED}',
        f'`/error/type` 为 "conflict_error"（HTTP 409）；预期：{EXPECTED}',
    )
    (cause,) = causes_of([failed("a", QUEUED, breach("HTTP 200", pointer=""))])
    assert cause.sentence.en == f"HTTP 200; expected {EXPECTED}"
    (cause,) = causes_of([failed("a", QUEUED, replace(breach(), response=""))])
    assert cause.sentence.en.startswith('`/error/type` is "conflict_error"; ')
