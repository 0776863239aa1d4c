"""What never connects: `list` and `--dry-run`; and where settings come from: flag, then environment, then TOML."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.judging.plan import full_plan

from .processes import Ended, cli

PAT = {"QODER_PAT": "pt-abcdefghijklmnopqrstuvwx"}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that remembers whoever connected: they are still waiting to be accepted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def check_untouched(listener: socket.socket) -> None:
    with pytest.raises(BlockingIOError):
        listener.accept()


def planned(ended: Ended) -> list[tuple[str, str]]:
    """(scenario, requirement) as a dry run prints them."""
    lines: list[tuple[str, str]] = []
    scenario = ""
    for line in ended.out.splitlines()[:-1]:
        if line.startswith("    "):
            lines.append((scenario, line.strip()))
        else:
            scenario = line
    return lines


def test_a_dry_run_shows_the_plan_and_connects_to_nothing(listener: socket.socket, tmp_path: Path) -> None:
    ended = cli("run", "--dry-run", "-v", "-n", "2", "--base-url", url(listener), cwd=tmp_path, env=PAT)
    assert (ended.code, ended.err) == (0, "")
    assert planned(ended) == [(line.scenario, line.requirement) for line in full_plan()]
    total = f"127.0.0.1:{listener.getsockname()[1]}: {len({line.scenario for line in full_plan()})} scenarios, {len(full_plan())} checks. "
    assert total in ended.out
    assert list(tmp_path.iterdir()) == []
    check_untouched(listener)


def test_a_dry_run_starts_no_server(listener: socket.socket, tmp_path: Path) -> None:
    options = ("--dry-run", "-v", "--start", "no-such-command", "--base-url", url(listener), "--output", "out")
    ended = cli("run", *options, "--requirement", "ack.auth.scheme", "-k", "scheme.basic", cwd=tmp_path, env=PAT)
    assert ended.code == 0
    assert planned(ended) == [("auth.scheme.basic", "ack.auth.scheme")]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_of_nothing_is_refused(tmp_path: Path) -> None:
    ended = cli("run", "--dry-run", "-k", "nothing_of_this_name", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "The selection is empty" in ended.err


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_the_list_is_the_catalogue(lang: str, form: str, listener: socket.socket, tmp_path: Path) -> None:
    env = {**PAT, "WORK_CONFORMANCE_BASE_URL": url(listener), "PYTHONUTF8": "1"}
    ended = cli("list", "--lang", lang, "--format", form, cwd=tmp_path, env=env)
    assert (ended.code, ended.err) == (0, "")
    check_untouched(listener)
    catalogue = load_catalogue().of_profile("work")
    if form == "json":
        data = json.loads(ended.out)
        assert data["catalogue"] == catalogue.version
        assert [chapter["id"] for chapter in data["chapters"]] == [chapter.id for chapter in catalogue.chapters]
        rules = [rule for chapter in data["chapters"] for rule in chapter["requirements"]]
        assert [rule["id"] for rule in rules] == list(catalogue.requirements)
        assert sum(len(rule["scenarios"]) for rule in rules) == sum(len(s.requirements) for s in scenarios().values())
        assert sum(len(chapter["scenarios"]) for chapter in data["chapters"]) == len(scenarios())
        return
    for rule in catalogue.requirements.values():
        assert rule.id in ended.out
        assert (rule.text.en if lang == "en" else rule.text.zh) in ended.out
        assert (rule.text.zh if lang == "en" else rule.text.en) not in ended.out
    for scenario in scenarios().values():
        assert (scenario.title.en if lang == "en" else scenario.title.zh) in ended.out
    if form == "text":
        numbers = [len(catalogue.chapters), len(scenarios()), len(catalogue.requirements)]
        assert [int(digits) for digits in re.findall(r"\d+", ended.last_line)][:3] == numbers


def test_the_language_is_the_locales_unless_it_is_named(tmp_path: Path) -> None:
    chosen = ("run", "--dry-run", "-v", "--requirement", "ack.auth.missing")
    assert "场景" in cli(*chosen, cwd=tmp_path, env={"LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"}).out
    assert "场景" not in cli(*chosen, "--lang", "en", cwd=tmp_path, env={"LC_ALL": "zh_CN.UTF-8"}).out
    assert "场景" in cli(*chosen, "--lang", "zh", cwd=tmp_path, env={"PYTHONUTF8": "1"}).out


def test_a_terminal_that_knows_no_chinese_is_no_obstacle(tmp_path: Path) -> None:
    chosen = ("--lang", "zh", "--requirement", "ack.auth.missing")
    ended = cli("run", *chosen, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("command", [("list", "--lang", "zh"), ("run", "--dry-run", "--lang", "zh")])
def test_lists_neither(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = cli(*command, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert ended.code == 0, ended.err


def test_help_names_every_exit_code(tmp_path: Path) -> None:
    ended = cli("--help", cwd=tmp_path)
    assert ended.code == 0
    for code in "01234":
        assert code in ended.out.rpartition("Exit codes")[2]


FLAG = ("--requirement", "ack.auth.missing")
IN_TOML = "requirement = ['ack.auth.unknown-token']"


def rules_of(ended: Ended) -> set[str]:
    assert ended.code == 0, ended.err
    return {rule for _, rule in planned(ended)}


def test_a_flag_goes_before_the_environment_and_that_before_toml(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(IN_TOML)
    env = {"WORK_CONFORMANCE_REQUIREMENT": "ack.auth.expired"}
    dry = ("run", "--dry-run", "-v", "--config", "c.toml")
    assert rules_of(cli(*dry, cwd=tmp_path)) == {"ack.auth.unknown-token"}
    assert rules_of(cli(*dry, cwd=tmp_path, env=env)) == {"ack.auth.expired"}
    assert rules_of(cli(*dry, *FLAG, cwd=tmp_path, env=env)) == {"ack.auth.missing"}


def test_the_projects_own_table_is_read_and_a_named_file_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[project]\nname = 'theirs'\n[tool.work-conformance]\n{IN_TOML}\n")
    (tmp_path / "c.toml").write_text("[tool.work-conformance]\nrequirement = ['ack.auth.expired']")
    assert rules_of(cli("run", "--dry-run", "-v", cwd=tmp_path)) == {"ack.auth.unknown-token"}
    assert rules_of(cli("run", "--dry-run", "-v", "--config", "c.toml", cwd=tmp_path)) == {"ack.auth.expired"}
    assert rules_of(cli("run", "--dry-run", "-v", *FLAG, cwd=tmp_path)) == {"ack.auth.missing"}


def test_an_address_in_toml_is_used_and_named(listener: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(f"base-url = '{url(listener)}/'\nstrict = true\nconcurrency = 3\n")
    ended = cli("run", "--dry-run", "--config", "c.toml", cwd=tmp_path, env=PAT)
    assert url(listener).removeprefix("http://") + ": " in ended.out


def test_the_official_clients_variables_are_not_looked_at(tmp_path: Path) -> None:
    """Whoever has them set must not get sessions in production by a bare `run`."""
    names = ("QODER_BASE_URL", "QODER_API_BASE_URL", "QCA_BASE_URL", "QODER_CLOUD_AGENTS_BASE_URL")
    env = {**PAT, **dict.fromkeys(names, "https://api.qoder.example")}
    ended = cli("run", "--dry-run", "-v", *FLAG, cwd=tmp_path, env=env)
    assert "the embedded emulator: " in ended.out
