"""One run of the healthy emulator, a key, and the certificate made of them, shared by all tests here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.certificate.bundle import Bundle
from conformance.certificate.issue import issue
from conformance.certificate.signing import SigningKey, new_key
from conformance.certificate.statement import Subject
from conformance.emulator import Tokens, create_app
from tests.runs import judge_app

SUBJECT = Subject(vendor="Acme `Ltd.`", product="Acme <Gateway>", version="2.4")


@dataclass(frozen=True)
class Certified:
    """A run's folder, its tokens, the key, and the certificate with its bytes."""

    folder: Path
    tokens: Tokens
    key: SigningKey
    bundle: Bundle
    content: bytes


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    tokens, folder, key = Tokens.generate(), tmp_path_factory.mktemp("certified") / "run", new_key()
    record = judge_app(create_app(tokens=tokens), tokens, folder)
    assert record.decision.word == "conformant", record.decision.sentence.en
    bundle, content = issue(folder, SUBJECT, key)
    return Certified(folder, tokens, key, bundle, content)
