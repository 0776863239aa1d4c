"""`init`: what it writes is valid and can be run as it stands, what it asks, and what it never does."""

from __future__ import annotations

import itertools
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.cli import run_command
from conformance.cli.init_files import CONFIG_NAME, PLACEHOLDER_URL, RUN, WORKFLOWS, Answers, config, files
from conformance.cli.options import merge_config_file
from conformance.cli.package_source import PLACEHOLDER, _git_source
from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.options import OPTIONS
from conformance.settings import Settings
from conformance.text import LANGS, Lang
from tests.client.servers import closed_port
from tests.documents import PAGE, commands, environment, parsed

from .processes import PATIENCE, Ended, clean_environment, cli

PAT = "pt-abcdefghijklmnopqrstuvwx"
URL = "https://staging.example"
EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)
EACH_CI = pytest.mark.parametrize("ci", WORKFLOWS)
CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; whatever `init` wrote there is UTF-8, ends with a line end, and nothing else is left."""
    yield tmp_path
    for name in (CONFIG_NAME, *WORKFLOWS.values()):
        for path in tmp_path.rglob(str(name)):
            if path.is_file():
                assert path.read_bytes().decode("utf-8").endswith("\n"), path
    assert list(tmp_path.rglob(".*.[0-9]*")) == [], "a temporary file"


def written(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


def init(*arguments: str, cwd: Path, **env: str) -> Ended:
    return cli("init", *arguments, cwd=cwd, env=env)


def settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, dict[str, Any]]:
    """The configuration as `run` reads it."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("QODER_PAT", PAT)
    values = merge_config_file(parsed(["run"]), CONFIG_NAME)
    return run_command.check(values), values


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


@pytest.mark.skipif(os.name == "nt" or (os.geteuid() == 0 and not Path("/proc").exists()), reason="modes of POSIX")
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


# --- what it asks


def typed(*answers: str, cwd: Path, arguments: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run `init` on a terminal on which somebody types these lines: the exit code and the screen."""
    screen, keyboard = pty.openpty()
    os.write(screen, "".join(f"{answer}\n" for answer in answers).encode())
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", "init", *arguments],
        cwd=cwd,
        env=clean_environment(),
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        start_new_session=True,
    ) as process:
        os.close(keyboard)
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        shown = b""
        try:
            while part := os.read(screen, 1 << 16):
                shown += part
        except OSError:  # Linux tells the end of a terminal as an error
            pass
        finally:
            killer.cancel()
            os.close(screen)
        return process.wait(30), shown.decode("utf-8").replace("\r\n", "\n")


def test_on_a_terminal_it_asks(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = typed("zh", "python my_server.py", "", "gitlab", cwd=tree)
    assert code == 0, shown
    assert set(written(tree)) == {CONFIG_NAME, ".gitlab-ci.yml"}
    read, values = settings(tree, monkeypatch)
    assert (read.base_url, read.lang, values["start"]) == ("http://127.0.0.1:8000", "zh", "python my_server.py")
    assert "启动服务器的命令" in shown
    assert "下一步" in shown
    assert not re.search("(?i)token:|pat:", shown), "it asks for no token"


def test_enter_takes_the_defaults(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = typed("", "", "", "", cwd=tree)
    assert code == 0, shown
    assert set(written(tree)) == {CONFIG_NAME, str(WORKFLOWS["github"])}
    assert f"[{PLACEHOLDER_URL}]" in shown
    assert f"Set base-url in {CONFIG_NAME}" in shown


def test_a_wrong_answer_is_asked_for_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = typed("", "ftp://x", URL, "jenkins", "none", cwd=tree, arguments=("--lang", "zh"))
    assert code == 0, shown
    assert "错误：base URL 'ftp://x'" in shown
    assert "错误：'jenkins' 不是可选值" in shown
    assert settings(tree, monkeypatch)[0].base_url == URL


def test_what_an_option_gives_is_not_asked(tree: Path) -> None:
    given = ("--lang", "en", "--base-url", URL, "--start", "x", "--ci", "none")
    code, shown = typed(cwd=tree, arguments=given)
    assert code == 0
    assert "written:" in shown
    code, shown = typed(cwd=tree, arguments=("--yes", "--force"))
    assert code == 0
    assert "Language" not in shown


def test_the_end_of_input_writes_nothing(tree: Path) -> None:
    code, shown = typed("", "\x04", cwd=tree)
    assert code == 3, shown
    assert written(tree) == {}


# --- where the workflow installs from


@pytest.mark.parametrize(
    ("url", "commit", "source"),
    [
        ("https://git.example/team/suite.git", "0123abc4", "git+https://git.example/team/suite.git@0123abc4"),
        ("https://user:secret@git.example/team/suite", "0123abc4", None),
        ("https://git.example/team/suite?token=secret", "0123abc4", None),
        ("https://git.example/team/suite; rm x", "0123abc4", None),
        ("https://git.example/team/suite", "main: x", None),
        ("ssh://git@git.example/team/suite", "0123abc4", None),
        ("file:///home/me/suite", "0123abc4", None),
    ],
)
def test_an_installation_from_a_git_server_is_named_in_the_workflow(url: str, commit: str, source: str | None) -> None:
    record = {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}}
    assert _git_source(record) == source
    if source is not None:
        for ci, lang in itertools.product(WORKFLOWS, LANGS):
            text = files(Answers(base_url=URL, start=None, ci=ci, lang=lang, source=source))[WORKFLOWS[ci]]
            assert f"pip install {source}\n" in text
            assert "OWNER" not in text
            assert "@OWNER@" not in text
            yaml.safe_load(text)


@pytest.mark.parametrize("record", [{}, [], None, {"url": 1}, {"url": "https://a/b", "dir_info": {}}])
def test_any_other_installation_leaves_the_placeholder(record: object) -> None:
    assert _git_source(json.loads(json.dumps(record))) is None


@EACH_LANGUAGE
@EACH_CI
def test_the_placeholder_says_what_it_stands_for(ci: str, lang: Lang) -> None:
    text = files(Answers(base_url=URL, start=None, ci=ci, lang=lang, source=PLACEHOLDER))[WORKFLOWS[ci]]
    comment, install = [line for line in text.splitlines() if "OWNER" in line]
    assert f"docs/{lang}/ci.md#" in comment
    assert install.endswith(PLACEHOLDER)
    yaml.safe_load(text)


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
