"""Whole runs whose items come from a manifest: the command line, on the emulator."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from typing import Any

import jsonschema
import pytest
from starlette.types import Receive, Scope, Send

from conformance.arrange.journal import Journal
from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer
from tests.cli.apps import left_on
from tests.cli.processes import Ended, cli, requirements_of
from tests.run_invariants.invariants import check_invariants

from .served_emulator import ACTIVE_NEEDED, NEEDS_POLL, Place, check_conformant, place

__all__ = ["place"]


def facts(run: Ended) -> list[dict[str, Any]]:
    paths = (run.folder / "transcripts").glob("*.json")
    return [
        transcript["facts"]
        for transcript in (json.loads(path.read_text()) for path in paths)
        if "work_id" in transcript["facts"]
    ]


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_manifest(processes: str, place: Place) -> None:
    manifest = place.made()
    before = len(place.recorded.answers)
    run = place.run("--arrange", "manifest", "--manifest", "m.json", "-n", processes)
    check_conformant(run)
    assert run.report["run"]["arranged_by"] == "manifest"
    assert "The suite creates nothing there" in run.out.splitlines()[0]
    schema = json.loads((run.folder / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(run.report)

    asked = Counter((method, path.rpartition("/")[2]) for method, path, _ in place.recorded.answers[before:])
    assert {name for method, name in asked if method == "POST" and "%" not in name} <= {"ack", "", "stop", "heartbeat"}
    assert not [path for _, path, _ in place.recorded.answers[before:] if path.endswith("/poll")]

    used = Counter(fact["work_id"] for fact in facts(run))
    assert set(used.values()) == {1}
    assert set(used) <= {item["work_id"] for item in manifest["items"]}


def test_what_was_made_for_a_manifest_can_be_removed(place: Place) -> None:
    done = place.call("manifest", "make", "--out", "m.json", "--spare", "0")
    assert done.code == 0
    clean = shlex.split(done.last_line.partition(": ")[2])
    assert clean[:2] == ["work-conformance", "clean"]
    assert place.call(*clean[1:]).code == 0
    assert left_on(place.base_url, place.tokens) == []


def test_one_id_is_too_few_and_what_lacks_is_named(place: Place) -> None:
    manifest = place.made("--spare", "0")
    active = [item for item in manifest["items"] if item["state"] == "active"]
    run = place.run(*place.write(**manifest | {"items": active[:1]}), "-v")
    assert run.code == 3, run.out + run.err
    run.check_complete()
    assert "too few items that are `queued` (polled with a Worker-ID): " in run.unwrapped
    assert "too few items that are `starting` (polled with a Worker-ID): " in run.unwrapped
    assert f"`active` (polled with a Worker-ID): {ACTIVE_NEEDED} needed, 1 available" in run.unwrapped
    assert "passed" in {verdict for scenario, _, verdict in run.lines if scenario == "retry.active"}
    assert run.last_line.startswith("Inconclusive: no MUST failed")


@pytest.mark.parametrize(("there", "code"), [(2, 0), (1, 3)])
def test_a_lost_answer_takes_a_spare_item(there: int, code: int, place: Place) -> None:
    manifest = place.made("--spare", "0")
    queued = [item for item in manifest["items"] if item["state"] == "queued" and item["worker_id"]]
    given = place.write(**manifest | {"items": queued[:there]})
    lost: list[str] = []

    async def losing(scope: Scope, receive: Receive, send: Send) -> None:
        if not lost and scope["path"].endswith("/ack"):
            lost.append(scope["path"])
            await send({"type": "http.response.start", "status": 502, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})
            return
        await place.recorded(scope, receive, send)

    with EmulatorServer(losing) as server:
        run = place.run("--base-url", server.base_url, *given, "--chapter", "first-ack", "-k", "first-ack.named-worker")
    assert run.code == code, run.out + run.err
    assert len(lost) == 1
    assert ("no spare one that is `queued` (polled with a Worker-ID)" in run.out) is (code == 3)
    assert len(Journal(run.folder / "journal.jsonl").claimed()) == there


def test_a_selection_needs_no_more_than_its_own(place: Place) -> None:
    manifest = place.made("--spare", "0")
    left = Counter(
        (case.item_spec.state, case.item_spec.named) for case in scenarios().values() if case.chapter == "retries"
    )
    few = []
    for item in manifest["items"]:
        kind = (item["state"], item["worker_id"] is not None)
        if left[kind]:
            left[kind] -= 1
            few.append(item)
    assert left.total() == 0 < len(few) < len(manifest["items"])
    run = place.run(*place.write(**manifest | {"items": few}), "--chapter", "retries")
    assert run.code == 0, run.out + run.err
    assert run.last_line.startswith("Selection passed: ")


@pytest.mark.parametrize("chapter", ["races", "worker-identity"])
def test_a_chapter_passes_without_what_needs_a_poll(chapter: str, place: Place) -> None:
    place.made()
    given = ("--arrange", "manifest", "--manifest", "m.json", "--chapter", chapter)
    run = place.run(*given)
    assert run.code == 0, run.out + run.err
    left_out = {entry["id"] for entry in requirements_of(run.report) if entry["verdict"] == "not-exercised"}
    assert left_out
    assert left_out <= NEEDS_POLL
    assert run.last_line.startswith("Selection passed: ")
    assert all(name in run.unwrapped for name in left_out)
    check_invariants(run.folder, run.code)


def test_strict_wants_what_needs_a_poll_of_a_chapter_too(place: Place) -> None:
    place.made()
    given = ("--arrange", "manifest", "--manifest", "m.json", "--chapter", "worker-identity", "--strict")
    assert place.run(*given).code == 3


def test_without_the_two_environments_only_what_needs_them_is_open(place: Place) -> None:
    manifest = place.made("--spare", "1")
    run = place.run(*place.write(**manifest | {"cloud_environment_id": None, "second_environment_id": None}))
    assert run.code == 3, run.out + run.err
    inconclusive = {
        e["id"] for e in requirements_of(run.report) if e["verdict"] == "inconclusive" and e["level"] == "MUST"
    }
    assert {"ack.environment.not-self-hosted", "ack.not-found.other-environment"} <= inconclusive
    assert "`cloud_environment_id` is null in the manifest" in run.unwrapped
    assert "`second_environment_id` is null in the manifest" in run.unwrapped


CANNOT_START: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "a token that is refused": ({}, {"QODER_PAT": "pt-never-issued-here"}, "refuses the token"),
    "items of another target": ({"work_id": "work_0", "environment_id": "env_0"}, {}, "HTTP 404"),
    "nobody there": ({}, {"WORK_CONFORMANCE_BASE_URL": "http://127.0.0.1:9"}, "cannot be reached"),
}


@pytest.mark.parametrize("what", CANNOT_START)
def test_a_target_that_does_not_know_the_items_is_not_judged(what: str, place: Place) -> None:
    wrong, env, words = CANNOT_START[what]
    manifest = place.made("--spare", "0")
    options = place.write(**manifest | {"items": [manifest["items"][0] | wrong]})
    run = cli("run", *options, "--output", "out", cwd=place.folder, env={**place.env, **env})
    assert (run.code, run.err.count("\n")) == (2, 1), run.out + run.err
    assert words in run.err
    assert not (place.folder / "out").exists()


def test_effects_that_nobody_could_look_at_are_told(place: Place) -> None:
    place.made("--spare", "0")
    run = place.run("--arrange", "manifest", "--manifest", "m.json", "--chapter", "first-ack")
    effect = "whether poll still delivers an item after a refused ack, and to which worker"
    assert f"- {effect}" in run.unwrapped
    assert effect in (run.folder / "summary.md").read_text()
    assert effect in (run.folder / "report.html").read_text()
    assert effect in [told["en"] for told in run.report["run"]["not_looked_at"]]
    again = place.run("--arrange", "manifest", "--manifest", "m.json", "--chapter", "first-ack")
    assert again.code == 3
    assert "the manifest was used before" in again.out
    api = place.run("--requirement", "ack.auth.missing")
    assert api.report["run"]["not_looked_at"] == []
    assert effect not in api.out


@pytest.mark.parametrize("processes", ["0", "2"])
def test_races_are_repeated_on_as_many_items_as_there_are(processes: str, place: Place) -> None:
    place.made("--spare", "3")
    options = ("--arrange", "manifest", "--manifest", "m.json", "--chapter", "races", "-n", processes)
    run = place.run(*options)
    assert run.code in {0, 3}, run.out + run.err  # a selection, and a race that takes a poll
    run.check_complete()
    lines = [line for requirement in requirements_of(run.report) for line in requirement["lines"]]
    held = [line["repetitions"]["held"] for line in lines if line["repetitions"] is not None]
    assert max(held) > 1
    assert min(held) >= 1
    assert {line["verdict"] for line in lines} <= {"passed", "not-exercised"}
    times = {
        line["scenario"]: line["repetitions"]["held"]
        for line in lines
        if line["verdict"] == "passed" and line["repetitions"] is not None
    }
    assert len(Journal(run.folder / "journal.jsonl").claimed()) >= sum(times.values())
