"""Certificates of the first form, a second signature, and inputs that are no regular files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.certificate.bundle import Bundle, countersign, read_bundle, sign_bundle
from conformance.certificate.canonical import canonical, encode_base64
from conformance.certificate.issue import NotEligible, Request, issue
from conformance.certificate.signing import UnusableKey, new_key, read_private, read_public
from conformance.certificate.statement import payload_of
from conformance.certificate.verification import verify
from tests.certificate.conftest import Certified
from tests.certificate.tampering import unbound
from tests.cli.processes import cli


@pytest.fixture
def older(certified: Certified) -> Bundle:
    """A certificate as versions before the second form made it."""
    files = unbound(certified.bundle.files)
    digest = hashlib.sha256(files["evidence.json"]).hexdigest()
    return sign_bundle(
        replace(certified.bundle.certificate, form=1, binding=None, evidence=digest), files, certified.key
    )


def test_the_first_form_says_nothing_of_the_second(older: Bundle) -> None:
    data = json.loads(older.dumps())
    assert data["format"] == "work-conformance-certificate/1"
    assert list(data["about"]) == ["attestation", "not_exercised", "product", "product_version", "vendor"]
    annotations = json.loads(payload_of(older.certificate))["predicate"]["configuration"][0]["annotations"]
    assert not {"conformance_binding", "conformance_kind", "conformance_profile"} & set(annotations)


def test_the_first_form_is_read_and_distinguished(older: Bundle, tmp_path: Path) -> None:
    assert read_bundle(older.dumps()).certificate.form == 1
    assert verify(older.dumps()).outcome == "holds"
    (tmp_path / "certificate.json").write_bytes(older.dumps())
    done = cli("verify", "certificate.json", "--badge", "b", cwd=tmp_path)
    assert done.code == 0, done.out
    assert "unbound: made before runs could be bound" in done.out
    assert " · unbound · " in (tmp_path / "b" / "badge.json").read_text("utf-8")


def test_the_second_form_says_what_it_is_about(certified: Certified) -> None:
    annotations = json.loads(payload_of(certified.bundle.certificate))["predicate"]["configuration"][0]["annotations"]
    assert annotations["conformance_profile"] == "ack"
    assert annotations["conformance_kind"] == "product"
    assert annotations["conformance_binding"]["key"] == certified.key.public.fingerprint


@pytest.mark.parametrize("number", ["1", "3"])
def test_the_forms_cannot_be_exchanged(number: str, certified: Certified) -> None:
    data = json.loads(certified.content) | {"format": f"work-conformance-certificate/{number}"}
    assert verify(canonical(data) + b"\n").outcome != "holds"


# --- a second signature


def test_a_second_signature_is_of_the_same_statement_and_makes_no_witness(certified: Certified) -> None:
    second = new_key()
    bundle = countersign(certified.bundle, second)
    assert read_bundle(bundle.dumps()) == bundle
    assert [keyid for keyid, _ in bundle.signatures] == [
        certified.key.public.fingerprint,
        second.public.fingerprint,
    ]
    result = verify(bundle.dumps(), certified.key.public)
    assert (result.outcome, result.attestation) == ("holds", "self-attested")
    [problem] = verify(bundle.dumps(), certified.key.public, witness=second.public).problems
    assert "did not sign it as a witness" in problem.en


def test_a_second_signature_needs_a_key_and_a_place_of_its_own(certified: Certified, older: Bundle) -> None:
    for bundle, key in (
        (certified.bundle, certified.key),
        (countersign(certified.bundle, new_key()), new_key()),
        (older, new_key()),
    ):
        with pytest.raises(ValueError, match="no place"):
            countersign(bundle, key)


def edited(bundle: Bundle, edit: str, key_pem: str) -> bytes:
    data = json.loads(bundle.dumps())
    signatures = data["envelope"]["signatures"]
    if edit == "the vendor's key twice":
        data["witness_key"] = data["key"]
        signatures[1] = signatures[0]
    elif edit == "another key":
        data["witness_key"] = key_pem
    elif edit == "another signature":
        signatures[1]["sig"] = encode_base64(bytes(64))
    elif edit == "another keyid":
        signatures[1]["keyid"] = "0" * 64
    elif edit == "the other order":
        signatures.reverse()
    elif edit == "a third":
        signatures.append(signatures[1])
    elif edit == "no key":
        del data["witness_key"]
    elif edit == "no signature":
        del signatures[1]
    return canonical(data) + b"\n"


EDITS = (
    *("the vendor's key twice", "another key", "another signature", "another keyid", "the other order"),
    *("a third", "no key", "no signature"),
)


@pytest.mark.parametrize("edit", EDITS)
def test_a_signature_that_does_not_fit(edit: str, certified: Certified) -> None:
    bundle = countersign(certified.bundle, new_key())
    content = edited(bundle, edit, new_key().public.pem)
    assert content != bundle.dumps()
    assert verify(content).outcome == "does-not-hold"


# --- files that are none


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes in the file system are POSIX only (os.mkfifo)")
def test_a_pipe_is_refused(certified: Certified, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "certificate.json").write_bytes(certified.content)
    for line in (("pipe",), ("certificate.json", "--key", "pipe"), ("certificate.json", "--policy", "pipe")):
        done = cli("verify", *line, cwd=tmp_path)
        assert (done.code, "pipe is not a regular file" in done.err) == (2, True)


def test_two_keys_in_a_file_are_refused(certified: Certified) -> None:
    with pytest.raises(UnusableKey, match="more than one key"):
        read_public((certified.key.public.pem + new_key().public.pem).encode())
    with pytest.raises(UnusableKey, match="more than one key"):
        read_private(certified.key.pem(None) + certified.key.public.pem.encode(), None)


@pytest.mark.parametrize("name", ["transcripts/retry.active.json", "plan.json", "evidence.json", "transcripts"])
def test_links_are_not_followed(name: str, certified: Certified, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(certified.folder, folder)
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotEligible, match=r"is a link or another special file"):
        issue(Request(folder=folder), certified.key)


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_the_run_did_not_write_is_named(kind: str, certified: Certified, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(certified.folder, folder)
    strange = folder / "transcripts" / "more.json"
    if kind == "file":
        strange.write_text("{}")
    elif kind == "link":
        strange.symlink_to("retry.active.json")
    else:
        strange.mkdir()
    with pytest.raises(NotEligible, match=r"transcripts/more\.json is not a file that the run wrote"):
        issue(Request(folder=folder), certified.key)


def test_the_folder_itself_may_be_a_link(certified: Certified, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(certified.folder)
    assert issue(Request(folder=tmp_path / "latest"), certified.key)[1] == certified.content
