"""A policy says what else a verifier expects of a valid certificate."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate.issue import Request, issue
from conformance.certificate.policy import Candidate, Policy, parse_policy, shipped_policy, shortfalls
from conformance.certificate.run_times import begin_of
from conformance.certificate.signing import new_key
from conformance.contract.catalogue import load_catalogue
from conformance.evidence import EVIDENCE, Evidence, evidence_from_files, parse_index
from tests.certificate.conftest import Certified
from tests.certificate.tampering import signed, unbound, with_circumstances, with_transcripts
from tests.cli.processes import cli

CATALOGUE = load_catalogue().version


def evidence(files: Any) -> Evidence:
    return evidence_from_files(
        parse_index(files[EVIDENCE]), {name: part for name, part in files.items() if name != EVIDENCE}
    )


def reasons(policy: Policy, files: Any, *, days: float = 1, **candidate: Any) -> list[str]:
    run = evidence(files)
    begin = begin_of(run.metadata)
    assert begin is not None
    about = Candidate(evidence=run, **{"catalogue": CATALOGUE, **candidate})
    return [text.en for text in shortfalls(policy, about, at=begin + timedelta(days=days))]


def without_token(kind: str) -> Any:
    """A run of one token: the scenarios of the others were not exercised."""

    def edit(data: Any) -> None:
        if f"authz.{kind}" in data["scenario"] or f"auth.{kind}" in data["scenario"]:
            data["ending"] = {"kind": "not-exercised", "reason": {"en": "no token", "zh": "没有 token"}, "step": None}
            data["exchanges"] = []

    return edit


def test_nothing_is_demanded_by_default(certified: Certified) -> None:
    assert reasons(Policy(), certified.bundle.files) == []


def test_a_run_of_one_token(certified: Certified) -> None:
    files = certified.bundle.files
    policy = Policy(tokens=("forbidden", "foreign", "expired"))
    assert reasons(policy, files) == []
    for kind in policy.tokens:
        assert f"QODER_{kind.upper()}_PAT" in reasons(policy, with_transcripts(files, without_token(kind)))[0]


def test_races_held_once(certified: Certified) -> None:
    """Retrying until a flaky race passes takes longer the more often it has to pass in one run."""
    assert reasons(Policy(race_repetitions=1), certified.bundle.files) == []
    [reason] = reasons(Policy(race_repetitions=8), certified.bundle.files)
    assert "race." in reason
    assert "--race-repeat 8" in reason


def test_an_older_requirement_set(certified: Certified) -> None:
    policy = Policy(newest_requirements=True)
    assert reasons(policy, certified.bundle.files) == []
    assert reasons(policy, certified.bundle.files, catalogue="1.0") == [
        f"The requirement set is 1.0, the newest is {CATALOGUE}."
    ]


def test_the_own_machine_and_plain_http(certified: Certified) -> None:
    assert "own machine" in reasons(Policy(no_loopback=True), certified.bundle.files)[0]
    assert "was not verified" in reasons(Policy(verified_tls=True), certified.bundle.files)[0]
    remote = with_circumstances(certified.bundle.files, base_url="https://api.vendor.example")
    assert reasons(Policy(no_loopback=True, verified_tls=True), remote) == []
    assert reasons(Policy(verified_tls=True), with_circumstances(remote, insecure=True))


@pytest.mark.parametrize(
    ("days", "words"), [(365.5, None), (367, "367 days old; at most 365 are"), (-2, "in the future")]
)
def test_age(days: float, words: str | None, certified: Certified) -> None:
    found = reasons(Policy(max_age_days=365), certified.bundle.files, days=days)
    assert found == [] if words is None else words in found[0]


def test_unbound_demonstration_and_witness(certified: Certified) -> None:
    files = certified.bundle.files
    assert reasons(Policy(bound=True), files) == []
    assert "is unbound" in reasons(Policy(bound=True), unbound(files))[0]
    assert "No owner of a given witness key" in reasons(Policy(witnessed=True), files)[0]
    assert reasons(Policy(witnessed=True), files, witnessed=True) == []
    assert reasons(Policy(), files, demonstration=True) == ["It is a demonstration, not a product."]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected format"),
        ('format = "work-conformance-policy/2"', "expected format"),
        ("boundd = true", "unknown key boundd"),
        ("bound = 1", "bound = 1"),
        ("race_repetitions = -1", "race_repetitions = -1"),
        ("max_age_days = true", "max_age_days = True"),
        ('tokens = ["other"]', "tokens ="),
        ("x = [", "Invalid"),
    ],
)
def test_what_is_no_policy(text: str, words: str) -> None:
    head = "" if not text or text.startswith("format") else 'format = "work-conformance-policy/1"\n'
    with pytest.raises(ValueError, match=words.replace("[", r"\[")):
        parse_policy((head + text).encode())


def test_the_shipped_policy_demands_what_it_says() -> None:
    assert parse_policy(shipped_policy()) == Policy(
        tokens=("forbidden", "foreign", "expired"),
        race_repetitions=8,
        newest_requirements=True,
        no_loopback=True,
        verified_tls=True,
        max_age_days=365,
        bound=True,
        registry_max_age_days=30,
        worker_started_by_suite=True,
    )


# --- on the command line


@pytest.fixture
def place(certified: Certified, tmp_path: Path) -> Path:
    (tmp_path / "certificate.json").write_bytes(certified.content)
    (tmp_path / "mild.toml").write_text('format = "work-conformance-policy/1"\nbound = true\nmax_age_days = 30\n')
    return tmp_path


def test_verify_with_a_policy(certified: Certified, place: Path) -> None:
    begun = certified.bundle.certificate.run.started_at
    met = cli("verify", "certificate.json", "--policy", "mild.toml", "--at", begun[:10], cwd=place)
    assert (met.code, "policy" in met.out) == (0, False)
    late = cli("verify", "certificate.json", "--policy", "mild.toml", "--at", "2099-01-01", "--badge", "b", cwd=place)
    assert late.code == 1
    assert "days old; at most 30 are allowed" in late.out
    assert late.last_line == "Valid, but the policy is not met."
    assert not (place / "b").exists()


def test_verify_without_a_policy_names_what_the_shipped_one_misses(place: Path) -> None:
    done = cli("verify", "certificate.json", cwd=place)
    assert done.code == 0
    assert "default policy: The target http://127.0.0.1:" in done.out
    assert cli("verify", "certificate.json", "--policy", "default", cwd=place).code == 1


def test_verify_as_json(certified: Certified, place: Path) -> None:
    done = cli("verify", "certificate.json", "--format", "json", "--policy", "mild.toml", cwd=place)
    data = json.loads(done.out)
    assert (data["format"], data["outcome"], data["exit_code"]) == ("work-conformance-verification/1", "holds", 0)
    assert data["policy"] == {"name": "mild.toml", "met": True, "reasons": []}
    about = data["certificate"]
    assert (about["kind"], about["profile"], about["form"], about["must_judged"]) == ("product", "ack", 2, 56)
    assert about["binding"]["key"] == certified.key.public.fingerprint
    (place / "broken.json").write_bytes(certified.content[:-2])
    broken = cli("verify", "broken.json", "--format", "json", cwd=place)
    data = json.loads(broken.out)
    assert (broken.code, data["exit_code"], data["certificate"], data["policy"]["met"]) == (1, 1, None, False)
    assert set(data["problems"][0]) == {"en", "zh"}


def test_check_says_what_is_missing_without_a_key(certified: Certified, place: Path) -> None:
    ready = cli("certify", str(certified.folder), "--check", "--policy", "mild.toml", cwd=place)
    assert (ready.code, ready.last_line) == (0, "Nothing is missing.")
    short = cli("certify", str(certified.folder), "--check", cwd=place)
    assert (short.code, short.last_line) == (1, "Can be certified, but not by the policy.")
    assert "--race-repeat 8" in short.err
    never = cli("certify", str(certified.folder), "--check", "--vendor", "Mallory", cwd=place)
    assert (never.code, never.last_line) == (1, "The run cannot be certified.")
    assert "bound to another vendor" in never.err


def test_the_witness_counts_with_its_key_alone(certified: Certified, place: Path) -> None:
    content = issue(Request(folder=certified.folder, attestor="witnessed"), certified.key)[1]
    (place / "certificate.json").write_bytes(content)
    (place / "witness.pub").write_text(certified.key.public.pem)
    (place / "witnessed.toml").write_text('format = "work-conformance-policy/1"\nwitnessed = true\n')
    (place / "other.pub").write_text(new_key().public.pem)
    verify = ("verify", "certificate.json", "--policy", "witnessed.toml")
    assert cli(*verify, cwd=place).code == 1
    done = cli(*verify, "--witness", "witness.pub", "--badge", "b", cwd=place)
    assert done.code == 0, done.out
    assert "witnessed" in (place / "b" / "badge.json").read_text("utf-8")
    other = cli(*verify, "--witness", "other.pub", cwd=place)
    assert (other.code, other.last_line) == (1, "Invalid.")
    assert "did not sign it as a witness" in other.out


def test_without_a_binding_it_says_unbound(certified: Certified, place: Path) -> None:
    files = unbound(certified.bundle.files)
    (place / "certificate.json").write_bytes(signed(certified.bundle, files, certified.key))
    done = cli("verify", "certificate.json", "--badge", "b", cwd=place)
    assert done.code == 0
    assert "unbound: the run named no product before it began" in done.out
    assert " · unbound · " in (place / "b" / "badge.svg").read_text("utf-8")
