"""Whole runs whose items come from a manifest or from a program: the command line, on the emulator."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.arrange.journal import Journal
from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer, Tokens, create_app
from tests.cli.apps import Gate, Recorded, left_on
from tests.cli.processes import Ended, cli, requirements_of, start, tokens_environment
from tests.run_invariants.invariants import check_books

PROGRAM = Path(__file__).with_name("emulator_command.py")
NEEDS_POLL = {"ack.identity.redelivered", "ack.race.redelivery", "ack.race.not-delivered-again"}

ACTIVE_NEEDED = sum(
    item_spec.state == "active" and item_spec.named and not item_spec.needs_poll
    for item_spec in (scenario.item_spec for scenario in scenarios("ack").values())
)


@dataclass
class Place:
    """An emulator that remembers what it was asked, and the folder in which commands on it run."""

    base_url: str
    tokens: Tokens
    recorded: Recorded
    gate: Gate
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {**tokens_environment(self.tokens), "WORK_CONFORMANCE_BASE_URL": self.base_url}

    def call(self, *arguments: str) -> Ended:
        return cli(*arguments, cwd=self.folder, env=self.env)

    def run(self, *options: str) -> Ended:
        return self.call("run", "--output", "out", *options)

    def made(self, *options: str) -> dict[str, Any]:
        """A manifest."""
        done = self.call("manifest", "make", "--out", "m.json", *options)
        assert done.code == 0, done.out + done.err
        data: dict[str, Any] = json.loads((self.folder / "m.json").read_text())
        return data

    def write(self, **manifest: Any) -> tuple[str, ...]:
        """Write a manifest by hand; the options that use it."""
        (self.folder / "m.json").write_text(json.dumps(manifest))
        return ("--arrange", "manifest", "--manifest", "m.json")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    tokens = Tokens.generate()
    recorded = Recorded(create_app(tokens=tokens))
    gate = Gate(recorded, passing=10_000)
    with EmulatorServer(gate) as server:
        yield Place(server.base_url, tokens, recorded, gate, tmp_path)


def check_conformant(run: Ended) -> None:
    assert run.code == 0, run.out + run.err
    run.check_complete()
    left_out = {entry["id"] for entry in requirements_of(run.report) if entry["verdict"] == "not-exercised"}
    assert left_out == NEEDS_POLL | {"ack.observe.archived-environment", "ack.observe.neighbours"}
    assert all(f"{requirement} (MUST)" in run.unwrapped for requirement in NEEDS_POLL)


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
    check_books(run.folder, run.code)


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


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_program(processes: str, place: Place) -> None:
    command = shlex.join([sys.executable, str(PROGRAM)])
    run = place.run("--arrange", "command", "--arrange-command", command, "-n", processes)
    check_conformant(run)
    assert run.report["run"]["arranged_by"] == "command"
    assert run.report["run"]["left_behind"] == []
    assert {line.split()[0] for line in left_on(place.base_url, place.tokens)} == {"agents", "sessions"}


def test_a_program_is_asked_at_most_so_often_at_once(place: Place) -> None:
    (place.folder / "p.py").write_text(
        "import os, runpy, time\n"
        "open('log', 'a').write('+')\n"
        "time.sleep(0.2)\n"
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
        "open('log', 'a').write('-')\n"
    )
    options = ("--arrange", "command", "--arrange-command", f"{sys.executable} p.py", "--concurrency", "2")
    run = place.run(*options, "--chapter", "terminal-states")
    assert run.code == 0, run.out + run.err
    level, highest = 0, 0
    for mark in (place.folder / "log").read_text():
        level += 1 if mark == "+" else -1
        highest = max(highest, level)
    assert (level, highest) == (0, 2)


def test_a_program_that_fails_makes_the_run_inconclusive(place: Place) -> None:
    source = f"import sys; sys.stderr.write('no work today, ' + {place.tokens.owner!r}); sys.exit(3)"
    (place.folder / "p.py").write_text(source)
    options = ("--arrange", "command", "--arrange-command", f"{sys.executable} p.py")
    run = place.run(*options, "--chapter", "retries", "--chapter", "environment-kind")
    assert run.code == 3, run.out + run.err
    run.check_complete()
    assert "failed at `active`: it exited with code 3: no work today, ${QODER_PAT}" in run.unwrapped
    for path in place.folder.rglob("*.*"):
        assert path.name == "p.py" or not path.is_file() or place.tokens.owner not in path.read_text("utf-8")


def test_a_signal_in_the_middle_releases_what_was_given(place: Place) -> None:
    place.gate = Gate(place.recorded, passing=12)
    with EmulatorServer(place.gate) as server:
        env = {**place.env, "WORK_CONFORMANCE_BASE_URL": server.base_url}
        options = ("--arrange", "command", "--arrange-command", f"{sys.executable} {PROGRAM}", "--output", "out")
        with start("run", *options, cwd=place.folder, env=env) as running:
            assert place.gate.reached.wait(60)
            running.process.send_signal(signal.SIGINT)
            place.gate.open()
            ended = running.wait()
            assert running.members() == []
    assert ended.code == 3, ended.out + ended.err
    ended.check_complete()
    claims = [json.loads(line) for line in (ended.folder / "journal.jsonl").read_text().splitlines() if "claim" in line]
    live = [line for line in left_on(place.base_url, place.tokens) if line.startswith("work")]
    assert claims
    assert not {line.split()[1] for line in live} & {claim["work"] for claim in claims}


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


# --- the file


def test_check_tells_what_is_covered(place: Place) -> None:
    manifest = place.made("--spare", "0")
    done = place.call("manifest", "check", "m.json")
    assert (done.code, done.err) == (0, "")
    assert all(line.startswith("ok: ") for line in done.out.splitlines())
    place.write(**manifest | {"items": manifest["items"][:1], "cloud_environment_id": None})
    done = place.call("manifest", "check", "m.json", "--lang", "zh")
    assert done.code == 3
    assert f"不足：`active`（poll 时带有 Worker-ID）：需要 {ACTIVE_NEEDED} 个，现有 0 个" in done.out
    assert "缺少：cloud_environment_id" in done.out


def test_a_wrong_file_is_refused_by_every_command(place: Place) -> None:
    options = place.write(format="work-conformance-manifest/1", item=[])
    for arguments in (("manifest", "check", "m.json"), ("run", *options)):
        done = place.call(*arguments)
        assert (done.code, done.out) == (2, "")
        assert "item: unknown key; did you mean 'items'?" in done.err
    assert not (place.folder / "reports").exists()


def test_the_schema_is_printed(place: Place) -> None:
    done = place.call("manifest", "schema")
    assert done.code == 0
    assert json.loads(done.out)["$id"] == "urn:work-conformance:manifest:1"


def test_a_manifest_that_cannot_be_made_leaves_nothing(place: Place) -> None:
    env = {"QODER_PAT": place.tokens.forbidden, "WORK_CONFORMANCE_BASE_URL": place.base_url}
    done = cli("manifest", "make", "--out", "m.json", cwd=place.folder, env=env)
    assert (done.code, done.out) == (2, "")
    assert "No manifest could be created at " in done.err
    assert list(place.folder.iterdir()) == []
    assert left_on(place.base_url, place.tokens) == []


def test_only_a_manifest_is_written_over(place: Place) -> None:
    (place.folder / "notes.txt").write_text("mine")
    done = place.call("manifest", "make", "--out", "notes.txt")
    assert done.code == 2
    assert "not a manifest" in done.err
    done = place.call("manifest", "make", "--out", "nowhere/m.json")
    assert done.code == 2
    assert "the folder" in done.err
    assert place.recorded.answers == []
    place.made("--spare", "0")
    place.made("--spare", "0")
    assert left_on(place.base_url, place.tokens)


def test_what_a_run_needs_is_printed_before_there_is_a_manifest(place: Place) -> None:
    needs = place.call("manifest", "needs")
    assert (needs.code, needs.err) == (0, "")
    counted = {line.partition(" × ")[2]: line.partition(" × ")[0] for line in needs.out.splitlines() if " × " in line}
    place.made("--spare", "0")
    checked = place.call("manifest", "check", "m.json").out
    assert counted
    for kind, n in counted.items():
        assert f"ok: {kind}: {n} needed, {n} available" in checked
    assert place.call("manifest", "needs", "--lang", "zh").out.count("`second_environment_id`") == 1


def without_stops(app: Recorded) -> ASGIApp:
    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].endswith("/stop"):
            await app(scope, receive, send)
            return
        body = b'{"type": "error", "error": {"type": "x", "message": "Stopping needs the role operator."}}'
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return gateway


def test_a_manifest_holds_what_could_be_made_and_the_rest_is_listed(place: Place) -> None:
    with EmulatorServer(without_stops(place.recorded)) as server:
        env = {**place.env, "WORK_CONFORMANCE_BASE_URL": server.base_url}
        done = cli("manifest", "make", "--out", "m.json", "--spare", "0", cwd=place.folder, env=env)
    assert done.code == 3, done.out + done.err
    assert "not created: 4 × `stopped` (stopped by force, polled with a Worker-ID)" in done.out
    assert "Stopping needs the role operator" in done.out
    items = json.loads((place.folder / "m.json").read_text())["items"]
    assert {item["state"] for item in items} == {"queued", "starting", "active"}
    checked = place.call("manifest", "check", "m.json")
    assert checked.code == 3


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
