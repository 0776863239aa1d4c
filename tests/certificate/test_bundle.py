"""One file, one spelling: whatever byte is changed, the certificate no longer holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.certificate.bundle import FORMAT, MAX_BYTES, read_bundle
from conformance.certificate.canonical import canonical
from conformance.certificate.signing import read_public
from conformance.certificate.verification import verify
from tests.certificate.conftest import Certified

Edit = Callable[[dict[str, Any]], object]


def test_a_certificate_holds(certified: Certified) -> None:
    assert verify(certified.content).outcome == "holds"
    assert read_bundle(certified.content).dumps() == certified.content


def test_it_is_one_line_of_ascii(certified: Certified) -> None:
    assert certified.content.isascii()
    assert certified.content.count(b"\n") == 1
    assert certified.content.endswith(b"}\n")


def test_it_begins_with_what_it_does_not_say(certified: Certified) -> None:
    data = json.loads(certified.content)
    assert list(data) == ["about", "envelope", "files", "format", "key"]
    assert list(data["about"]) == [
        "attestation",
        "binding",
        "not_exercised",
        "product",
        "product_version",
        "vendor",
    ]


def test_it_holds_no_token(certified: Certified) -> None:
    data = json.loads(certified.content)
    places = [certified.content, *(text.encode() for text in data["files"].values())]
    places.append(base64.b64decode(data["envelope"]["payload"]))
    tokens = certified.tokens
    for token in (tokens.owner, tokens.forbidden, tokens.foreign, tokens.expired):
        for form in (token, base64.b64encode(token.encode()).decode(), token[:-1]):
            assert not [place for place in places if form.encode() in place]


# --- flips


def parts(content: bytes) -> dict[str, tuple[int, int]]:
    """Where each part of a certificate lies, from its first byte to its last."""
    data = json.loads(content)
    envelope = data["envelope"]
    [signature] = envelope["signatures"]
    values = {
        "attestation": data["about"]["attestation"]["en"],
        "product": data["about"]["product"],
        "vendor": data["about"]["vendor"],
        "payload": envelope["payload"],
        "payload type": envelope["payloadType"],
        "keyid": signature["keyid"],
        "signature": signature["sig"],
        "evidence": data["files"]["evidence.json"],
        "plan": data["files"]["plan.json"],
        "transcript": data["files"]["transcripts/retry.active.json"],
        "last transcript": data["files"][max(data["files"])],
        "format": data["format"],
        "key": data["key"],
    }
    found = {}
    for name, value in values.items():
        spelled = canonical(value)[1:-1]
        start = content.index(spelled)
        found[name] = (start, start + len(spelled))
    for key in ("about", "envelope", "files", "format", "key", "payloadType", "signatures", "keyid", "sig", "payload"):
        spelled = f'"{key}":'.encode()
        start = content.index(spelled)
        found[f"the name {key}"] = (start, start + len(spelled))
    return {**found, "first byte": (0, 1), "last bytes": (len(content) - 2, len(content)), "whole": (0, len(content))}


def places(content: bytes) -> Iterator[tuple[str, int]]:
    """Places in every part: each byte of the short ones, and of the long ones thirty, ends included."""
    for name, (start, end) in parts(content).items():
        step = max(1, (end - start - 1) // 29)
        yield from ((name, place) for place in sorted({*range(start, end, step), end - 1}))


def test_a_changed_byte_is_found_wherever_it_is(certified: Certified) -> None:
    """Every place with its lowest bit turned, and, as that may keep a digit a digit, with its highest."""
    tried = 0
    for number, (name, place) in enumerate(places(certified.content)):
        for bit in (0x01, 0x20, 0x80) if number % 3 == 0 else (0x01,):
            changed = bytearray(certified.content)
            changed[place] ^= bit
            result = verify(bytes(changed))
            newer = changed.find(b"work-conformance-certificate/3") >= 0
            wanted = "cannot-tell" if newer else "does-not-hold"
            assert result.outcome == wanted, f"{name}, byte {place}, bit {bit:#x}"
            assert result.problems or newer
            tried += 1
    assert tried > 400
    assert len(parts(certified.content)) == 26


# --- forms


def reordered(data: dict[str, Any]) -> bytes:
    return json.dumps(dict(reversed(data.items())), separators=(",", ":")).encode() + b"\n"


def spelled(edit: Edit) -> Callable[[bytes], bytes]:
    """The certificate after an edit, in the right spelling."""

    def change(content: bytes) -> bytes:
        data = json.loads(content)
        edit(data)
        return canonical(data) + b"\n"

    return change


def on_text(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def loose_base64(content: bytes) -> bytes:
    """The bits that base64 leaves over at the signature's end are set: the same bytes, spelled in another way."""
    data = json.loads(content)
    sig = data["envelope"]["signatures"][0]["sig"]
    assert sig.endswith("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = sig[:-3] + alphabet[alphabet.index(sig[-3]) + 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(sig)
    data["envelope"]["signatures"][0]["sig"] = other
    return canonical(data) + b"\n"


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda content: b"",
    "cut in half": lambda content: content[: len(content) // 2],
    "the last byte cut off": lambda content: content[:-1],
    "a byte more": lambda content: content + b"\n",
    "a blank in front": lambda content: b" " + content,
    "a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "indented": lambda content: json.dumps(json.loads(content), indent=1).encode() + b"\n",
    "white space in it": on_text(b'"envelope":', b'"envelope": '),
    "keys in another order": lambda content: reordered(json.loads(content)),
    "a key twice": on_text(b'"format":', b'"format":"' + FORMAT.encode() + b'","format":'),
    "a letter escaped": on_text(b'"about"', b'"\\u0061bout"'),
    "base64 with a line break": spelled(
        lambda data: data["envelope"].update(payload=data["envelope"]["payload"] + "\n")
    ),
    "base64 without padding": spelled(
        lambda data: data["envelope"]["signatures"][0].update(sig=data["envelope"]["signatures"][0]["sig"].rstrip("="))
    ),
    "base64 with loose bits": loose_base64,
    "a key of PEM in another form": spelled(lambda data: data.update(key=data["key"].replace("\n", "\r\n"))),
    "an unknown key": spelled(lambda data: data.update(more=1)),
    "an unknown key in the envelope": spelled(lambda data: data["envelope"].update(more=1)),
    "an unknown key in the signature": spelled(lambda data: data["envelope"]["signatures"][0].update(more=1)),
    "two signatures": spelled(lambda data: data["envelope"]["signatures"].append(data["envelope"]["signatures"][0])),
    "no signature": spelled(lambda data: data["envelope"]["signatures"].clear()),
    "another payload type": spelled(lambda data: data["envelope"].update(payloadType="text/plain")),
    "another vendor in front": spelled(lambda data: data["about"].update(vendor="Somebody Else")),
    "a file more": spelled(lambda data: data["files"].update({"transcripts/more.json": "{}"})),
    "a file outside": spelled(lambda data: data["files"].update({"../../etc/passwd": "x"})),
    "a transcript missing": spelled(lambda data: data["files"].pop("transcripts/retry.active.json")),
    "the plan missing": spelled(lambda data: data["files"].pop("plan.json")),
    "the index missing": spelled(lambda data: data["files"].pop("evidence.json")),
    "no files": spelled(lambda data: data.update(files=[])),
    "half a surrogate pair": on_text(b'"plan.json":"', b'"plan.json":"\\ud800'),
    "an older format": spelled(lambda data: data.update(format="work-conformance-certificate/0")),
    "deep nesting": lambda content: b"[" * 100_000,
    "a long number": lambda content: b"9" * 10_000,
    "no JSON": lambda content: b"\x00\xff certificate",
    "JSON of another kind": lambda content: b"[1, NaN]",
}


@pytest.mark.parametrize("name", FORMS)
def test_another_form_does_not_hold(name: str, certified: Certified) -> None:
    changed = FORMS[name](certified.content)
    assert changed != certified.content
    result = verify(changed)
    assert result.outcome == "does-not-hold"
    assert result.problems[0].en.strip()
    assert result.problems[0].zh.strip()


def test_too_much_is_not_read(certified: Certified) -> None:
    result = verify(certified.content + b" " * MAX_BYTES)
    assert result.outcome == "cannot-tell"
    assert "larger than" in result.undecided[0].en


def test_a_newer_format_cannot_be_told(certified: Certified) -> None:
    result = verify(spelled(lambda data: data.update(format="work-conformance-certificate/3"))(certified.content))
    assert result.outcome == "cannot-tell"
    assert "Install" in result.undecided[0].en


def test_the_keyid_is_the_keys_fingerprint(certified: Certified) -> None:
    data = json.loads(certified.content)
    assert data["envelope"]["signatures"][0]["keyid"] == read_public(data["key"].encode()).fingerprint
