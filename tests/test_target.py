"""Whom we test: addresses as people write them, and secrets that never print."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import random
import traceback
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conformance.redaction import Redactor
from conformance.target import (
    ConfigurationError,
    Credentials,
    Secret,
    Target,
    is_loopback,
    parse_api_prefix,
    parse_base_url,
    parse_secret,
)

DETERMINISTIC = settings(derandomize=True, database=None, max_examples=100, deadline=None)
VALUE = 'pt-Zq9/x+Yw7=Kd3~"q\\'
SECRET = Secret(VALUE, "${QODER_PAT}")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("  https://api.example.com//  ", "https://api.example.com"),
        ("https://api.example.com/api/v1/cloud", "https://api.example.com"),
        ("https://api.example.com/api/v1/cloud/", "https://api.example.com"),
        ("https://gw.example.com/team/qoder", "https://gw.example.com/team/qoder"),
        ("https://gw.example.com/team/qoder/api/v1/cloud/", "https://gw.example.com/team/qoder"),
        ("https://gw.example.com/notapi/v1/cloud", "https://gw.example.com/notapi/v1/cloud"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://[2001:db8::1]", "http://[2001:db8::1]"),
    ],
)
def test_a_base_url_is_read_as_people_write_it(written: str, read: str) -> None:
    assert parse_base_url(written) == read


def test_another_api_prefix_is_taken_off() -> None:
    assert parse_base_url("http://h/v2", "/v2") == "http://h"
    assert parse_base_url("http://h/v2", "") == "http://h/v2"
    assert parse_base_url("http://h/api/v1/cloud", "/v2") == "http://h/api/v1/cloud"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "api.example.com",
        "//api.example.com",
        "ftp://api.example.com",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://:8080",
        "http://h:port",
        "http://h:99999",
        "http://h:0",
        "http://[::1",
        "http://h/?a=b",
        "http://h/#part",
        "http://exa mple.com",
        "http://h/a\nb",
        "http://user@h",
        "http://user:password@h",
        "http://:password@h",
    ],
)
def test_a_base_url_that_cannot_be_used_is_refused(written: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_base_url(written)


@pytest.mark.parametrize(
    "written",
    [
        "https://user:hunter2hunter2@h",
        "ftp://user:hunter2hunter2@h",
        "user:hunter2hunter2@h",
        "https://h/?token=hunter2hunter2",
        "h/?token=hunter2hunter2",
    ],
)
def test_a_refusal_does_not_repeat_credentials(written: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        parse_base_url(written)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [("/api/v1/cloud", "/api/v1/cloud"), ("api/v1/", "/api/v1"), ("//v1//", "/v1"), ("", ""), ("/", "")],
)
def test_an_api_prefix_has_one_leading_slash(written: str, read: str) -> None:
    assert parse_api_prefix(written) == read


@pytest.mark.parametrize("written", ["/api?x", "/api#x", "/api v1", "/api/../admin", "..", "\\api"])
def test_an_api_prefix_that_is_no_path_is_refused(written: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_api_prefix(written)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:1", True),
        ("http://LOCALHOST", True),
        ("http://127.0.0.1:8080", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:80", True),
        ("http://127.0.0.1.example.com", False),
        ("http://127.example.com", False),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("https://api.example.com", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, here: bool) -> None:
    assert is_loopback(url) is here
    assert Target(base_url=url).loopback is here


def test_a_url_is_made_of_base_prefix_and_segments() -> None:
    target = Target(base_url="http://h:1/gw")
    assert target.url("environments", "env_1", "work") == "http://h:1/gw/api/v1/cloud/environments/env_1/work"
    assert target.host == "h:1"


@pytest.mark.parametrize(
    ("given_id", "encoded"),
    [("a/b", "a%2Fb"), ("..", "%2E%2E"), (".", "%2E"), ("a b?#", "a%20b%3F%23"), ("é", "%C3%A9"), ("a%2Fb", "a%252Fb")],
)
def test_an_id_is_never_a_path(given_id: str, encoded: str) -> None:
    assert Target(base_url="http://h", api_prefix="").url("work", given_id, "ack") == f"http://h/work/{encoded}/ack"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8))
@DETERMINISTIC
def test_any_id_is_one_segment_that_decodes_to_itself(given_id: str) -> None:
    parts = urlsplit(Target(base_url="http://h", api_prefix="").url("work", given_id))
    _, first, second = parts.path.split("/")
    assert (first, unquote(second)) == ("work", given_id)
    assert second not in {".", ".."}
    assert not parts.query
    assert not parts.fragment


def test_a_secret_never_prints() -> None:
    shown = [repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET!s:>40}", "%s" % SECRET, f"{[SECRET]} {{{SECRET!r}: 1}}"]  # noqa: UP031
    assert not any(VALUE in text or VALUE[3:8] in text for text in shown)
    assert all("${QODER_PAT}" in text for text in shown)
    assert SECRET.reveal() == VALUE


def test_credentials_print_names_only() -> None:
    credentials = Credentials(pat=SECRET, expired=Secret("pt-expired-0001", "${QODER_EXPIRED_PAT}"))
    assert VALUE not in repr(credentials)
    assert "pt-expired" not in repr(credentials)
    assert [s.variable for s in credentials.all()] == ["${QODER_PAT}", "${QODER_EXPIRED_PAT}"]


def test_a_traceback_that_shows_its_locals_shows_no_secret() -> None:
    @dataclass
    class Holder:
        credentials: Credentials
        headers: tuple[tuple[str, Secret], ...]

    def fail(holder: Holder) -> None:
        raise RuntimeError(f"broke while holding {holder}")

    try:
        fail(Holder(Credentials(pat=SECRET), (("X-Gateway", SECRET),)))
    except RuntimeError as error:
        trace = traceback.TracebackException.from_exception(error, capture_locals=True)
        text = "".join(trace.format())
    assert "Holder(" in text
    assert VALUE not in text
    assert json.dumps(VALUE)[1:-1] not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_written_down(protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Credentials(pat=SECRET), protocol)
    with pytest.raises(TypeError):
        json.dumps(SECRET)


def test_a_secret_is_not_copied_by_the_way() -> None:
    with pytest.raises(TypeError):
        copy.deepcopy(SECRET)


def test_secrets_are_compared_by_value_and_variable() -> None:
    assert Secret(VALUE, "${QODER_PAT}") == SECRET
    assert hash(Secret(VALUE, "${QODER_PAT}")) == hash(SECRET)
    assert Secret(VALUE, "${OTHER}") != SECRET
    assert Secret("pt-other-value", "${QODER_PAT}") != SECRET
    assert SECRET != VALUE


def test_a_credential_is_named_after_its_variable() -> None:
    secret = parse_secret("pt-0123456789", "QODER_PAT")
    assert (secret.reveal(), secret.variable) == ("pt-0123456789", "${QODER_PAT}")


@pytest.mark.parametrize("value", ["", "short", "elevenchars", "pt-0123456789\n", "pt-01234 6789", "pt-0123456789é"])
def test_a_credential_that_cannot_be_used_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(ConfigurationError, match="QODER_PAT") as refusal:
        parse_secret(value, "QODER_PAT")
    assert not value.strip() or value.strip() not in str(refusal.value)


def echoes(value: str) -> dict[str, str]:
    """Forms in which a server may send a token back."""
    return {
        "plain": value,
        "url-encoded": quote(value, safe=""),
        "json": json.dumps({"message": f"no such token: {value}"}),
        "base64": base64.b64encode(value.encode()).decode(),
        "base64 without padding": base64.b64encode(value.encode()).decode().rstrip("="),
        "basic, as the user name": base64.b64encode(f"{value}:".encode()).decode(),
        "basic, as the password": base64.b64encode(f":{value}".encode()).decode(),
    }


@pytest.mark.parametrize("form", echoes(VALUE))
def test_a_secret_is_found_in_every_form(form: str) -> None:
    echo = echoes(VALUE)[form]
    redacted = Redactor([SECRET])(f"<{echo}>")
    assert echo not in redacted
    assert "${QODER_PAT}" in redacted
    assert redacted.startswith("<")
    assert redacted.rstrip("=>").endswith(("${QODER_PAT}", '${QODER_PAT}"}'))


@given(st.integers(0, 10**6))
@DETERMINISTIC
def test_no_form_of_a_random_secret_survives(seed: int) -> None:
    rng = random.Random(seed)
    value = "".join(chr(rng.randint(0x21, 0x7E)) for _ in range(rng.randint(12, 40)))
    assume(value not in "${QODER_PAT}")
    text = Redactor([Secret(value, "${QODER_PAT}")])("\n".join(echoes(value).values()))
    assert not any(echo in text for echo in (value, *echoes(value).values()))


def test_the_longer_of_two_secrets_goes_first() -> None:
    short, long = Secret("pt-abcdefghij", "${SHORT}"), Secret("pt-abcdefghijkl", "${LONG}")
    for order in ([short, long], [long, short]):
        assert Redactor(order)("pt-abcdefghij and pt-abcdefghijkl") == "${SHORT} and ${LONG}"


def test_a_redactor_learns_more_secrets() -> None:
    redact = Redactor()
    assert redact("pt-0123456789") == "pt-0123456789"
    redact.add(Secret("pt-0123456789", "${LATER}"))
    assert redact("pt-0123456789!") == "${LATER}!"


@pytest.mark.parametrize("before", ["", "x", "xy", "Bearer ", "user:"])
@pytest.mark.parametrize("after", ["", ":", " and more"])
def test_a_secret_inside_a_longer_base64_text_is_found(before: str, after: str) -> None:
    value = "pt-abcdefGHIJ0123456789"
    encoded = base64.b64encode(f"{before}{value}{after}".encode()).decode()
    shown = Redactor([Secret(value, "${QODER_PAT}")])(f"token {encoded}.")
    assert "${QODER_PAT}" in shown
    assert base64.b64encode(value.encode()).decode()[4:-4] not in shown


ESCAPES = ("\\u{:04x}", "\\u{:04X}", "%{:02x}", "%{:02X}", "&#{};", "&#x{:x};")


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("escaped", [slice(None), slice(3, 9), slice(0, 1), slice(-1, None)], ids=str)
def test_a_secret_is_found_where_some_of_it_is_escaped(escape: str, escaped: slice) -> None:
    """A reader of the report would have it back."""
    value = "pt-Zq9xYw7Kd3LmN"
    chosen = range(len(value))[escaped]
    written = "".join(escape.format(ord(c)) if at in chosen else c for at, c in enumerate(value))
    text = f"100% \\u4e2d {written}&#65; \\\\ {written}{value}"
    shown = Redactor([Secret(value, "${V}"), Secret(value[:-1], "${V%?}")])(text)
    assert shown == "100% \\u4e2d ${V}&#65; \\\\ ${V}${V}"


def test_a_secret_in_base64_for_urls_is_found() -> None:
    value = "pt-?>?>?>?>?>?>"
    for lead in range(3):
        coded = base64.urlsafe_b64encode(b"\0" * lead + value.encode() + b"...").decode()
        assert coded != base64.b64encode(b"\0" * lead + value.encode() + b"...").decode()
        assert "${V}" in Redactor([Secret(value, "${V}")])(coded)
