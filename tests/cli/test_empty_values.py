"""An empty value is never taken for one that was left out: an unset secret of a build server comes as one.

Every command, every option, every argument, every variable and every key of TOML; and pytest's own command line.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.options import OPTIONS, PREFIX, TOKENS, VARIABLES, check_variables
from conformance.target import ConfigurationError
from conformance.text import LANGS, Lang
from tests.documents import ROOT

from .processes import Running, clean_environment

BLANKS: Final = {"empty": "", "blank": " \t "}
LOCALE: Final[dict[Lang, str]] = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}
EMPTY: Final[dict[Lang, str]] = {"en": "is empty; ", "zh": "的值为空；"}


def leaves(command: click.Command, *way: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that lead to it."""
    if not isinstance(command, click.Group):
        yield way, command
        return
    ctx = click.Context(command)
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        assert found is not None
        yield from leaves(found, *way, name)


COMMANDS: Final = dict(leaves(main))
PLACES: Final = [
    (way, parameter.opts[0] if isinstance(parameter, click.Option) else None)
    for way, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Argument) or (isinstance(parameter, click.Option) and not parameter.is_flag)
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(place: Path, *arguments: str, **env: str) -> Result:
    result = CliRunner(env={"LC_ALL": "C.UTF-8", **env}).invoke(main, arguments)
    assert [path for path in place.iterdir() if path.suffix != ".toml"] == []
    return result


def refused(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    sentence = result.stderr.splitlines()[-1]
    assert all(word in sentence for word in words), result.stderr
    assert "Traceback" not in result.output


def test_every_command_is_held_to_it() -> None:
    assert len(COMMANDS) > 15
    assert {way for way, command in COMMANDS.items() if not isinstance(command, NoEmptyValuesCommand)} == set()


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(("way", "option"), PLACES, ids=[" ".join((*way, o or "ARGUMENT")) for way, o in PLACES])
def test_an_empty_option_or_argument_is_named(
    way: tuple[str, ...], option: str | None, blank: str, place: Path
) -> None:
    given = [option, BLANKS[blank]] if option is not None else [BLANKS[blank]]
    refused(call(place, *way, *given), option or "", EMPTY["en"])


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "words", [["--base-url="], ["--base-url", ""], ["-k", ""], ["--chapter", "races", "--chapter="]]
)
def test_it_is_said_in_both_languages_however_it_is_written(words: list[str], lang: Lang, place: Path) -> None:
    refused(call(place, "run", *words, LC_ALL=LOCALE[lang]), words[-1].rstrip("=") or words[-2], EMPTY[lang])


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("name", sorted(VARIABLES) + list(TOKENS) + [f"{token}_B" for token in TOKENS])
def test_an_empty_variable_is_named(name: str, blank: str, place: Path) -> None:
    for command in (("run",), ("list",), ("verify", "certificate.json"), ("manifest", "check", "m.json")):
        refused(call(place, *command, **{name: BLANKS[blank]}), name, EMPTY["en"])


@pytest.mark.parametrize("lang", LANGS)
def test_a_variable_in_either_language(lang: Lang) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        check_variables({f"{PREFIX}BASE_URL": ""})
    assert f"{PREFIX}BASE_URL" in refusal.value.reason.in_(lang)
    assert EMPTY[lang] in refusal.value.reason.in_(lang)


