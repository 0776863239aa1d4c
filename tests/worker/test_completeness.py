"""Requirement, check and defective worker belong together: no requirement is so written that no worker breaks it."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.mutation.kill_matrix import checks
from conformance.workers.defects import WORKER_DEFECTS, WorkerDefect
from conformance.workers.reference import Worker
from conformance.workers.variants import WORKER_VARIANTS, WorkerVariant

CJK = re.compile(r"[一-鿿]")
EVERY: list[WorkerDefect | WorkerVariant] = [*WORKER_DEFECTS.values(), *WORKER_VARIANTS.values()]
EACH_DEFECT = pytest.mark.parametrize("subject", WORKER_DEFECTS.values(), ids=WORKER_DEFECTS)
EACH = pytest.mark.parametrize("subject", EVERY, ids=lambda each: each.id)


def of_level(level: str) -> set[str]:
    known = load_catalogue().of_profile("worker").requirements
    return {requirement.id for requirement in known.values() if requirement.level == level}


def test_there_are_as_many_as_asked_for() -> None:
    assert len(WORKER_DEFECTS) >= 40
    assert len(WORKER_VARIANTS) >= 10
    assert len({subject.id for subject in EVERY}) == len(EVERY)


def test_every_must_is_failed_from_two_sides() -> None:
    sides = Counter(rule for subject in WORKER_DEFECTS.values() for rule in subject.fails)
    assert {rule for rule in of_level("MUST") if sides[rule] < 2} == set()


def test_every_should_is_warned_of() -> None:
    assert of_level("SHOULD") - frozenset().union(*(subject.warns for subject in WORKER_DEFECTS.values())) == set()


def test_every_must_and_should_is_judged_on_some_scenario() -> None:
    assert {line.requirement for line in checks("worker")} == of_level("MUST") | of_level("SHOULD")


@EACH_DEFECT
def test_what_is_declared_exists_and_has_its_level(subject: WorkerDefect) -> None:
    assert subject.fails | subject.warns, "a defect breaks something"
    assert subject.fails | subject.may_fail <= of_level("MUST")
    assert subject.warns <= of_level("SHOULD")
    assert subject.skips <= of_level("MUST") | of_level("SHOULD")
    assert not subject.fails & subject.may_fail


@EACH
def test_a_worker_is_named_and_told_in_both_languages(subject: WorkerDefect | WorkerVariant) -> None:
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)?", subject.id.replace("1.0", "1-0"))
    assert subject.en.endswith(".")
    assert subject.en.count(". ") == 0
    assert not CJK.search(subject.en)
    assert subject.zh.endswith("。")
    assert len(CJK.findall(subject.zh)) > 1


def test_no_two_workers_are_or_say_the_same() -> None:
    told = [(subject.en, subject.zh, subject.worker) for subject in EVERY]
    assert [
        words for place in range(3) for words, times in Counter(each[place] for each in told).items() if times > 1
    ] == []
    assert all(issubclass(subject.worker, Worker) and subject.worker is not Worker for subject in EVERY)
