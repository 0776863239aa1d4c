"""Root causes of failures of operations besides ack: what one field, one fault or one leak explains is one cause."""

from __future__ import annotations

import pytest

from conformance.judging.verdict import Failure
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
