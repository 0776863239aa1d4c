"""`init`: what it writes is valid and can be run as it stands, and what it never does."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from conformance.cli.init_files import CONFIG_NAME, PLACEHOLDER_URL, RUN, WORKFLOWS, Answers, config
from conformance.cli.options import merge_config_file
from conformance.cli.package_source import PLACEHOLDER
from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.options import OPTIONS
from conformance.text import Lang
from tests.client.servers import closed_port
from tests.documents import PAGE, commands, environment, parsed

from .init_runs import CJK, EACH_CI, EACH_LANGUAGE, PAT, URL, init, settings, written
from .processes import clean_environment, cli

# --- the files


@EACH_LANGUAGE
@EACH_CI
def test_without_a_terminal_it_asks_nothing_and_writes_both_files(ci: str, lang: Lang, tree: Path) -> None:
    ended = init("--base-url", URL, "--ci", ci, "--lang", lang, cwd=tree)
    assert (ended.code, ended.err) == (0, "")
    assert set(written(tree)) == {CONFIG_NAME, str(WORKFLOWS[ci])}
    for text in written(tree).values():
        comments = [
            line for line in text.splitlines() if line.startswith("# ") and " = " not in line and line[6:7] != "w"
        ]
        assert any(map(CJK.search, comments)) == (lang == "zh")
        assert comments


@EACH_LANGUAGE
def test_the_suite_reads_the_configuration(lang: Lang, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init("--base-url", URL, "--start", "python my_server.py --name 'a \"b\" \\ c'", "--lang", lang, cwd=tree)
    read, values = settings(tree, monkeypatch)
    assert (read.base_url, read.lang) == (URL, lang)
    assert shlex.split(values["start"]) == ["python", "my_server.py", "--name", 'a "b" \\ c']


@EACH_LANGUAGE
def test_every_line_that_is_commented_out_is_accepted_too(
    lang: Lang, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = config(Answers(base_url=URL, start=None, ci="none", lang=lang, source=PLACEHOLDER))
    text, count = re.subn(r"^# ([a-z-]+ = )", r"\1", text, flags=re.MULTILINE)
    assert count == 6
    (tree / CONFIG_NAME).write_text(text, "utf-8")
    (tree / "waivers.toml").write_text("")
    assert set(tomllib.loads(text)) <= {option.name for option in OPTIONS} | {"start", "wait"}
    monkeypatch.setenv("GATEWAY_KEY", "a-secret-of-some-length")
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    read, values = settings(tree, monkeypatch)
    assert read.headers == (("X-Route", "canary"),)
    assert (values["start"], values["wait"]) == ("python my_server.py", 30.0)
    assert (read.limits.writes_per_second, read.limits.reads_per_second) == (10, 25)


def script(folder: Path, ci: str) -> list[tuple[str, dict[str, str]]]:
    """The commands of the written workflow, each with the variables that its step sets."""
    data = yaml.safe_load((folder / WORKFLOWS[ci]).read_text("utf-8"))
    if ci == "gitlab":
        return [(line, {}) for line in data["conformance"]["script"]]
    steps = data["jobs"]["conformance"]["steps"]
    return [(step["run"], step.get("env", {})) for step in steps if "run" in step]


@pytest.mark.parametrize(("ci", "lang"), [("github", "zh"), ("gitlab", "en")])
def test_the_workflow_judges_the_server(ci: str, lang: Lang, tree: Path) -> None:
    """Its commands are run as the build server runs them; the installation is that of this test."""
    tokens = Tokens.generate()
    with EmulatorServer(ServerConfig().build(tokens)) as server:
        init("--base-url", server.base_url, "--ci", ci, "--lang", lang, cwd=tree)
        (install, _), (run, env) = script(tree, ci)
        assert shlex.split(install) == ["pip", "install", PLACEHOLDER]
        assert run == RUN
        assert "--strict" in run
        if ci == "github":
            assert env == {"QODER_PAT": "${{ secrets.QODER_PAT }}"}
        arguments = shlex.split(run)[1:]
        ended = cli(*arguments, "--chapter", "environment-kind", cwd=tree, env={"QODER_PAT": tokens.owner})
    assert ended.code == 0, ended.out + ended.err
    assert (tree / "out" / "junit.xml").is_file(), "the artifact of the workflow"
    assert bool(CJK.search(ended.last_line)) == (lang == "zh")


def test_the_workflow_starts_the_server_of_the_configuration(tree: Path) -> None:
    port = closed_port()
    start = f"{shlex.quote(sys.executable)} -m conformance serve --port {port}"
    init("--base-url", f"http://127.0.0.1:{port}", "--start", start, cwd=tree)
    _, (run, _) = script(tree, "github")
    ended = cli(*shlex.split(run)[1:], "--chapter", "environment-kind", cwd=tree, env={"QODER_PAT": PAT})
    assert ended.code == 0, ended.out + ended.err


def test_the_artifacts_are_those_of_the_run(tree: Path) -> None:
    for ci in WORKFLOWS:
        init("--base-url", URL, "--ci", ci, "--force", cwd=tree)
    folder = parsed(shlex.split(RUN)[1:]).params["output"]
    job = yaml.safe_load((tree / WORKFLOWS["gitlab"]).read_text("utf-8"))["conformance"]
    assert job["artifacts"] == {"when": "always", "paths": [folder], "reports": {"junit": f"{folder}junit.xml"}}
    steps = yaml.safe_load((tree / WORKFLOWS["github"]).read_text("utf-8"))["jobs"]["conformance"]["steps"]
    assert steps[-1]["with"]["path"] == folder.rstrip("/")
    assert steps[-1]["if"] == "always()"


def test_without_an_address_no_build_can_pass(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = init("--yes", cwd=tree)
    assert ended.code == 0
    read, _ = settings(tree, monkeypatch)
    assert read.base_url == PLACEHOLDER_URL, "and not the emulator"
    assert f"Set base-url in {CONFIG_NAME}" in ended.out


def test_ci_none_writes_the_configuration_alone(tree: Path) -> None:
    assert "secret" not in init("--base-url", URL, "--ci", "none", cwd=tree).out
    assert set(written(tree)) == {CONFIG_NAME}


def test_a_folder_is_made_and_named_in_the_next_commands(tree: Path) -> None:
    ended = init("--base-url", URL, "a b/c", cwd=tree)
    assert set(written(tree)) == {f"a b/c/{CONFIG_NAME}", f"a b/c/{WORKFLOWS['github']}"}
    assert "    cd 'a b/c'\n" in ended.out


def test_the_next_commands_could_start(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = init("--base-url", URL, cwd=tree)
    lines = [line.strip() for line in ended.out.partition("Next:\n")[2].splitlines()]
    assert [line.split()[:2] for line in lines] == [
        ["export", "QODER_PAT=…"],
        ["work-conformance", "doctor"],
        ["work-conformance", "run"],
    ]
    monkeypatch.chdir(tree)
    monkeypatch.setenv("QODER_PAT", PAT)
    for line in lines[1:]:
        context = parsed(shlex.split(line)[1:])
        assert merge_config_file(context, context.params["config"])["base_url"] == URL
    assert "export" not in init("--base-url", URL, "--force", cwd=tree, QODER_PAT=PAT).out


def test_doctor_reads_a_configuration_with_a_start_command(tree: Path) -> None:
    init("--base-url", "http://127.0.0.1:9", "--start", "python my_server.py", "--ci", "none", cwd=tree)
    ended = cli("doctor", "--config", CONFIG_NAME, cwd=tree, env={"QODER_PAT": PAT})
    assert "unknown key" not in ended.err
    assert ended.code == 2
    assert "127.0.0.1:9" in ended.out


# --- what exists


@pytest.mark.parametrize("name", [CONFIG_NAME, str(WORKFLOWS["github"])])
def test_nothing_is_overwritten(name: str, tree: Path) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("theirs\n")
    ended = init("--base-url", URL, cwd=tree)
    assert (ended.code, ended.out) == (2, "")
    assert name in ended.err
    assert "--force" in ended.err
    assert written(tree) == {name: "theirs\n"}, "not even the other file"
    assert init("--base-url", URL, "--force", cwd=tree).code == 0
    assert "theirs\n" not in written(tree).values()


def test_all_that_exist_are_named(tree: Path) -> None:
    init("--base-url", URL, cwd=tree)
    ended = init("--base-url", URL, cwd=tree)
    assert CONFIG_NAME in ended.err
    assert str(WORKFLOWS["github"]) in ended.err


def test_a_dangling_link_exists(tree: Path) -> None:
    (tree / CONFIG_NAME).symlink_to(tree / "nowhere")
    assert init("--base-url", URL, cwd=tree).code == 2
    assert not (tree / "nowhere").exists()


def test_beside_a_pipeline_of_gitlab_that_is_the_default(tree: Path) -> None:
    (tree / ".gitlab-ci.yml").write_text("a: {script: [x]}\n")
    ended = init("--base-url", URL, cwd=tree)
    assert ended.code == 2
    assert ".gitlab-ci.yml" in ended.err
    assert "--ci none" in ended.err


def test_a_file_that_cannot_be_written_is_named(tree: Path) -> None:
    (tree / ".github").write_text("a file\n")
    ended = init("--base-url", URL, cwd=tree)
    assert ended.code == 2
    assert str(WORKFLOWS["github"]) in ended.err
    assert "Traceback" not in ended.err


# --- what is refused

REFUSED = {
    "no address": (("--base-url", "staging.example"), "not an absolute http(s) URL"),
    "a user in the address": (("--base-url", "https://me:hunter2hunter2@staging.example"), "QODER_PAT"),
    "a line end in the start": (("--base-url", URL, "--start", "a\nb"), "unprintable"),
    "a byte that is no text": (("--base-url", URL, "--start", "a\udcffb"), "unprintable"),
    "a start without an address": (("--start", "python my_server.py"), "--start needs --base-url"),
    "a token in the start": (("--base-url", URL, "--start", f"serve --pat {PAT}"), "contains the token in QODER_PAT"),
    "another build server": (("--ci", "jenkins"), "'github', 'gitlab', 'none'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_value_that_cannot_be_used_is_named_and_nothing_is_written(what: str, tree: Path) -> None:
    arguments, words = REFUSED[what]
    ended = init(*arguments, cwd=tree, QODER_PAT=PAT)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "hunter2" not in ended.err
    assert PAT not in ended.err
    assert written(tree) == {}


@EACH_CI
def test_no_token_is_written(ci: str, tree: Path) -> None:
    ended = init("--base-url", URL, "--ci", ci, cwd=tree, QODER_PAT=PAT, QODER_FOREIGN_PAT=f"{PAT}-2")
    assert PAT not in "".join([*written(tree).values(), ended.out, ended.err])


# --- the docs


def test_the_commands_of_the_docs_write_both_workflows(tree: Path) -> None:
    lines = commands(PAGE["en"]["ci"], "sh init")
    for number, line in enumerate(lines):
        (tree / str(number)).mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "conformance", *shlex.split(line)[1:]],
            cwd=tree / str(number),
            env=environment(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert {name.partition("/")[2] for name in written(tree)} == {CONFIG_NAME, *map(str, WORKFLOWS.values())}
