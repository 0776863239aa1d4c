"""What a registry refuses, each with its reason; and who may change it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate.bundle import countersign, read_bundle
from conformance.certificate.issue import Request, issue
from conformance.certificate.signing import SigningKey, new_key
from conformance.certificate.statement import Subject
from conformance.certificate.verification import verify
from conformance.registry.changes import add, create, refresh, revoke, rotate
from conformance.registry.errors import BrokenRegistry, Refused
from conformance.registry.files import certificate_file
from conformance.registry.store import Registry, read_registry
from conformance.registry.submission import Submission, Wanted, check
from conformance.registry.traces import ENOUGH, share_evidence, traces_of
from tests.certificate.conftest import CHALLENGE, SUBJECT, Certified
from tests.certificate.tampering import signed, unbound, with_failure, with_transcripts
from tests.registry.conftest import POLICY, Listed

THIEF = Subject(vendor="Other Inc.", product="Other Gateway", version="1.0")
STRICT = b'format = "work-conformance-policy/1"\nno_loopback = true\nrace_repetitions = 8\n'


def empty(tmp_path: Path, listed: Listed, policy: bytes = POLICY) -> Path:
    folder = tmp_path / "empty"
    create(folder, "Empty", listed.key, policy, grace_days=None, at=listed.at)
    return folder


def submitted(folder: Path, content: bytes, listed: Listed, **wanted: object) -> Submission:
    return check(read_registry(folder), content, Wanted(**wanted), at=listed.at)  # type: ignore[arg-type]


def reasons(found: Submission) -> list[str]:
    return [reason.en for reason in found.reasons]


def test_nothing_is_against_the_certificate_of_the_vendor(listed: Listed, tmp_path: Path) -> None:
    certified = listed.certified
    wanted = {"challenge": CHALLENGE, "vendor_key": certified.key.public}
    found = submitted(empty(tmp_path, listed), certified.content, listed, **wanted)
    assert (found.reasons, found.undecided) == ((), ())


def test_the_certificate_of_the_registry_is_signed_by_both(listed: Listed) -> None:
    content = (listed.folder / certificate_file(listed.entry.digest)).read_bytes()
    result = verify(content, listed.certified.key.public)
    assert (result.outcome, result.signer_known, result.attestation) == ("holds", True, "self-attested")
    assert result.bundle is not None
    assert [keyid for keyid, _ in result.bundle.signatures] == [
        listed.certified.key.public.fingerprint,
        listed.key.public.fingerprint,
    ]
    assert verify(content, witness=listed.key.public).outcome == "does-not-hold", "the authority saw no run"


@pytest.mark.parametrize("revoked", [False, True])
def test_a_duplicate(revoked: bool, listed: Listed) -> None:
    """Also in the form that the authority signed, and after a revocation."""
    if revoked:
        revoke(listed.folder, listed.entry.digest, "recalled", listed.key, at=listed.at)
    both = (listed.folder / certificate_file(listed.entry.digest)).read_bytes()
    for content in (listed.certified.content, both):
        [reason] = reasons(submitted(listed.folder, content, listed))
        assert reason == f"The registry has this certificate already ({'revoked' if revoked else 'listed'})."


def stolen(certified: Certified, key: SigningKey) -> bytes:
    """The vendor's transcripts, without traces of the binding, under another name."""
    return signed(certified.bundle, unbound(certified.bundle.files), key, subject=THIEF)


def test_stolen_evidence(listed: Listed) -> None:
    [reason] = reasons(submitted(listed.folder, stolen(listed.certified, new_key()), listed))
    assert reason.startswith(f"Its evidence is that of {SUBJECT.name} of {SUBJECT.vendor}, which is in the registry")


def test_evidence_that_is_stolen_in_part(listed: Listed) -> None:
    """Every other transcript is edited, so that it has none of the same responses."""
    evidence = listed.certified.bundle.evidence()
    count = 0

    def edit(transcript: object) -> None:
        nonlocal count
        count += 1
        assert isinstance(transcript, dict)
        for exchange in transcript["exchanges"] if count % 2 else ():
            body = (exchange["response"] or {}).get("body")
            if body and body["text"].startswith("{"):
                body["text"] = json.dumps(json.loads(body["text"]) | {"more": 1})

    edited = read_bundle(
        signed(listed.certified.bundle, with_transcripts(listed.certified.bundle.files, edit), new_key())
    ).evidence()
    assert edited.transcripts != evidence.transcripts
    assert share_evidence(traces_of(evidence), traces_of(edited))


