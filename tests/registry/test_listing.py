"""What third parties learn from a registry: listed, expired, revoked, unknown, or that it was changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from conformance.certificate.bundle import read_bundle
from conformance.certificate.signing import PublicKey, SigningKey, new_key
from conformance.contract.catalogue import load_catalogue
from conformance.registry.changes import create, refresh, revoke, rotate
from conformance.registry.entry import Entry, read_entry
from conformance.registry.errors import BrokenRegistry, UndecidedRegistry
from conformance.registry.files import INDEX, MAX_INDEX, certificate_file, entry_file, sha256
from conformance.registry.index import read_index
from conformance.registry.listing import Listing, listing_of
from conformance.registry.source import Folder
from conformance.registry.store import read_registry, signed_again, write_registry
from tests.certificate.tampering import signed, unbound
from tests.registry.conftest import POLICY, Change, Listed


def ask(listed: Listed, *, at: datetime | None = None, key: PublicKey | None = None) -> Listing:
    public = listed.key.public if key is None else key
    return listing_of(listed.certified.bundle, Folder(listed.folder), public, at=at or listed.at)


def standing(listed: Listed, *, at: datetime | None = None, key: PublicKey | None = None) -> tuple[str, str]:
    found = ask(listed, at=at, key=key)
    return found.standing, "" if found.reason is None else found.reason.en


def test_a_listed_certificate(listed: Listed) -> None:
    found = ask(listed)
    assert (found.standing, found.is_confirmed, found.reason) == ("listed", True, None)
    assert found.entry == listed.entry


def test_both_forms_of_the_file_are_listed(listed: Listed) -> None:
    """The vendor's own file, and the one to which the authority added its signature."""
    content = (listed.folder / certificate_file(listed.entry.digest)).read_bytes()
    bundle = read_bundle(content)
    assert bundle.key == listed.certified.key.public
    assert bundle.second_key == listed.key.public
    assert sha256(content) == listed.entry.certificate
    assert listing_of(bundle, Folder(listed.folder), listed.key.public, at=listed.at).is_confirmed


def test_without_a_key_nothing_is_confirmed(listed: Listed) -> None:
    found = listing_of(listed.certified.bundle, Folder(listed.folder), None, at=listed.at)
    assert (found.standing, found.signer_known, found.is_confirmed) == ("listed", False, False)


def test_with_the_key_of_somebody_else(listed: Listed) -> None:
    with pytest.raises(BrokenRegistry, match="is not one of its keys"):
        ask(listed, key=new_key().public)


def test_an_unknown_certificate(listed: Listed) -> None:
    bundle = listed.certified.bundle
    other = read_bundle(signed(bundle, unbound(bundle.files), listed.certified.key))
    found = listing_of(other, Folder(listed.folder), listed.key.public, at=listed.at)
    assert found.standing == "unknown"


def test_the_same_statement_with_another_key(listed: Listed) -> None:
    bundle = listed.certified.bundle
    other = read_bundle(signed(bundle, bundle.files, new_key()))
    found = listing_of(other, Folder(listed.folder), listed.key.public, at=listed.at)
    assert found.standing == "unknown"
    assert found.reason is not None
    assert "is signed with" in found.reason.en


def test_a_revocation_keeps_its_reason(listed: Listed) -> None:
    revoke(listed.folder, listed.entry.digest[:8], "The product was recalled.", listed.key, at=listed.later(days=2))
    assert standing(listed)[0] == "revoked"
    assert "The product was recalled." in standing(listed)[1]
    assert standing(listed, at=listed.later(days=999))[0] == "revoked"


def test_it_expires_with_the_policy_s_age(listed: Listed) -> None:
    """The run was a day before the listing."""
    assert standing(listed, at=listed.later(days=364))[0] == "listed"
    late, why = standing(listed, at=listed.later(days=364, seconds=1))
    assert (late, listed.entry.valid_until is not None and listed.entry.valid_until in why) == ("expired", True)


# --- a newer requirement set


