"""The docs' walk-through of a certificate, word for word, on the emulator."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

import conformance
from conformance.certificate.policy import parse_policy, shipped_policy
from conformance.certificate.verification import verify
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from conformance.product_names import LONGEST_NAME
from conformance.text import Lang
from tests.cli.processes import tokens_environment
from tests.documents import BOOK, WRITTEN, blocks
from tests.vendor.test_readme import shell

HOLDS: Mapping[Lang, str] = {
    "en": "Valid demonstration, not a product: signed with the given key; judged again: … of {n} checks judged.",
    "zh": "有效的演示证书，并非产品：签名与所给公钥相符；重新判定的结果：{n} 项检查中判定了 … 项。",
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


def test_the_commands_for_a_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On an emulator whose ids are a vendor's. Only its address and its plain HTTP miss the policy."""
    monkeypatch.setattr("conformance.emulator.ids.MARK_KEY", b"a vendor's")
    key = shell("work-conformance key --out vendor.pem", tmp_path, {})
    [fingerprint] = re.findall(r"\b[0-9a-f]{64}\b", key.stdout)
    [product] = blocks(BOOK["en"], "toml product")
    text = "\n".join(product.lines) + "\n"
    (tmp_path / "product.toml").write_text(re.sub(r"[0-9a-f]{64}", fingerprint, text), "utf-8")
    tokens = Tokens.generate()
    [block] = blocks(BOOK["en"], "sh product")
    with EmulatorServer(create_app(tokens=tokens)) as server:
        env = {**tokens_environment(tokens), "WORK_CONFORMANCE_BASE_URL": server.base_url}
        run, check, certify, verify_line = (shell(line, tmp_path, env) for line in block.lines)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(check.stderr.splitlines()) == 2, check.stderr
    assert certify.returncode == 0, certify.stderr
    assert "bound before the run to: tender 7, 2026" in certify.stdout
    assert verify_line.returncode == 1
    assert [line for line in verify_line.stdout.splitlines() if line.startswith("policy: ")] == [
        f"policy: {reason}" for reason in check.stderr.splitlines()
    ]
    assert "own machine" in check.stderr
    assert "was not verified" in check.stderr


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_policy_is_the_shipped_one(lang: Lang) -> None:
    [block] = blocks(BOOK[lang], "toml policy")
    assert parse_policy("\n".join(block.lines).encode()) == parse_policy(shipped_policy())
    [product] = blocks(BOOK[lang], "toml product")
    assert set(tomllib.loads("\n".join(product.lines))) == {"vendor", "product", "version", "key"}


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
