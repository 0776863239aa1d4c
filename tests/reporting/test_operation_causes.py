"""Root causes of failures of operations besides ack: what one field, one fault or one leak explains is one cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judging.verdict import Failure, Verdict
from conformance.reporting.root_causes import causes_of

from .cause_samples import breach, failed, status


def at(pointer: str, actual: str, *, step: str = "after") -> Failure:
    return breach(actual, expected="something else", pointer=pointer, status=200, step=step)


def test_one_field_of_one_response_is_one_cause_whatever_the_requirement() -> None:
    upsert = failed("merge", "update.merge.upsert", at("/metadata", '{"a": "1"}'))
    others = failed("merge", "update.merge.keeps-others", at("/metadata", '{"a": "1"}'))
    assert len(causes_of([upsert, others])) == 1
    elsewhere = failed("merge", "update.merge.delete", at("/metadata", "{}", step="another"))
    assert len(causes_of([upsert, others, elsewhere])) == 2


def test_a_field_that_one_place_computes_is_one_cause_where_its_wrong_value_is_the_same() -> None:
    page = failed("list.many-items", "list.page.next", at("/has_more", "false", step="default"))
    walk = failed("list.many-items", "list.walk.page", at("/has_more", "false", step="walk.page.1"))
    empty = failed("list.empty", "list.page.empty", at("/has_more", "true", step="empty"))
    assert len(causes_of([page, walk])) == 1
    assert len(causes_of([page, walk, empty])) == 2


@pytest.mark.parametrize(
    ("plain", "raced"),
    [
        ("heartbeat.cas.stale-refused", "heartbeat.race.one-winner"),
        ("update.merge.keeps-others", "update.race.different-keys"),
        ("poll.window.not-redelivered", "poll.race.one-delivery"),
    ],
)
def test_a_race_is_explained_by_what_fails_without_one(plain: str, raced: str) -> None:
    alone, race = failed("a", plain, status(200, 412)), failed("b", raced, status(200, 412, step="b"))
    assert len(causes_of([alone, race])) == 1
    assert len(causes_of([failed("a", "heartbeat.expected.malformed", status(200, 400)), race])) == 2


def test_a_leak_to_another_tenant_is_one_cause_in_every_operation_and_a_wrong_status_another() -> None:
    leaks = [
        failed(name, f"{name}.authz.foreign-token", at("/work/data", "{}", step=f"{name}.foreign"))
        for name in ("get", "poll", "stats")
    ]
    assert len(causes_of(leaks)) == 1
    assert len(causes_of([*leaks, failed("stop", "stop.authz.foreign-token", status(200, 404))])) == 2


def schema(pointer: str, keyword: str = "type", step: str = "s") -> Failure:
    return replace(breach("7", expected="a string", pointer=pointer, status=200, step=step), keyword=keyword)


def test_what_another_operation_reads_of_a_wrong_field_is_its_cause_and_the_schema_represents_it() -> None:
    wrong = failed("a", "get.answer.schema-en", schema("/type"))
    later = [
        failed("b", "get.shows.last-response", at("/type", "7")),
        failed("c", "update.changes-metadata-only", at("/type", '"work"')),
        failed("d", "ack.answer.get-agrees", at("/type", "7")),
    ]
    (cause,) = causes_of([*later, wrong])
    assert cause.first.requirement == "get.answer.schema-en"
    assert cause.headline.en.startswith("Get, success: `/type` is 7")
    assert len(causes_of([wrong, failed("b", "get.shows.last-response", at("/state", "7"))])) == 2


def test_many_missing_fields_of_a_response_are_one_cause_and_what_lacks_them_explains_it() -> None:
    ghost = [replace(at(f"/{name}", "x", step="empty"), keyword="required") for name in ("state", "data", "metadata")]
    verdicts = [
        failed("empty", "poll.answer.schema-en", *ghost),
        failed("empty", "poll.delivers.only-queued", at("/id", '"x"', step="empty")),
    ]
    assert len(causes_of(verdicts)) == 1
    nothing = breach("an object (fields: 2)", expected="HTTP 200 with JSON null", pointer="", status=200)
    (cause,) = causes_of([*verdicts, failed("other", "poll.empty.null", nothing)])
    assert cause.first.requirement == "poll.empty.null"


@pytest.mark.parametrize(
    ("plain", "follows"),
    [
        ("list.walk.own-environment", "list.order.ascending"),
        ("list.walk.page", "list.walk.after-id"),
        ("list.limit.honoured", "list.before-id.earlier"),
        ("stats.counts.own-environment", "stats.counts.queued"),
        ("stop.force.stopped", "poll.race.stop"),
        ("heartbeat.value.is-latest", "heartbeat.cas.accepted"),
    ],
)
def test_the_requirement_that_says_more_represents_the_cause(plain: str, follows: str) -> None:
    verdicts = [failed("b", follows, at("/data", "1")), failed("a", plain, at("/depth", "2", step="other"))]
    (cause,) = causes_of(verdicts)
    assert cause.first.requirement == plain
    assert len(causes_of([verdicts[0], failed("a", "list.page.ids", at("/last_id", "2", step="other"))])) == 2


def test_bad_credentials_that_get_the_same_wrong_status_are_one_cause() -> None:
    def refused(rule: str, got: int) -> Verdict:
        return failed(rule, f"list.auth.{rule}", status(got, 401))

    rules = ("missing", "invalid-token", "scheme", "expired")
    assert len(causes_of([refused(rule, 403) for rule in rules])) == 1
    assert len(causes_of([refused("scheme", 200), refused("invalid-token", 403)])) == 2


def test_an_environment_that_the_caller_cannot_see_is_one_that_does_not_exist() -> None:
    foreign, unknown = (
        failed(name, f"stop.{name}", status(500, wanted))
        for name, wanted in (("authz.foreign-token", 403), ("not-found.environment", 404))
    )
    (cause,) = causes_of([foreign, unknown])
    assert cause.remedy.fix.en == "Answer 404 `not_found_error` if nothing is found."
    accepted = [accepted_as(each, 200) for each in ("stop.authz.foreign-token", "stop.not-found.environment")]
    assert len(causes_of(accepted)) == 2


def accepted_as(requirement: str, got: int) -> Verdict:
    return failed(requirement, requirement, status(got, 404))


def test_refusals_of_several_operations_that_change_the_same_are_one_cause() -> None:
    changed = [failed(name, f"{name}.refused.changes-nothing", at("/state", '"stopped"')) for name in ("get", "stop")]
    assert len(causes_of(changed)) == 1
    assert len(causes_of([*changed, failed("c", "update.refused.changes-nothing", at("/metadata", "{}"))])) == 2


@pytest.mark.parametrize(
    ("plain", "follows"),
    [
        ("poll.delivered.queued", "get.shows.last-response"),
        ("heartbeat.first.active", "ack.race.heartbeat"),
        ("get.shows.last-response", "stop.keeps-other-fields"),
        ("stop.stopped.unchanged", "stop.stopped.force-keeps"),
    ],
)
def test_what_two_requirements_see_at_one_place_is_one_cause(plain: str, follows: str) -> None:
    verdicts = [failed("b", follows, at("/started_at", "null")), failed("a", plain, at("/started_at", "null"))]
    (cause,) = causes_of(verdicts)
    assert cause.first.requirement == plain
    assert len(causes_of([verdicts[1], failed("b", follows, at("/metadata", "null"))])) == 2


def test_a_heartbeat_that_needs_a_value_is_one_cause_with_the_same_status_elsewhere() -> None:
    needs = failed("a", "heartbeat.cas.unconditional", status(400, 200))
    assert len(causes_of([needs, failed("b", "heartbeat.state.queued", status(400, 409))])) == 1
    assert len(causes_of([needs, failed("b", "heartbeat.state.queued", status(200, 409))])) == 2


def test_a_walk_that_skips_items_represents_the_wrong_end_of_its_pages() -> None:
    ended = failed("list.many-items", "list.page.next", at("/has_more", "false", step="walk.page.2"))
    (cause,) = causes_of([ended, failed("list.many-items", "list.walk.page", at("/data", "1 missing", step="all"))])
    assert cause.first.requirement == "list.walk.page"
    early = failed("list.many-items", "list.page.next", at("/has_more", "false", step="default"))
    (cause,) = causes_of([early, failed("list.many-items", "list.walk.page", at("/has_more", "false", step="walk.1"))])
    assert cause.first.requirement == "list.page.next"


def test_a_patch_that_is_refused_and_stored_is_one_cause() -> None:
    stored = failed("values", "update.invalid-value", at("/metadata/c", "3"))
    changed = failed("values", "update.refused.changes-nothing", at("/metadata", "an object", step="later"))
    (cause,) = causes_of([changed, stored])
    assert cause.first.requirement == "update.invalid-value"
