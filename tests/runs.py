"""Runs the whole road on a server of the test's own, in this process and without pytest in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.emulator import EmulatorServer, Tokens
from conformance.judging.plan import Selection, full_plan
from conformance.judging.record import RunRecord
from conformance.judging.verdict import Line
from conformance.plugin.conductor import Conductor
from conformance.plugin.court import Court
from conformance.settings import Settings, from_values
from conformance.target import Credentials, Secret


def credentials(tokens: Tokens) -> Credentials:
    """The emulator's four tokens as the suite is given them."""
    return Credentials(
        pat=Secret(tokens.owner, "${QODER_PAT}"),
        forbidden=Secret(tokens.forbidden, "${QODER_FORBIDDEN_PAT}"),
        foreign=Secret(tokens.foreign, "${QODER_FOREIGN_PAT}"),
        expired=Secret(tokens.expired, "${QODER_EXPIRED_PAT}"),
    )


def settings_for(base_url: str, tokens: Tokens, output: Path, **values: Any) -> Settings:
    """Settings that judge one server with the emulator's tokens."""
    environ = {"QODER_PAT": tokens.owner}
    settings = from_values({"base_url": base_url, "output": str(output), **values}, environ)
    return replace(settings, credentials=credentials(tokens))


def judge_app(app: Any, tokens: Tokens, output: Path, plan: list[Line] | None = None, **values: Any) -> RunRecord:
    """Serve an ASGI app and judge it: every line, or those given."""
    with EmulatorServer(app) as server:
        return judge_settings(settings_for(server.base_url, tokens, output, **values), plan)


def judge_settings(settings: Settings, plan: list[Line] | None = None) -> RunRecord:
    """Judge what the settings name."""
    lines = plan if plan is not None else full_plan()
    conductor = Conductor(settings, Selection(), processes=0)
    try:
        workspace = conductor.begin(lines)
        court = Court(conductor.assignment, workspace, dict.fromkeys(line.scenario for line in lines))
        try:
            for line in lines:
                conductor.take(court.judge(line))
        finally:
            court.close()
        return conductor.finish()
    finally:
        conductor.close()
