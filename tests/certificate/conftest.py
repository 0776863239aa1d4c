"""One run of the healthy emulator, a key, and the certificate made of them, shared by all tests here.

The emulator's ids do not show that they are an emulator's: it stands for a vendor's server.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate.bundle import Bundle
from conformance.certificate.issue import Request, issue
from conformance.certificate.signing import SigningKey, new_key
from conformance.certificate.statement import Subject
from conformance.emulator import Tokens, create_app
from tests.runs import judge_app

SUBJECT = Subject(vendor="Acme `Ltd.`", product="Acme <Gateway>", version="2.4")
CHALLENGE = "tender 7, 2026"
PRODUCT = """\
vendor = '{vendor}'
product = '{product}'
version = '{version}'
key = '{key}'
"""


@dataclass(frozen=True)
class Certified:
    """A run's folder, its tokens, the key, and the certificate with its bytes."""

    folder: Path
    tokens: Tokens
    key: SigningKey
    bundle: Bundle
    content: bytes


def product_file(path: Path, key: SigningKey) -> Path:
    """Write the file about the product that a run is bound to."""
    about = {"vendor": SUBJECT.vendor, "product": SUBJECT.product, "version": SUBJECT.version}
    path.write_text(PRODUCT.format(**about, key=key.public.fingerprint), "utf-8")
    return path


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    tokens, place, key = Tokens.generate(), tmp_path_factory.mktemp("certified"), new_key()
    folder = place / "run"
    product = product_file(place / "product.toml", key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.emulator.ids.MARK_KEY", b"a vendor's")
        bound: dict[str, Any] = {"challenge": CHALLENGE, "for": str(product)}
        record = judge_app(create_app(tokens=tokens), tokens, folder, **bound)
    assert record.decision.word == "conformant", record.decision.sentence.en
    bundle, content = issue(Request(folder=folder), key)
    return Certified(folder, tokens, key, bundle, content)