def test_other_runs_share_nothing() -> None:
    assert not share_evidence(map(str, range(ENOUGH - 1)), map(str, range(100)))
    assert share_evidence(map(str, range(ENOUGH)), map(str, range(100)))


def test_a_policy_that_is_not_met(listed: Listed, tmp_path: Path) -> None:
    found = reasons(submitted(empty(tmp_path, listed, STRICT), listed.certified.content, listed))
    assert len(found) == 2
    assert "own machine" in found[1]
    assert "--race-repeat 8" in found[0]


def test_a_changed_certificate(listed: Listed, tmp_path: Path) -> None:
    content = listed.certified.content
    for wrong in (content.replace(b"Gateway", b"Gatevay"), content + b" ", b"{}", b""):
        assert reasons(submitted(empty(tmp_path / str(len(wrong)), listed), wrong, listed))


def test_a_failing_run(listed: Listed, tmp_path: Path) -> None:
    certified = listed.certified
    failing = signed(certified.bundle, with_failure(certified.bundle.files), certified.key)
    assert any("ack.retry" in reason for reason in reasons(submitted(empty(tmp_path, listed), failing, listed)))


def test_another_challenge(listed: Listed, tmp_path: Path) -> None:
    folder, certified = empty(tmp_path, listed), listed.certified
    [other] = reasons(submitted(folder, certified.content, listed, challenge="another"))
    assert other == f"The run is bound to the challenge {CHALLENGE}, not to another."
    free = signed(certified.bundle, unbound(certified.bundle.files), certified.key)
    [none] = reasons(submitted(folder, free, listed, challenge=CHALLENGE))
    assert none == "The run is bound to no challenge."


def test_another_key_than_the_vendor_s(listed: Listed, tmp_path: Path) -> None:
    folder = empty(tmp_path, listed)
    [reason] = reasons(submitted(folder, listed.certified.content, listed, vendor_key=new_key().public))
    assert "not with the given key" in reason


def test_a_known_vendor_with_a_new_key(listed: Listed) -> None:
    """Whoever it is took the name in other letters; the evidence shows besides."""
    certified, key = listed.certified, new_key()
    subject = replace(SUBJECT, vendor=SUBJECT.vendor.upper(), version="2.5")
    content = signed(certified.bundle, unbound(certified.bundle.files), key, subject=subject)
    found = reasons(submitted(listed.folder, content, listed))
    assert any(reason.endswith("If both are the vendor's, give --vendor-key.") for reason in found)
    known = reasons(submitted(listed.folder, content, listed, vendor_key=key.public))
    assert not any("--vendor-key" in reason for reason in known)


@pytest.mark.parametrize("vendor", ["Acme Ltd", "ACME, LTD.", "acme-ltd"])
def test_a_name_that_differs_in_signs_alone_is_the_same_vendor(vendor: str, listed: Listed) -> None:
    """Whoever reads the page takes both for one."""
    found = reasons(
        check(others(listed, vendor=vendor, key="0" * 64), listed.certified.content, Wanted(), at=listed.at)
    )
    assert any(reason.endswith("If both are the vendor's, give --vendor-key.") for reason in found)


def test_a_challenge_that_was_used(listed: Listed) -> None:
    """Nobody knows how many runs were made with it meanwhile."""
    registry = others(listed, product="Acme Router", version="1.0")
    [reason] = reasons(check(registry, listed.certified.content, Wanted(challenge=CHALLENGE), at=listed.at))
    assert reason.startswith(f"The challenge {CHALLENGE} was used for Acme Router 1.0 of {SUBJECT.vendor}")
    registry = others(listed, challenge="another")
    assert reasons(check(registry, listed.certified.content, Wanted(challenge=CHALLENGE), at=listed.at)) == []


@pytest.mark.parametrize(("days", "refused"), [(-2, True), (2, False)])
def test_a_witness_with_a_key_that_was_replaced(days: int, refused: bool, listed: Listed, tmp_path: Path) -> None:
    """Who finds the old key later makes no witness of the authority."""
    old, new, folder = listed.certified.key, new_key(), tmp_path / "rotated"
    create(folder, "Rotated", old, POLICY, grace_days=None, at=listed.later(days=-3))
    rotate(folder, old, new, at=listed.later(days=days))
    content = issue(Request(folder=listed.certified.folder, attestor="witnessed"), old)[1]
    found = reasons(check(read_registry(folder), content, Wanted(), at=listed.later(days=3)))
    assert [reason.startswith("It is signed with the authority's key") for reason in found] == [True] * refused


