"""The shapes of a bad credential, and that a reader's shell makes the same ones."""

from __future__ import annotations

import json
import os
import random
import string
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.client import bad_credentials
from conformance.client.bad_credentials import Authentication
from conformance.redaction import Redactor
from conformance.target import Secret

DETERMINISTIC = settings(derandomize=True, database=None, max_examples=150, deadline=None)

VARIABLE = "${QODER_PAT}"
PLAIN = "pt-Zq9xYw7Kd3LmNo5PqRs"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzYS0xIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
ODD = "pt-$(id)`id`\"q'\\~!;&|*?[]"
VALUES = [PLAIN, JWT, ODD, "-" * 20, "pt-" + "_" * 20, "abcdefghijk-l", "0123456789ab"]

TOKENS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=12, max_size=60)

SHAPES: dict[str, Callable[[Secret], Authentication]] = {
    "bearer": bad_credentials.bearer,
    "truncated": lambda secret: bad_credentials.bearer(bad_credentials.truncated(secret)),
    "extended": lambda secret: bad_credentials.bearer(bad_credentials.extended(secret)),
    "altered": lambda secret: bad_credentials.bearer(bad_credentials.altered(secret)),
    "basic": bad_credentials.basic,
    "token-scheme": lambda secret: bad_credentials.scheme("Token", secret),
    "api-key": bad_credentials.api_key,
    "empty": lambda _: bad_credentials.NO_TOKEN,
}


def secret(value: str) -> Secret:
    return Secret(value, VARIABLE)


def evaluated(expressions: list[str], value: str) -> list[str]:
    """What bash makes of these words, the token being in its environment."""
    words = " ".join(f'"{expression}"' for expression in expressions)
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {words}"],
        env={"PATH": os.environ["PATH"], "QODER_PAT": value},
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_shown_becomes_in_a_shell_what_was_sent(value: str) -> None:
    shapes = [make(secret(value)) for make in SHAPES.values()]
    shown = [text for shape in shapes for _, text in shape.shown]
    sent = [text for shape in shapes for _, text in shape.sent]
    assert evaluated(shown, value) == sent
    assert [name for shape in shapes for name, _ in shape.shown] == [name for shape in shapes for name, _ in shape.sent]


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"bearer"}))
@pytest.mark.parametrize("value", VALUES)
def test_no_bad_shape_is_the_right_credential(shape: str, value: str) -> None:
    assert SHAPES[shape](secret(value)).sent != bad_credentials.bearer(secret(value)).sent


@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"empty"}))
def test_what_is_shown_holds_no_part_of_the_token(shape: str) -> None:
    shown = SHAPES[shape](secret(PLAIN)).shown
    assert not any(PLAIN[at : at + 4] in text for _, text in shown for at in range(len(PLAIN) - 3))


def test_the_documented_shapes() -> None:
    given_secret = secret("pt-0123456789")
    assert bad_credentials.bearer(given_secret).sent == (("Authorization", "Bearer pt-0123456789"),)
    assert bad_credentials.scheme("Token", given_secret).sent == (("Authorization", "Token pt-0123456789"),)
    assert bad_credentials.basic(given_secret).sent == (("Authorization", "Basic cHQtMDEyMzQ1Njc4OTo="),)
    assert bad_credentials.api_key(given_secret).sent == (("x-api-key", "pt-0123456789"),)
    assert bad_credentials.NO_TOKEN.sent == (("Authorization", "Bearer"),)
    assert bad_credentials.ANONYMOUS.sent == ()
    assert bad_credentials.truncated(given_secret).reveal() == "pt-012345678"
    assert bad_credentials.extended(given_secret).reveal() == "pt-0123456789x"


def changed_at(before: str, after: str) -> list[int]:
    assert len(before) == len(after)
    return [at for at, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]


