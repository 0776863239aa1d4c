"""An old copy of a registry lacks revocations: its index is refused after some days, until it is signed again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.certificate.policy import parse_policy, shipped_policy
from conformance.registry.changes import refresh, revoke
from conformance.registry.files import stamp
from conformance.registry.freshness import DEFAULT_MAX_AGE_DAYS, date_problem
from conformance.registry.store import read_registry
from tests.registry.conftest import Listed
from tests.registry.test_commands import KEY, day, place, run, verified

__all__ = ["place"]

DAYS = DEFAULT_MAX_AGE_DAYS
LAST = "Valid, but the registry's index is too old."


def test_the_shipped_policy_has_the_default_limit() -> None:
    assert parse_policy(shipped_policy()).registry_max_age_days == DAYS == 30


def test_the_limit_is_inclusive(listed: Listed) -> None:
    index = read_registry(listed.folder).index
    assert date_problem(index, listed.later(days=3), 3) is None
    assert date_problem(index, listed.later(days=DAYS), None) is None
    assert date_problem(index, listed.later(days=DAYS, seconds=1), None) is not None
    problem = date_problem(index, listed.later(days=3, seconds=1), 3)
    assert problem is not None
    assert f"signed at {day(listed)}, which is 3 days ago; 3 are allowed" in problem.reason.en


def test_an_index_of_the_future_is_refused_by_both_clocks(listed: Listed) -> None:
    """A few minutes are a difference of clocks. A point in the past that the caller asks about is not the present."""
    index, now = read_registry(listed.folder).index, datetime.now(UTC)
    signed = {minutes: replace(index, signed_at=stamp(now + timedelta(minutes=minutes))) for minutes in (-60, 4, 7)}
    assert date_problem(signed[4], now, None) is None
    assert date_problem(signed[7], now + timedelta(minutes=3), None) is None
    assert date_problem(signed[-60], now - timedelta(days=9), None) is None
    for at in (now, now - timedelta(days=9)):
        problem = date_problem(signed[7], at, 365)
        assert problem is not None
        assert f"signed at {signed[7].signed_at}, which is in the future" in problem.reason.en


@pytest.mark.usefixtures("place")
def test_verify_refuses_an_index_of_the_future(listed: Listed) -> None:
    refresh(listed.folder, listed.key, policy=None, at=listed.later(days=9))
    done = verified(listed, *KEY, "--badge", "badge", "--format", "json")
    data = json.loads(done.stdout)
    assert (done.exit_code, data["exit_code"], data["attestation"]) == (1, 1, "self-attested")
    assert "which is in the future" in data["registry"]["reasons"][0]["en"]
    assert verified(listed, *KEY).output.splitlines()[-1] == "Valid, but the registry's index is dated in the future."
    assert verified(listed, *KEY, lang="zh").output.splitlines()[-1] == "有效，但登记册索引的签名时间在未来。"


@pytest.mark.usefixtures("place")
def test_a_copy_that_hides_a_revocation(listed: Listed, tmp_path: Path) -> None:
    """The copy is signed and lists the certificate; without a limit nothing would be wrong with it."""
    shutil.copytree(listed.folder, tmp_path / "copy")
    revoke(listed.folder, listed.entry.digest, "recalled", listed.key, at=listed.later(days=1))
    words = ("verify", "certificate.json", "--registry", "copy", *KEY)
    late = day(listed, days=DAYS + 2)
    done = run(*words, "--at", late, "--badge", "badge", "--format", "json")
    data = json.loads(done.stdout)
    assert (done.exit_code, data["exit_code"], data["attestation"]) == (1, 1, "self-attested")
    [reason] = data["registry"]["reasons"]
    assert reason["en"].startswith(f"The index was signed at {day(listed)}, which is {DAYS + 2} days ago")
    assert not (tmp_path / "badge").exists()
    assert run(*words, "--at", late).output.splitlines()[-1] == LAST
    assert run(*words, "--at", late, lang="zh").output.splitlines()[-1] == "有效，但登记册的索引过旧。"


@pytest.mark.usefixtures("place")
def test_a_refreshed_index_is_young_again(listed: Listed) -> None:
    late = ("--at", day(listed, days=DAYS + 2))
    assert verified(listed, *KEY, *late).exit_code == 1
    refresh(listed.folder, listed.key, policy=None, at=listed.later(days=DAYS + 1))
    assert verified(listed, *KEY, *late).exit_code == 0


def test_who_sets_the_limit(listed: Listed, place: Path) -> None:
    """The option, or else the policy file; without the key, the default applies."""
    plain = 'format = "work-conformance-policy/1"\n'
    (place / "plain.toml").write_text(plain)
    (place / "week.toml").write_text(f"{plain}registry_max_age_days = 7\n")
    for words, days, code in (
        ((), DAYS - 1, 0),
        ((), DAYS + 1, 1),
        (("--policy", "plain.toml"), DAYS - 1, 0),
        (("--policy", "plain.toml"), DAYS + 1, 1),
        (("--policy", "plain.toml", "--registry-max-age", "99"), DAYS + 60, 0),
        (("--policy", "week.toml"), 8, 1),
        (("--policy", "week.toml", "--registry-max-age", "9"), 8, 0),
        (("--registry-max-age", "2"), 8, 1),
    ):
        done = verified(listed, *KEY, "--at", day(listed, days=days, seconds=60), *words)
        assert (done.exit_code, done.output.splitlines()[-1] == LAST) == (code, code == 1), (words, done.output)


@pytest.mark.usefixtures("place")
def test_the_option_needs_a_registry() -> None:
    done = run("verify", "certificate.json", "--registry-max-age", "3")
    assert (done.exit_code, "--registry-max-age needs --registry" in done.output) == (2, True)