def others(listed: Listed, **changes: Any) -> Registry:
    """The registry with another entry only, of a run of its own."""
    entry = replace(listed.entry, digest="0" * 64, traces=(), **changes)
    return replace(read_registry(listed.folder), entries={entry.digest: entry})


def test_a_certificate_with_a_second_signature(listed: Listed, tmp_path: Path) -> None:
    content = countersign(listed.certified.bundle, new_key()).dumps()
    [reason] = reasons(submitted(empty(tmp_path, listed), content, listed))
    assert reason.startswith("It cannot take the authority's signature")


def test_a_run_that_is_too_old(listed: Listed, tmp_path: Path) -> None:
    registry = read_registry(empty(tmp_path, listed))
    found = check(registry, listed.certified.content, Wanted(), at=listed.later(days=365))
    assert "The registry would list it as expired" in reasons(found)[-1]


# --- who may change a registry


def test_a_refusal_changes_nothing(listed: Listed) -> None:
    before = {path: path.read_bytes() for path in listed.folder.rglob("*") if path.is_file()}
    with pytest.raises(Refused, match="already"):
        add(listed.folder, listed.certified.content, listed.key, Wanted(), at=listed.at)
    assert {path: path.read_bytes() for path in listed.folder.rglob("*") if path.is_file()} == before


def test_another_key_changes_nothing(listed: Listed) -> None:
    thief = new_key()
    for change in (
        lambda: add(listed.folder, listed.certified.content, thief, Wanted(), at=listed.at),
        lambda: revoke(listed.folder, listed.entry.digest, "x", thief, at=listed.at),
        lambda: rotate(listed.folder, thief, new_key(), at=listed.at),
        lambda: refresh(listed.folder, thief, policy=None, at=listed.at),
    ):
        with pytest.raises(Refused, match="newest key is"):
            change()


def test_the_old_key_changes_nothing(listed: Listed) -> None:
    new = new_key()
    rotate(listed.folder, listed.key, new, at=listed.at)
    with pytest.raises(Refused, match="newest key is"):
        revoke(listed.folder, listed.entry.digest, "x", listed.key, at=listed.at)
    assert revoke(listed.folder, listed.entry.digest, "x", new, at=listed.at).status == "revoked"
    for key in (new, listed.key):
        with pytest.raises(Refused, match="is or was a key"):
            rotate(listed.folder, new, key, at=listed.at)


def test_what_cannot_be_revoked(listed: Listed) -> None:
    for digest, reason, words in (
        ("0" * 64, "x", "has no certificate"),
        (listed.entry.digest, " ", "Give a reason"),
        (listed.entry.digest, "a\nb", "Give a reason"),
        (listed.entry.digest, "x" * 301, "Give a reason"),
    ):
        with pytest.raises(Refused, match=words):
            revoke(listed.folder, digest, reason, listed.key, at=listed.at)
    revoke(listed.folder, listed.entry.digest, "first", listed.key, at=listed.at)
    with pytest.raises(Refused, match="already: first"):
        revoke(listed.folder, listed.entry.digest, "second", listed.key, at=listed.at)


def test_time_does_not_go_back(listed: Listed) -> None:
    with pytest.raises(Refused, match="is after"):
        refresh(listed.folder, listed.key, policy=None, at=listed.later(days=-1))


def test_a_folder_that_is_not_empty(listed: Listed, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not empty"):
        create(listed.folder, "Again", listed.key, POLICY, grace_days=None, at=listed.at)
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    create(tmp_path / "clone", "A clone", listed.key, POLICY, grace_days=None, at=listed.at)


def test_a_new_policy_is_signed(listed: Listed) -> None:
    refresh(listed.folder, listed.key, policy=STRICT, at=listed.at)
    assert read_registry(listed.folder).rules.race_repetitions == 8
    (listed.folder / "policy.toml").write_bytes(POLICY)
    with pytest.raises(BrokenRegistry, match="its digest differs"):
        read_registry(listed.folder)
