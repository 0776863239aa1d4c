"""A run on a server with one defect has one cause, and on a server with two defects two."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.chapters.registry import scenarios
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.emulator.serving import serve_in_background
from conformance.judging.plan import full_plan
from conformance.mutation.mutant_run import run_suite, settings_for
from conformance.reporting.root_causes import Cause, causes_of

QUICK = {name for name, each in scenarios().items() if not (each.race or each.mostly_waits or each.run_last)}


def causes(folder: Path, *defects: str) -> list[Cause]:
    config = use_microseconds(ServerConfig())
    for name in defects:
        config = DEFECTS[name].apply_to(config)
    tokens = Tokens.generate()
    plan = [line for line in full_plan() if line.scenario in QUICK]
    with serve_in_background(config, tokens) as base_url:
        settings = settings_for(base_url, tokens, folder / "run", race_repeat=1)
        return causes_of(run_suite(settings, plan, fleeting=True).verdicts)


@pytest.mark.parametrize(
    ("defect", "headline"),
    [
        ("first.stale-answer", "Ack returns state `queued` (expected `starting`)"),
        ("terminal.stopping-revived", "Ack of a `stopping` item returns 200 (expected 409)"),
        ("identity.ignored", "Another worker's ack returns 200 (expected 409)"),
        ("item.another-id", "Ack returns another `/id` than poll"),
        ("envelope.no-request-id", "Required field `/request_id` is missing from the error envelope"),
        ("envelope.with-200", "Refused ack returns 200 with an error envelope"),
        ("authz.shows-the-item", "`/error/details/0/resource/state` leaks the item to another tenant"),
        ("refused.stops-the-item", "Refused ack changes the state from `queued` to `stopped`"),
    ],
)
def test_one_defect_is_one_cause(defect: str, headline: str, tmp_path: Path) -> None:
    assert [cause.headline.en for cause in causes(tmp_path, defect)] == [headline]


@pytest.mark.parametrize(
    "defects",
    [
        ("identity.ignored", "terminal.stopping-confirmed"),
        ("auth.any-scheme", "auth.never-expires"),
        ("envelope.no-message", "envelope.no-request-id"),
        ("item.get-without-metadata", "first.started-at-set"),
    ],
)
def test_two_defects_are_two_causes_and_what_the_ack_shows_comes_first(
    defects: tuple[str, str], tmp_path: Path
) -> None:
    found = causes(tmp_path, *defects)
    assert len(found) == 2
    assert [cause.first.own for cause in found] == sorted((cause.first.own for cause in found), reverse=True)
