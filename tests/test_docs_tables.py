"""The tables and figures of README and docs, compared with the code."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from conformance.cli import run_command, worker_command
from conformance.cli.list_endpoints import _NOTHING, _USE_GIVEN, ENDPOINTS
from conformance.client.availability import FIRST_CONTACT
from conformance.client.backoff import MAX_WAIT
from conformance.client.client import MAX_TRIES
from conformance.contract.catalogue import BASIS_WORDS, load_catalogue
from conformance.contract.operations import Profile
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from conformance.emulator.serving import serve_in_background
from conformance.emulator.shapes import SHAPES
from conformance.emulator.variants import variants_of
from conformance.judging import exit_code
from conformance.judging.plan import cost, full_plan
from conformance.judging.verdict import WORDS, WORST_FIRST
from conformance.judging.waivers import parse
from conformance.mutation import kill_matrix, selection, subjects
from conformance.mutation.mutant_run import run_suite, settings_for
from conformance.options import OPTIONS
from conformance.plugin import run_folder
from conformance.reporting.next_steps import REPRODUCTIONS
from conformance.settings import POLITE_RATE
from conformance.target import MINIMUM_SECRET_LENGTH
from conformance.text import Lang, Text
from tests.documents import BOOK, PAGE, README, WRITTEN, blocks, options_in, table, tables

EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)


@EACH_LANGUAGE
def test_the_exit_codes_are_the_gates(lang: Lang) -> None:
    codes = {value for name, value in vars(exit_code).items() if name.startswith("EXIT_")}
    for name in ("README", "ci"):
        assert [row[0] for row in table(PAGE[lang][name], "0")] == [str(code) for code in sorted(codes)]


@EACH_LANGUAGE
def test_the_verdicts_are_those_of_the_lattice_worst_first(lang: Lang) -> None:
    words = [WORDS[kind].in_(lang) for kind in WORST_FIRST]
    assert [row[0] for row in table(PAGE[lang]["ci"], words[0])] == words


@EACH_LANGUAGE
def test_the_options_are_those_of_run(lang: Lang) -> None:
    page = PAGE[lang]["configuration"]
    flags = options_in(table(page, "--config FILE"))
    everywhere = {name for rows in tables(page) if rows[0][0].startswith("`--") for name in options_in(rows)} - flags
    assert everywhere == {option.flag for option in OPTIONS} - flags
    every = {name for parameter in run_command.command.params for name in parameter.opts}
    of_worker = {option.flag for option in OPTIONS if option.part == "worker"}
    assert (everywhere - of_worker) | flags == every - {"--help", "-h"}


@EACH_LANGUAGE
def test_the_defaults_are_those_of_the_settings(lang: Lang) -> None:
    cells = {name: row[2] for rows in tables(PAGE[lang]["configuration"]) for row in rows for name in options_in([row])}
    default = Text("(default {value})", "默认 {value}")

    def shown(option: str, value: object) -> bool:
        return default.format(value=value).in_(lang) in cells[option]

    settings = run_command.check({"base_url": None})
    limits = settings.limits
    assert shown("--api-prefix", settings.api_prefix)
    assert shown("--worker-header", settings.worker_header)
    for name in ("timeout", "max_duration", "concurrency", "outage"):
        number = f"{getattr(limits, name):g}"
        assert re.search(rf"(default|默认) {number}[)）]", cells[f"--{name.replace('_', '-')}"]), name
    assert shown("--arrange-timeout", f"{settings.arrange_config.timeout:g}")
    assert settings.arrange_config.mode == "api", "written out in the option's help"
    writes, reads = POLITE_RATE
    assert f"{writes:g}/{reads:g}" in cells["--max-rate"]
    wait = next(parameter for parameter in run_command.command.params if parameter.name == "wait")
    assert re.search(rf"(default|默认) {wait.default:g}[)）]", cells["--wait"])


@EACH_LANGUAGE
def test_the_limits_in_sentences_are_those_of_the_client(lang: Lang) -> None:
    writes, reads = (f"{rate:g}" for rate in POLITE_RATE)
    sentences = (
        Text(f"at most {writes} writes and {reads} reads a second", f"每秒最多 {writes} 次写、{reads} 次读"),
        Text("up to ten times", "最多十次"),
        Text(f"up to {MAX_WAIT:g} s", f"上限 {MAX_WAIT:g} 秒"),
        Text("gives up after five seconds", "五秒后即放弃"),
        Text("at least twelve characters", f"至少要有 {MINIMUM_SECRET_LENGTH} 个字符"),
    )
    assert (MAX_TRIES, FIRST_CONTACT, MINIMUM_SECRET_LENGTH) == (10, 5, 12), "written out in the sentences above"
    for sentence in sentences:
        assert "".join(sentence.in_(lang).split()) in "".join(BOOK[lang].split())


@EACH_LANGUAGE
def test_every_option_of_the_environment_has_its_variable(lang: Lang) -> None:
    page = PAGE[lang]["configuration"]
    assert "`WORK_CONFORMANCE_LIKE_THIS`" in page
    commands = (run_command.command, worker_command.command)
    variables = {str(p.envvar) for each in commands for p in each.params if getattr(p, "envvar", None)}
    shown = {row[1].strip("`") for rows in tables(page) if rows[0][0].startswith("`--") for row in rows} - {""}
    assert shown == variables


@EACH_LANGUAGE
def test_the_tokens_are_those_that_requirements_ask_for(lang: Lang) -> None:
    first, *optional = table(PAGE[lang]["configuration"], "QODER_PAT")
    shown = {row[0].strip("`"): set(re.findall(r"`(ack\.[a-z.-]+)`", row[2])) for row in optional}
    needed: dict[str, set[str]] = {}
    for requirement in load_catalogue().of_profile("ack").requirements.values():
        if requirement.input is not None:
            needed.setdefault(requirement.input, set()).add(requirement.id)
    assert shown == needed
    assert set(shown) | {first[0].strip("`")} == {
        f"QODER_{name}PAT" for name in ("", "FORBIDDEN_", "FOREIGN_", "EXPIRED_")
    }


@EACH_LANGUAGE
def test_the_files_are_those_of_a_runs_folder(lang: Lang) -> None:
    assert {row[0].strip("`") for row in table(PAGE[lang]["reports"], "report.json")} == {
        *run_folder._OURS,
        "transcripts/",
        f"{REPRODUCTIONS}/",
    }


@EACH_LANGUAGE
def test_levels_and_bases_are_those_of_the_catalogue(lang: Lang) -> None:
    page = PAGE[lang]["how-it-judges"]
    requirements = load_catalogue().requirements.values()
    levels = {row[0] for row in table(page, "MUST") if row[0]}
    assert levels == {requirement.level for requirement in requirements}
    cells = [cell for rows in tables(page) for row in rows for cell in row]
    bases = {match[1] for cell in cells if (match := re.match("([a-z]+)(?:（|$)", cell))}
    assert bases == {requirement.basis for requirement in requirements} == set(BASIS_WORDS)


@EACH_LANGUAGE
def test_the_waivers_shown_are_accepted(lang: Lang) -> None:
    [block] = blocks(BOOK[lang], "toml waivers")
    one, cause = parse("\n".join(block.lines), "README", date(2029, 1, 1)).entries
    assert (one.number, one.requirement, one.expires) == (1, "ack.retry.active", date(2030, 1, 31))
    assert cause.requirement is None


@EACH_LANGUAGE
@pytest.mark.parametrize(
    ("defect", "requirements"),
    [
        ("retry.active-conflicts", {"ack.retry.active"}),
        (
            "envelope.conflict-error",
            {"ack.terminal.stopping", "ack.identity.mismatch-queued", "ack.envelope.schema-en"},
        ),
    ],
)
def test_the_waivers_shown_waive_the_failures_of_such_a_server(
    lang: Lang, defect: str, requirements: set[str], tmp_path: Path
) -> None:
    [block] = blocks(BOOK[lang], "toml waivers")
    waivers = parse("\n".join(block.lines), "docs", date(2029, 1, 1))
    scenarios = {"retry.active", "terminal.stopping.from-starting", "identity.other-worker.queued"}
    plan = [line for line in full_plan() if line.scenario in scenarios and line.requirement in requirements]
    tokens = Tokens.generate()
    with serve_in_background(DEFECTS[defect].apply_to(ServerConfig()), tokens) as base_url:
        record = run_suite(settings_for(base_url, tokens, tmp_path / "run"), plan, fleeting=True)
    failed = [verdict for verdict in record.verdicts if verdict.kind == "failed"]
    assert failed
    assert {waivers.apply(verdict).kind for verdict in failed} == {"waived"}


@EACH_LANGUAGE
def test_what_a_run_takes_is_what_it_announces(lang: Lang) -> None:
    takes = cost(full_plan(), writes_per_second=POLITE_RATE[0])
    writes = Text(f"at most {takes.writes} writes", f"至多 {takes.writes} 次写操作").in_(lang)
    seconds = Text(f"Duration: at least {takes.seconds:.0f} s", f"至少需要 {takes.seconds:.0f} 秒").in_(lang)
    for sentence in (writes, seconds):
        assert "".join(sentence.split()) in "".join(BOOK[lang].split())


LATER: tuple[Profile, ...] = ("work", "worker")


@EACH_LANGUAGE
def test_the_figures_of_the_proof_are_those_of_the_code(lang: Lang) -> None:
    defects, variants, shapes = str(len(subjects.defects_of("ack"))), str(len(variants_of("ack"))), str(len(SHAPES))
    killed = str(len(kill_matrix.checks()))
    assert [row[0] for row in table(README[lang], defects)] == [defects, killed, variants, shapes]
    shown = [row[1] for rows in tables(PAGE[lang]["proof"]) for row in rows]
    assert shown == [defects, variants, str(selection.COMBINATIONS), shapes]
    assert killed in PAGE[lang]["proof"]
    counts = {profile: (len(subjects.defects_of(profile)), len(kill_matrix.checks(profile))) for profile in LATER}
    figures = [*counts["work"], *counts["worker"], len(subjects.variants_of("worker"))]
    assert all(f" {figure} " in PAGE[lang]["proof"] for figure in figures), figures


@EACH_LANGUAGE
def test_the_endpoints_of_the_readme_are_those_that_nothing_works_without(lang: Lang) -> None:
    """And those that change an item's state: without them part of the states cannot be set up."""
    known = {f"{endpoint.method} {endpoint.path}": endpoint for endpoint in ENDPOINTS}
    shown = [row[0].strip("`") for row in table(README[lang], next(iter(known)))]
    vital = {name for name, endpoint in known.items() if endpoint.consequence_if_missing in {_NOTHING, _USE_GIVEN}}
    moving = {name for name, endpoint in known.items() if endpoint.path.endswith(("/heartbeat", "/stop"))}
    assert set(shown) == vital | moving
    assert len(shown) == len(set(shown))
