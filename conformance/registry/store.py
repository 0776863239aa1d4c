"""A registry's folder: read as a whole, with every file compared with the index, and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from conformance.certificate.policy import Policy, parse_policy
from conformance.certificate.signing import PublicKey, SigningKey
from conformance.contract.catalogue import load_catalogue, version_numbers
from conformance.registry.entry import Entry
from conformance.registry.errors import BrokenRegistry, Refused, UndecidedRegistry
from conformance.registry.files import (
    CERTIFICATES,
    ENTRIES,
    INDEX,
    MAX_CERTIFICATE,
    MAX_ENTRY,
    MAX_PAGE,
    MAX_POLICY,
    PAGES,
    POLICY,
    certificate_file,
    entry_file,
    sha256,
    stamp,
)
from conformance.registry.index import Index
from conformance.registry.listing import entry_in, require_signed, signed_index
from conformance.registry.page import page
from conformance.registry.source import Folder
from conformance.registry.unfinished import Repeated, remove_temporary_files
from conformance.reporting.atomic_write import write_atomically
from conformance.text import LANGS, Text

_STRANGE: Final = Text(
    "{name} is not in the index. If a command was interrupted, repeat it; otherwise remove the file.",
    "{name} 不在索引中。若有命令被中断，请重新执行该命令；否则请删除此文件。",
)
_NO_POLICY: Final = Text("policy.toml is not a policy ({why}).", "policy.toml 不是策略文件（{why}）。")
_OTHER_KEY: Final = Text(
    "The registry's newest key is {newest}, not the given one {given}.",
    "登记册最新的密钥是 {newest}，而不是所给的 {given}。",
)
_EARLIER: Final = Text(
    "The registry was signed at {signed}, which is after {at}.", "登记册的签名时间为 {signed}，晚于 {at}。"
)


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The content of a registry's folder. Entries are by digest."""

    index: Index
    entries: Mapping[str, Entry]
    policy: bytes

    @property
    def rules(self) -> Policy:
        """What a certificate needs to be listed.

        Raises:
            BrokenRegistry: the file is not a policy.
        """
        try:
            return parse_policy(self.policy)
        except ValueError as error:
            raise BrokenRegistry(_NO_POLICY.format(why=error)) from None


def read_registry(path: Path, key: PublicKey | None = None, *, repeated: Repeated | None = None) -> Registry:
    """Read a registry's folder and compare every file with the index.

    A command that writes the folder says what it is about to write: it may have been interrupted before. Pages are not
    compared then, because they are written again.

    Raises:
        BrokenRegistry: a file is missing, was changed, is a symbolic link, or is not in the index.
        UndecidedRegistry: it cannot be read.
    """
    source = Folder(path)
    index = signed_index(source, key)
    for name in PAGES.values() if repeated is None else ():
        require_signed(name, source.read(name, MAX_PAGE), index.files[name])
    policy = source.read(POLICY, MAX_POLICY)
    if repeated is None or policy != repeated.policy:
        require_signed(POLICY, policy, index.files[POLICY])
    entries = {digest: _entry(index, digest, source, repeated) for digest in index.entries}
    for digest, entry in entries.items():
        name = certificate_file(digest)
        require_signed(name, source.read(name, MAX_CERTIFICATE), entry.certificate)
    _refuse_others(path, index, repeated or Repeated())
    return Registry(index=index, entries=entries, policy=policy)


def _entry(index: Index, digest: str, source: Folder, repeated: Repeated | None) -> Entry:
    """Return a signed entry."""
    content = source.read(entry_file(digest), MAX_ENTRY)
    before = None if repeated is None else repeated.entry_before(digest, content, index.entries[digest])
    return entry_in(index, digest, content if before is None else before.dumps())


def signed_again(registry: Registry, key: SigningKey, at: datetime) -> Registry:
    """Return the registry before it is signed again: with a new number, time, and the newest requirement set.

    Raises:
        Refused: the key is not the newest one, or the registry was signed later than that.
    """
    index = registry.index
    if index.signer != key.public:
        raise Refused([_OTHER_KEY.format(newest=index.signer.fingerprint, given=key.public.fingerprint)])
    if stamp(at) < index.signed_at:
        raise Refused([_EARLIER.format(signed=index.signed_at, at=stamp(at))])
    newest, sets = load_catalogue().version, dict(index.requirement_sets)
    if version_numbers(newest) > max(map(version_numbers, sets), default=()):
        sets[newest] = stamp(at)
    index = replace(index, sequence=index.sequence + 1, signed_at=stamp(at), requirement_sets=sets)
    return replace(registry, index=index)


def write_registry(path: Path, registry: Registry, key: SigningKey, certificates: Mapping[str, bytes]) -> Registry:
    """Sign a registry, write it with new certificates by digest, and return it.

    The index is written last: until then the old one holds, and the same command can be repeated.

    Raises:
        OSError: a file cannot be written.
    """
    contents = {digest: entry.dumps() for digest, entry in registry.entries.items()}
    index = replace(registry.index, entries={digest: sha256(content) for digest, content in contents.items()})
    pages = {PAGES[lang]: page(index, registry.entries, lang).encode() for lang in LANGS}
    files = {POLICY: registry.policy, **pages}
    index = replace(index, files={name: sha256(content) for name, content in files.items()})
    for folder in (path, path / ENTRIES, path / CERTIFICATES):
        folder.mkdir(exist_ok=True)
    written = {certificate_file(digest): content for digest, content in certificates.items()}
    written |= {entry_file(digest): content for digest, content in contents.items()}
    remove_temporary_files(path)
    for name, content in (written | files | {INDEX: index.dumps(key)}).items():
        write_atomically(path / name, content.decode("utf-8"))
    return replace(registry, index=index)


def _refuse_others(path: Path, index: Index, repeated: Repeated) -> None:
    """Refuse files beside those of the index, which a reader of the folder could take for entries."""
    for folder in (ENTRIES, CERTIFICATES):
        try:
            names = sorted(each.name for each in (path / folder).iterdir())
        except FileNotFoundError:
            names = []  # git keeps no empty folder
        except OSError as error:
            raise UndecidedRegistry(
                Text(f"{folder} cannot be read ({error.strerror}).", f"无法读取 {folder}（{error.strerror}）。")
            ) from None
        for name in names:
            known = name.endswith(".json") and name.removesuffix(".json") in index.entries
            if not known and not repeated.is_added(name):
                raise BrokenRegistry(_STRANGE.format(name=f"{folder}/{name}"))
