"""`work-conformance prove`: mutation testing of the suite, and the kill matrix."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.language import localize
from conformance.cli.options import chosen_language, lang_option
from conformance.cli.output_folder import make_folder
from conformance.cli.profile_option import profile_option
from conformance.contract.operations import Profile
from conformance.text import Lang, Text

if TYPE_CHECKING:
    from conformance.mutation.selection import JobSelection

_RUNS_PER_PROCESSOR: Final = 2
"""Two runs per processor: each waits for its server half of the time."""

_WORKER_RUNS_PER_PROCESSOR: Final = 1
"""A run on a worker keeps ten processes at work by itself."""


@click.command(
    cls=NoEmptyValuesCommand,
    examples=("work-conformance prove --sample 5", "work-conformance prove --profile worker"),
    help=localize(
        "Prove that every check can fail and that correct servers pass. Runs the suite on emulators with every defect (a"
        " fault), every variant (unusual but conformant), fifty combinations of variants and every shape (deviates outside"
        " the ack). With `--profile worker` it runs on workers instead. Writes the kill matrix: which defect makes which"
        " check fail.\n\n"
        "Exit codes: 0 every run has the expected result, 1 some do not.",
        "验证每项检查都能检出缺陷，且不误判正确的服务器：在模拟器的全部缺陷、全部变体、五十种变体组合和全部偏离形态上运行套件，`--profile worker` 则在 worker 上运行，并写出杀死矩阵（kill matrix）。\n\n"
        "退出码：0 每次运行的结果都符合预期，1 部分结果不符合。",
    ),
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help=localize("Run only this many random servers of each kind.", "每类只运行这么多个，按随机种子抽取。"),
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=None,
    metavar="N",
    help=localize(
        "Seed of the sample and the combinations; the same seed draws the same ones.", "抽取样本和组合所用的随机种子。"
    ),
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports") / "prove",
    show_default=True,
    metavar="DIR",
    help=localize("Folder for the kill matrix.", "写入杀死矩阵的目录。"),
)
@profile_option
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help=localize("Number of parallel runs (default: two per processor).", "同时进行的运行数（默认每个处理器两个）。"),
)
@lang_option
def command(
    sample: int | None, seed: int | None, output: Path, jobs: int | None, profile: Profile, lang: str | None
) -> None:
    """Prove the suite."""
    from conformance.mutation.selection import all_jobs_or_sample

    chosen = chosen_language(lang)
    drawn = secrets.randbelow(10_000) if seed is None else seed
    make_folder("--output", output)
    proof = all_jobs_or_sample(drawn, sample, profile)
    runs = _WORKER_RUNS_PER_PROCESSOR if profile == "worker" else _RUNS_PER_PROCESSOR
    processes = jobs or runs * (os.cpu_count() or 1)
    raise SystemExit(_prove(proof, drawn, output, processes, profile, chosen))


def _prove(proof: JobSelection, seed: int, output: Path, processes: int, profile: Profile, lang: Lang) -> int:
    from conformance.mutation import kill_matrix_html, kill_matrix_json
    from conformance.mutation.kill_matrix import Matrix
    from conformance.mutation.pool import run_all
    from conformance.mutation.text_report import summary

    begun = time.monotonic()
    progress = _Progress(len(proof.jobs), lang)
    outcomes, took = [], []
    for part in (proof.defects, proof.variants, proof.shapes):
        since = time.monotonic()
        for outcome in run_all(part, processes=processes) if part else ():
            outcomes.append(outcome)
            progress.advance(str(outcome.job))
        took.append(time.monotonic() - since)
    progress.end()
    order = {job: place for place, job in enumerate(proof.jobs)}
    matrix = Matrix(
        outcomes=tuple(sorted(outcomes, key=lambda o: order[o.job])), sampled=bool(proof.left_out), profile=profile
    )
    seconds = time.monotonic() - begun
    data = kill_matrix_json.document(matrix, seed=seed, left_out=proof.left_out, seconds=seconds)
    (output / "kill-matrix.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (output / "kill-matrix.schema.json").write_text(kill_matrix_json.schema_text(), "utf-8")
    html = kill_matrix_html.page(matrix, seed=seed, left_out=proof.left_out, seconds=seconds)
    (output / "kill-matrix.html").write_text(html, "utf-8")
    for line in summary(matrix, seed=seed, left_out=proof.left_out, took=(took[0], took[1], took[2]), lang=lang):
        click.echo(line)
    click.echo(str(output / "kill-matrix.html"))
    return 0 if matrix.all_ratios_full else 1


class _Progress:
    """Shows the progress of the proof: on one line of a terminal, or else a line for every tenth."""

    def __init__(self, count: int, lang: Lang) -> None:
        self._count = count
        self._lang = lang
        self._done = 0
        self._terminal = sys.stderr.isatty()

    def advance(self, name: str) -> None:
        """Count a finished run."""
        self._done += 1
        tenth = max(1, self._count // 10)
        words = (
            Text("{n} of {of} runs", "第 {n} 次运行，共 {of} 次").format(n=self._done, of=self._count).in_(self._lang)
        )
        if self._terminal:
            click.echo(f"\r\x1b[K{words}: {name[:60]}", err=True, nl=False)
        elif self._done % tenth == 0 or self._done == self._count:
            click.echo(words, err=True)

    def end(self) -> None:
        """Clear the progress line."""
        if self._terminal:
            click.echo("\r\x1b[K", err=True, nl=False)
