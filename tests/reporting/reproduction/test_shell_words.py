"""Words of the scripts: what a target chose stays literal, and secrets are those that the suite sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.client import bad_credentials
from conformance.client.bad_credentials import Authentication
from conformance.reporting.reproduction.shell_words import comment, default, literal, secrets_in, with_secrets
from conformance.target import Secret
from tests.hostile.inspection import COMMANDS
from tests.judging.test_failure import NASTY
from tests.reporting.reproduction.shells import PAT, SHELLS, shell_of
from tests.reporting.run_results import HOSTILE

SECRET = Secret(PAT, "${QODER_PAT}")
BASIC = "basic() { printf '%s:' \"$1\" | base64 -w0; }\n"
ATTACKS = [*NASTY, *HOSTILE, "'; rm -rf . #", "x}'\"`touch pwned`", "\n touch pwned\n", "a\\'b", "\x1b]0;x\x07"]


def printed(shell: str, word: str, directory: Path) -> str:
    return shell_of(shell, f"{BASIC}printf %s {word}\n", directory / "d", QODER_PAT=PAT, HOME="/h")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: ascii(text[:20]))
def test_a_literal_word_runs_nothing_and_has_no_control_characters(shell: str, text: str, tmp_path: Path) -> None:
    shown = printed(shell, literal(text), tmp_path)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert COMMANDS.search(f"say {literal(text)}") is None
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: ascii(text[:20]))
def test_a_comment_is_one_line(shell: str, text: str, tmp_path: Path) -> None:
    line = comment(text)
    assert "\n" not in line
    assert "\r" not in line
    assert shell_of(shell, f"{line}\necho over\n", tmp_path / "d") == "over\n"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: ascii(text[:20]))
def test_a_default_value_is_literal_and_gives_way_to_the_variable(shell: str, text: str, tmp_path: Path) -> None:
    line = f'{default("BASE_URL", literal(text))}\nprintf %s "$BASE_URL"\n'
    assert shell_of(shell, line, tmp_path / "d") == shell_of(shell, f"printf %s {literal(text)}\n", tmp_path / "e")
    assert shell_of(shell, line, tmp_path / "d", BASE_URL="http://mine") == "http://mine"


FORMS: dict[str, Authentication] = {
    "bearer": bad_credentials.bearer(SECRET),
    "truncated": bad_credentials.bearer(bad_credentials.truncated(SECRET)),
    "extended": bad_credentials.bearer(bad_credentials.extended(SECRET)),
    "altered": bad_credentials.bearer(bad_credentials.altered(SECRET)),
    "letter-case": bad_credentials.bearer(bad_credentials.derived_secrets(SECRET)[-1]),
    "basic": bad_credentials.basic(SECRET),
    "api-key": bad_credentials.api_key(SECRET),
    "none": bad_credentials.NO_TOKEN,
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_secret_is_the_one_that_was_sent(shell: str, form: str, tmp_path: Path) -> None:
    (_, sent), (_, shown) = FORMS[form].sent[0], FORMS[form].shown[0]
    word = with_secrets(shown)
    assert PAT not in word
    assert printed(shell, word, tmp_path) == sent
    assert secrets_in(shown) == ([] if form == "none" else ["QODER_PAT"] * len(secrets_in(shown)))


@pytest.mark.parametrize(
    "text",
    [
        "${QODER_PAT:-$(touch pwned)}",
        "${QODER_PAT:0:$(touch pwned)}",
        "$(tr a-zA-Z A-Za-z <<<$(touch pwned))",
        '$(printf %s: "$(touch pwned)" | base64 -w0)',
    ],
)
def test_what_only_looks_like_an_expression_of_ours_runs_nothing(text: str, tmp_path: Path) -> None:
    assert printed(SHELLS[0], with_secrets(text), tmp_path) == text
