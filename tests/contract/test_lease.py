"""What is known of an item's latest heartbeat."""

from __future__ import annotations

import pytest

from conformance.contract.lease import NO_HEARTBEAT, NO_LEASE, UNKNOWN, UNTRACKED, Lease

VALUE, SECONDS, OTHER = "2026-01-01T00:00:01.250Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:09.250Z"

MATCHES = [
    (NO_LEASE, None, {True}),
    (NO_LEASE, NO_HEARTBEAT, {True}),
    (NO_LEASE, VALUE, {False}),
    (Lease("returned", VALUE), VALUE, {True}),
    (Lease("returned", VALUE), VALUE.replace("Z", "+00:00"), {False}),
    (Lease("returned", VALUE), NO_HEARTBEAT, {False}),
    (Lease("returned", VALUE), None, {True}),
    (Lease("shown", SECONDS), VALUE, {True, False}),
    (Lease("shown", SECONDS), OTHER, {False}),
    (Lease("shown", SECONDS), NO_HEARTBEAT, {False}),
    (Lease("shown", None), NO_HEARTBEAT, {True}),
    (UNKNOWN, VALUE, {True, False}),
    (NO_LEASE.renewed(), NO_HEARTBEAT, {False}),
    (NO_LEASE.renewed(), VALUE, {True, False}),
    (UNTRACKED, None, {True, False}),
]


@pytest.mark.parametrize(("lease", "expected", "matches"), MATCHES)
def test_an_expected_value_matches_byte_for_byte_what_a_heartbeat_returned(
    lease: Lease, expected: str | None, matches: set[bool]
) -> None:
    assert lease.matches(expected) == matches


def test_an_item_may_show_the_value_in_another_precision() -> None:
    lease = Lease("returned", VALUE)
    assert lease.as_shown(SECONDS) == lease
    assert lease.as_shown(OTHER) is None
    assert lease.as_shown(None) is None
    assert NO_LEASE.as_shown(None) == NO_LEASE
    assert NO_LEASE.as_shown(VALUE) is None
    assert UNKNOWN.as_shown(VALUE) == Lease("shown", VALUE)
    assert NO_LEASE.renewed().as_shown(None) is None


def test_the_value_before_an_overlapping_heartbeat_is_no_longer_expected() -> None:
    renewed = Lease("returned", VALUE).renewed(OTHER)
    assert renewed.matches(VALUE) == {False}
    assert Lease("returned", SECONDS).renewed(OTHER).matches(SECONDS) == {True, False}
    assert Lease("returned", VALUE).renewed().matches(VALUE) == {True, False}
    assert UNTRACKED.renewed(OTHER) == UNTRACKED
