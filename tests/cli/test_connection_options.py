"""Every command that talks to a target takes every option for the connection and the tokens that `run` takes."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.cli import clean_command, compare_command, doctor_command, manifest_command, run_command
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.options import CONNECTION_PARTS, OPTIONS, option_names
from conformance.settings import from_values
from conformance.target import ConfigurationError, Secret, Target

from .apps import API, left_on
from .processes import cli, tokens_environment

COMMANDS: dict[str, click.Command] = {
    "doctor": doctor_command.command,
    "compare": compare_command.command,
    "clean": clean_command.command,
    "manifest make": manifest_command.make,
}
GATE_KEY = "s3cret&=of the gate".replace(" ", "+")


def options_of(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}


@pytest.mark.parametrize("name", option_names(*CONNECTION_PARTS))
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_reaches_a_target_takes_what_run_takes(command: str, name: str) -> None:
    assert f"--{name}" in options_of(run_command.command)
    taken = options_of(COMMANDS[command])
    assert f"--{name}" in taken or {f"--{name}-a", f"--{name}-b"} <= taken


def test_every_option_that_names_a_token_or_goes_on_the_wire_is_in_one_of_the_parts() -> None:
    """A new option of this kind is held to the rule as well: the settings say what a target is made of."""
    made_of = set(Target.__slots__) | set(Target(base_url="http://h").connection.__slots__)
    made_of -= {
        "binding",
        "rerun_options",
        "worker",
    }  # --challenge and --for make the first, the options below the second
    keys = {"headers": "header", "secret_headers": "header_env", "secret_query": "query_env", "states": "map_state"}
    keys |= {"client_key_password": "client_key_password_env", "arrange_proxy": "proxy"}
    wire = {keys.get(field, field) for field in made_of - {"embedded", "connection"}}
    reaching = {option.key for option in OPTIONS if option.part in CONNECTION_PARTS}
    assert wire <= reaching
    assert {option.key for option in OPTIONS if option.key.endswith("pat_env")} <= reaching


# --- parameters on every request


@pytest.fixture
def seen() -> list[tuple[str, str, str]]:
    return []


class Gate:
    """Lets nothing in without its key in the query, and remembers method, path and query of every request."""

    def __init__(self, app: ASGIApp, seen: list[tuple[str, str, str]], prefix: str = "") -> None:
        self._app = app
        self._seen = seen
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        self._seen.append((scope["method"], scope["path"], query))
        pairs = [pair for pair in urllib.parse.parse_qsl(query) if pair[0] not in {"tenant", "gate-key"}]
        rest = urllib.parse.urlencode(pairs).encode()
        path = scope["path"].replace(self._prefix, API, 1) if self._prefix else scope["path"]
        await self._app({**scope, "query_string": rest, "path": path, "raw_path": path.encode()}, receive, send)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens.generate()


@pytest.fixture
def base_url(tokens: Tokens, seen: list[tuple[str, str, str]]) -> Iterator[str]:
    with EmulatorServer(Gate(create_app(tokens=tokens), seen)) as server:
        yield server.base_url


QUERY = ("--query", "tenant=acme & sons", "--query-env", "gate-key=GATE_KEY")
CALLS: dict[str, tuple[str, ...]] = {
    "run": ("run", "--chapter", "first-ack", "--chapter", "not-found", "--output", "out"),
    "run on two processes": ("run", "--chapter", "first-ack", "--output", "out", "-n", "2"),
    "doctor": ("doctor", "--write"),
    "clean": ("clean",),
    "manifest make": ("manifest", "make", "--spare", "0"),
}


@pytest.mark.parametrize("what", CALLS)
def test_parameters_stand_on_every_request_and_a_secret_one_nowhere_else(
    what: str, base_url: str, tokens: Tokens, seen: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    env = tokens_environment(tokens) | {"GATE_KEY": GATE_KEY}
    done = cli(*CALLS[what], "--base-url", base_url, *QUERY, cwd=tmp_path, env=env)
    assert done.code == 0, done.out + done.err
    assert seen
    for method, path, query in seen:
        found = urllib.parse.parse_qs(query)
        assert (found["tenant"], found["gate-key"]) == (["acme & sons"], [GATE_KEY]), (method, path)
    hidden = (GATE_KEY, urllib.parse.quote(GATE_KEY, safe=""))
    texts = [done.out, done.err, *(path.read_text("utf-8") for path in tmp_path.rglob("*.*") if path.is_file())]
    assert not [text for text in texts if any(form in text for form in hidden)]
    if what == "run":
        assert any("gate-key=${GATE_KEY}" in text for text in texts)


@pytest.mark.parametrize("text", ["nonsense", "=x"])
def test_a_parameter_without_a_name_or_a_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write NAME=VALUE"):
        from_values({"query": [text]}, {})
    with pytest.raises(ConfigurationError, match="write NAME=VARIABLE"):
        from_values({"query_env": [text.replace("x", "")]}, {})
    with pytest.raises(ConfigurationError, match="NOT_SET_HERE is not set"):
        from_values({"query_env": ["a=NOT_SET_HERE"]}, {})


def test_a_parameter_goes_behind_what_is_in_the_query_already() -> None:
    target = Target(base_url="http://h", query=(("a", "b c"),), secret_query=(("d", Secret("e&f", "${D}")),))
    assert target.url_with_query("http://h/x") == "http://h/x?a=b%20c&d=e%26f"
    assert target.url_with_query("http://h/x?y=1") == "http://h/x?y=1&a=b%20c&d=e%26f"
    assert Target(base_url="http://h").url_with_query("http://h/x") == "http://h/x"


# --- the endpoints that arrange work are elsewhere


@pytest.fixture
def split(tokens: Tokens) -> Iterator[tuple[str, str, list[tuple[str, str, str]], list[tuple[str, str, str]]]]:
    """One emulator behind two addresses: the Work API at one, all that arranges work at the other, below `/admin/v2`."""
    app = create_app(tokens=tokens)
    work: list[tuple[str, str, str]] = []
    admin: list[tuple[str, str, str]] = []
    with EmulatorServer(Gate(app, work)) as first, EmulatorServer(Gate(app, admin, prefix="/admin/v2")) as second:
        yield first.base_url, f"{second.base_url}/admin/v2/", work, admin


@pytest.mark.parametrize("processes", ["0", "2"])
def test_work_is_arranged_at_another_address(
    processes: str,
    split: tuple[str, str, list[tuple[str, str, str]], list[tuple[str, str, str]]],
    tokens: Tokens,
    tmp_path: Path,
) -> None:
    base_url, arrange_url, work, admin = split
    options = ("--base-url", base_url, "--arrange-url", arrange_url, "--output", "out", "-n", processes)
    chapters = [word for name in ("first-ack", "races", "not-found") for word in ("--chapter", name)]
    done = cli("run", *options, *chapters, cwd=tmp_path, env=tokens_environment(tokens))
    assert done.code == 0, done.out + done.err
    assert {path.split("/")[6] for _, path, _ in work} == {"work"}
    assert {path.split("/")[3] for _, path, _ in admin} == {"environments", "agents", "sessions", "models"}
    assert not [path for _, path, _ in admin if path.partition("/environments/")[2].count("/") > 1]
    assert left_on(base_url, tokens) == []


@pytest.mark.parametrize("command", ["doctor", "clean"])
def test_others_find_them_there_too(
    command: str,
    split: tuple[str, str, list[tuple[str, str, str]], list[tuple[str, str, str]]],
    tokens: Tokens,
    tmp_path: Path,
) -> None:
    base_url, arrange_url, work, admin = split
    done = cli(
        command, "--base-url", base_url, "--arrange-url", arrange_url, cwd=tmp_path, env=tokens_environment(tokens)
    )
    assert done.code == 0, done.out + done.err
    assert admin
    assert work == []


def test_an_address_that_cannot_be_read_names_its_option() -> None:
    values = {"base_url": "http://127.0.0.1:9", "arrange_url": "nowhere"}
    with pytest.raises(ConfigurationError, match=r"--arrange-url: .*not an absolute"):
        from_values(values, {"QODER_PAT": "pt-abcdefghijklmnop"})
    with pytest.raises(ConfigurationError, match="--arrange-url needs --base-url"):
        from_values({"arrange_url": "http://127.0.0.1:9"}, {})


def test_an_address_off_this_machine_is_treated_politely() -> None:
    values = {"base_url": "http://127.0.0.1:9", "arrange_url": "https://admin.example/v2"}
    limits = from_values(values, {"QODER_PAT": "pt-abcdefghijklmnop"}).limits
    assert (limits.writes_per_second, limits.reads_per_second) == (20, 50)
