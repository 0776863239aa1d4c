"""What the documents claim, held against the code; their examples are run.

Every fenced block says what it is in its info string:

    sh offline      run here, in an empty folder, line by line
    sh serve        run here, on a free port, and stopped
    sh live         needs a server: parsed, and its settings checked
    sh bootstrap    installs from the network: must be what the build server calls, or its sibling
    sh manifest|command|vendor, python arrange, json …
                    of given items: tests/vendor/test_readme.py runs and reads them
    sh|text certify the walk-through of a certificate: tests/certificate/test_readme.py runs and compares it
    yaml action     steps of a workflow: tests/test_action.py holds them against the action
    toml config     read as configuration
    sh|text explore an exploration: tests/exploration/test_readme.py runs and reads it
    text run|red|serve   output, compared with what the code would write
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest

import conformance
from conformance.cli import run_command
from conformance.cli.options import merged
from conformance.client.client import MAX_TRIES, MAX_WAIT
from conformance.contract.catalogue import BASIS_WORDS, Requirement, load
from conformance.emulator import Tokens
from conformance.emulator.defects import DEFECTS
from conformance.emulator.recipe import Recipe
from conformance.emulator.variants import VARIANTS
from conformance.judging import gate
from conformance.judging.plan import cost, full_plan
from conformance.judging.verdict import WORDS, WORST_FIRST, Line
from conformance.judging.waivers import parse
from conformance.options import OPTIONS
from conformance.plugin import folder
from conformance.proving.programme import COMBINATIONS
from conformance.reporting.table import aligned
from conformance.reporting.terminal import lines as terminal_lines
from conformance.settings import POLITE_RATE
from conformance.target import MINIMUM_SECRET_LENGTH
from conformance.text import LANGS, Lang, Text
from tests.runs import judge_app
from tests.test_architecture import APART, FLOORS, PACKAGE, room_of

ROOT = Path(__file__).parent.parent
README: Mapping[Lang, str] = {
    "en": (ROOT / "README.md").read_text("utf-8"),
    "zh": (ROOT / "README.zh-CN.md").read_text("utf-8"),
}
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), ROOT / "reports" / "README.md"])
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
            "text explore",
        ),
        *("sh manifest", "sh command", "sh vendor", "python arrange", "json manifest", "json request"),
        *("json answer", "json release", "sh certify", "text certify", "yaml action"),
    }
)
EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)
_EXAMPLE_PAT = "pt-an-example"


# --- reading


@dataclass(frozen=True)
class Block:
    """A fenced block. `kind` is its info string."""

    kind: str
    lines: tuple[str, ...]


def blocks(text: str, kind: str | None = None) -> list[Block]:
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(info, tuple(body.splitlines())) for info, body in found if kind in (None, info)]


def commands(text: str, kind: str) -> list[str]:
    return [line for block in blocks(text, kind) for line in block.lines]


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, without its heading."""
    found = re.findall(r"(?:^\|[^\n]*\|\n)+", text, re.MULTILINE)
    rows = [[re.split(r"(?<!\\)\|", line.strip()[1:-1]) for line in table.splitlines()[2:]] for table in found]
    return [[[cell.strip() for cell in row] for row in table] for table in rows]


def table(text: str, first: str) -> list[list[str]]:
    """The table whose first cell, below the heading, is this."""
    [found] = [rows for rows in tables(text) if rows[0][0].strip("`") == first]
    return found


def options_in(rows: Sequence[Sequence[str]]) -> set[str]:
    return {option for row in rows for option in re.findall(r"(?:--[a-z-]+|-[a-z])(?=[ `])", row[0])}


# --- blocks


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_says_what_it_is(path: Path) -> None:
    unknown = {block.kind for block in blocks(path.read_text("utf-8"))} - KINDS
    assert unknown == set()


@pytest.mark.parametrize("kind", sorted(k for k in KINDS if not k.startswith(("text", "toml waivers"))))
def test_both_languages_show_the_same_commands(kind: str) -> None:
    assert commands(README["en"], kind) == commands(README["zh"], kind)


