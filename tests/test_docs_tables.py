"""The tables and figures of the README, held against the code."""

from __future__ import annotations

import re
from datetime import date

import pytest

from conformance.cli import run_command
from conformance.client.availability import FIRST_CONTACT
from conformance.client.backoff import MAX_WAIT
from conformance.client.client import MAX_TRIES
from conformance.contract.catalogue import BASIS_WORDS, load
from conformance.judging import exit_code
from conformance.judging.plan import cost, full_plan
from conformance.judging.verdict import WORDS, WORST_FIRST
from conformance.judging.waivers import parse
from conformance.options import OPTIONS
from conformance.plugin import run_folder
from conformance.settings import POLITE_RATE
from conformance.target import MINIMUM_SECRET_LENGTH
from conformance.text import LANGS, Lang, Text
from tests.documents import README, blocks, options_in, table

EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)


@EACH_LANGUAGE
def test_the_exit_codes_are_the_gates(lang: Lang) -> None:
    codes = {value for name, value in vars(exit_code).items() if name.startswith("EXIT_")}
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
    for name in ("timeout", "max_duration", "concurrency", "outage"):
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
        Text("given up after five seconds", "五秒后即放弃"),
        Text("twelve characters at least", f"至少要有 {MINIMUM_SECRET_LENGTH} 个字符"),
    )
    assert (MAX_TRIES, FIRST_CONTACT, MINIMUM_SECRET_LENGTH) == (10, 5, 12), "written out in the sentences above"
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
    assert {row[0].strip("`") for row in table(README[lang], "report.json")} == {*run_folder._OURS, "transcripts/"}


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
    one, cause = parse("\n".join(block.lines), "README", date(2029, 1, 1)).entries
    assert (one.number, one.requirement, one.expires) == (1, "ack.retry.active", date(2030, 1, 31))
    assert cause.requirement is None


@EACH_LANGUAGE
def test_what_a_run_takes_is_what_it_announces(lang: Lang) -> None:
    takes = cost(full_plan(), writes_per_second=POLITE_RATE[0])
    writes = Text(f"at most {takes.writes} writes", f"至多 {takes.writes} 次写操作").in_(lang)
    seconds = Text(f"it takes at least {takes.seconds:.0f} s", f"至少需要 {takes.seconds:.0f} 秒").in_(lang)
    for sentence in (writes, seconds):
        assert "".join(sentence.split()) in "".join(README[lang].split())