@given(TOKENS)
@DETERMINISTIC
def test_one_character_is_changed_and_never_the_last(value: str) -> None:
    (at,) = changed_at(value, bad_credentials.altered(secret(value)).reveal())
    assert at < len(value) - 1
    if value.count(".") != 2 and value[len(value) // 2].isalnum():
        assert at == len(value) // 2


@pytest.mark.parametrize("value", ["000000000..0", "0000000000..", "00000000.0.0", "...........0", "............"])
def test_what_only_looks_like_a_jwt_is_changed_too(value: str) -> None:
    (at,) = changed_at(value, bad_credentials.altered(secret(value)).reveal())
    assert at < len(value) - 1


def test_a_jwt_is_changed_in_the_middle_of_its_signature() -> None:
    (at,) = changed_at(JWT, bad_credentials.altered(secret(JWT)).reveal())
    start = JWT.rindex(".") + 1
    assert start + 10 < at < len(JWT) - 10


@pytest.mark.parametrize(("before", "kind"), [("a", str.islower), ("Z", str.isupper), ("9", str.isdigit)])
def test_a_changed_character_stays_in_its_class(before: str, kind: Callable[[str], bool]) -> None:
    value = "pt-" + before * 20
    altered = bad_credentials.altered(secret(value)).reveal()
    (at,) = changed_at(value, altered)
    assert kind(altered[at])


@pytest.mark.parametrize(
    ("value", "swapped"),
    [
        (PLAIN, "pt-zQ9XyW7kD3lMnO5pQrs"),
        ("abcdefghijkl", "ABCDEFGHIJKl"),
        ("pt-0123456789a0", "pt-0123456789A0"),
        (JWT, JWT.replace("VP-mB92K27uhbUJU1p1r_w", "vp-Mb92k27UHBuju1P1R_W")),
    ],
)
def test_the_case_of_the_letters_is_swapped(value: str, swapped: str) -> None:
    made = bad_credentials.case_swapped(secret(value))
    assert made is not None
    assert made.reveal() == swapped
    assert evaluated([made.variable], value) == [swapped]


@pytest.mark.parametrize("value", ["012345678901", "pt-_0123456789", "pt-0123456789x", "aaa.bbb.012345678901"])
def test_where_there_are_no_letters_nothing_is_swapped(value: str) -> None:
    assert bad_credentials.case_swapped(secret(value)) is None


@given(TOKENS)
@DETERMINISTIC
def test_letters_alone_are_swapped_and_never_the_last(value: str) -> None:
    made = bad_credentials.case_swapped(secret(value))
    if made is not None:
        at = changed_at(value, made.reveal())
        assert len(at) > 0
        assert max(at) < len(value) - 1
        assert made.reveal().lower() == value.lower()


@pytest.mark.parametrize("value", [PLAIN, JWT, ODD, "abcdefghijk-l"])
def test_what_is_shown_of_the_swapped_case_is_what_was_sent(value: str) -> None:
    made = bad_credentials.case_swapped(secret(value))
    assert made is not None
    assert evaluated([made.variable], value) == [made.reveal()]
    assert not any(value[at : at + 4] in made.variable for at in range(len(value) - 3))


@pytest.mark.parametrize("value", [PLAIN, JWT, ODD])
def test_what_stands_for_a_secret_leaves_the_json_around_it_as_it_is(value: str) -> None:
    """A target may tell a token that it refuses; its body is judged as it is kept."""
    for shape in bad_credentials.derived_secrets(secret(value)):
        assert json.loads(f'"{shape.variable}"') == shape.variable


def classes(value: str) -> list[str]:
    kinds = {**dict.fromkeys(string.digits, "0"), **dict.fromkeys(string.ascii_lowercase, "a")}
    kinds |= dict.fromkeys(string.ascii_uppercase, "A")
    return [kinds.get(character, character) for character in value]


@pytest.mark.parametrize("value", [PLAIN, JWT, "abcdefghijk-l", "0123456789ab"])
def test_an_unknown_token_has_the_shape_and_hardly_a_character_of_the_right_one(value: str) -> None:
    for seed in range(20):
        unissued_token = bad_credentials.unissued_token(secret(value), random.Random(seed)).reveal()
        assert classes(unissued_token) == classes(value)
        assert len(changed_at(value, unissued_token)) > len(value) // 2


def test_an_unknown_token_keeps_its_prefix_and_is_no_secret() -> None:
    unissued_token = bad_credentials.unissued_token(secret(PLAIN), random.Random(1))
    assert unissued_token.reveal().startswith("pt-")
    assert unissued_token.variable == unissued_token.reveal()


@given(TOKENS)
@DETERMINISTIC
def test_every_derived_shape_is_redacted(value: str) -> None:
    redact = Redactor(bad_credentials.derived_secrets(secret(value)))
    for shape in bad_credentials.derived_secrets(secret(value)):
        assert redact(f"\n{shape.reveal()}\n") == f"\n{shape.variable}\n"