def test_offline_commands_do_what_they_say(tmp_path: Path) -> None:
    groups = [block.lines for block in blocks(README["en"], "sh offline")]
    assert groups

    def run(number: int) -> list[tuple[str, int, str]]:
        place = tmp_path / str(number)
        place.mkdir()
        return [outcome(line, place) for line in groups[number]]

    with ThreadPoolExecutor(max_workers=len(groups)) as pool:
        outcomes = [result for results in pool.map(run, range(len(groups))) for result in results]
    assert [(line, code, said) for line, code, said in outcomes if code != 0] == []


def outcome(line: str, place: Path) -> tuple[str, int, str]:
    done = subprocess.run(
        shlex.split(line), cwd=place, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    return line, done.returncode, done.stdout[-2000:] + done.stderr[-2000:]


def environment() -> dict[str, str]:
    """A user's shell in which `.venv` is active and nothing of this project or of pytest is set."""
    ours = re.compile(r"QODER|WORK_CONFORMANCE|PYTEST|COV_", re.IGNORECASE)
    environ = {name: value for name, value in os.environ.items() if not ours.match(name)}
    bin_folder = str(Path(sys.executable).parent)
    return {**environ, "PATH": os.pathsep.join([bin_folder, environ.get("PATH", "")])}


@pytest.mark.parametrize("line", [*commands(README["en"], "sh live")])
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
    values = merged(context, None)
    if context.info_name == "run":
        if values["failed_from"]:
            values = {**values, "failed_from": None}  # an earlier run's folder, which is not there
        assert run_command.check(values).base_url is not None


@pytest.mark.parametrize("line", [*commands(README["en"], "sh docs")])
def test_a_command_that_reads_published_pages_could_start(line: str) -> None:
    environ, (program, group, *arguments) = split(line)
    assert (environ, program) == ({}, "work-conformance")
    context = parsed([group, *arguments])
    assert isinstance(context.command, click.Group)
    name, command, rest = context.command.resolve_command(context, context._protected_args)
    assert command is not None
    values = command.make_context(name, [*rest, *context.args], parent=context).params
    assert values["docs"] == "https://docs.qoder.com"


@pytest.mark.parametrize("line", [*commands(README["en"], "sh prove")])
def test_a_command_that_proves_could_start(line: str) -> None:
    environ, (program, *arguments) = split(line)
    assert (environ, program, parsed(arguments).info_name) == ({}, "work-conformance", "prove")


def test_the_proof_shown_is_of_everything_there_is() -> None:
    checks = [line for line in full_plan() if load().requirements[line.requirement].level != "OBSERVE"]
    moving = [defect for defect in DEFECTS.values() if defect.moves_time]
    figures = [len(DEFECTS), len(moving), len(checks), len(VARIANTS), COMBINATIONS]
    for lang in LANGS:
        words = Text(" of ", " / ").in_(lang)
        [rows] = [rows for rows in tables(README[lang]) if rows[0][1] == f"{figures[0]}{words}{figures[0]}"]
        assert [row[1] for row in rows] == [f"{figure}{words}{figure}" for figure in figures]
    results = (ROOT / "tests" / "proving" / "RESULTS.md").read_text("utf-8")
    [rows] = tables(results)
    assert [(int(held), int(of)) for _, held, of in rows] == [(n, n) for n in (1, *figures)]


def split(line: str) -> tuple[dict[str, str], list[str]]:
    words = shlex.split(line)
    environ = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environ[name] = value
    return environ, words


def parsed(arguments: Sequence[str]) -> click.Context:
    """The innermost command's context: every option exists and has a value of its type."""
    main = click.Context(conformance_main(), info_name="work-conformance")
    name, *rest = arguments
    command = conformance_main().get_command(main, name)
    assert command is not None
    return command.make_context(name, rest, parent=main)


def conformance_main() -> click.Group:
    from conformance.cli import main

    assert isinstance(main, click.Group)
    return main


def test_the_build_server_calls_the_command_for_the_tests() -> None:
    lines = commands(README["en"], "sh bootstrap")
    assert lines == ["python3 bootstrap.py run", "python3 bootstrap.py test"]
    assert (ROOT / ".ci" / "run").read_text("utf-8").rstrip().endswith(f"\n{lines[1]}")
    assert commands(CONTRIBUTING, "sh bootstrap") == lines[1:]


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_the_build_servers_script_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_serve_prints_what_is_shown() -> None:
    [line] = commands(README["en"], "sh serve")
    words = ["0" if word == "8080" else word for word in shlex.split(line)]
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip("\n") for _ in range(6)]
        process.terminate()
    shown = [re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8080", re.sub(r"=pt-.*", "=pt-…", line)) for line in said]
    for lang in LANGS:
        [block] = blocks(README[lang], "text serve")
        assert list(block.lines) == shown


@EACH_LANGUAGE
def test_the_configuration_shown_is_accepted(lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [block] = blocks(README[lang], "toml config")
    (tmp_path / "pyproject.toml").write_text("\n".join(block.lines), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QODER_PAT", _EXAMPLE_PAT)
    settings = run_command.check(merged(parsed(["run"]), None))
    assert settings.strict
    assert settings.base_url == "https://staging.example"
    assert settings.headers == (("X-Route", "canary"),)
    assert (settings.limits.writes_per_second, settings.limits.reads_per_second) == (10, 25)


# --- output


@EACH_LANGUAGE
def test_the_run_shown_has_the_counts_of_this_version(lang: Lang) -> None:
    [block] = blocks(README[lang], "text run")
    catalogue = load()
    head = [Text("chapter", "章节").in_(lang), WORDS["passed"].in_(lang), WORDS["observed"].in_(lang)]
    planned = {line.requirement for line in full_plan()}
    judged = [[rule for rule in c.requirements if rule.id in planned] for c in catalogue.chapters]
    rows = [[c.title.in_(lang), *counts(rules)] for c, rules in zip(catalogue.chapters, judged, strict=True)]
    rows = [head, *rows, [Text("total", "合计").in_(lang), *counts([rule for rules in judged for rule in rules])]]
    start = next(number for number, line in enumerate(block.lines) if line.startswith(head[0]))
    assert list(block.lines[start : start + len(rows)]) == list(aligned(rows))

    observed = counts([rule for rules in judged for rule in rules])[1]
    sentence = Text(f"Observed, not judged (requirements: {observed})", f"仅观察，不判定（{observed} 条要求）")
    assert sentence.in_(lang) in block.lines

    must = sum(requirement.level == "MUST" for requirement in catalogue.requirements.values())
    ending = Text(
        f"Conformant: {must} of {must} MUST judged and held · {len(full_plan())} checks in ",
        f"符合：{must} 条 MUST 中判定了 {must} 条，全部成立 · {len(full_plan())} 项检查，用时 ",
    )
    assert block.lines[-1].startswith(ending.in_(lang))
    version = Text(
        f"work-conformance {conformance.__version__}, catalogue {catalogue.version},",
        f"work-conformance {conformance.__version__}，目录版本 {catalogue.version}，",
    )
    assert block.lines[1].startswith(version.in_(lang))


def counts(requirements: Sequence[Requirement]) -> tuple[str, str]:
    """How many pass and how many are observed on a healthy server, as the table writes them."""
    observed = sum(requirement.level == "OBSERVE" for requirement in requirements)
    return str(len(requirements) - observed or "-"), str(observed or "-")


def test_the_red_shown_is_what_a_run_writes(tmp_path: Path) -> None:
    """Each line shown is in the real output, in this order; `…` stands for what was cut."""
    tokens = Tokens.generate()
    broken = DEFECTS["envelope.conflict-error"].broken(Recipe()).build(tokens)
    plan = [Line(f"terminal.stopping.from-{state}", "ack.terminal.stopping") for state in ("starting", "active")]
    record = judge_app(broken, tokens, tmp_path / "run", plan)
    for lang in LANGS:
        [block] = blocks(README[lang], "text red")
        rest = iter([masked(line) for line in terminal_lines(record, lang, report_path="")])
        for line in block.lines:
            pattern = re.escape(masked(line)).replace("…", ".*")
            assert any(re.fullmatch(pattern, written) for written in rest), line


def masked(line: str) -> str:
    return re.sub(r"127\.0\.0\.1:\d+", "HOST", re.sub(r"conformance-[0-9a-f]{12}", "WORKER", line))


@EACH_LANGUAGE
def test_as_many_reds_are_counted_as_the_broken_server_has(lang: Lang) -> None:
    assert len(DEFECTS["envelope.conflict-error"].fails) == 13
    assert Text("One of the thirteen reds", "十三处失败之一").in_(lang) in README[lang]


# --- tables


@EACH_LANGUAGE
def test_the_exit_codes_are_the_gates(lang: Lang) -> None:
    codes = {value for name, value in vars(gate).items() if name.startswith("EXIT_")}
    assert [row[0] for row in table(README[lang], "0")] == [str(code) for code in sorted(codes)]


@EACH_LANGUAGE
def test_the_verdicts_are_those_of_the_lattice_worst_first(lang: Lang) -> None:
    words = [WORDS[kind].in_(lang) for kind in WORST_FIRST]
    assert [row[0] for row in table(README[lang], words[0])] == words


@EACH_LANGUAGE
def test_the_options_are_those_of_run(lang: Lang) -> None:
    everywhere = options_in(table(README[lang], "--base-url URL"))
    flags = options_in(table(README[lang], "--config FILE"))
    assert everywhere == {f"--{option.name}" for option in OPTIONS}
    every = {name for parameter in run_command.command.params for name in parameter.opts}
    assert everywhere | flags == every - {"--help", "-h"}


@EACH_LANGUAGE
def test_the_defaults_are_those_of_the_settings(lang: Lang) -> None:
    cells = {name: row[1] for row in table(README[lang], "--base-url URL") for name in options_in([row])}
    settings = run_command.check({"base_url": None})
    limits = settings.limits
    assert cells["--api-prefix"].endswith(f"`{settings.api_prefix}`")
    assert cells["--worker-header"].endswith(f"`{settings.worker_header}`")
    for name in ("timeout", "max_duration", "concurrency"):
        assert re.search(rf"\b{getattr(limits, name):g}$", cells[f"--{name.replace('_', '-')}"]), name
    assert re.search(rf"\b{settings.arrangement.timeout:g}$", cells["--arrange-timeout"])
    assert cells["--arrange"].endswith(f"`{settings.arrangement.mode}`")
    writes, reads = POLITE_RATE
    assert f"{writes:g}/{reads:g}" in cells["--max-rate"]
    wait = next(parameter for parameter in run_command.command.params if parameter.name == "wait")
    assert table(README[lang], "--config FILE")[-2][1].endswith(f"{wait.default:g}")


@EACH_LANGUAGE
def test_the_limits_in_sentences_are_those_of_the_client(lang: Lang) -> None:
    writes, reads = (f"{rate:g}" for rate in POLITE_RATE)
    sentences = (
        Text(f"at most {writes} writes and {reads} reads a second", f"每秒最多 {writes} 次写、{reads} 次读"),
        Text("ten times at most", "最多十次"),
        Text(f"up to {MAX_WAIT:g} s", f"上限 {MAX_WAIT:g} 秒"),
        Text("twelve characters at least", f"至少要有 {MINIMUM_SECRET_LENGTH} 个字符"),
    )
    assert (MAX_TRIES, MINIMUM_SECRET_LENGTH) == (10, 12), "written out in the sentences above"
    for sentence in sentences:
        assert "".join(sentence.in_(lang).split()) in "".join(README[lang].split())


@EACH_LANGUAGE
def test_every_option_of_the_environment_has_its_variable(lang: Lang) -> None:
    assert "`WORK_CONFORMANCE_LIKE_THIS`" in README[lang]
    variables = {str(p.envvar) for p in run_command.command.params if getattr(p, "envvar", None)}
    [own] = re.findall(r"`(WORK_CONFORMANCE_\w+)`", dict(table(README[lang], "--config FILE"))["`--alluredir DIR`"])
    assert variables == {f"WORK_CONFORMANCE_{option.key.upper()}" for option in OPTIONS} | {own}


@EACH_LANGUAGE
def test_the_tokens_are_those_that_requirements_ask_for(lang: Lang) -> None:
    first, *optional = table(README[lang], "QODER_PAT")
    shown = {row[0].strip("`"): set(re.findall(r"`(ack\.[a-z.-]+)`", row[2])) for row in optional}
    needed: dict[str, set[str]] = {}
    for requirement in load().requirements.values():
        if requirement.input is not None:
            needed.setdefault(requirement.input, set()).add(requirement.id)
    assert shown == needed
    assert set(shown) | {first[0].strip("`")} == {
        f"QODER_{name}PAT" for name in ("", "FORBIDDEN_", "FOREIGN_", "EXPIRED_")
    }


@EACH_LANGUAGE
def test_the_files_are_those_of_a_runs_folder(lang: Lang) -> None:
    assert {row[0].strip("`") for row in table(README[lang], "report.json")} == {*folder._OURS, "transcripts/"}


@EACH_LANGUAGE
def test_levels_and_bases_are_those_of_the_catalogue(lang: Lang) -> None:
    rows = table(README[lang], "MUST")
    requirements = load().requirements.values()
    assert {row[0] for row in rows if row[0]} == {requirement.level for requirement in requirements}
    bases = {re.match("[a-z]+", row[2])[0] for row in rows}  # type: ignore[index]
    assert bases == {requirement.basis for requirement in requirements} == set(BASIS_WORDS)


@EACH_LANGUAGE
def test_the_waivers_shown_are_accepted(lang: Lang) -> None:
    [block] = blocks(README[lang], "toml waivers")
    [entry] = parse("\n".join(block.lines), "README", date(2029, 1, 1)).entries
    assert (entry.number, entry.requirement, entry.expires) == (1, "ack.retry.active", date(2030, 1, 31))


@EACH_LANGUAGE
def test_what_a_run_takes_is_what_it_announces(lang: Lang) -> None:
    takes = cost(full_plan(), writes_per_second=POLITE_RATE[0])
    writes = Text(f"at most {takes.writes} writes", f"至多 {takes.writes} 次写操作").in_(lang)
    seconds = Text(f"it takes at least {takes.seconds:.0f} s", f"至少需要 {takes.seconds:.0f} 秒").in_(lang)
    for sentence in (writes, seconds):
        assert "".join(sentence.split()) in "".join(README[lang].split())


# --- the other documents


def test_the_changelog_lists_every_requirement_of_the_catalogue() -> None:
    catalogue = load()
    versions = re.split(r"^### Catalogue ", CHANGELOG, flags=re.MULTILINE)[1:]
    assert versions[0].split("\n")[0] == catalogue.version
    listed = [
        entry
        for version in versions
        for entry in re.findall(r"^- `(ack\.[a-z.-]+)` \(([A-Z]+)\)$", version, re.MULTILINE)
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == {(requirement.id, requirement.level) for requirement in catalogue.requirements.values()}


def test_the_changelog_has_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(conformance.__version__)}\] - \d{{4}}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)


def test_the_rooms_are_those_of_the_house() -> None:
    here = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"} - APART
    order = [sorted(set(floor) & here) for floor in FLOORS if set(floor) & here]
    assert [sorted(re.findall(r"`(\w+)`", row[0])) for row in table(CONTRIBUTING, "text")] == order


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        goal = path.parent / name if name else path
        assert goal.exists(), link
        assert not anchor or anchor in anchors(goal), link


def anchors(path: Path) -> set[str]:
    """The anchors that headings get: lower case, blanks as hyphens, punctuation gone."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_paths_that_are_named_exist() -> None:
    for text in (*README.values(), CONTRIBUTING):
        for name in re.findall(r"`((?:conformance|tests|schemas)/[\w./-]+)`", text):
            assert (ROOT / name).exists(), name


def test_both_languages_have_the_same_parts() -> None:
    def shape(text: str) -> list[Any]:
        marks = re.findall(r"^(#+) |^```(\w+ \w+)|^(\|)|^(-) ", text, re.MULTILINE)
        return ["".join(mark) for mark in marks]

    assert shape(README["en"]) == shape(README["zh"])


def test_the_license_is_apache() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.split("\n")[1].strip() == "Apache License"
    assert "END OF TERMS AND CONDITIONS" in text
