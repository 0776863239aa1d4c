"""Names of what a run makes: plain or keyed, `clean` knows them and whose they are, and takes no other for one."""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.arrange.journal import new_run_id
from conformance.arrange.resource_names import metadata, object_name, run_of_name

DETERMINISTIC = settings(derandomize=True, database=None, max_examples=100, deadline=None)
RUN = "20260701T081504-0a1b2c"
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2106, 1, 1))
LABELS = st.text(max_size=40)


@pytest.mark.parametrize("keyed", [False, True])
@given(moment=MOMENTS, label=LABELS)
@DETERMINISTIC
def test_a_name_tells_its_run(keyed: bool, moment: datetime, label: str) -> None:
    run_id = new_run_id(moment.replace(tzinfo=UTC))
    assert run_of_name(object_name(run_id, label, keyed=keyed)) == run_id


@pytest.mark.parametrize("keyed", [False, True])
def test_names_of_a_run_are_its_own_and_always_the_same(keyed: bool) -> None:
    names = [object_name(run, f"s{number}", keyed=keyed) for run in (RUN, new_run_id()) for number in range(2000)]
    assert len(set(names)) == len(names)
    assert object_name(RUN, "s7", keyed=keyed) == names[7]


def test_a_keyed_name_and_its_metadata_say_nothing() -> None:
    for number in range(50):
        name = object_name(RUN, f"first-ack.named-worker-{number}", keyed=True)
        entries = metadata(RUN, f"first-ack.named-worker-{number}", keyed=True)
        said = " ".join((name, *entries, *entries.values()))
        assert set(name) <= set(string.ascii_lowercase + string.digits)
        assert name[0].isalpha()
        assert len(entries) == 1
        assert not any(word in said for word in ("conformance", "20260701", "081504", "0a1b2c", "ack", "suite", "run"))
    assert metadata(RUN, "x") == {"suite": "work-conformance", "run": RUN}


def test_keyed_names_have_no_beginning_in_common() -> None:
    names = [object_name(RUN, f"s{number}", keyed=True) for number in range(500)]
    for place in range(6):
        assert len({name[place] for name in names}) > 15


@pytest.mark.parametrize("name", [object_name(RUN, "main"), object_name(RUN, "main", keyed=True)])
def test_what_only_resembles_a_name_is_nobodys(name: str) -> None:
    for other in (f"my-{name}", f"x{name}", name.upper()):
        assert run_of_name(other) is None
    keyed = object_name(RUN, "main", keyed=True)
    for at, character in enumerate(keyed):
        changed = keyed[:at] + ("b" if character != "b" else "c") + keyed[at + 1 :]
        assert run_of_name(changed) is None
    assert run_of_name(f"{keyed}a") is None


@pytest.mark.parametrize("name", ["", "main", "work-conformance-by-hand-main", "a" * 33, "a" + "2" * 32])
def test_the_names_of_others_are_left_alone(name: str) -> None:
    assert run_of_name(name) is None


def test_names_made_at_random_are_nobodys() -> None:
    draw = random.Random(7)
    for _ in range(20_000):
        assert run_of_name("".join(draw.choices("abcdefghijklmnopqrstuvwxyz234567", k=33))) is None


@pytest.mark.parametrize("run_id", ["r", "20209999T999999-0a1b2c", "29990101T000000-0a1b2c"])
def test_a_run_whose_id_holds_no_time_that_can_be_kept_has_plain_names(run_id: str) -> None:
    assert object_name(run_id, "main", keyed=True) == f"work-conformance-{run_id}-main"
