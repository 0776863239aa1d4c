"""What `--start` accepts, and what it says about a command that cannot work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.cli.console import ConsoleReporter
from conformance.settings import from_values
from conformance.target import ConfigurationError
from conformance.worker_harness.command import Assignment, words_of

GIVEN = Assignment(base_url="http://127.0.0.1:1", environment_id="env_1", token="pt-secret", job_seconds=1.5)


def reason(**values: Any) -> str:
    """Why `worker` refuses these option values; both languages say something of their own."""
    with pytest.raises(ConfigurationError) as caught:
        from_values({"profile": "worker", **values}, {})
    assert caught.value.reason.en != caught.value.reason.zh
    return caught.value.reason.en


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("w {base_url} --job={job_seconds}s", ["w", "http://127.0.0.1:1", "--job=1.5s"]),
        ("w {{base_url}} '{{foo}}'", ["w", "{base_url}", "{foo}"]),
        ("""w '{"a": {"b": 1}}' '{"ttl":{job_seconds}}'""", ["w", '{"a": {"b": 1}}', '{"ttl":1.5}']),
        ("""w -c 'print(f"{{x}} {y} {base_url}")'""", ["w", "-c", 'print(f"{{x}} {y} http://127.0.0.1:1")']),
        ("sh -c 'echo ${HOME} {} {1,2}'", ["sh", "-c", "echo ${HOME} {} {1,2}"]),
    ],
)
def test_only_names_between_single_braces_are_placeholders(command: str, words: list[str]) -> None:
    assert words_of(command, GIVEN.placeholders) == words


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("foo", "there is no placeholder {foo}; the placeholders are {base_url}, {environment_id}, {job_seconds}."),
        ("base-url", "there is no placeholder {base-url}; did you mean {base_url}?"),
        ("token", "the token is only in the environment variable QODER_PAT"),
    ],
)
def test_an_unknown_placeholder_is_refused(name: str, told: str) -> None:
    words = reason(worker_start=f"{sys.executable} w.py {{{name}}}")
    assert told in words
    assert f"Write {{{{{name}}}}} for a literal {{{name}}}." in words


@pytest.mark.parametrize("rest", ["| tee log", "> log", "2>&1", ">log", "&& echo", "&"])
def test_an_operator_of_a_shell_is_refused_unless_it_is_quoted(rest: str) -> None:
    words = reason(worker_start=f"{sys.executable} w.py {rest}")
    assert f"{rest.split()[0]!r} needs a shell, and the suite uses none" in words
    quoted = " ".join(f"'{word}'" for word in rest.split())
    from_values({"profile": "worker", "worker_start": f"{sys.executable} w.py {quoted}"}, {})


def test_a_program_that_cannot_be_executed_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("my_worker.py", "my_worker.js"):
        (tmp_path / name).write_text("")
    told = (
        "is a file that the suite cannot execute. Put its interpreter before it, as in --start 'python ./my_worker.py'"
    )
    assert told in reason(worker_start="./my_worker.py --x")
    assert "--start 'node my_worker.js', or make it executable (chmod +x ./my_worker.js)" in reason(
        worker_start="my_worker.js"
    )
    assert "is a folder, not a program" in reason(worker_start=str(tmp_path))
    assert "put env before it" in reason(worker_start="DEBUG=1 python w.py")
    assert "there is no program 'no_such_program'" in reason(worker_start="no_such_program")


def test_the_worker_is_started_in_one_way() -> None:
    assert reason(worker_start=sys.executable, worker_attach=True).startswith("Give --start or --attach, not both")
    assert reason().startswith("Give --start with the command that starts the worker, or --attach")


def test_an_empty_selection_points_to_the_list_of_what_can_be_selected(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = ConsoleReporter("en", verbose=False, profile="worker")
    assert reporter.exit_code(pytest.ExitCode.NO_TESTS_COLLECTED) == 2
    assert capsys.readouterr().err == "The selection is empty; see `work-conformance list --profile worker`.\n"
