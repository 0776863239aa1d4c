"""Runs the suite on one emulator server, in this process and without pytest."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.emulator.serving import serve_in_background
from conformance.emulator.shapes import SHAPES
from conformance.emulator.variants import VARIANTS, combine_variants
from conformance.judging.plan import Selection, full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.mutation.outcome import Job, Outcome, outcome_of
from conformance.plugin.controller import RunController
from conformance.plugin.judging_runner import JudgingRunner
from conformance.settings import Settings, from_values
from conformance.target import Credentials, Secret

_ON_A_VARIANT: Final = 2
"""Rounds of races on a variant: its behaviour rarely depends on timing."""

_RACES: Final = "race"
"""The area of defects that only concurrent requests trigger."""

_FEW: Final = 6
"""The number of concurrent scenarios for a fast server: more of them would only wait for each other."""


def credentials(tokens: Tokens) -> Credentials:
    """Return the emulator's four tokens as the suite's credentials."""
    return Credentials(
        pat=Secret(tokens.owner, "${QODER_PAT}"),
        forbidden=Secret(tokens.forbidden, "${QODER_FORBIDDEN_PAT}"),
        foreign=Secret(tokens.foreign, "${QODER_FOREIGN_PAT}"),
        expired=Secret(tokens.expired, "${QODER_EXPIRED_PAT}"),
    )


def settings_for(base_url: str, tokens: Tokens, output: Path, **values: Any) -> Settings:
    """Return settings for a run on one server with the emulator's tokens."""
    environ = {"QODER_PAT": tokens.owner}
    settings = from_values({"base_url": base_url, "output": str(output), **values}, environ)
    return replace(settings, credentials=credentials(tokens))


def run_suite(settings: Settings, plan: Iterable[PlannedCheck] | None = None, *, fleeting: bool = False) -> RunResult:
    """Run the suite on the target of these settings: every planned check, or the given ones.

    The run removes its resources, except on a `fleeting` server, which ends with the run.
    """
    lines = list(plan) if plan is not None else full_plan(settings.profile)
    controller = RunController(settings, Selection(profile=settings.profile), processes=0)
    try:
        run_resources = controller.begin(lines)
        runner = JudgingRunner(controller.run_config, run_resources, dict.fromkeys(line.scenario for line in lines))
        try:
            for line in lines:
                controller.add_verdict(runner.judge(line))
        finally:
            runner.close()
        return controller.finish(remove=not fleeting)
    finally:
        controller.close()


def run_job(job: Job) -> Outcome:
    """Run the whole suite on the server of a job."""
    begun = time.monotonic()
    assembly = combine_variants([VARIANTS[name] for name in job.variants], use_microseconds(ServerConfig()))
    server_config, wire = assembly.server_config, assembly.wire
    values: dict[str, Any] = {"profile": job.profile}
    for name in job.shapes:
        server_config = SHAPES[name].change(server_config)
    if job.defect is not None:
        subject = DEFECTS[job.defect]
        server_config, wire = subject.apply_to(server_config), subject.wire(wire)
        values |= {} if job.variants else {"concurrency": _FEW}  # with whole seconds, scenarios wait for the clock
        values |= {} if subject.area == _RACES else {"race_repeat": 1}
    elif job.variants:
        values["race_repeat"] = _ON_A_VARIANT
    if job.shapes:
        values["race_repeat"] = _ON_A_VARIANT  # where scenarios run one at a time, that many rounds would take minutes
    tokens = Tokens.generate()
    with (
        tempfile.TemporaryDirectory(prefix="work-conformance-prove-") as folder,
        serve_in_background(server_config, tokens, wire) as base_url,
    ):
        settings = settings_for(base_url, tokens, Path(folder) / "run", **values)
        record = run_suite(settings, fleeting=bool(job.defect is not None or job.shapes))
    return outcome_of(job, record, seconds=time.monotonic() - begun)
