"""`work-conformance compare` as a user calls it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from starlette.types import ASGIApp as App
from starlette.types import Receive, Scope, Send

from conformance.cli.compare_command import command
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.reporting.comparison_json import comparison_schema_text
from tests.cli.processes import cli, tokens_environment


def compared(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_same_is_0_and_different_is_1(form: str, healthy: Path, noisy: Path, changed: Path) -> None:
    assert compared(healthy, noisy, "--format", form).exit_code == 0
    assert compared(healthy, changed, "--format", form).exit_code == 1


def test_json_is_all_there_is_on_standard_output(healthy: Path, changed: Path) -> None:
    result = compared(healthy, changed, "--format", "json")
    document = json.loads(result.stdout)
    jsonschema.Draft202012Validator(json.loads(comparison_schema_text())).validate(document)
    assert document["same"] is False


@pytest.mark.parametrize(("lang", "word"), [("en", "Same: "), ("zh", "一致：")])
def test_it_speaks_both_languages(lang: str, word: str, healthy: Path) -> None:
    assert compared(healthy, healthy, "--lang", lang).stdout.splitlines()[-1].startswith(word)


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_page_is_written_beside_any_output(form: str, healthy: Path, changed: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    plain = compared(healthy, changed, "--format", form)
    result = compared(healthy, changed, "--format", form, "--html", page)
    assert (result.exit_code, result.stdout) == (plain.exit_code, plain.stdout)
    assert "B is worse than A" in page.read_text("utf-8")
    assert compared(healthy, healthy, "--html", page, "--lang", "zh").exit_code == 0
    assert '<html lang="zh">' in page.read_text("utf-8")
    assert [path.name for path in page.parent.iterdir()] == ["page.html"]


def test_a_page_takes_no_place_of_something_else(healthy: Path, changed: Path, tmp_path: Path) -> None:
    report = (changed / "report.html").read_bytes()
    (tmp_path / "file").write_text("", "utf-8")
    for place in (tmp_path, changed / "report.html", tmp_path / "file" / "page.html"):
        result = compared(healthy, changed, "--html", place)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--html" in result.stderr
    assert (changed / "report.html").read_bytes() == report


@pytest.mark.parametrize("what", ["no folder", "no evidence", "a file edited", "a file missing", "a newer format"])
def test_broken_evidence_is_2_and_one_sentence(what: str, healthy: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    if what != "no folder":
        shutil.copytree(healthy, broken)
    transcript = broken / "transcripts" / "retry.active.json"
    match what:
        case "no evidence":
            (broken / "evidence.json").unlink()
        case "a file edited":
            transcript.write_bytes(transcript.read_bytes().replace(b"active", b"aktive", 1))
        case "a file missing":
            transcript.unlink()
        case "a newer format":
            index = broken / "evidence.json"
            index.write_text(index.read_text("utf-8").replace("evidence/1", "evidence/2"), "utf-8")
    for pair in ((healthy, broken), (broken, healthy)):
        result = compared(*pair)
        assert (result.exit_code, result.stdout) == (2, "")
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("one",),
        ("one", "two", "three"),
        ("--base-url-a", "http://127.0.0.1:1"),
        ("one", "--base-url-b", "http://127.0.0.1:1"),
        ("one", "two", "--base-url-a", "http://127.0.0.1:1", "--base-url-b", "http://127.0.0.1:2"),
    ],
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    result = compared(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--base-url-a" in result.stderr


class _Listening:
    """Passes everything on, and remembers which tokens were sent."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.heard: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.heard |= {value.decode() for name, value in scope.get("headers", ()) if name == b"authorization"}
        await self._app(scope, receive, send)


def test_two_servers_each_with_its_own_token(tmp_path: Path) -> None:
    tokens = Tokens.generate(), Tokens.generate()
    apps = [_Listening(create_app(tokens=each)) for each in tokens]
    variables = {**tokens_environment(tokens[0]), "SECOND_PAT": tokens[1].owner}
    some = (
        "--requirement",
        "ack.retry.starting",
        "--requirement",
        "ack.auth.expired",
        "--requirement",
        "ack.auth.missing",
    )
    with EmulatorServer(apps[0]) as a, EmulatorServer(apps[1]) as b:
        servers = ("--base-url-a", a.base_url, "--base-url-b", b.base_url, "--pat-env-b", "SECOND_PAT")
        urls = [a.base_url, b.base_url]
        ended = cli("compare", *servers, *some, "--format", "json", "--output", "out", cwd=tmp_path, env=variables)
    assert ended.code == 0, ended.out + ended.err
    document = json.loads(ended.out)
    assert [document[side]["base_url"] for side in "ab"] == urls
    assert {(entry["requirement"], entry["side"], entry["why"]) for entry in document["one_sided"]} >= {
        ("ack.auth.expired", "a", "no-input")
    }
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a", "b"}
    assert any(tokens[0].expired in value for value in apps[0].heard)
    of_the_first = [getattr(tokens[0], name) for name in ("owner", "forbidden", "foreign", "expired")]
    assert not [value for value in apps[1].heard if any(token in value for token in of_the_first)]
    for secret in (*of_the_first, tokens[1].owner):
        assert secret not in ended.out + ended.err


def test_a_server_that_refuses_the_token_is_2(tmp_path: Path) -> None:
    ours, others = Tokens.generate(), Tokens.generate()
    with EmulatorServer(create_app(tokens=ours)) as a, EmulatorServer(create_app(tokens=others)) as b:
        urls = ("--base-url-a", b.base_url, "--base-url-b", a.base_url)
        ended = cli("compare", *urls, "--lang", "zh", cwd=tmp_path, env=tokens_environment(ours))
    assert (ended.code, ended.out) == (2, "")
    assert "无法判定 A" in ended.err
    assert "Traceback" not in ended.err


def test_a_token_that_was_named_and_is_not_set_is_2_before_anything_is_sent(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    app = _Listening(create_app(tokens=tokens))
    with EmulatorServer(app) as a:
        urls = ("--base-url-a", a.base_url, "--base-url-b", a.base_url, "--pat-env-b", "NOT_SET")
        ended = cli("compare", *urls, cwd=tmp_path, env=tokens_environment(tokens))
    assert (ended.code, ended.out) == (2, "")
    assert "NOT_SET" in ended.err
    assert app.heard == set()
