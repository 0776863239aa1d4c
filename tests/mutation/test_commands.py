"""`prove`, `serve --defect` and `list --defects` as they are called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.contract.catalogue import load_catalogue
from conformance.emulator.defects import DEFECTS
from conformance.emulator.shapes import SHAPES
from conformance.mutation import pool
from conformance.mutation.outcome import Job, Outcome
from conformance.mutation.subjects import defects_of
from tests.mutation.test_kill_matrix import whole

ACK_DEFECTS = defects_of("ack")


def call(*arguments: str, lang: str = "en") -> Result:
    return CliRunner(env={"WORK_CONFORMANCE_LANG": lang}).invoke(main, [*arguments, f"--lang={lang}"])


@pytest.fixture
def without_runs(monkeypatch: pytest.MonkeyPatch) -> dict[Job, Outcome]:
    """Every run is as it has to be, unless a test changes what came of it."""
    outcomes = {outcome.job: outcome for outcome in whole()}

    def run_all(jobs: Sequence[Job], *, processes: int) -> Iterator[Outcome]:
        assert processes >= 1
        for job in jobs:
            yield outcomes.get(job, Outcome(job=job, seconds=0.0, exit_code=0))

    monkeypatch.setattr(pool, "run_all", run_all)
    return outcomes


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_proof_exits_0_and_writes_the_matrix(
    lang: str, tmp_path: Path, without_runs: dict[Job, Outcome]
) -> None:
    result = call("prove", "--seed", "1", "--output", str(tmp_path / "out"), lang=lang)
    assert result.exit_code == 0, result.output
    assert result.output.count("✓") == 7
    assert "✗" not in result.output
    words = "defects killed for the declared reason" if lang == "en" else "因所声明的原因被杀死的缺陷"
    assert f"{words}: {len(ACK_DEFECTS)}/{len(ACK_DEFECTS)}" in result.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"kill-matrix.json", "kill-matrix.schema.json", "kill-matrix.html"}
    assert json.loads((tmp_path / "out" / "kill-matrix.json").read_text("utf-8"))["proved"] is True


def test_a_proof_that_is_short_exits_1_and_says_what_is_missing(
    tmp_path: Path, without_runs: dict[Job, Outcome]
) -> None:
    job = Job(defect="first.accepted-202")
    without_runs[job] = Outcome(job=job, seconds=0.0, exit_code=0)
    result = call("prove", "--seed", "1", "--output", str(tmp_path))
    assert result.exit_code == 1
    assert "✗ first.accepted-202: survived" in result.output
    assert f"✗ defects killed for the declared reason: {len(ACK_DEFECTS) - 1}/{len(ACK_DEFECTS)}" in result.output


def test_a_sample_says_what_it_left_out(tmp_path: Path, without_runs: dict[Job, Outcome]) -> None:
    result = call("prove", "--sample", "2", "--seed", "1", "--output", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "Sample: " in result.output
    assert "defects killed for the declared reason: 2/2" in result.output


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = call("prove", "--output", str(tmp_path / "file" / "out"))
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_a_real_sample_is_proved(tmp_path: Path) -> None:
    """One run of each kind, in processes of their own."""
    result = call("prove", "--sample", "1", "--seed", "3", "--jobs", "1", "--output", str(tmp_path))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(("lang", "words"), [("en", "did you mean 'first.accepted-202'"), ("zh", "是否应为")])
def test_an_unknown_defect_says_which_is_nearest(lang: str, words: str) -> None:
    result = call("serve", "--port=0", "--defect=first.acepted-202", lang=lang)
    assert result.exit_code == 2
    assert words in result.output
    nothing_like_it = call("serve", "--port=0", "--defect=%%%", lang=lang)
    assert nothing_like_it.exit_code == 2
    assert "work-conformance list --defects" in nothing_like_it.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_has_every_defect(lang: str) -> None:
    output = {form: call("list", "--defects", f"--format={form}", lang=lang).output for form in ("text", "md", "json")}
    for defect in DEFECTS.values():
        sentence = defect.en if lang == "en" else defect.zh
        assert f"{defect.id}: {sentence}" in output["text"]
        assert f"| `{defect.id}` | {sentence} |" in output["md"]
    data = json.loads(output["json"])
    assert [entry["id"] for entry in data] == list(DEFECTS)
    assert all(set(entry["text"]) == {"en", "zh"} for entry in data)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_has_every_shape(lang: str) -> None:
    output = {form: call("list", "--shapes", f"--format={form}", lang=lang).output for form in ("text", "md", "json")}
    for shape in SHAPES.values():
        sentence = shape.en if lang == "en" else shape.zh
        assert f"{shape.id}: {sentence}" in output["text"]
        assert f"| `{shape.id}` | {sentence} |" in output["md"]
    data = json.loads(output["json"])
    assert [entry["id"] for entry in data] == list(SHAPES)
    assert {rule for entry in data for rule in entry["unreachable"]} <= set(load_catalogue().requirements)


def test_an_unknown_shape_says_which_is_nearest() -> None:
    result = call("serve", "--port=0", "--shape=stop-205")
    assert result.exit_code == 2
    assert "did you mean 'stop-204'" in result.output
