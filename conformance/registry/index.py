"""The signed index of a registry: its keys, the digests of its files, and the requirement sets that it has seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.certificate.canonical import canonical, decode_base64, encode_base64
from conformance.certificate.format_version import is_newer
from conformance.certificate.signing import PublicKey, SigningKey, UnusableKey, is_signed
from conformance.contract.catalogue import version_numbers
from conformance.product_names import is_line
from conformance.registry.errors import BrokenRegistry, UndecidedRegistry
from conformance.registry.files import MAX_INDEX, PAGES, POLICY, moment_of, require_digest
from conformance.registry.keys import PAYLOAD_TYPE, Keys, read_keys
from conformance.text import Text

FORMAT: Final = "work-conformance-registry/1"
_FILES: Final = frozenset({POLICY, *PAGES.values()})
_VALUES: Final = frozenset(
    {"entries", "files", "format", "grace_days", "keys", "name", "requirement_sets", "sequence", "signed_at"}
)

_NO_INDEX: Final = Text("It is not the index of a registry.", "它不是登记册的索引。")
_TAMPERED: Final = Text(
    "The signature of the index does not match: it was changed after the authority signed it.",
    "索引的签名不符：它在登记机构签名之后被改动过。",
)
_NEWER: Final = Text(
    "The registry has a newer format. Install the newest version of work-conformance.",
    "登记册的格式较新。请安装最新版本的 work-conformance。",
)
_LARGE: Final = Text(
    f"The index is larger than {MAX_INDEX >> 20} MiB and was not read.",
    f"索引超过 {MAX_INDEX >> 20} MiB，未予读取。",
)


@dataclass(frozen=True, kw_only=True)
class Index:
    """What the authority signs. The newest of the `keys` signs it.

    `entries` and `files` are SHA-256 digests of files, by the certificate's digest and by name. `requirement_sets` says
    since when the registry has known each version. With `grace_days` a certificate expires that many days after the
    registry first recorded a newer version.
    """

    name: str
    sequence: int
    signed_at: str
    keys: Keys
    requirement_sets: Mapping[str, str]
    files: Mapping[str, str]
    entries: Mapping[str, str]
    grace_days: int | None = None

    @property
    def signer(self) -> PublicKey:
        """The key that signs the index now."""
        return self.keys[-1].key

    def knows(self, key: PublicKey) -> bool:
        """Return whether a key is or was the authority's."""
        return any(each.key == key for each in self.keys)

    def dumps(self, key: SigningKey) -> bytes:
        """Return the signed file's bytes."""
        payload = _payload(self)
        signature = {"keyid": key.public.fingerprint, "sig": encode_base64(key.sign(payload, PAYLOAD_TYPE))}
        return _file_bytes(payload, [signature])


def read_index(content: bytes) -> Index:
    """Read an index that the newest of its keys signed.

    Raises:
        BrokenRegistry: it is no index, or its signature or its chain of keys is broken.
        UndecidedRegistry: it is too large, or has a format that this version does not know.
    """
    if len(content) > MAX_INDEX:
        raise UndecidedRegistry(_LARGE)
    try:
        data = json.loads(content)
        if is_newer(data["format"], FORMAT):
            raise UndecidedRegistry(_NEWER)
        envelope = data["envelope"]
        payload, signatures = decode_base64(envelope["payload"]), envelope["signatures"]
        index = _index(json.loads(payload))
        right = _payload(index) == payload and _file_bytes(payload, signatures) == content and len(signatures) == 1
        keyid, signature = signatures[0]["keyid"], decode_base64(signatures[0]["sig"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, UnusableKey):
        raise BrokenRegistry(_NO_INDEX) from None
    if not right or keyid != index.signer.fingerprint or not is_signed(payload, signature, index.signer, PAYLOAD_TYPE):
        raise BrokenRegistry(_TAMPERED)
    return index


def _payload(index: Index) -> bytes:
    return canonical(
        {
            "format": FORMAT,
            "name": index.name,
            "sequence": index.sequence,
            "signed_at": index.signed_at,
            "keys": [each.to_json() for each in index.keys],
            "requirement_sets": dict(index.requirement_sets),
            "grace_days": index.grace_days,
            "files": dict(index.files),
            "entries": dict(index.entries),
        }
    )


def _file_bytes(payload: bytes, signatures: Any) -> bytes:
    envelope = {"payload": encode_base64(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures}
    return canonical({"envelope": envelope, "format": FORMAT}) + b"\n"


def _index(data: Any) -> Index:
    name, sequence, grace = data["name"], data["sequence"], data["grace_days"]
    if set(data) != _VALUES or not is_line(name) or type(sequence) is not int or sequence < 1:
        raise ValueError("not an index")
    if grace is not None and (type(grace) is not int or grace < 0):
        raise ValueError("not a number of days")
    moment_of(data["signed_at"])
    for version, since in data["requirement_sets"].items():
        version_numbers(version)
        moment_of(since)
    if set(data["files"]) != _FILES:
        raise ValueError("not the files of a registry")
    for digest in (*data["files"].values(), *data["entries"], *data["entries"].values()):
        require_digest(digest)
    return Index(
        name=name,
        sequence=sequence,
        signed_at=data["signed_at"],
        keys=read_keys(data["keys"], name),
        requirement_sets=data["requirement_sets"],
        files=data["files"],
        entries=data["entries"],
        grace_days=grace,
    )