UNKNOWN: Final = {
    "BSE_URL": f"did you mean {PREFIX}BASE_URL?",
    "BASEURL": f"did you mean {PREFIX}BASE_URL?",
    "WAVERS": f"did you mean {PREFIX}WAIVERS?",
    "TARGET_URL": "Unknown environment variable",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_variable_is_answered_with_the_nearest(name: str, place: Path) -> None:
    for command in (("run",), ("doctor",), ("compare", "a", "b")):
        refused(call(place, *command, **{PREFIX + name: "http://127.0.0.1:9"}), PREFIX + name, UNKNOWN[name])


def test_variables_of_others_are_no_concern() -> None:
    check_variables({"QODER_HOME": "", "WORK_CONFORMANCES": "", "CI": "", f"{PREFIX}CHAPTER": "retries\nraces\n"})


@pytest.mark.parametrize("text", ["retries\n\nraces", "\nretries", "retries\n\n"])
def test_an_empty_line_of_a_variable_is_an_empty_value(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is empty"):
        check_variables({f"{PREFIX}CHAPTER": text})


def test_the_end_of_the_last_line_is_none(place: Path) -> None:
    done = call(place, "run", "--dry-run", **{f"{PREFIX}CHAPTER": "environment-kind\n"})
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("value", ["''", "'  '", "[]", "['']", "['retries', ' ']"])
@pytest.mark.parametrize("key", ["base-url", "chapter", "waivers", "output"])
def test_an_empty_key_of_toml_is_named(key: str, value: str, place: Path) -> None:
    (place / "c.toml").write_text(f"{key} = {value}\n")
    result = call(place, "run", "--config", "c.toml")
    refused(result, "c.toml")
    if key == "chapter" or not value.startswith("["):
        assert key in result.stderr or "a list is expected" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["run", "-k", "", "--help"], ["manifest", "make", "--help"]]
)
def test_help_is_given_to_whoever_made_a_mistake(arguments: list[str], place: Path) -> None:
    assert call(place, *arguments, **{f"{PREFIX}BASE_URL": "", f"{PREFIX}NONE_SUCH": "x"}).exit_code == 0


# --- pytest's own command line


def run_pytest(place: Path, *arguments: str, **env: str) -> tuple[int, str]:
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "conformance.plugin",
        "--pyargs",
        "conformance",
        "--collect-only",
        "-q",
    ]
    with Running([*words, *arguments], place, env, output="out") as running:
        ended = running.wait()
    return ended.code, ended.out + ended.err


PYTEST: Final[dict[str, tuple[tuple[str, ...], dict[str, str], str]]] = {
    "a server": (("--target-url", ""), {}, "--target-url is empty"),
    "a blank server": (("--target-url= ",), {}, "--target-url is empty"),
    "waivers": (("--target-waivers=",), {}, "--target-waivers is empty"),
    "a chapter among others": (("--target-chapter=races", "--target-chapter="), {}, "--target-chapter is empty"),
    "an earlier run": (("--target-failed-from=",), {}, "--target-failed-from is empty"),
    "a saved run": (("--target-replay=",), {}, "--target-replay is empty"),
    "an expression": (("-k", ""), {}, "-k is empty"),
    "a token": ((), {"QODER_PAT": ""}, "QODER_PAT is empty"),
    "a variable": ((), {f"{PREFIX}BASE_URL": ""}, f"{PREFIX}BASE_URL is empty"),
    "an unknown variable": ((), {f"{PREFIX}BSE_URL": "x"}, f"did you mean {PREFIX}BASE_URL?"),
    "a server where pytest does not look": ((), {f"{PREFIX}BASE_URL": "http://127.0.0.1:9"}, "--target-url only"),
}


@pytest.mark.parametrize("what", PYTEST)
def test_plain_pytest_never_judges_the_emulator_by_mistake(what: str, tmp_path: Path) -> None:
    arguments, env, words = PYTEST[what]
    code, said = run_pytest(tmp_path, *arguments, **env)
    assert code == pytest.ExitCode.USAGE_ERROR, said
    assert words in said
    assert "Traceback" not in said


# --- the table of names


NAME: Final = re.compile(rf"(?<!_){PREFIX}[A-Z][A-Z_]*[A-Z][0-9]?")
PLACEHOLDER: Final = f"{PREFIX}LIKE_THIS"
"""The README's word for whatever option."""


def test_the_table_holds_every_name_that_code_tests_and_documents_use() -> None:
    files = [path for folder in ("conformance", "tests") for path in (ROOT / folder).rglob("*.py")]
    files += [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.py"), *ROOT.glob("*.yml")]
    used = {name for path in files for name in NAME.findall(path.read_text("utf-8"))} - {PLACEHOLDER}
    assert used - VARIABLES == set()
    assert VARIABLES - {option.variable for option in OPTIONS} - used == set(), "nobody uses these"


def test_every_option_of_the_command_line_has_its_variable_in_the_table() -> None:
    found: set[Any] = {p.envvar for command in COMMANDS.values() for p in command.params if p.envvar is not None}
    not_of_options = {f"{PREFIX}{name}" for name in ("ALL", "ENVIRONMENT_ID", "JOB_SECONDS")}
    assert found == VARIABLES - not_of_options
