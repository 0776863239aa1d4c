"""`run` without arguments, and that processes and concurrency change nothing about the verdicts."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance.exchange import Transcript
from conformance.judging.plan import full_plan

from .processes import Ended, cli

PLANNED = {line.scenario for line in full_plan()}
"""The cases of a whole run."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return cli("run", cwd=tmp_path_factory.mktemp("plain"))


def test_it_is_conformant_and_nothing_is_left_out(plain: Ended) -> None:
    assert (plain.code, plain.err) == (0, "")
    assert plain.kinds("MUST") == {"passed"}
    assert plain.kinds("SHOULD") == {"passed"}
    assert plain.report["not_exercised"] == []
    assert plain.report["run"]["left_behind"] == []
    assert plain.report["run"]["interrupted"] is None


def test_the_last_line_is_the_sentence(plain: Ended) -> None:
    word, *_, path = plain.last_line.split(" · ")
    assert word == plain.report["result"]["sentence"]["en"]
    assert word.startswith("Conformant: ")
    assert Path(path).parts[-3:] == (plain.folder.resolve() / "report.html").parts[-3:]
    assert f" of {len(full_plan())} checks judged in " in plain.last_line


def test_the_report_is_valid_against_the_schema_beside_it(plain: Ended) -> None:
    schema = json.loads((plain.folder / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(plain.report)


def test_every_planned_line_has_one_verdict_in_every_file(plain: Ended) -> None:
    plain.check_complete()
    expected = sorted((line.scenario, line.requirement) for line in full_plan())
    assert [line[:2] for line in plain.lines] == expected
    root = ElementTree.parse(plain.folder / "junit.xml").getroot()
    cases = [
        (case.get("classname", "").rpartition(".")[2].replace("/", "."), case.get("name"))
        for case in root.iter("testcase")
    ]
    assert sorted(cases) == expected
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert sum(int(suite.get("skipped", "")) for suite in root) == _lines_left_out(plain)


def test_every_scenario_has_a_transcript(plain: Ended) -> None:
    files = {path.stem: path for path in (plain.folder / "transcripts").iterdir()}
    assert set(files) == PLANNED
    for name, path in files.items():
        transcript = Transcript.from_json(json.loads(path.read_text("utf-8")))
        assert (transcript.scenario, transcript.ending.kind, transcript.attempt) == (name, "complete", 1)


def test_the_latest_run_can_be_found(plain: Ended) -> None:
    link = plain.folder
    assert link.name == "latest"
    assert link.is_symlink()
    assert link.resolve().name == plain.report["run"]["id"]
    assert sorted(path.name for path in link.parent.iterdir()) == sorted(["latest", plain.report["run"]["id"]])


NAMELESS = ""
"""What is left of a name that does not show whose it is: half of the scenarios come with such names."""


def _scenario(label: str) -> str:
    """The scenario that a session was made for, from its name: `<scenario>[-r<repetition>]-<attempt>[-<item>]`."""
    return re.sub(r"(-r\d+)?-\d+(-[a-z.-]+)?$", "", label)


def conversations(run: Ended) -> Counter[str]:
    """How often each session was set out to be made, by its name without the run's id."""
    entries = [json.loads(line) for line in (run.folder / "journal.jsonl").read_text("utf-8").splitlines() if line]
    names = [entry["name"] for entry in entries if entry.get("intend") == "sessions"]
    return Counter(name.partition(run.report["run"]["id"] + "-")[2] for name in names)


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-n", "0")], ids=" ".join)
def test_however_it_is_spread_each_conversation_is_held_once(
    options: tuple[str, ...], plain: Ended, tmp_path: Path
) -> None:
    run = cli("run", *options, cwd=tmp_path) if options else plain
    assert run.code == 0, run.out + run.err
    assert run.lines == plain.lines
    sessions = conversations(run)
    assert sessions.pop(NAMELESS) >= len(PLANNED) // 3
    assert set(sessions.values()) == {1}
    assert {_scenario(name) for name in sessions} <= {"preflight", *PLANNED}
    assert len(sessions) >= len(PLANNED) // 3
    assert len(list((run.folder / "transcripts").iterdir())) == len(PLANNED)
    run.check_complete()


def test_one_conversation_at_a_time_gives_the_same(plain: Ended, tmp_path: Path) -> None:
    """A selection: the whole of it takes a minute, since each conversation lets a second pass."""
    run = cli("run", "--concurrency", "1", "--chapter", "environment-kind", "--chapter", "retries", cwd=tmp_path)
    assert run.code == 0, run.out + run.err
    assert set(run.lines) <= set(plain.lines)
    selected = {scenario for scenario, _, _ in run.lines}
    assert {_scenario(name) for name in conversations(run)} <= {NAMELESS, "preflight", *selected}
    run.check_complete()


def test_the_same_seed_makes_the_same_choices(tmp_path: Path) -> None:
    """Identities of workers are chosen at random: the same ones with the same seed."""
    chosen = []
    for seed in ("7", "7", "8"):
        run = cli("run", "--seed", seed, "-k", "retry.starting", cwd=tmp_path)
        transcript = json.loads((run.folder / "transcripts" / "retry.starting.json").read_text("utf-8"))
        chosen.append([exchange["request"]["headers"] for exchange in transcript["exchanges"]])
    assert chosen[0] == chosen[1] != chosen[2]


def _lines_left_out(plain: Ended) -> int:
    """Lines that a race gave no occasion to judge, such as the body of a refusal where none was refused."""
    return sum(verdict == "not-exercised" for _, _, verdict in plain.lines)
