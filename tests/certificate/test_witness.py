"""A witness runs the suite itself and signs first: the statement says so, and only the witness's key shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.certificate.bundle import WITNESSED, read_bundle
from conformance.certificate.issue import NotEligible, Request, issue
from conformance.certificate.signing import new_key
from conformance.certificate.statement import MalformedStatement, payload_of, read_payload
from conformance.certificate.verification import verify
from tests.certificate.conftest import Certified
from tests.certificate.tampering import signed, unbound
from tests.cli.processes import cli


def witnessed(certified: Certified) -> bytes:
    """A certificate of a run that the owner of the key made as a witness."""
    return issue(Request(folder=certified.folder, attestor="witnessed"), certified.key)[1]


def test_only_its_key_makes_a_witness(certified: Certified) -> None:
    content = witnessed(certified)
    assert read_bundle(content).attestation == WITNESSED
    key = certified.key.public
    assert (verify(content, witness=key).outcome, verify(content, witness=key).attestation) == ("holds", "witnessed")
    assert verify(content, witness=key).signer_known
    assert verify(content, key).attestation == "self-attested"
    [problem] = verify(content, witness=new_key().public).problems
    assert "did not sign it as a witness" in problem.en


def test_the_vendor_s_own_key_is_no_witness(certified: Certified) -> None:
    [problem] = verify(certified.content, witness=certified.key.public).problems
    assert "did not sign it as a witness" in problem.en


def test_a_witness_needs_a_challenge(certified: Certified) -> None:
    bundle = certified.bundle
    content = signed(bundle, unbound(bundle.files), certified.key, attestor="witnessed")
    assert [problem.en for problem in verify(content).problems] == [
        "A witness signs only a run that was bound to the witness's own challenge (run --challenge --for)."
    ]


def test_the_key_of_the_binding_signs(certified: Certified) -> None:
    with pytest.raises(NotEligible, match="is bound to the key"):
        issue(Request(folder=certified.folder, attestor="witnessed"), new_key())


def test_nobody_else_attests(certified: Certified) -> None:
    payload = payload_of(certified.bundle.certificate)
    assert read_payload(payload).attestor == "self-attested"
    with pytest.raises(MalformedStatement):
        read_payload(
            payload.replace(b'"conformance_attestation":"self-attested"', b'"conformance_attestation":"Qoder"')
        )
    older = replace(certified.bundle.certificate, form=1, binding=None, attestor="witnessed")
    with pytest.raises(MalformedStatement):
        read_payload(payload_of(older))


def test_a_witness_of_a_demonstration(certified: Certified, tmp_path: Path) -> None:
    done = cli("certify", str(certified.folder), "--demo", "--witness", "--check", cwd=tmp_path)
    assert (done.code, "--witness contradicts --demo" in done.err) == (2, True)
