"""Bad input: exit code 2, one sentence that names the fix, and nothing left on the disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.cli import main

from .processes import clean_environment, cli

PAT = "pt-abcdefghijklmnopqrstuvwx"
BASE_URL = ("--base-url", "http://127.0.0.1:9")


@dataclass(frozen=True)
class Outcome:
    """What a command ended with, and what it left in its folder."""

    code: int
    out: str
    err: str
    left: list[str]

    @property
    def sentence(self) -> str:
        """The one sentence. Click's own hint at the usage may stand before it."""
        *hints, sentence = [line for line in self.err.splitlines() if line]
        assert all(hint.startswith(("Usage: ", "Try ")) for hint in hints), self.err
        assert "Traceback" not in self.err
        return sentence


Try = Callable[..., Outcome]


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Try:
    """Call the command line in this process: nothing here comes as far as starting pytest or a server."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, **env: str) -> Outcome:
        for name, value in {"QODER_PAT": PAT, **env}.items():
            monkeypatch.setenv(name, value)
        before = set(tmp_path.rglob("*"))
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, out, err, [str(path) for path in set(tmp_path.rglob("*")) - before])

    return call


NAMES = {
    "a command": (("rum",), "'run'"),
    "an option of run": (("run", "--bse-url", "x"), "'--base-url'"),
    "an option of serve": (("serve", "--prot", "1"), "'--port'"),
    "an option of clean": (("clean", "--older-then", "1d"), "'--older-than'"),
    "an option of list": (("list", "--formt", "json"), "'--format'"),
    "a chapter": (("run", "--chapter", "retrys"), "retries"),
    "a requirement": (("run", "--requirement", "ack.first.startin"), "ack.first.starting"),
    "a language": (("run", "--lang", "fr"), "'en', 'zh'"),
}


@pytest.mark.parametrize("what", NAMES)
def test_an_unknown_name_is_answered_with_the_nearest_one(what: str, attempt: Try) -> None:
    arguments, nearest = NAMES[what]
    outcome = attempt(*arguments)
    assert (outcome.code, outcome.out, outcome.left) == (2, "", [])
    assert nearest in outcome.sentence


VALUES = {
    "no scheme": (("--base-url", "staging.example"), "not an absolute http(s) URL"),
    "no host": (("--base-url", "http://"), "not an absolute http(s) URL"),
    "another scheme": (("--base-url", "ftp://staging.example"), "not an absolute http(s) URL"),
    "half an address": (("--base-url", "http://[::1"), "cannot be parsed"),
    "an impossible port": (("--base-url", "http://127.0.0.1:99999"), "cannot be parsed"),
    "a query": (("--base-url", "http://127.0.0.1:9/?a=b"), "remove it"),
    "a rate in words": (("--max-rate", "quick"), "--max-rate 'quick'"),
    "a rate below nothing": (("--max-rate", "-1/3"), "--max-rate '-1/3'"),
    "a rate that is no number": (("--max-rate", "nan"), "--max-rate 'nan'"),
    "a header without a value": (("--header", "nonsense"), "NAME=VALUE"),
    "a header with a bad name": (("--header", "a b=c"), "not a header name"),
    "a header with a line end": (("--header", "a=b\r\nc: d"), "no header can carry"),
    "a worker header with a bad name": (("--worker-header", "a:b"), "not a header name"),
    "a secret header without a variable": (("--header-env", "nonsense"), "NAME=VARIABLE"),
    "a secret header that is not set": (("--header-env", "X-Key=NOT_SET_HERE"), "NOT_SET_HERE is not set"),
    "no certificates": (("--ca-bundle", "nowhere.pem"), "the file 'nowhere.pem' does not exist"),
    "no client certificate": (("--client-cert", "nowhere.pem"), "the file 'nowhere.pem' does not exist"),
    "no configuration": (("--config", "nowhere.toml"), "cannot be read (No such file"),
    "a folder as configuration": (("--config", "."), "cannot be read (Is a directory)"),
    "no time": (("--timeout", "0"), "--timeout"),
    "a time that is no number": (("--timeout", "nan"), "--timeout"),
    "a time without end": (("--max-duration", "inf"), "--max-duration"),
    "a wait that is no number": ((*BASE_URL, "--start", "x", "--wait", "nan"), "--wait"),
    "no concurrency": (("--concurrency", "0"), "--concurrency"),
    "processes below nothing": (("-n", "-1"), "-n"),
    "a prefix that climbs": (("--api-prefix", "/../x"), "not a plain path"),
    "a token variable that is not set": ((*BASE_URL, "--expired-pat-env", "NOT_SET_HERE"), "NOT_SET_HERE"),
    "a start without an address": (("--start", "true"), "--base-url"),
    "an empty start": ((*BASE_URL, "--start", ""), "--start is empty"),
    "a start of no words": ((*BASE_URL, "--start", "''"), "--start: the command cannot be started"),
    "half a start": ((*BASE_URL, "--start", "'x"), "--start: the command cannot be started"),
    "a start of nothing": ((*BASE_URL, "--start", "no-such-command-here"), "--start: the command cannot be started"),
    "something extra": (("extra",), "extra"),
}


@pytest.mark.parametrize("what", VALUES)
def test_a_bad_value_is_named(what: str, attempt: Try) -> None:
    arguments, words = VALUES[what]
    outcome = attempt("run", *arguments)
    assert (outcome.code, outcome.out, outcome.left) == (2, "", [])
    assert words in outcome.sentence


def test_a_user_in_the_url_is_refused_and_not_repeated(attempt: Try) -> None:
    outcome = attempt("run", "--base-url", "http://someone:pt-hunter2hunter2@127.0.0.1:9")
    assert (outcome.code, outcome.out, outcome.left) == (2, "", [])
    assert "QODER_PAT" in outcome.sentence
    assert "hunter2" not in outcome.err


@pytest.mark.parametrize("pat", ["", "short", "with white space in it", "pt-mañana-mañana-mañana"])
def test_a_token_that_cannot_be_used_is_refused_and_not_repeated(pat: str, attempt: Try) -> None:
    outcome = attempt("run", *BASE_URL, QODER_PAT=pat)
    assert (outcome.code, outcome.out, outcome.left) == (2, "", [])
    assert "QODER_PAT" in outcome.sentence
    assert not pat or pat not in outcome.err


@pytest.mark.parametrize("command", ["run", "doctor", "clean"])
def test_without_a_token_the_next_commands_are_named(command: str, tmp_path: Path) -> None:
    ended = cli(command, *BASE_URL, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    for words in ("No token", "QODER_PAT", "`work-conformance doctor`", "Without a base URL, `work-conformance run`"):
        assert words in ended.err


@pytest.mark.parametrize("age", ["soon", "2", "h", "-2h", "2 h", "9999999d", "999999d"])
def test_clean_wants_an_age(age: str, attempt: Try) -> None:
    outcome = attempt("clean", *BASE_URL, "--older-than", age)
    assert (outcome.code, outcome.out, outcome.left) == (2, "", [])
    assert "--older-than" in outcome.sentence


def test_clean_wants_a_target(attempt: Try) -> None:
    assert "--base-url" in attempt("clean").sentence


TOML = {
    "not TOML": ("a = [", "is not TOML"),
    "an unknown key": ("bse-url = 'x'", "did you mean 'base-url'?"),
    "an unknown key in the tool's table": ("[tool.work-conformance]\nconcurency = 1", "did you mean 'concurrency'?"),
    "a number in words": ("concurrency = 'many'", "concurrency"),
    "a single value for a list": ("chapter = 'retries'", "a list is expected"),
    "a table that is none": ("[tool]\nwork-conformance = 1", "is not a table"),
    "not UTF-8": ("a = '\udcff'", "is not TOML"),
}


@pytest.mark.parametrize("what", TOML)
def test_a_bad_configuration_is_named(what: str, attempt: Try, tmp_path: Path) -> None:
    text, words = TOML[what]
    (tmp_path / "c.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    outcome = attempt("run", "--config", "c.toml")
    assert (outcome.code, outcome.out, outcome.left) == (2, "", [])
    assert "c.toml" in outcome.sentence
    assert words in outcome.sentence
    assert not outcome.sentence.endswith("..")


LATE = {
    "an output that is a file": (("--output", "file"), "this is a file"),
    "an output that is somebody's": (("--output", "folder"), "not from an earlier run"),
    "an output that cannot be written": (("--output", "/proc/nowhere"), "cannot be written"),
    "an expression that finds nothing": (("-k", "nothing_of_this_name"), "The selection is empty"),
    "an expression that is none": (("-k", "a and"), "-k"),
    "no earlier run": (("--failed-from", "nowhere"), "nowhere cannot be read"),
    "a folder without a report": (("--failed-from", "folder"), "report.json cannot be read"),
    "a file that is no report": (("--failed-from", "file"), "is not a report"),
    "a proxy that is none": ((*BASE_URL, "--proxy", "nonsense"), "proxy"),
    "certificates that are none": (("--base-url", "https://127.0.0.1:9", "--ca-bundle", "file"), "certificate"),
    "a certificate that is none": (("--base-url", "https://127.0.0.1:9", "--client-cert", "file"), "certificate"),
}


@pytest.mark.parametrize("what", LATE)
def test_what_pytest_or_the_connection_finds_is_said_alike(what: str, tmp_path: Path) -> None:
    arguments, words = LATE[what]
    (tmp_path / "file").write_text("{}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "somebody's").write_text("own")
    before = set(tmp_path.rglob("*"))
    ended = cli("run", *arguments, cwd=tmp_path, env={"QODER_PAT": PAT})
    assert ended.code == 2, ended.out + ended.err
    outcome = Outcome(ended.code, ended.out, ended.err, [])
    assert words in outcome.sentence
    assert set(tmp_path.rglob("*")) == before


def test_several_processes_say_it_once(tmp_path: Path) -> None:
    ended = cli("run", "-n", "2", "-k", "nothing_of_this_name", cwd=tmp_path)
    assert (ended.code, list(tmp_path.iterdir())) == (2, [])
    assert ended.err.count("\n") == 1


def test_somebody_elses_broken_pyproject_is_no_concern(attempt: Try, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[")
    assert attempt("run", "--dry-run", "--chapter", "nonsense").code == 2
    assert "pyproject" not in attempt("list", "--formt").err


@pytest.mark.parametrize("command", ["run", "doctor", "clean"])
@pytest.mark.parametrize("other", ["FORBIDDEN", "FOREIGN", "EXPIRED"])
def test_one_token_in_two_roles_is_refused(command: str, other: str, attempt: Try) -> None:
    name = f"QODER_{other}_PAT"
    outcome = attempt(command, *BASE_URL, **{name: PAT})
    assert (outcome.code, outcome.out, outcome.left) == (2, "", [])
    assert f"QODER_PAT and {name} have the same token" in outcome.sentence
    assert PAT not in outcome.err


def test_two_optional_tokens_that_are_one_are_refused_by_the_names_that_were_given(attempt: Try) -> None:
    outcome = attempt(*("run", *BASE_URL, "--foreign-pat-env", "MINE"), MINE=PAT[::-1], QODER_EXPIRED_PAT=PAT[::-1])
    assert outcome.code == 2
    assert "MINE and QODER_EXPIRED_PAT have the same token; set QODER_EXPIRED_PAT" in outcome.sentence
