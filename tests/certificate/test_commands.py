"""`key`, `certify` and `verify` as a user calls them."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from conformance.certificate.badge import endpoint, message, svg
from conformance.certificate.signing import new_key, read_public
from conformance.certificate.summary import markdown
from conformance.certificate.verification import verify
from conformance.text import LANGS, Lang
from tests.certificate.conftest import SUBJECT, Certified
from tests.certificate.tampering import forged, other_suite, resealed, with_failure
from tests.cli.processes import Ended, clean_environment, cli

NAMES = ("--vendor", SUBJECT.vendor, "--product", SUBJECT.product, "--product-version", SUBJECT.version)
EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)


@pytest.fixture
def place(certified: Certified, tmp_path: Path) -> Path:
    """A folder with the certificate and both halves of its key."""
    (tmp_path / "certificate.json").write_bytes(certified.content)
    (tmp_path / "key.pem").write_bytes(certified.key.pem(None))
    (tmp_path / "key.pem.pub").write_text(certified.key.public.pem, "ascii")
    return tmp_path


def refused(ended: Ended, words: str, code: int = 2) -> None:
    assert ended.code == code, ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err


# --- key


def test_a_pair_is_made_once(tmp_path: Path) -> None:
    done = cli("key", "--out", "key.pem", cwd=tmp_path)
    assert done.code == 0, done.err
    public = (tmp_path / "key.pem.pub").read_bytes()
    assert read_public(public).fingerprint in done.out
    private = (tmp_path / "key.pem").read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    refused(cli("key", "--out", "key.pem", cwd=tmp_path), "exists")
    (tmp_path / "key.pem.pub").unlink()
    refused(cli("key", "--out", "key.pem", cwd=tmp_path), "key.pem exists")
    assert not (tmp_path / "key.pem.pub").exists()
    assert (tmp_path / "key.pem").read_bytes() == private


def test_a_key_with_a_password(certified: Certified, tmp_path: Path) -> None:
    right, problems = {"SECRET": "correct horse"}, {"SECRET": "battery staple"}
    refused(cli("key", "--out", "key.pem", "--password-env", "SECRET", cwd=tmp_path), "SECRET is not set")
    assert cli("key", "--out", "key.pem", "--password-env", "SECRET", cwd=tmp_path, env=right).code == 0
    certify = ("certify", str(certified.folder), *NAMES, "--sign", "key.pem")
    refused(cli(*certify, cwd=tmp_path), "is encrypted")
    refused(cli(*certify, "--password-env", "SECRET", cwd=tmp_path, env=problems), "the password is wrong")
    (tmp_path / "key.pem").write_bytes(certified.key.pem(b"correct horse"))
    assert cli(*certify, "--password-env", "SECRET", cwd=tmp_path, env=right).code == 0
    assert verify((tmp_path / "certificate.json").read_bytes()).outcome == "holds"


# --- certify


def test_what_cannot_be_used(certified: Certified, place: Path) -> None:
    folder = str(certified.folder)
    refused(cli("certify", folder, *NAMES, "--sign", "key.pem", cwd=place), "certificate.json exists")
    refused(cli("certify", folder, *NAMES, "--sign", "key.pem.pub", cwd=place), "is not a private key in PEM")
    refused(cli("certify", folder, *NAMES, "--sign", "no.pem", cwd=place), "no.pem")
    refused(cli("certify", "no-run", *NAMES, "--sign", "key.pem", cwd=place), "no-run")
    names = ("--vendor", "a\nb", *NAMES[2:])
    refused(cli("certify", folder, *names, "--sign", "key.pem", cwd=place), "--vendor: give one printable line")
    names = ("--vendor", "Qoder", *NAMES[2:])
    refused(cli("certify", folder, *names, "--sign", "key.pem", cwd=place), "--vendor: Qoder is the name")
    refused(cli("certify", folder, "--demo", *NAMES, "--sign", "key.pem", cwd=place), "contradicts --demo")
    refused(cli("certify", folder, cwd=place), "--sign: name the private key")
    refused(cli("certify", folder, "--sign", "key.pem", "--policy", "default", cwd=place), "need --check")


@EACH_LANGUAGE
def test_a_refusal_says_why(lang: Lang, certified: Certified, place: Path) -> None:
    folder = resealed(certified.folder, place / "run", edit="retry.starting")
    done = cli("certify", str(folder), *NAMES, "--sign", "key.pem", "--output", "new.json", "--lang", lang, cwd=place)
    refused(done, "ack.retry.starting", code=1)
    assert {"en": "No certificate was created.", "zh": "未签发证书。"}[lang] in done.err
    assert not (place / "new.json").exists()


# --- verify


@EACH_LANGUAGE
def test_the_first_lines_are_what_it_does_not_say(lang: Lang, place: Path) -> None:
    done = cli("verify", "certificate.json", "--lang", lang, cwd=place)
    first, second, *_ = done.out.splitlines()
    assert first.startswith({"en": "Self-attested", "zh": "自证"}[lang])
    assert second == {"en": "not exercised: nothing", "zh": "未执行：无"}[lang]
    assert {"en": "integrity only, signer unknown", "zh": "签名者未知"}[lang] in done.last_line
    assert done.code == 0


def test_with_its_key_and_with_another(place: Path) -> None:
    done = cli("verify", "certificate.json", "--key", "key.pem.pub", cwd=place)
    assert (done.code, done.last_line.startswith("Valid: signed with the given key")) == (0, True)
    (place / "other.pub").write_text(new_key().public.pem, "ascii")
    done = cli("verify", "certificate.json", "--key", "other.pub", "--badge", "b", "--summary", "s.md", cwd=place)
    assert (done.code, done.last_line) == (1, "Invalid.")
    assert "signed with the key" in done.out
    assert not (place / "b").exists()
    assert not (place / "s.md").exists()
    refused(cli("verify", "certificate.json", "--key", "key.pem", cwd=place), "is not a public key in PEM")


def test_what_is_no_certificate(place: Path) -> None:
    (place / "empty.json").write_bytes(b"")
    done = cli("verify", "empty.json", cwd=place)
    assert (done.code, done.last_line) == (1, "Invalid.")
    refused(cli("verify", "nothing.json", cwd=place), "nothing.json")
    refused(cli("verify", ".", cwd=place), "is a directory")


def test_nothing_of_the_target_moves_the_cursor(certified: Certified, place: Path) -> None:
    files = with_failure(certified.bundle.files)
    files = {name: content.replace(b"Worker-ID", b"\\u001b[2J") for name, content in files.items()}
    (place / "certificate.json").write_bytes(forged(certified.bundle, certified.key, files=files))
    done = cli("verify", "certificate.json", cwd=place)
    assert done.code == 1
    assert "\x1b" not in done.out + done.err


def test_badge_and_page_are_not_made_where_nothing_can_be_told(certified: Certified, place: Path) -> None:
    strange = other_suite(certified.bundle.certificate.suite)
    files = with_failure(certified.bundle.files)
    (place / "certificate.json").write_bytes(forged(certified.bundle, certified.key, files=files, suite=strange))
    done = cli("verify", "certificate.json", "--badge", "b", "--summary", "s.md", cwd=place)
    assert done.code == 2
    assert "No badge or summary" in done.err
    assert not (place / "b").exists()
    assert not (place / "s.md").exists()


@EACH_LANGUAGE
def test_badge_and_page_are_written(lang: Lang, place: Path) -> None:
    options = ("--key", "key.pem.pub", "--badge", "b", "--summary", "s.md", "--lang", lang)
    done = cli("verify", "certificate.json", *options, cwd=place)
    assert done.code == 0
    assert {path.name for path in (place / "b").iterdir()} == {"badge.svg", "badge.json"}
    assert SELF_ATTESTED_WORD[lang] in (place / "s.md").read_text("utf-8")


SELF_ATTESTED_WORD = {"en": "Self-attested", "zh": "自证"}


# --- badge and page


BADGES: dict[Lang, str] = {
    "en": "ack · self-attested · 56 MUST judged · {day}",
    "zh": "ack · 自证 · 已判定 56 条 MUST · {day}",
}


@EACH_LANGUAGE
def test_the_badge_says_what_it_is(lang: Lang, certified: Certified) -> None:
    certificate = certified.bundle.certificate
    words = BADGES[lang].format(day=certificate.run.started_at[:10])
    root = ElementTree.fromstring(svg(certificate, lang))
    space = "{http://www.w3.org/2000/svg}"
    assert [text.text for text in root.iter(f"{space}text")] == [certificate.subject.name, words]
    title = root.findtext(f"{space}title") or ""
    assert SUBJECT.vendor in title
    assert SUBJECT.product in title
    data = json.loads(endpoint(certificate, lang))
    assert (data["schemaVersion"], data["label"], data["message"]) == (1, certificate.subject.name, words)
    for badge in (svg(certificate, lang), endpoint(certificate, lang)):
        assert not re.search("certified|认证", badge)


@EACH_LANGUAGE
def test_the_badge_says_unbound_and_demonstration(lang: Lang, certified: Certified) -> None:
    unbound = replace(certified.bundle.certificate, binding=None)
    assert {"en": " · unbound · ", "zh": " · 未绑定 · "}[lang] in message(unbound, lang)
    assert {"en": " · witnessed · ", "zh": " · 有见证 · "}[lang] in message(unbound, lang, "witnessed")
    assert {"en": " · listed · ", "zh": " · 已登记 · "}[lang] in message(unbound, lang, "listed")
    demonstration = replace(unbound, kind="demonstration")
    assert message(demonstration, lang) == {"en": "demonstration, not a product", "zh": "演示，并非产品"}[lang]


@EACH_LANGUAGE
def test_on_the_page_names_are_not_markup(lang: Lang, certified: Certified) -> None:
    html = MarkdownIt().enable("table").render(markdown(verify(certified.content), lang))
    assert "Acme &lt;Gateway&gt; 2.4" in html
    assert "Acme `Ltd.`" in html
    assert {"en": "signer unknown", "zh": "签名者未知"}[lang] in html
    assert html.index(SELF_ATTESTED_WORD[lang]) < html.index("<h2>")
    assert certified.key.public.fingerprint in html


def test_a_page_is_made_of_what_holds_alone(certified: Certified) -> None:
    with pytest.raises(AssertionError, match="valid certificates"):
        markdown(verify(certified.content[:-1]), "en")


# --- what it costs the others


@pytest.mark.parametrize("command", ["list", "replay", "verify", "registry"])
def test_other_commands_do_not_load_cryptography(command: str) -> None:
    program = (
        "import sys, conformance.cli as c, click; "
        f"c.main.get_command(click.Context(c.main), {command!r}); "
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'cryptography', 'securesystemslib'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
