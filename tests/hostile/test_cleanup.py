"""Hostile where a run, or `clean`, removes what was made: it ends, says what is left, and the verdicts stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from conformance.emulator import Tokens
from conformance.judging.plan import full_plan
from conformance.plugin import controller
from tests.cli.processes import cli, tokens_environment
from tests.runs import run_suite, settings_for

from .attack import everything, removals
from .bad_responses import CHUNKED
from .inspection import check_folder, check_streams, check_without, contents
from .misbehaving_servers import Misbehaviour, Place, over_and_over, raw, sized, wire
from .test_attacks import BOUND_KIB, BOUND_SECONDS, LIMITS

ENDLESS: Final = over_and_over(CHUNKED, b"10000\r\n" + b" " * 0x10000 + b"\r\n")
NAME: Final = "work-conformance-20200101T000000-0a1b2c-\x1b[2J\n::error::\u202e<script>"
BUSY: Final = sized(b"{}", status=b"429 Too Many Requests", headers=b"Retry-After: 86400\r\n")


def agents(method: str, path: str) -> bool:
    """The list of agents."""
    return path.endswith("/agents")


@pytest.mark.parametrize("answer", [ENDLESS, raw(), sized(b"[]"), sized(b"{}", status=b"307 Elsewhere")], ids=range(4))
def test_a_clean_up_that_is_attacked(answer: Misbehaviour, tmp_path: Path) -> None:
    """What cannot be removed is said, after every verdict was written; it is no verdict on the target."""
    tokens = Tokens.generate()
    with wire(tokens, on=removals, misbehave=answer) as base_url:
        options = ("--base-url", base_url, *LIMITS, "--chapter", "environment-kind")
        ended = cli("run", *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert ended.code == 0, ended.out + ended.err
    assert ended.seconds < BOUND_SECONDS
    assert ended.max_rss < BOUND_KIB
    ended.check_complete()
    check_streams(ended.out, ended.err)
    check_folder(tmp_path)
    check_without([tokens.owner], contents(tmp_path))


LISTS: Final = {
    "without an end": {"data": [], "has_more": True, "last_id": "x", "first_id": "x"},
    "nasty names": {"data": [{"id": "\x1b[2J\n::error::", "name": NAME}], "has_more": False},
    "no list": {"data": {"id": NAME}},
    "entries that are none": {"data": [None, 1, "x", [], {"id": {}, "name": []}], "has_more": False},
    "many that stay": {"data": [{"id": f"a{n}", "name": f"{NAME}{n}"} for n in range(100)], "has_more": True},
    "far too many": {"data": [{"id": f"a{n}", "name": f"{NAME}{n}"} for n in range(5_000)], "has_more": True},
}
ONLY_READ: Final = {"far too many"}
"""A list that still shows what a delete did not find is read again for each: that takes its square of time."""


@pytest.mark.parametrize("what", LISTS)
def test_lists_that_clean_reads(what: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    options = ("--timeout", "1", *(["--dry-run"] if what in ONLY_READ else []))
    with wire(tokens, on=agents, misbehave=sized(json.dumps(LISTS[what]).encode())) as base_url:
        ended = cli("clean", "--base-url", base_url, *options, cwd=tmp_path, env=tokens_environment(tokens))
    assert ended.code in {0, 1, 2}, ended.out + ended.err
    assert ended.seconds < BOUND_SECONDS
    assert ended.max_rss < BOUND_KIB
    check_streams(ended.out, ended.err)


@pytest.mark.parametrize("on", [everything, removals], ids=["preparing", "cleaning up"])
def test_a_target_that_asks_for_patience(on: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Retry-After` is obeyed, and the time limit of the run all the same: before the first case and after the last."""
    monkeypatch.setattr(controller, "GRACE", 2.0)
    monkeypatch.setattr(controller, "LEAST_PREPARING", 2.0)
    tokens = Tokens.generate()
    plan = [line for line in full_plan() if line.scenario == "environment.unknown-work"]
    with wire(tokens, on=on, misbehave=BUSY) as base_url:
        settings = settings_for(base_url, tokens, tmp_path / "out", max_duration=2)
        if on is everything:
            with pytest.raises(controller.PreflightError, match="could not be prepared within 2 s"):
                run_suite(settings, plan)
            return
        record = run_suite(settings, plan)
    assert {verdict.kind for verdict in record.verdicts} == {"passed"}
    assert len(record.verdicts) == len(plan)
    assert record.metadata.leftovers
    assert all("there was no time left" in sentence for sentence in record.metadata.leftovers)
