"""The docs' walk-through of a certificate, word for word, on the emulator."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

import conformance
from conformance.certificate.verification import verify
from conformance.judging.plan import full_plan
from conformance.product_names import LONGEST_NAME
from conformance.text import Lang
from tests.documents import BOOK, WRITTEN, blocks
from tests.vendor.test_readme import shell

HOLDS: Mapping[Lang, str] = {
    "en": "Valid: signed with the given key; judged again with … of {n} checks judged.",
    "zh": "有效：签名与所给公钥相符；重新判定的结果：{n} 项检查中判定了 … 项。",
}
VARYING = (
    *(r"\d{8}T\d{6}-[0-9a-f]{6}", r"\d{4}-\d\d-\d\dT[\d:]+Z", r"127\.0\.0\.1:\d+", r"\b[0-9a-f]{64}\b"),
    *(r"\d+(?= of \d+ checks judged)", r"(?<=项检查中判定了 )\d+"),
)
"""What differs from run to run: its id, its time, the port, the key, and how many checks races gave occasion for."""


def masked(text: str) -> list[str]:
    for pattern in VARYING:
        text = re.sub(pattern, "…", text)
    return text.splitlines()


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every line was run, and the last one said that the certificate holds."""
    folder = tmp_path_factory.mktemp("walked")
    [block] = blocks(BOOK["en"], "sh certify")
    for line in block.lines:
        done = shell(line, folder, {})
        assert done.returncode == 0, line + done.stdout + done.stderr
    assert masked(done.stdout)[-1] == HOLDS["en"].format(n=len(full_plan()))
    return folder


def test_the_walk_ends_with_a_certificate_that_holds(walked: Path) -> None:
    assert verify((walked / "certificate.json").read_bytes()).outcome == "holds"
    made = {"out", "vendor.pem", "vendor.pem.pub", "certificate.json", "certificate.md", "badge"}
    assert {path.name for path in walked.iterdir()} == made


@pytest.mark.parametrize("lang", WRITTEN)
def test_what_verify_says_is_what_is_shown(lang: Lang, walked: Path) -> None:
    [shown] = blocks(BOOK[lang], "text certify")
    line = blocks(BOOK["en"], "sh certify")[0].lines[-1]
    done = shell(f"{line} --lang {lang}", walked, {})
    assert masked(done.stdout) == masked("\n".join(shown.lines))


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_keyid_is_what_the_command_for_the_fingerprint_prints(lang: Lang, walked: Path) -> None:
    """That is, the SHA-256 of what the key's file holds in base64."""
    [line] = re.findall(r"`(openssl [^`]+)`", BOOK[lang])
    assert line == "openssl pkey -pubin -in vendor.pem.pub -outform DER | sha256sum"
    _, *middle, _ = (walked / "vendor.pem.pub").read_text("ascii").splitlines()
    printed = hashlib.sha256(base64.b64decode("".join(middle))).hexdigest()
    assert f'"keyid":"{printed}"' in (walked / "certificate.json").read_text("ascii")


@pytest.mark.parametrize("lang", WRITTEN)
def test_numbers_are_those_of_the_code(lang: Lang) -> None:
    section = BOOK[lang][BOOK[lang].index("```sh certify") :]
    words = {"en": f"at most {LONGEST_NAME} characters", "zh": f"至多 {LONGEST_NAME} 个字符"}[lang]
    assert words in " ".join(section.split())
    [shown] = blocks(BOOK[lang], "text certify")
    assert any(f"work-conformance {conformance.__version__}" in line for line in shown.lines)


def test_the_walk_has_four_steps() -> None:
    [block] = blocks(BOOK["en"], "sh certify")
    assert [shlex.split(line)[1] for line in block.lines] == ["run", "key", "certify", "verify"]
