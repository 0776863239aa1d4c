"""The variants as a collection: complete, told in two languages, and combined only where they can be."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from conformance.contract import timestamps
from conformance.contract.catalogue import load_catalogue
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.tcp_proxy import TRANSPARENT_PROXY
from conformance.emulator.variants import (
    VARIANTS,
    Variant,
    combinations,
    combine_variants,
    conflicting_group,
    variants_of,
)
from conformance.emulator.work import WorkItem

EACH = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
CJK = re.compile("[一-鿿]")

PROMISED = (
    *("extra-fields", "extra-error-fields", "secret-on-poll"),
    *("whole-seconds", "milliseconds", "nanoseconds", "any-digits", "offset-plus", "offset-minus", "lower-case-times"),
    *("media-type-case", "media-type-parameters", "upper-case-headers", "reversed-keys", "white-space", "gzip"),
    *("chunked", "connection-closed", "http-1.0", "segments", "reset", "base-path", "ipv6"),
    *("ulids", "numbers", "uuids", "long-ids", "slow-clock", "fast-clock"),
    *("acknowledged-at-refreshed", "polled-id-binds", "undelivered-refused", "ack-records-worker"),
    *("malformed-ids-400", "work-at-session", "work-after-3-s", "three-environments", "creates-with-200"),
    *("slow", "too-many-requests", "unavailable", "rendered-late"),
)


def test_every_promised_one_is_there() -> None:
    assert len(PROMISED) >= 30
    assert set(PROMISED) - set(VARIANTS) == set()


@EACH
def test_a_variant_is_named_and_told_in_both_languages(variant: Variant) -> None:
    assert VARIANTS[variant.id] is variant
    assert re.fullmatch(r"[a-z0-9.-]+", variant.id)
    assert variant.en.endswith(".")
    assert not CJK.search(variant.en)
    assert variant.zh.endswith("。")
    assert len(CJK.findall(variant.zh)) > 2


@EACH
def test_a_variant_departs_in_the_server_or_on_the_wire(variant: Variant) -> None:
    healthy = ServerConfig()
    assert (variant.change(healthy), variant.wire(TRANSPARENT_PROXY)) != (healthy, TRANSPARENT_PROXY)


@EACH
def test_what_is_declared_exists_and_has_its_level(variant: Variant) -> None:
    levels = {requirement.id: requirement.level for requirement in load_catalogue().requirements.values()}
    assert {levels[rule] for rule in variant.warns} <= {"SHOULD"}
    assert {levels[rule] for rule in variant.skips} <= {"MUST"}


def test_no_two_variants_say_the_same() -> None:
    for told in ([v.en for v in VARIANTS.values()], [v.zh for v in VARIANTS.values()]):
        assert [words for words, times in Counter(told).items() if times > 1] == []


def test_a_group_has_several_members() -> None:
    sizes = Counter(variant.group for variant in VARIANTS.values() if variant.group is not None)
    assert [group for group, size in sizes.items() if size < 2] == []


def test_two_of_a_group_exclude_each_other() -> None:
    assert conflicting_group([VARIANTS["ulids"], VARIANTS["gzip"], VARIANTS["numbers"]]) == "ids"
    assert conflicting_group([VARIANTS["ulids"], VARIANTS["gzip"], VARIANTS["param-null"]]) is None


def test_combinations_respect_groups_and_leave_no_variant_out() -> None:
    found = combinations(50, 5, seed=5)
    assert len({frozenset(v.id for v in variants) for variants in found}) == 50
    assert {len({v.id for v in variants}) for variants in found} == {5}
    assert [conflicting_group(variants) for variants in found] == [None] * 50
    assert {variant.id for variants in found for variant in variants} == set(variants_of("ack"))


def test_a_seed_says_which_combinations() -> None:
    assert combinations(9, 5, seed=1) == combinations(9, 5, seed=1)
    assert combinations(9, 5, seed=1) != combinations(9, 5, seed=2)


def test_together_they_declare_what_each_declares() -> None:
    both = combine_variants([VARIANTS["never-delivers-again"], VARIANTS["param-null"], VARIANTS["uuids"]])
    assert both.warns == {"ack.envelope.param-not-null", "ack.answer.id-form", "poll.redelivery.after-window"}
    assert both.skips == {"ack.identity.redelivered", "ack.race.redelivery"}


def test_the_order_in_which_they_are_named_does_not_matter() -> None:
    spelt = [VARIANTS["lower-case-times"], VARIANTS["milliseconds"], VARIANTS["fast-clock"]]
    for order in (spelt, spelt[::-1]):
        server_config = combine_variants(order, use_microseconds(ServerConfig())).server_config
        assert server_config.policy.render_work_item(ITEM)["created_at"] == "2026-07-01t08:15:04.120z"


ITEM = WorkItem(
    id="work_1",
    environment_id="env_1",
    session_id="sess_1",
    created_at=datetime(2026, 7, 1, 8, 15, 4, 120394, tzinfo=UTC),
    metadata={},
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("whole-seconds", "2026-07-01T08:15:04Z"),
        ("milliseconds", "2026-07-01T08:15:04.120Z"),
        ("nanoseconds", "2026-07-01T08:15:04.120394123Z"),
        ("offset-plus", "2026-07-01T08:15:04.120394+00:00"),
        ("offset-minus", "2026-07-01T08:15:04.120394-00:00"),
        ("lower-case-times", "2026-07-01t08:15:04.120394z"),
    ],
)
def test_a_time_is_spelt_as_the_variant_says(name: str, shown: str) -> None:
    server_config = combine_variants([VARIANTS[name]], use_microseconds(ServerConfig())).server_config
    assert server_config.policy.render_work_item(ITEM)["created_at"] == shown
    assert server_config.policy.render_work_item(ITEM)["stopped_at"] is None


def test_digits_vary_from_none_to_nine() -> None:
    render = combine_variants([VARIANTS["any-digits"]]).server_config.policy.render_work_item
    shown = {str(render(ITEM)["created_at"]) for _ in range(10)}
    assert {len(text.partition(".")[2]) for text in shown} == {0, *range(2, 11)}
    assert {
        timestamps.may_be_same_moment(timestamps.parse(text), timestamps.parse("2026-07-01T08:15:04Z"))
        for text in shown
    } == {True}


def test_a_time_that_was_moved_before_stays_moved() -> None:
    """A digit variant respells what is shown; it must not bring back what a defect changed."""
    base = ServerConfig().override_policy(
        render_work_item=lambda found: lambda item: {**found(item), "created_at": "2020-01-01T00:00:00.5Z"}
    )
    shown = {
        name: combine_variants([VARIANTS[name]], base).server_config.policy.render_work_item(ITEM) for name in DIGITS
    }
    assert {name: fields["created_at"] for name, fields in shown.items()} == DIGITS


DIGITS = {
    "whole-seconds": "2020-01-01T00:00:00Z",
    "milliseconds": "2020-01-01T00:00:00.500Z",
    "nanoseconds": "2020-01-01T00:00:00.500000123Z",
}


@pytest.mark.parametrize("name", ["ulids", "uuids", "long-ids", "numbers"])
def test_ids_ascend_in_every_spelling(name: str) -> None:
    server_config = combine_variants([VARIANTS[name]]).server_config
    mint = server_config.mint(server_config.clock)
    made = [mint.new_id("work_") for _ in range(50)]
    assert made == sorted(made)
    assert len({len(one) for one in made}) == 1
    assert not any(re.fullmatch("work_[0-9a-f]{32}", one) for one in made)


@pytest.mark.parametrize(("name", "minutes"), [("slow-clock", -10), ("fast-clock", 10)])
def test_a_clock_is_off(name: str, minutes: int) -> None:
    off = combine_variants([VARIANTS[name]]).server_config.clock() - datetime.now(UTC)
    assert abs(off - timedelta(minutes=minutes)) < timedelta(minutes=1)
