"""Ids that nothing has, made from one that the target gave."""

from __future__ import annotations

import random
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.chapters.every_operation.generated_ids import generate_unknown_id, malformed_ids, split

DETERMINISTIC = settings(derandomize=True, database=None, max_examples=200, deadline=None)

PREFIXES = st.sampled_from(["", "work_", "env_", "w_", "_"])
ALPHABETS = st.sampled_from(
    [string.hexdigits[:16], string.digits, string.ascii_letters + string.digits, "01ABCDEFGHJKMNPQRSTVWXYZ", "ab-_.~"]
)


@st.composite
def ids(draw: st.DrawFn) -> str:
    return draw(PREFIXES) + draw(st.text(draw(ALPHABETS), min_size=1, max_size=60))


def kind_of(character: str) -> str:
    for kind in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character in kind:
            return kind
    return character


@given(ids(), st.integers(0, 1000))
@DETERMINISTIC
def test_an_unknown_id_has_length_prefix_and_classes_of_the_given_one(given_id: str, seed: int) -> None:
    unknown = generate_unknown_id(given_id, random.Random(seed))
    prefix, body = split(given_id)
    assert unknown.startswith(prefix)
    assert [kind_of(c) for c in unknown] == [kind_of(c) for c in given_id]
    changed = [at for at, (a, b) in enumerate(zip(given_id, unknown, strict=True)) if a != b]
    assert body.isdigit() or all(at >= len(given_id) - max(1, len(body) // 3) for at in changed)
    assert set(unknown[len(prefix) :]) <= set(body) | set(string.digits if body.isdigit() else "")


@given(ids(), st.integers(0, 1000))
@DETERMINISTIC
def test_a_wholly_unknown_id_keeps_prefix_and_classes_and_may_change_anywhere(given_id: str, seed: int) -> None:
    unknown = generate_unknown_id(given_id, random.Random(seed), whole=True)
    prefix, body = split(given_id)
    assert unknown.startswith(prefix)
    assert [kind_of(c) for c in unknown] == [kind_of(c) for c in given_id]
    assert set(unknown[len(prefix) :]) <= set(body) | set(string.digits if body.isdigit() else "")


def test_where_the_last_third_says_too_little_all_of_it_changes() -> None:
    """Six ids that end alike: whoever changes the end alone meets them all."""
    some = {generate_unknown_id("work_ab7", random.Random(seed)) for seed in range(50)}
    more = {generate_unknown_id("work_ab7", random.Random(seed), whole=True) for seed in range(50)}
    assert some == {"work_ab7"}
    assert more == {"work_aa7", "work_ab7", "work_ba7", "work_bb7"}
    assert generate_unknown_id("work_000123", random.Random(0), whole=True) == "work_999999"


@pytest.mark.parametrize(
    "given_id",
    ["work_019f3be4fd2475d9a784bf2c739e1194", "env_01J1Z8K3M9QX", "123456", "work_129999", "9999", "V1StGXR8_Z5jdHi6B"],
)
def test_an_unknown_id_is_another_one(given_id: str) -> None:
    found = {generate_unknown_id(given_id, random.Random(seed)) for seed in range(20)}
    assert found - {given_id}
    assert all(len(unknown) == len(given_id) for unknown in found)


def test_hexadecimal_stays_hexadecimal_and_its_version_stays() -> None:
    given_id = "work_019f3be4fd2475d9a784bf2c739e1194"
    for seed in range(50):
        unknown = generate_unknown_id(given_id, random.Random(seed))
        assert re.fullmatch(r"work_[0-9a-f]{32}", unknown)
        assert unknown[: 5 + 22] == given_id[: 5 + 22]


def test_a_counter_gets_nines() -> None:
    assert generate_unknown_id("work_123456789012300012", random.Random(0)) == "work_123456789012999999"
    assert generate_unknown_id("work_999999", random.Random(0)) != "work_999999"


def test_a_counter_does_not_come_to_an_unknown_id_while_the_run_lasts() -> None:
    """The nines of a third may be near: a run makes hundreds of ids, and one of them must not be the unknown one."""
    assert generate_unknown_id("work_4102444812", random.Random(0)) == "work_4102499999"
    assert generate_unknown_id("work_000123", random.Random(0)) == "work_099999"
    assert generate_unknown_id("work_1234567890123995000", random.Random(0)) == "work_1234567890129999999"


@pytest.mark.parametrize(
    ("given_id", "parts"),
    [("work_1a", ("work_", "1a")), ("1a", ("", "1a")), ("work_", ("", "work_")), ("a_b_c", ("a_", "b_c"))],
)
def test_a_prefix_ends_with_its_underscore(given_id: str, parts: tuple[str, str]) -> None:
    assert split(given_id) == parts


@given(ids() | st.text(st.characters(codec="utf-8"), min_size=2, max_size=300))
@DETERMINISTIC
def test_a_malformed_id_is_one_segment_that_any_server_takes(given_id: str) -> None:
    shapes = malformed_ids(given_id)
    assert set(shapes) == {"wrong-prefix", "prefix-only", "too-short"}
    for shape in shapes.values():
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", shape)


@given(st.sampled_from(["work_", "env_", ""]), st.text(string.hexdigits[:16], min_size=2, max_size=60))
@DETERMINISTIC
def test_a_malformed_id_is_never_the_given_one(prefix: str, body: str) -> None:
    assert prefix + body not in malformed_ids(prefix + body).values()


def test_the_shapes_of_a_published_id() -> None:
    assert malformed_ids("work_019f3be4fd2475d9a784bf2c739e1194") == {
        "wrong-prefix": "wrong_019f3be4fd2475d9a784bf2c739e1194",
        "prefix-only": "work_",
        "too-short": "work_019f",
    }