def with_newer_set(listed: Listed, monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Sign the registry with a suite whose requirement set is newer."""
    newer = replace(load_catalogue(), version="9.0")
    monkeypatch.setattr("conformance.registry.store.load_catalogue", lambda: newer)
    refresh(listed.folder, listed.key, policy=None, at=at)


def test_a_newer_requirement_set_ends_older_certificates_after_the_grace(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_newer_set(listed, monkeypatch, listed.later(days=10))
    assert standing(listed, at=listed.later(days=40))[0] == "listed"
    late, why = standing(listed, at=listed.later(days=41))
    assert late == "expired"
    assert "was superseded by 9.0" in why


def test_without_a_grace_a_newer_set_changes_nothing(listed: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = read_registry(listed.folder)
    registry = replace(registry, index=replace(registry.index, grace_days=None))
    write_registry(listed.folder, registry, listed.key, {})
    with_newer_set(listed, monkeypatch, listed.later(days=10))
    assert standing(listed, at=listed.later(days=300))[0] == "listed"


# --- keys


def test_after_a_rotation_both_keys_are_trusted_and_old_signatures_hold(listed: Listed) -> None:
    new = new_key()
    rotate(listed.folder, listed.key, new, at=listed.later(days=3))
    for key in (listed.key, new):
        assert standing(listed, key=key.public, at=listed.later(days=4))[0] == "listed"
    newest = new_key()
    rotate(listed.folder, new, newest, at=listed.later(days=5))
    assert ask(listed).index.signer == newest.public
    assert ask(listed, at=listed.later(days=5)).is_confirmed


def resign(listed: Listed, key: SigningKey, **index: object) -> None:
    """Write the index with other content."""
    found = read_registry(listed.folder)
    content = replace(found.index, **index).dumps(key)  # type: ignore[arg-type]
    (listed.folder / INDEX).write_bytes(content)


def test_the_old_key_cannot_sign_after_its_time(listed: Listed) -> None:
    rotate(listed.folder, listed.key, new_key(), at=listed.later(days=3))
    resign(listed, listed.key)
    with pytest.raises(BrokenRegistry, match="signature of the index does not match"):
        ask(listed)


def test_an_entry_of_the_old_key_after_its_time(listed: Listed) -> None:
    new = new_key()
    rotate(listed.folder, listed.key, new, at=listed.later(days=3))
    registry = read_registry(listed.folder)
    late = replace(listed.entry, listed_at="2099-01-01T00:00:00Z")
    write_registry(listed.folder, replace(registry, entries={late.digest: late}), new, {})
    with pytest.raises(BrokenRegistry, match="was not the authority's at 2099"):
        ask(listed)


def test_a_key_that_nobody_handed_over_to(listed: Listed) -> None:
    """Somebody puts a key of theirs behind the authority's."""
    thief, stranger = new_key(), new_key()
    rotate(listed.folder, listed.key, stranger, at=listed.later(days=3))
    keys = read_registry(listed.folder).index.keys
    forged = (keys[0], replace(keys[1], key=thief.public))
    resign(listed, thief, keys=forged)
    with pytest.raises(BrokenRegistry, match="is not the index"):
        ask(listed)


# --- what somebody changed


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def other_entry(path: Path) -> None:
    entry = read_entry(path.read_bytes())
    path.write_bytes(replace(entry, vendor="Somebody Else").dumps())


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (INDEX, flip, "index"),
        (INDEX, link, "is a link"),
        (INDEX, Path.unlink, "has no index.json"),
        (INDEX, lambda path: path.write_bytes(path.read_bytes() + b" "), "does not match"),
        (INDEX, lambda path: path.write_text("[]"), "is not the index"),
        ("entry", flip, "its digest differs"),
        ("entry", other_entry, "its digest differs"),
        ("entry", link, "is a link"),
        ("entry", Path.unlink, "has no entries/"),
    ],
)
def test_a_changed_index_or_entry(name: str, change: Change, words: str, listed: Listed) -> None:
    path = listed.folder / (entry_file(listed.entry.digest) if name == "entry" else name)
    change(path)
    with pytest.raises(BrokenRegistry, match=words):
        ask(listed)


@pytest.mark.parametrize("name", ["certificate", "policy.toml", "index.html", "index.zh.html"])
@pytest.mark.parametrize(("change", "words"), [(flip, "digest differs"), (link, "is a link"), (Path.unlink, "has no")])
def test_the_folder_is_compared_as_a_whole(name: str, change: Change, words: str, listed: Listed) -> None:
    change(listed.folder / (certificate_file(listed.entry.digest) if name == "certificate" else name))
    with pytest.raises(BrokenRegistry, match=words):
        read_registry(listed.folder)


@pytest.mark.parametrize("folder", ["entries", "certificates"])
def test_a_file_that_is_not_in_the_index(folder: str, listed: Listed) -> None:
    (listed.folder / folder / f"{'0' * 64}.json").write_text("{}")
    with pytest.raises(BrokenRegistry, match="is not in the index"):
        read_registry(listed.folder)


def test_a_folder_that_is_a_link(listed: Listed) -> None:
    link(listed.folder / "entries")
    with pytest.raises(BrokenRegistry, match="is a link"):
        ask(listed)


def test_a_huge_index(listed: Listed) -> None:
    (listed.folder / INDEX).write_bytes(b" " * (MAX_INDEX + 1))
    with pytest.raises(UndecidedRegistry, match="larger than"):
        ask(listed)


def test_an_index_of_a_newer_format(listed: Listed) -> None:
    path = listed.folder / INDEX
    path.write_bytes(path.read_bytes().replace(b"work-conformance-registry/1", b"work-conformance-registry/2"))
    with pytest.raises(UndecidedRegistry, match="newer format"):
        read_index(path.read_bytes())


# --- values


def test_an_entry_is_read_as_it_was_written(listed: Listed) -> None:
    entry = listed.entry
    revoked = entry.revoked(listed.at, "because")
    for each in (entry, revoked, replace(entry, valid_until=None, challenge=None)):
        assert read_entry(each.dumps()) == each


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "../../etc/passwd"},
        {"certificate": "0" * 63},
        {"vendor": "two\nlines"},
        {"catalogue": "newest"},
        {"listed_at": "yesterday"},
        {"valid_until": ""},
        {"status": "revoked"},
        {"status": "expired"},
        {"reason": "none"},
        {"attestation": "certified"},
        {"revoked_at": "2026-01-01T00:00:00Z", "reason": "a\nb", "status": "revoked"},
    ],
)
def test_what_is_no_entry(changes: dict[str, str], listed: Listed) -> None:
    with pytest.raises(ValueError, match=r"not|invalid|revocation"):
        replace(listed.entry, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"[" * 100_000])
def test_bytes_that_are_no_entry(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"not an entry|Expecting value"):
        read_entry(content)


def test_an_empty_registry(tmp_path: Path, listed: Listed) -> None:
    created = create(tmp_path / "new", "Empty", listed.key, POLICY, grace_days=None, at=listed.at)
    assert read_registry(tmp_path / "new") == created
    assert created.entries == dict[str, Entry]()


def test_a_registry_is_numbered(listed: Listed) -> None:
    registry = read_registry(listed.folder)
    assert registry.index.sequence == 2
    assert signed_again(registry, listed.key, listed.at).index.sequence == 3
