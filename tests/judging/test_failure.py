"""The `curl` line: a shell makes of it the request that was sent, and runs nothing that the target said."""

from __future__ import annotations

import os
import random
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.client import bad_credentials
from conformance.client.bad_credentials import Authentication
from conformance.exchange import Header, Request
from conformance.judging.failure import curl, describe_failures
from conformance.scenario.model import Finding
from conformance.target import Secret
from conformance.text import Text
from tests.scenario.transcript_builder import envelope, first_ack, refused

PAT = "pt-Zq9'xYw\"7K$d3`Lm\\NoPqRs"
SECRET = Secret(PAT, "${QODER_PAT}")
STUB = "curl() { printf '%s\\0' \"$@\"; }\n"
DETERMINISTIC = settings(derandomize=True, database=None, max_examples=30, deadline=None)

NASTY = [
    "plain",
    "it's",
    'say "hi"',
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME}x; touch pwned",
    "a\nb",
    "a' 'b && touch pwned #",
    "$HOME !! \\ * ? [a] {b,c} ~ | > pwned & (c)",
    "开始",
    "-n",
    "",
]


def arguments(line: str, directory: Path) -> list[str]:
    """What the shell hands to curl."""
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", STUB + line],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "QODER_PAT": PAT, "GATEWAY_KEY": "key-0123"},
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert done.stderr == b""
    assert list(directory.iterdir()) == []
    return done.stdout.decode().split("\0")[:-1]


def expected(method: str, url: str, headers: tuple[Header, ...], body: str | None) -> list[str]:
    words = ["-sS", "-i", "-X", method, url]
    for name, value in headers:
        words += ["-H", f"{name}: {value}"]
    return words if body is None else [*words, "--data-raw", body]


SHAPES: dict[str, Authentication] = {
    "bearer": bad_credentials.bearer(SECRET),
    "truncated": bad_credentials.bearer(bad_credentials.truncated(SECRET)),
    "extended": bad_credentials.bearer(bad_credentials.extended(SECRET)),
    "altered": bad_credentials.bearer(bad_credentials.altered(SECRET)),
    "letter-case": bad_credentials.bearer(bad_credentials.derived_secrets(SECRET)[-1]),
    "unknown": bad_credentials.bearer(
        bad_credentials.unissued_token(Secret("pt-0123456789abcdef", "${QODER_PAT}"), random.Random(1))
    ),
    "basic": bad_credentials.basic(SECRET),
    "token": bad_credentials.scheme("Token", SECRET),
    "api-key": bad_credentials.api_key(SECRET),
    "none": bad_credentials.ANONYMOUS,
    "empty": bad_credentials.NO_TOKEN,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_line_makes_the_request_that_was_sent(shape: str, tmp_path: Path) -> None:
    authentication = SHAPES[shape]
    more: tuple[Header, ...] = (("Worker-ID", "conformance-0a1b"), ("Content-Type", "application/json"))
    url = "http://127.0.0.1:1/api/v1/cloud/environments/env_1/work/a%2Fb/ack?x=1&y=2"
    request = Request(method="POST", url=url, headers=(*authentication.shown, *more), body="{}")
    line = curl(request)
    assert PAT not in line
    assert arguments(line, tmp_path) == expected("POST", url, (*authentication.sent, *more), "{}")


def test_a_secret_in_the_middle_and_several_of_them(tmp_path: Path) -> None:
    headers = (("X-A", "it's ${QODER_PAT}, and ${GATEWAY_KEY}!"), ("X-B", "${GATEWAY_KEY}"))
    request = Request(method="GET", url="http://h/${GATEWAY_KEY}", headers=headers)
    sent = (("X-A", f"it's {PAT}, and key-0123!"), ("X-B", "key-0123"))
    assert arguments(curl(request), tmp_path) == expected("GET", "http://h/key-0123", sent, None)


@pytest.mark.parametrize("text", [text for text in NASTY if "${" not in text])
def test_what_the_target_chose_stays_literal(text: str, tmp_path: Path) -> None:
    request = Request(method="POST", url=f"http://h/{text}", headers=(("X-Id", text),), body=text)
    assert arguments(curl(request), tmp_path) == expected("POST", f"http://h/{text}", (("X-Id", text),), text)


@pytest.mark.parametrize("text", NASTY)
def test_a_body_is_literal_to_the_last_character(text: str, tmp_path: Path) -> None:
    request = Request(method="POST", url="http://h", headers=(), body=text)
    assert arguments(curl(request), tmp_path)[-1] == text


@pytest.mark.parametrize(
    "text",
    [
        "${QODER_PAT:-$(touch pwned)}",
        "${QODER_PAT/x/$(touch pwned)}",
        "${QODER_PAT:0:$(touch pwned)}",
        "${!QODER_PAT}",
        "${QODER_PAT[$(touch pwned)]}",
        '$(printf %s: "${QODER_PAT}" | base64 -w0; touch pwned)',
        '$(printf %s: "$(touch pwned)" | base64 -w0)',
        "$(tr a-zA-Z A-Za-z <<<$(touch pwned))",
    ],
)
def test_what_only_looks_like_an_expression_of_ours_runs_nothing(text: str, tmp_path: Path) -> None:
    words = arguments(curl(Request(method="GET", url="http://h", headers=(("X-Id", text),))), tmp_path)
    assert len(words) == 7


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0{"), max_size=30))
@DETERMINISTIC
def test_any_text_is_one_word(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    request = Request(method="POST", url="http://h", headers=(("X", text),), body=text)
    words = arguments(curl(request), tmp_path_factory.mktemp("empty"))
    assert words == expected("POST", "http://h", (("X", text),), text)


FINDING = Finding(
    step="ack", pointer="/state", expected=Text("this", "这个"), actual=Text("that", "那个"), source="page § part"
)


def test_a_breach_is_shown_with_its_exchange() -> None:
    shown = describe_failures(refused().said("ack", 409, envelope("conflict_error")).transcript(), [FINDING])[0]
    assert (shown.step, shown.pointer, shown.source) == ("ack", "/state", "page § part")
    assert (shown.expected, shown.actual) == (FINDING.expected, FINDING.actual)
    assert shown.request.splitlines() == ["POST http://h/ack", "Authorization: Bearer ${QODER_PAT}"]
    assert shown.response.startswith("HTTP 409\nContent-Type: application/json\n\n")
    assert "conflict_error" in shown.response
    assert shown.curl == "curl -sS -i -X POST http://h/ack -H 'Authorization: Bearer '\"${QODER_PAT}\""


def test_a_long_answer_is_cut_and_says_so() -> None:
    shown = describe_failures(first_ack().said("ack", 200, text="x" * 50_000).transcript(), [FINDING])[0]
    assert len(shown.response) < 2200
    assert shown.response.endswith("… (50000 bytes)")


def test_an_answer_that_was_lost_shows_the_problem() -> None:
    assert describe_failures(first_ack().lost("ack").transcript(), [FINDING])[0].response == "ReadError"


def test_a_step_that_was_never_reached_has_no_evidence() -> None:
    shown = describe_failures(first_ack().transcript(), [replace(FINDING, step="never")])[0]
    assert (shown.request, shown.response, shown.curl) == ("", "", "")


def test_the_way_to_a_breach_is_told_up_to_its_step() -> None:
    shown = describe_failures(refused().said("ack", 409, envelope("conflict_error")).transcript(), [FINDING])[0]
    assert "ack 409" in shown.operations
    assert "rightful" not in shown.operations
    assert "after" not in shown.operations
