"""The examples in the documents: they are run, and the output shown is what the code writes.

Every fenced block says what it is in its info string:

    sh offline      run here, in an empty folder, line by line
    sh serve        run here, on a free port, and stopped
    sh live         needs a server: parsed, and its settings checked
    sh bootstrap    installs from the network: must be what the build server calls, or its sibling
    sh manifest|command|vendor, python arrange, json …
                    of given items: tests/vendor/test_readme.py runs and reads them
    sh|text certify the walk-through of a certificate: tests/certificate/test_readme.py runs and compares it
    sh|toml product a certificate of a product, run on an emulator without the mark of one: the same module
    toml policy     the shipped policy: the same module
    sh|text|toml|yaml registry, sh witness
                    the walk-through of a registry and its workflow: tests/registry/test_readme.py runs and compares it
    yaml action     steps of a workflow: tests/test_action.py holds them against the action
    sh|python|javascript handler
                    workers with an official client: tests/emulator/test_client_examples.py runs them
    toml config     read as configuration
    sh reproduce    names reproduction scripts: tests/reporting/reproduction/test_scripts.py reads them
    sh|text explore an exploration: tests/stateful/test_readme.py runs and reads it
    text run|red|serve   output, compared with what the code would write
    sh install      needs a network: its words are compared with the package
    yaml gitlab     a job: its command is parsed
    sh init         run by tests/cli/test_init.py, and so are the workflows that it writes
    sh|python worker a worker: tests/worker/test_docs.py runs and parses them
    sh completion   lines for start-up files: tests/cli/test_completion.py runs the program in them
    diff            in CONTRIBUTING: every added line is in the file it names
    mermaid         a picture
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
import yaml

import conformance
from conformance.cli import run_command
from conformance.cli.options import merge_config_file
from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from conformance.judging.plan import full_plan
from conformance.judging.verdict import WORDS, PlannedCheck
from conformance.options import OPTIONS
from conformance.reporting.table import align_columns
from conformance.reporting.terminal import lines as terminal_lines
from conformance.text import Lang, Text
from tests.documents import (
    BOOK,
    CONTRIBUTING,
    DOCUMENTS,
    PAGE,
    PAGES,
    README,
    ROOT,
    WRITTEN,
    blocks,
    commands,
    environment,
    parsed,
    split,
    tables,
)
from tests.runs import judge_app

KINDS = frozenset(
    {
        *(
            "sh offline",
            "sh serve",
            "sh live",
            "sh docs",
            "sh prove",
            "sh bootstrap",
            "toml config",
            "toml waivers",
            "text run",
            "text red",
            "text serve",
            "sh explore",
            "sh reproduce",
            "text explore",
        ),
        *(
            "sh manifest",
            "sh command",
            "sh keep",
            "sh vendor",
            "python arrange",
            "python keep",
            "json manifest",
            "json request",
        ),
        *("json answer", "json release", "sh certify", "text certify", "yaml action"),
        *("toml product", "sh product", "toml policy"),
        *("toml registry", "sh registry", "text registry", "yaml registry", "sh witness"),
        *("sh handler", "python handler", "javascript handler"),
        *("sh install", "yaml gitlab", "diff", "mermaid", "sh init", "sh completion"),
        *("sh worker", "python worker", "sh worker-product"),
    }
)
EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)
WORDS_IN = frozenset(
    {"text run", "text red", "text serve", "text explore", "text certify", "text registry", "toml waivers", "mermaid"}
)
"""Blocks with sentences, which each language writes in its own words."""
_EXAMPLE_PAT = "pt-an-example"


# --- blocks


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_says_what_it_is(path: Path) -> None:
    unknown = {block.kind for block in blocks(path.read_text("utf-8"))} - KINDS
    assert unknown == set()


@EACH_LANGUAGE
def test_every_language_has_the_same_pages(lang: Lang) -> None:
    assert list(PAGES[lang]) == list(PAGES["en"])


@EACH_LANGUAGE
@pytest.mark.parametrize("name", PAGES["en"])
def test_every_language_has_the_same_examples_in_the_same_order(name: str, lang: Lang) -> None:
    """The kinds of all blocks; of those that do not hold sentences, the lines too."""

    def examples(language: Lang) -> list[tuple[str, tuple[str, ...]]]:
        found = blocks(PAGE[language].get(name, ""))
        return [(block.kind, () if block.kind in WORDS_IN else block.lines) for block in found]

    assert examples(lang) == examples("en")


@pytest.mark.parametrize("lines", [block.lines for block in blocks(BOOK["en"], "sh offline")], ids=" ".join)
def test_offline_commands_do_what_they_say(lines: tuple[str, ...], tmp_path: Path) -> None:
    for line in lines:
        code, output = outcome(line, tmp_path)
        assert code == 0, f"{line}\n{output}"


def outcome(line: str, place: Path) -> tuple[int, str]:
    done = subprocess.run(
        shlex.split(line), cwd=place, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("line", [*commands(BOOK["en"], "sh live")])
def test_a_live_command_could_start(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ, (program, *arguments) = split(line)
    assert environ == {"QODER_PAT": "…"}
    monkeypatch.setenv("QODER_PAT", _EXAMPLE_PAT)
    if program == "pytest":
        options = {argument for argument in arguments if argument.startswith("--target-")}
        assert options <= {option.pytest_option for option in OPTIONS}
        return
    assert program == "work-conformance"
    context = parsed(arguments)
    values = merge_config_file(context, None)
    if context.info_name == "run":
        if values["failed_from"]:
            values = {**values, "failed_from": None}  # an earlier run's folder, which is not there
        assert run_command.check(values).base_url is not None


@pytest.mark.parametrize("line", [*commands(BOOK["en"], "sh docs")])
def test_a_command_that_reads_published_pages_could_start(line: str) -> None:
    environ, (program, group, *arguments) = split(line)
    assert (environ, program) == ({}, "work-conformance")
    context = parsed([group, *arguments])
    assert isinstance(context.command, click.Group)
    name, command, rest = context.command.resolve_command(context, context._protected_args)
    assert command is not None
    values = command.make_context(name, [*rest, *context.args], parent=context).params
    assert values["docs"] == "https://docs.qoder.com"


@EACH_LANGUAGE
def test_the_commands_that_install_name_this_package(lang: Lang) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pip, pipx, uvx, container = commands(README[lang], "sh install")
    assert [pip, pipx] == ["pip install .", "pipx install ."]
    assert uvx == f"uvx --from . {project['name']} run"
    version, inner = re.findall(r"python:(3\.\d+)-slim sh -c \"(.*)\"", container)[0]
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
    assert inner == f"pip install -q /src && {project['name']} run"
    assert set(project["scripts"]) == {project["name"]}


@EACH_LANGUAGE
def test_the_job_for_gitlab_could_start(lang: Lang, monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = blocks(BOOK[lang], "yaml gitlab")
    [job] = yaml.safe_load("\n".join(block.lines)).values()
    install, run = job["script"]
    assert re.fullmatch(
        rf"pip install git\+https://git\.example/OWNER/work-conformance@v{re.escape(conformance.__version__)}", install
    )
    context = parsed(shlex.split(run)[1:])
    monkeypatch.setenv("QODER_PAT", _EXAMPLE_PAT)
    assert run_command.check(merge_config_file(context, None)).strict
    assert job["artifacts"]["reports"]["junit"] == f"{context.params['output']}junit.xml"


@EACH_LANGUAGE
def test_the_first_example_for_ci_is_strict(lang: Lang) -> None:
    first = next(line for line in commands(README[lang], "sh live") if "--strict" in line)
    assert parsed(split(first)[1][1:]).params["strict"] is True
    shown = [block for block in blocks(PAGE[lang]["ci"]) if block.kind != "sh init"]  # which writes strict workflows
    assert any("strict" in line for line in shown[0].lines)


def test_the_change_shown_in_contributing_is_in_the_files() -> None:
    shown = blocks(CONTRIBUTING, "diff")
    assert len(shown) == 5
    for block in shown:
        old, new, *lines = block.lines
        assert (old[:6], new[:6], old[6:]) == ("--- a/", "+++ b/", new[6:])
        assert {line[:1] for line in lines} <= {"+", "@"}
        for hunk in "\n".join(lines).split("\n@@\n"):
            assert re.sub(r"^\+", "", hunk, flags=re.MULTILINE) in (ROOT / new[6:]).read_text("utf-8"), new


@pytest.mark.parametrize("line", [*commands(BOOK["en"], "sh prove")])
def test_a_command_that_proves_could_start(line: str) -> None:
    environ, (program, *arguments) = split(line)
    assert (environ, program, parsed(arguments).info_name) == ({}, "work-conformance", "prove")


def test_the_last_whole_proof_was_short_of_nothing() -> None:
    results = (ROOT / "tests" / "mutation" / "RESULTS.md").read_text("utf-8")
    [rows] = tables(results)
    assert rows
    assert all(int(held) == int(of) > 0 for _, held, of in rows)
    for lang in WRITTEN:
        assert "/RESULTS.md)" in PAGE[lang]["architecture"]


def test_the_build_server_calls_the_command_for_the_tests() -> None:
    for lang in WRITTEN:
        lines = commands(README[lang], "sh bootstrap")
        assert commands(BOOK[lang], "sh bootstrap") == lines
    assert lines == ["python3 bootstrap.py run", "python3 bootstrap.py test"]
    assert (ROOT / ".ci" / "run").read_text("utf-8").rstrip().endswith(f"\n{lines[1]}")
    assert commands(CONTRIBUTING, "sh bootstrap") == lines[1:]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission to execute a file")
def test_the_build_servers_script_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_serve_prints_what_is_shown() -> None:
    [line] = commands(BOOK["en"], "sh serve")
    words = ["0" if word == "8080" else word for word in shlex.split(line)]
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip("\n") for _ in range(6)]
        process.terminate()
    shown = [re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8080", re.sub(r"=pt-.*", "=pt-…", line)) for line in said]
    for lang in WRITTEN:
        [block] = blocks(BOOK[lang], "text serve")
        assert list(block.lines) == shown


@EACH_LANGUAGE
def test_the_configuration_shown_is_accepted(lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = blocks(BOOK[lang], "toml config")
    (tmp_path / "pyproject.toml").write_text("\n".join(block.lines), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QODER_PAT", _EXAMPLE_PAT)
    settings = run_command.check(merge_config_file(parsed(["run"]), None))
    assert settings.strict
    assert settings.base_url == "https://staging.example"
    assert settings.headers == (("X-Route", "canary"),)
    assert (settings.limits.writes_per_second, settings.limits.reads_per_second) == (10, 25)


# --- output


@EACH_LANGUAGE
def test_the_run_shown_has_the_counts_of_this_version(lang: Lang) -> None:
    [block] = blocks(BOOK[lang], "text run")
    catalogue = load_catalogue().of_profile("ack")
    head = [Text("chapter", "章节").in_(lang), WORDS["passed"].in_(lang), WORDS["observed"].in_(lang)]
    planned = {line.requirement for line in full_plan()}
    judged = [[rule for rule in c.requirements if rule.id in planned] for c in catalogue.chapters]
    rows = [[c.title.in_(lang), *counts(rules)] for c, rules in zip(catalogue.chapters, judged, strict=True)]
    rows = [head, *rows, [Text("total", "合计").in_(lang), *counts([rule for rules in judged for rule in rules])]]
    start = next(number for number, line in enumerate(block.lines) if line.startswith(head[0]))
    assert list(block.lines[start : start + len(rows)]) == list(align_columns(rows))

    observed = counts([rule for rules in judged for rule in rules])[1]
    sentence = Text(f"Observed, not judged: {observed} requirements", f"仅观察，不判定：{observed} 条要求").in_(lang)
    assert any(line.startswith(sentence) for line in block.lines)

    must = sum(requirement.level == "MUST" for requirement in catalogue.requirements.values())
    ending = Text(
        f"Conformant: {must} of {must} MUST passed · ",
        f"符合：{must} 条 MUST 中有 {must} 条通过 · ",
    )
    assert block.lines[-1].startswith(ending.in_(lang))
    planned_checks = Text(f" of {len(full_plan())} checks judged in ", f"{len(full_plan())} 项检查中判定了").in_(lang)
    assert planned_checks in block.lines[-1]
    version = Text(
        f"work-conformance {conformance.__version__}, requirement set {catalogue.version},",
        f"work-conformance {conformance.__version__}，要求集 {catalogue.version}，",
    )
    assert any(line.startswith(version.in_(lang)) for line in block.lines)


def counts(requirements: Sequence[Requirement]) -> tuple[str, str]:
    """How many pass and how many are observed on a healthy server, as the table writes them."""
    observed = sum(requirement.level == "OBSERVE" for requirement in requirements)
    return str(len(requirements) - observed or "-"), str(observed or "-")


def test_the_red_shown_is_what_a_run_writes(tmp_path: Path) -> None:
    """Each line shown is in the real output, in this order; `…` stands for what was cut."""
    tokens = Tokens.generate()
    broken = DEFECTS["envelope.conflict-error"].apply_to(ServerConfig()).build(tokens)
    plan = [
        PlannedCheck(f"terminal.stopping.from-{state}", "ack.terminal.stopping") for state in ("starting", "active")
    ]
    runs = (judge_app(broken, tokens, tmp_path / f"run-{seed}", plan, seed=seed) for seed in (0, 1))
    record = next(run for run in runs if "conformance-" in run.verdicts[0].failures[0].request)  # not a neutral client
    for lang in WRITTEN:
        written = [masked(line) for line in terminal_lines(record, lang, report_path="out/report.html")]
        shown = blocks(BOOK[lang], "text red")
        assert shown
        for block in shown:
            rest = iter(written)
            for line in block.lines:
                pattern = re.escape(masked(line)).replace("…", ".*")
                assert any(re.fullmatch(pattern, other) for other in rest), line


def masked(line: str) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", "HOST", re.sub(r"conformance-[0-9a-f]{12}", "WORKER", line))
