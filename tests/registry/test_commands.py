"""The commands of a registry: exit codes, reasons in both languages, and JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.certificate.signing import SigningKey, new_key
from conformance.certificate.statement import Subject
from conformance.cli import main
from conformance.registry.changes import revoke
from conformance.registry.files import INDEX, MAX_CERTIFICATE
from conformance.registry.store import read_registry, write_registry
from conformance.text import LANGS, Lang
from tests.certificate.conftest import CHALLENGE
from tests.certificate.tampering import signed, unbound
from tests.registry.conftest import POLICY, Listed

Run = Callable[..., Result]
ZH = re.compile(r"[\u4e00-\u9fff]")


def save(key: SigningKey, path: Path) -> Path:
    """Write a key pair as `key` does."""
    path.write_bytes(key.pem(None))
    path.with_name(f"{path.name}.pub").write_text(key.public.pem)
    return path


@pytest.fixture
def place(listed: Listed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "certificate.json").write_bytes(listed.certified.content)
    save(listed.key, tmp_path / "authority.pem")
    save(listed.certified.key, tmp_path / "vendor.pem")
    return tmp_path


def run(*words: str, lang: Lang = "en") -> Result:
    env = {"LC_ALL": "C.UTF-8", "WORK_CONFORMANCE_LANG": lang}
    return CliRunner(env=env).invoke(main, words)


def day(listed: Listed, **by: float) -> str:
    return listed.later(**by).strftime("%Y-%m-%dT%H:%M:%SZ")


def verified(listed: Listed, *words: str, lang: Lang = "en") -> Result:
    at = () if "--at" in words else ("--at", day(listed))
    return run("verify", "certificate.json", "--registry", "registry", *at, *words, lang=lang)


KEY = ("--registry-key", "authority.pem.pub")


# --- verify


def test_listed(listed: Listed, place: Path) -> None:
    done = verified(listed, *KEY, "--badge", "badge", "--format", "json")
    assert done.exit_code == 0, done.output
    data = json.loads(done.output)
    assert (data["attestation"], data["exit_code"]) == ("listed", 0)
    assert data["registry"] == {
        "name": "Example <Authority>",
        "standing": "listed",
        "signer_known": True,
        "signed_at": day(listed),
        "key": listed.key.public.fingerprint,
        "listed_at": day(listed),
        "reasons": [],
    }
    assert "ack · listed · " in (place / "badge" / "badge.json").read_text("utf-8")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_the_authority_s_key(lang: Lang, listed: Listed, place: Path) -> None:
    done = verified(listed, "--badge", "badge", lang=lang)
    assert done.exit_code == 1
    words = {"en": "The registry's signer is unknown", "zh": "登记册的签名者未知：请用 --registry-key"}[lang]
    assert words in done.output
    assert not (place / "badge").exists()


@pytest.mark.usefixtures("place")
def test_revoked_and_expired(listed: Listed) -> None:
    late = verified(listed, *KEY, "--at", "2099-01-01")
    assert (late.exit_code, late.output.splitlines()[-1]) == (1, "Valid, but expired by the registry.")
    revoke(listed.folder, listed.entry.digest, "recalled", listed.key, at=listed.at)
    done = verified(listed, *KEY)
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "Valid, but revoked by the registry.")
    assert "registry: Revoked at" in done.output


def test_unknown(listed: Listed, place: Path) -> None:
    bundle = listed.certified.bundle
    (place / "certificate.json").write_bytes(signed(bundle, unbound(bundle.files), listed.certified.key))
    done = verified(listed, *KEY)
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "Valid, but unknown to the registry.")


@pytest.mark.usefixtures("place")
def test_a_registry_that_cannot_be_relied_on(listed: Listed) -> None:
    done = verified(listed, "--registry-key", "vendor.pem.pub")
    assert done.exit_code == 1
    assert "is not one of its keys" in done.output
    (listed.folder / INDEX).write_bytes(b" " * (5 << 20))
    done = verified(listed, *KEY)
    assert (done.exit_code, done.output.splitlines()[-1]) == (2, "Valid, but the registry cannot be relied on.")
    away = run("verify", "certificate.json", "--registry", "http://registry.example", *KEY)
    assert away.exit_code == 2
    assert "must begin with https://" in away.output


@pytest.mark.usefixtures("place")
def test_a_key_without_a_registry() -> None:
    done = run("verify", "certificate.json", *KEY)
    assert (done.exit_code, "--registry-key needs --registry" in done.output) == (2, True)


def test_an_invalid_certificate_is_invalid_whatever_a_registry_says(listed: Listed, place: Path) -> None:
    """The statement is listed; the evidence beside it is not what was signed."""
    content = listed.certified.content.replace(b'\\"status\\": 200', b'\\"status\\": 201', 1)
    assert content != listed.certified.content
    (place / "certificate.json").write_bytes(content)
    done = verified(listed, *KEY)
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "Invalid.")


# --- registry


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_check_names_every_reason_and_writes_nothing(lang: Lang, listed: Listed, place: Path) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    words = ("registry", "check", "registry", "certificate.json", "--challenge", "other", "--at", day(listed))
    done = run(*words, lang=lang)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    assert all(bool(ZH.search(line)) == (lang == "zh") for line in done.output.splitlines())
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_what_this_version_cannot_decide(listed: Listed, place: Path) -> None:
    (place / "certificate.json").write_bytes(b" " * (MAX_CERTIFICATE + 1))
    for words in (("check", "--at", day(listed)), ("add", "--key", "authority.pem", "--at", day(listed))):
        done = run("registry", words[0], "registry", "certificate.json", *words[1:])
        assert (done.exit_code, "is larger than" in done.stderr) == (2, True), words


@pytest.mark.parametrize(
    ("name", "code"),
    [("certificate.json", 1), ("broken.json", 1), ("large.json", 2), ("none.json", 2), ("new.json", 0)],
)
def test_check_and_add_exit_alike(name: str, code: int, listed: Listed, place: Path) -> None:
    (place / "broken.json").write_bytes(listed.certified.content[:-9])
    (place / "large.json").write_bytes(b" " * (MAX_CERTIFICATE + 1))
    (place / "new.json").write_bytes(listed.certified.content)
    folder = "empty" if name == "new.json" else "registry"
    (place / "policy.toml").write_bytes(POLICY)
    run(
        "registry",
        "init",
        "empty",
        "--name",
        "Empty",
        "--key",
        "authority.pem",
        "--policy",
        "policy.toml",
        "--at",
        day(listed),
    )
    for words in (("check", "--at", day(listed)), ("add", "--key", "authority.pem", "--at", day(listed))):
        done = run("registry", words[0], folder, name, *words[1:])
        assert done.exit_code == code, (words, done.output)


def test_no_line_begins_with_a_name_of_the_vendor(listed: Listed, place: Path) -> None:
    """A build server would take `::` for a command."""
    bundle, key = listed.certified.bundle, new_key()
    command = Subject(vendor="::error::x", product="::error::y", version="::error::z")
    entry = replace(listed.entry, vendor=command.vendor, product=command.product, version=command.version)
    write_registry(listed.folder, replace(read_registry(listed.folder), entries={entry.digest: entry}), listed.key, {})
    (place / "certificate.json").write_bytes(signed(bundle, unbound(bundle.files), key, subject=command))
    for words in (("check", "registry", "certificate.json", "--at", day(listed)), ("list", "registry")):
        for lang in LANGS:
            output = run("registry", *words, lang=lang).output
            assert command.vendor in output
            assert not [line for line in output.splitlines() if line.startswith(":")]


@pytest.mark.usefixtures("place")
def test_check_of_a_changed_registry(listed: Listed) -> None:
    done = run("registry", "check", "registry", "certificate.json", "--registry-key", "vendor.pem.pub")
    assert (done.exit_code, "is not one of its keys" in done.stderr) == (1, True)
    (listed.folder / "policy.toml").write_text("")
    for words in (("list", "registry"), ("check", "registry", "certificate.json")):
        done = run("registry", *words)
        assert (done.exit_code, "policy.toml is not the file" in done.stderr) == (1, True)


def test_an_authority_from_an_empty_folder(listed: Listed, place: Path) -> None:
    at = ("--key", "authority.pem", "--at", day(listed))
    (place / "mild.toml").write_text('format = "work-conformance-policy/1"\n')
    made = run("registry", "init", "new", "--name", "New", "--policy", "mild.toml", *at)
    assert made.exit_code == 0, made.output
    added = run("registry", "add", "new", "certificate.json", "--challenge", CHALLENGE, *at)
    assert added.exit_code == 0, added.output
    again = run("registry", "add", "new", "certificate.json", *at)
    assert (again.exit_code, again.stderr.splitlines()[-1]) == (1, "Nothing was changed.")
    revoked = run("registry", "revoke", "new", listed.entry.digest[:10], "--reason", "sold", *at)
    assert (revoked.exit_code, revoked.output.splitlines()[-1]) == (0, "reason: sold")
    save(new_key(), place / "new.pem")
    rotated = run("registry", "rotate", "new", "--new", "new.pem", *at)
    assert rotated.exit_code == 0, rotated.output
    assert run("registry", "refresh", "new", *at).exit_code == 1
    refreshed = run("registry", "refresh", "new", "--policy", "default", "--key", "new.pem", "--at", day(listed))
    assert refreshed.exit_code == 0, refreshed.output
    assert read_registry(place / "new").rules.race_repetitions == 8


@pytest.mark.usefixtures("place")
def test_the_list(listed: Listed) -> None:
    done = run("registry", "list", "registry", *KEY, "--at", day(listed))
    assert done.exit_code == 0
    assert f"{listed.entry.digest[:12]}  listed  {listed.entry.product} {listed.entry.version}, " in done.output
    assert "signer is unknown" in run("registry", "list", "registry").output
    data = json.loads(run("registry", "list", "registry", "--format", "json", "--at", "2099-01-01").output)
    [entry] = data["entries"]
    assert (data["format"], data["signer_known"]) == ("work-conformance-registry-list/1", False)
    assert (entry["standing"], entry["valid_until"]) == ("expired", listed.entry.valid_until)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("init", "new", "--name", "a\x1bb", "--key", "authority.pem"), "--name: give one printable line"),
        (("init", "new", "--name", "N", "--key", "authority.pem.pub"), "--key: authority.pem.pub is not a private"),
        (("init", "new", "--name", "N", "--key", "authority.pem", "--policy", "authority.pem"), "is not a policy"),
        (("revoke", "registry", "vendor.pem", "--reason", "r", "--key", "authority.pem"), "It is not a certificate"),
        (("revoke", "registry", "nowhere", "--reason", "r", "--key", "authority.pem"), "is not a regular file"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_cannot_be_read(words: tuple[str, ...], message: str) -> None:
    done = run("registry", *words)
    assert (done.exit_code, message in done.output) == (2, True), done.output


def test_a_folder_without_an_index(place: Path) -> None:
    (place / "nothing").mkdir()
    done = run("registry", "list", "nothing")
    assert (done.exit_code, "The registry has no index.json" in done.stderr) == (1, True)
