"""The file of a certificate: statement, signature, public key and evidence.

It has exactly one canonical form. Reading takes it apart, checks the signatures, and assembles it again from its parts.
The result must equal the input byte for byte, so every byte of the file is covered.

The key of whoever made the run signs first: the vendor, or a witness. A registry that lists the certificate may add a
second signature over the same statement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from conformance.certificate.canonical import canonical, decode_base64, encode_base64
from conformance.certificate.format_version import is_newer
from conformance.certificate.signing import (
    PAYLOAD_TYPE,
    SIGNATURE_LENGTH,
    PublicKey,
    SigningKey,
    UnusableKey,
    is_signed,
    read_public,
)
from conformance.certificate.statement import Certificate, MalformedStatement, payload_of, read_payload
from conformance.evidence import EVIDENCE, BrokenEvidence, Evidence, evidence_from_files, parse_index
from conformance.text import Text

FORMAT: Final = "work-conformance-certificate/2"
_NAME: Final = FORMAT.rpartition("/")[0]
MAX_BYTES: Final = 32 * 1024 * 1024

SELF_ATTESTED: Final = Text(
    "Self-attested: the vendor ran the suite and signed the result; nobody else took part.",
    "自证：厂商自行运行套件并对结果签名，没有第三方参与。",
)
WITNESSED: Final = Text(
    "Witnessed: the signer claims to be a witness, who ran the suite on the vendor's server and signed the result.",
    "有见证（据签名者自述）：见证方对厂商的服务器运行套件，并对结果签名。",
)
DEMONSTRATION: Final = Text(
    "Demonstration, not a product: the suite ran on its own emulator.",
    "演示，并非产品：套件运行在自带的模拟器上。",
)
WORKER_DEMONSTRATION: Final = Text(
    "Demonstration, not a product: the suite judged its own reference worker.",
    "演示，并非产品：套件评测的是自带的参考 worker。",
)
Signature = tuple[str, bytes]
"""A key id, and what that key signed."""


class BrokenBundle(Exception):
    """The bytes are not a certificate; `reason` says what is wrong with them."""

    def __init__(self, en: str, zh: str) -> None:
        self.reason = Text(en, zh)
        super().__init__(en)


class NewerBundle(BrokenBundle):
    """A certificate with a format that this version does not know."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A certificate with its signatures, their keys, and the files of the evidence by name.

    The signature of `key` comes first, that of `second_key` second.
    """

    certificate: Certificate
    signatures: tuple[Signature, ...]
    key: PublicKey
    files: Mapping[str, bytes]
    second_key: PublicKey | None = None

    @property
    def attestation(self) -> Text:
        """Return what the certificate does not prove."""
        if self.certificate.kind == "demonstration":
            return WORKER_DEMONSTRATION if self.certificate.profile == "worker" else DEMONSTRATION
        return WITNESSED if self.certificate.attestor == "witnessed" else SELF_ATTESTED

    def evidence(self) -> Evidence:
        """Return the enclosed evidence.

        Raises:
            BrokenEvidence: its files do not belong together, or there are other files.
        """
        index = parse_index(self.files[EVIDENCE])
        rest = {name: content for name, content in self.files.items() if name != EVIDENCE}
        for name in rest:
            if name not in index["files"]:
                raise BrokenEvidence(
                    f"{name} is enclosed, but {EVIDENCE} does not list it.", f"其中含有 {EVIDENCE} 未列出的 {name}。"
                )
        return evidence_from_files(index, rest)

    def dumps(self) -> bytes:
        """Return the file's bytes.

        Raises:
            BrokenBundle: a file of the evidence is not UTF-8.
        """
        return _file_bytes(self)


def sign_bundle(certificate: Certificate, files: Mapping[str, bytes], key: SigningKey) -> Bundle:
    """Sign a certificate and enclose the evidence."""
    signature = (key.public.fingerprint, key.sign(payload_of(certificate)))
    return Bundle(certificate=certificate, signatures=(signature,), key=key.public, files=dict(files))


def countersign(bundle: Bundle, key: SigningKey) -> Bundle:
    """Return the certificate with a second signature.

    Raises:
        ValueError: the key signed first, the certificate's form has one signature only, or it has a second one already.
    """
    if key.public == bundle.key or bundle.certificate.form == 1 or bundle.second_key is not None:
        raise ValueError("there is no place for this signature")
    signature = (key.public.fingerprint, key.sign(payload_of(bundle.certificate)))
    return replace(bundle, signatures=(*bundle.signatures, signature), second_key=key.public)


def read_bundle(content: bytes) -> Bundle:
    """Read a certificate that is signed with the enclosed keys.

    Raises:
        NewerBundle: it has a format that this version does not know.
        BrokenBundle: it is not a certificate, a signature does not match its enclosed key, or it is not in canonical
            form.
    """
    try:
        data = json.loads(content)
        _refuse_newer(data)
        payload, signatures = _envelope(data["envelope"])
        files = {str(name): _text(text).encode("utf-8") for name, text in data["files"].items()}
        key = read_public(_text(data["key"]).encode("ascii"))
        second_key = read_public(_text(data["witness_key"]).encode("ascii")) if len(signatures) > 1 else None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, UnusableKey):
        raise _no_certificate() from None
    keys = [key, *([second_key] if second_key is not None and second_key != key else [])]
    if len(keys) != len(signatures) or not all(map(partial(_matches, payload), keys, signatures)):
        raise BrokenBundle(
            "The signature does not match the enclosed key: statement, signature or key was changed.",
            "签名与所附公钥不符：声明、签名或公钥被改动过。",
        )
    try:
        certificate = read_payload(payload)
    except MalformedStatement:
        raise BrokenBundle(
            "The signed statement is not the statement of a certificate.", "所签的声明不是证书的声明。"
        ) from None
    bundle = Bundle(certificate=certificate, signatures=signatures, key=key, files=files, second_key=second_key)
    if EVIDENCE not in files:
        raise BrokenBundle(f"{EVIDENCE} is missing.", f"缺少 {EVIDENCE}。")
    if bundle.dumps() != content:
        raise BrokenBundle(
            "It is not in canonical form: something was added, moved or changed outside the signed part.",
            "它不符合证书的规范形式：签名范围之外有内容被添加、移动或改动。",
        )
    return bundle


def _matches(payload: bytes, key: PublicKey, signature: Signature) -> bool:
    keyid, content = signature
    return keyid == key.fingerprint and is_signed(payload, content, key)


def _file_bytes(bundle: Bundle) -> bytes:
    """Return the container. Its first key says, before anything else, what a certificate does not prove."""
    certificate = bundle.certificate
    signatures = [{"keyid": keyid, "sig": encode_base64(content)} for keyid, content in bundle.signatures]
    older = certificate.form == 1
    binding = certificate.binding
    container = {
        "about": {
            "attestation": (SELF_ATTESTED if older else bundle.attestation).to_json(),
            **({} if older else {"binding": "unbound" if binding is None else binding.digest}),
            "not_exercised": certificate.requirements_with_verdict("not-exercised"),
            "product": certificate.subject.product,
            "product_version": certificate.subject.version,
            "vendor": certificate.subject.vendor,
        },
        "envelope": {
            "payload": encode_base64(payload_of(certificate)),
            "payloadType": PAYLOAD_TYPE,
            "signatures": signatures,
        },
        "files": {name: _utf8(name, content) for name, content in bundle.files.items()},
        "format": f"{_NAME}/{certificate.form}",
        "key": bundle.key.pem,
        **({} if older or bundle.second_key is None else {"witness_key": bundle.second_key.pem}),
    }
    return canonical(container) + b"\n"


def _utf8(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenBundle(
            f"{name} does not have the format that a run writes.", f"{name} 的格式与运行写出的文件不同。"
        ) from None


def _envelope(data: Any) -> tuple[bytes, tuple[Signature, ...]]:
    first, *further = data["signatures"]
    if len(further) > 1:
        raise ValueError("more than two signatures")
    return decode_base64(_text(data["payload"])), tuple(map(_signature, (first, *further)))


def _signature(data: Any) -> Signature:
    content = decode_base64(_text(data["sig"]))
    if len(content) != SIGNATURE_LENGTH:
        raise ValueError("not an Ed25519 signature")
    return _text(data["keyid"]), content


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _refuse_newer(data: Any) -> None:
    """Recognise a later format; the comparison with the canonical form rejects any other deviation."""
    if is_newer(_text(data["format"]), FORMAT):
        raise NewerBundle(
            "It has a newer format. Install the newest version of work-conformance.",
            "它的格式较新。请安装最新版本的 work-conformance。",
        )


def _no_certificate() -> BrokenBundle:
    return BrokenBundle("It is not a certificate of work-conformance.", "它不是 work-conformance 的证书。")
