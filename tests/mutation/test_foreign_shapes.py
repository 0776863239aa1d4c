"""On servers of foreign shape the fault is found, nothing else is blamed, and what can be judged is judged."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.emulator.serving import serve_in_background
from conformance.emulator.shapes import SHAPE_COMBINATIONS, SHAPES, Shape
from conformance.judging.run_result import RunResult
from conformance.mutation.foreign_shapes import ShapeResult, shape_jobs
from conformance.mutation.mutant_run import run_job, run_suite, settings_for
from conformance.mutation.outcome import Job

CJK = re.compile(r"[一-鿿]")


@pytest.mark.parametrize("job", shape_jobs(), ids=str)
def test_a_foreign_shape_is_judged_as_declared(job: Job) -> None:
    trial = ShapeResult(outcome=run_job(job))
    assert trial.difference == ()
    assert trial.outcome.exit_code != 4


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_shape_is_described_in_both_languages_and_names_what_exists(shape: Shape) -> None:
    assert shape.en.endswith(".")
    assert not CJK.search(shape.en)
    assert shape.zh.endswith("。")
    assert shape.unreachable | shape.skips <= set(load_catalogue().requirements)
    assert shape.judged >= (0.9 if shape.id.startswith("stop-") else 0.7)
    assert shape.change(ServerConfig()) != ServerConfig()


def test_sets_of_shapes_name_shapes() -> None:
    assert {name for names in SHAPE_COMBINATIONS for name in names} <= set(SHAPES)


def judged(shape: str, *, defect: str | None = None, states: tuple[str, ...] = ()) -> RunResult:
    server_config = SHAPES[shape].change(use_microseconds(ServerConfig()))
    if defect is not None:
        server_config = DEFECTS[defect].apply_to(server_config)
    tokens = Tokens.generate()
    with tempfile.TemporaryDirectory() as folder, serve_in_background(server_config, tokens) as base_url:
        settings = settings_for(base_url, tokens, Path(folder) / "run", map_state=states)
        return run_suite(settings, fleeting=True)


@pytest.mark.parametrize("shape", [shape.id for shape in SHAPES.values() if shape.states])
def test_with_its_state_names_mapped_everything_is_judged_and_it_is_never_conformant(shape: str) -> None:
    states = SHAPES[shape].states
    record = judged(shape, states=tuple(f"{name}={state}" for name, state in states))
    assert record.tally.requirements_with_verdict("inconclusive") == []
    assert record.tally.requirements_with_verdict("failed") == []
    assert (record.decision.word, record.decision.exit_code) == ("passed-but-mapped", 0)
    assert states[0][0] in record.decision.sentence.en
    assert record.metadata.states == states


def test_a_fault_that_a_foreign_name_hides_is_found_once_the_name_is_mapped() -> None:
    rule, defect = "ack.terminal.stopped-forced", "terminal.forced-confirmed"
    hidden = judged("failed-for-stopped", defect=defect)
    assert rule in {result.requirement.id for result in hidden.tally.requirements_with_verdict("inconclusive")}
    found = judged("failed-for-stopped", defect=defect, states=("failed=stopped",))
    assert (
        rule
        in {result.requirement.id for result in found.tally.requirements_with_verdict("failed")}
        <= DEFECTS[defect].fails
    )


@pytest.mark.parametrize("number", range(20))
@pytest.mark.parametrize("shape", ["poll-twice", "poll-until-acked"])
def test_a_poll_that_delivers_twice_is_reported_and_no_ack_is_blamed(shape: str, number: int) -> None:
    record = judged(shape)
    reported = [words for words in record.metadata.noticed if "to two workers" in words.en]
    assert len(reported) == 1
    assert re.match(r"poll delivered work_\w+", reported[0].en)
    assert record.tally.requirements_with_verdict("failed") == []
    assert record.tally.lost == ()
