"""The file of a certificate: statement, signature, public key and evidence.

It has exactly one canonical form. Reading takes it apart, checks the signature, and assembles it again from its parts.
The result must equal the input byte for byte, so every byte of the file is covered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.certificate.canonical import canonical, decode_base64, encode_base64
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
from conformance.evidence import EVIDENCE, BrokenEvidence, Evidence, evidence_of, index_of
from conformance.text import Text

FORMAT: Final = "work-conformance-certificate/1"
MAX_BYTES: Final = 32 * 1024 * 1024

SELF_ATTESTED: Final = Text(
    "Self-attested: the vendor ran the suite itself and signed what came out; nobody else took part.",
    "自证：厂商自行运行套件并对结果签名，没有第三方参与。",
)


class BrokenBundle(Exception):
    """The bytes are not a certificate; `reason` says what is wrong with them."""

    def __init__(self, en: str, zh: str) -> None:
        self.reason = Text(en, zh)
        super().__init__(en)


class NewerBundle(BrokenBundle):
    """A certificate with a format that this version does not know."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A certificate with its signature, the signing key, and the files of the evidence by name."""

    certificate: Certificate
    signature: bytes
    key: PublicKey
    files: Mapping[str, bytes]

    def evidence(self) -> Evidence:
        """Return the enclosed evidence.

        Raises:
            BrokenEvidence: its files do not belong together, or there are other files.
        """
        index = index_of(self.files[EVIDENCE])
        rest = {name: content for name, content in self.files.items() if name != EVIDENCE}
        for name in rest:
            if name not in index["files"]:
                raise BrokenEvidence(
                    f"{name} is enclosed, but {EVIDENCE} does not list it.", f"其中含有 {EVIDENCE} 未列出的 {name}。"
                )
        return evidence_of(index, rest)

    def dumps(self) -> bytes:
        """Return the file's bytes.

        Raises:
            BrokenBundle: a file of the evidence is not UTF-8.
        """
        return _spelled(self, self.key.fingerprint)


def sign_bundle(certificate: Certificate, files: Mapping[str, bytes], key: SigningKey) -> Bundle:
    """Sign a certificate and enclose the evidence."""
    return Bundle(
        certificate=certificate, signature=key.sign(payload_of(certificate)), key=key.public, files=dict(files)
    )


def read_bundle(content: bytes) -> Bundle:
    """Read a certificate that is signed with the enclosed key.

    Raises:
        NewerBundle: it has a format that this version does not know.
        BrokenBundle: it is not a certificate, its signature does not match the enclosed key, or it is not in canonical
            form.
    """
    try:
        data = json.loads(content)
        _refuse_newer(data)
        payload, signature, keyid = _envelope(data["envelope"])
        files = {str(name): _text(text).encode("utf-8") for name, text in data["files"].items()}
        key = read_public(_text(data["key"]).encode("ascii"))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, UnusableKey):
        raise _no_certificate() from None
    if keyid != key.fingerprint or not is_signed(payload, signature, key):
        raise BrokenBundle(
            "The signature does not match the enclosed key: statement, signature or key was changed.",
            "签名与所附公钥不符：声明、签名或公钥被改动过。",
        )
    try:
        certificate = read_payload(payload)
    except MalformedStatement:
        raise BrokenBundle(
            "The signed statement is not the statement of a certificate.", "所签的声明不是证书应有的内容。"
        ) from None
    bundle = Bundle(certificate=certificate, signature=signature, key=key, files=files)
    if EVIDENCE not in files:
        raise BrokenBundle(f"{EVIDENCE} is missing.", f"缺少 {EVIDENCE}。")
    if bundle.dumps() != content:
        raise BrokenBundle(
            "It is not in a certificate's canonical form: something was added, moved or changed outside the signed part.",
            "它不符合证书的规范形式：签名范围之外有内容被添加、移动或改动。",
        )
    return bundle


def _spelled(bundle: Bundle, keyid: str) -> bytes:
    """Return the container. Its first key says, before anything else, what a certificate does not prove."""
    certificate = bundle.certificate
    signatures = [{"keyid": keyid, "sig": encode_base64(bundle.signature)}]
    container = {
        "about": {
            "attestation": SELF_ATTESTED.to_json(),
            "not_exercised": certificate.of("not-exercised"),
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
        "format": FORMAT,
        "key": bundle.key.pem,
    }
    return canonical(container) + b"\n"


def _utf8(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenBundle(f"{name} is not in the form that a run writes.", f"{name} 不是运行所写出的内容。") from None


def _envelope(data: Any) -> tuple[bytes, bytes, str]:
    [signature] = data["signatures"]
    content = decode_base64(_text(signature["sig"]))
    if len(content) != SIGNATURE_LENGTH:
        raise ValueError("not an Ed25519 signature")
    return decode_base64(_text(data["payload"])), content, _text(signature["keyid"])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _refuse_newer(data: Any) -> None:
    """Recognise a later format; the comparison with the canonical form rejects any other deviation from `FORMAT`."""
    name, _, number = _text(data["format"]).rpartition("/")
    if name == FORMAT.rpartition("/")[0] and number.isascii() and number.isdigit() and int(number[:9]) > 1:
        raise NewerBundle(
            "It has a newer format. Install the newest version of work-conformance.",
            "它的格式较新。请安装最新版本的 work-conformance。",
        )


def _no_certificate() -> BrokenBundle:
    return BrokenBundle("It is not a certificate of work-conformance.", "它不是 work-conformance 的证书。")
