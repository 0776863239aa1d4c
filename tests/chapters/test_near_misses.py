"""Ids that almost are the owning worker's: each is another id, made of the documented characters, 64 at most."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.arrange.responses import NotSupported
from conformance.chapters.ack.worker_identity import _NEAR_MISSES, LONGEST, NearMiss

DETERMINISTIC = settings(derandomize=True, database=None, max_examples=100, deadline=None)
EACH = pytest.mark.parametrize("miss", _NEAR_MISSES.values(), ids=_NEAR_MISSES)
WORKERS = st.text(string.ascii_letters + string.digits + "._-", min_size=2, max_size=LONGEST)


@EACH
@given(worker=WORKERS)
@DETERMINISTIC
def test_a_near_miss_is_another_id_of_the_same_form_or_there_is_none(miss: NearMiss, worker: str) -> None:
    try:
        near = miss.made_from(worker)
    except NotSupported:
        return
    assert near.lower() != worker.lower()
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", near)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("suffix", "a-1-7-2"),
        ("prefix", "a-1-"),
        ("one-character", "a-1-0"),
        ("underscore", "a_1_7"),
        ("dot", "a.1.7"),
        ("no-hyphen", "a17"),
        ("leading-zero", "0a-1-7"),
    ],
)
def test_each_is_made_from_the_workers_own_id(name: str, near: str) -> None:
    assert _NEAR_MISSES[name].made_from("a-1-7") == near


def test_the_long_one_differs_in_the_last_of_64_characters_alone() -> None:
    worker = "w" * 63 + "1"
    assert _NEAR_MISSES["end-of-64"].made_from(worker) == "w" * 63 + "0"
    with pytest.raises(NotSupported):
        _NEAR_MISSES["end-of-64"].made_from("w" * 63)


@pytest.mark.parametrize(("name", "worker"), [("suffix", "w" * 63), ("leading-zero", "w" * 64), ("dot", "worker1")])
def test_a_given_id_may_not_have_the_form(name: str, worker: str) -> None:
    with pytest.raises(NotSupported, match="cannot be turned into"):
        _NEAR_MISSES[name].made_from(worker)
