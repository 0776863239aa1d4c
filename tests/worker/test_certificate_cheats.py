"""Cheats of a vendor who edits the evidence of a worker's run, seals it again and signs it: each is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.binding import Binding
from conformance.certificate.statement import JudgedWorker
from conformance.certificate.verification import verify
from conformance.evidence import EVIDENCE
from conformance.worker_harness.command import BY_HAND
from tests.certificate.tampering import (
    Cheat,
    Files,
    circumstances,
    forged,
    problems,
    sealed,
    signed,
    with_circumstances,
    with_plan,
    with_transcript,
    with_transcripts,
)
from tests.worker.conftest import CertifiedWorker

SCENARIO = "long-job"
OTHER_ENVIRONMENT = f"env_{'0' * 32}"


def transcript(edit: Callable[[Any], object]) -> Cheat:
    return lambda files: with_transcript(files, SCENARIO, edit)


def facts(**changes: Any) -> Cheat:
    return transcript(lambda data: data["facts"].update(changes))


def first(data: Any, operation: str) -> Any:
    return next(each for each in data["exchanges"] if each["operation"] == operation and each["response"])


# --- the edits


def rebound(**changes: Any) -> Cheat:
    """Another binding in the plan, with the seed that follows from it everywhere."""

    def edit(files: Files) -> dict[str, bytes]:
        plan = json.loads(files["plan.json"])
        binding = plan["binding"] | changes
        seed = Binding.from_json(binding).seed(plan["run"])
        files = with_circumstances(with_plan(files, binding=binding), seed=seed)
        return with_transcripts(files, lambda data: data.update(seed=seed))

    return edit


def other_run(files: Files) -> dict[str, bytes]:
    """The transcripts of one run in the plan of another one, with its id and seed everywhere."""
    about = json.loads(files[EVIDENCE])["circumstances"]
    run = about["run_id"][:-6] + "abcdef"
    seed = Binding.from_json(json.loads(files["plan.json"])["binding"]).seed(run)
    files = with_circumstances(with_plan(files, run=run), run_id=run, seed=seed)
    return with_transcripts(files, lambda data: data.update(run=run, seed=seed))


def renamed_copy(files: Files) -> dict[str, bytes]:
    """The transcript of one scenario stands for another one."""
    data = json.loads(files["transcripts/plain-job.json"]) | {"scenario": SCENARIO}
    return sealed({**files, f"transcripts/{SCENARIO}.json": json.dumps(data).encode()})


def foreign_request(data: Any) -> None:
    request = first(data, "heartbeat")["request"]
    request["url"] = request["url"].replace(data["facts"]["environment_id"], OTHER_ENVIRONMENT)


def foreign_delivery(data: Any) -> None:
    body = first(data, "ack")["response"]["body"]
    body["text"] = body["text"].replace(data["facts"]["environment_id"], OTHER_ENVIRONMENT)


def other_host(data: Any) -> None:
    request = first(data, "ack")["request"]
    request["url"] = request["url"].replace("http://127.0.0.1", "https://api.vendor.example")


def longer_body(data: Any) -> None:
    first(data, "ack")["response"]["body"]["text"] += " "


def longer_body_and_size(data: Any) -> None:
    body = first(data, "ack")["response"]["body"]
    body["text"] += " "
    body["size"] += 1


def longer_lease(data: Any) -> None:
    """A heartbeat that came too late, made right by a longer answer before it."""
    body = first(data, "heartbeat")["response"]["body"]
    body["text"] = body["text"].replace('"ttl_seconds": 3', '"ttl_seconds": 5')


def without_authorization(data: Any) -> None:
    request = first(data, "heartbeat")["request"]
    request["headers"] = [pair for pair in request["headers"] if pair[0] != "Authorization"]


def real_leases(files: Files) -> dict[str, bytes]:
    def edit(data: Any) -> None:
        data["facts"] |= {
            "lease_seconds": 10.0,
            "real_leases": True,
            "job_seconds": data["facts"]["job_seconds"] * 10 / 3,
        }

    return with_transcripts(with_circumstances(files, lease_seconds=10.0), edit)


CHEATS: dict[str, tuple[Cheat, str]] = {
    # what the run is bound to
    "another challenge": (
        lambda files: with_plan(files, binding=json.loads(files["plan.json"])["binding"] | {"challenge": "x"}),
        "The seed does not follow from the challenge",
    ),
    "another challenge and its seed": (rebound(challenge="x"), "do not follow from the run, its challenge"),
    "another product and its seed": (rebound(product="x"), "do not follow from the run, its challenge"),
    "no challenge": (lambda files: with_plan(files, binding=None), "do not follow from the run, its challenge"),
    # somebody else's transcripts
    "another run": (other_run, "do not follow from the run, its challenge"),
    "another scenario": (renamed_copy, f"The ids of {SCENARIO} do not follow"),
    "a request of another run": (
        transcript(foreign_request),
        f"shows an id of another run or scenario: {OTHER_ENVIRONMENT}",
    ),
    "an answer of another run": (
        transcript(foreign_delivery),
        f"shows an id of another run or scenario: {OTHER_ENVIRONMENT}",
    ),
    "another seed in one transcript": (transcript(lambda data: data.update(seed=7)), f"{SCENARIO} has the seed 7"),
    # another profile
    "profile ack": (circumstances(profile="ack"), "The stated profile is `ack`, which contradicts the stated worker"),
    "profile work and no worker": (
        circumstances(profile="work", worker=None),
        "The stated profile is `work`, but nothing-to-do is a scenario of another one",
    ),
    "no worker": (circumstances(worker=None), "contradicts the stated worker (None)"),
    # where and when
    "another target": (circumstances(base_url="https://api.vendor.example"), "is judged on the scripted server"),
    "another host in one request": (transcript(other_host), "another address than the scripted server's"),
    "not by the scripted server": (facts(arranged_by="api"), f"{SCENARIO} was not recorded by the scripted server"),
    "an earlier begin": (circumstances(started_at="2020-01-01T00:00:00Z"), "are dated"),
    "a shorter run": (circumstances(duration=0.5), "outside the stated duration"),
    "fewer requests": (transcript(lambda data: data["exchanges"].pop()), "requests, its transcripts"),
    # leases and jobs
    "leases that no run has": (circumstances(lease_seconds=60.0), "leases of 60.0 s, which no run has"),
    "another lease in one scenario": (facts(lease_seconds=10.0), f"{SCENARIO} does not have the leases"),
    "real leases everywhere": (real_leases, "does not have the leases that the run states (10 s)"),
    "a longer answer to a heartbeat": (transcript(longer_lease), f"{SCENARIO} does not have the leases"),
    "shorter jobs": (facts(job_seconds=0.1), f"{SCENARIO} states jobs of another length"),
    # processes
    "started by hand": (circumstances(worker=BY_HAND), "contradicts how the worker was started"),
    "no process in one scenario": (facts(workers={}), f"{SCENARIO} contradicts how the worker was started"),
    # bodies
    "a longer body": (transcript(longer_body), "it was changed afterwards"),
    "a longer body and its size": (transcript(longer_body_and_size), "but its headers say"),
    # verdicts
    "a request that fails a MUST": (transcript(without_authorization), "worker.token.bearer"),
}
"""By name: the edit, and words of the reason."""


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_refused_by_name(name: str, certified_worker: CertifiedWorker) -> None:
    edit, words = CHEATS[name]
    bundle = certified_worker.bundle
    result = verify(signed(bundle, edit(bundle.files), certified_worker.key))
    assert result.outcome == "does-not-hold"
    assert words in problems(result)


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "profile ack": ({"profile": "ack"}, "differs from the evidence in `profile`: ack, not worker"),
    "profile work": ({"profile": "work"}, "differs from the evidence in `profile`: work, not worker"),
    "a demonstration": ({"kind": "demonstration"}, "the run judged another worker"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_against_the_evidence_is_refused(name: str, certified_worker: CertifiedWorker) -> None:
    claim, words = CLAIMS[name]
    result = verify(forged(certified_worker.bundle, certified_worker.key, **claim))
    assert result.outcome == "does-not-hold"
    assert words in problems(result)


def test_a_claim_about_the_worker_is_refused(certified_worker: CertifiedWorker) -> None:
    bundle = certified_worker.bundle
    for worker in (None, JudgedWorker(command=None, real_leases=False), JudgedWorker(command="x", real_leases=True)):
        run = bundle.certificate.run
        said = type(run)(**{**{name: getattr(run, name) for name in run.__slots__}, "worker": worker})
        result = verify(forged(bundle, certified_worker.key, run=said))
        assert "differs from the evidence in `worker`" in problems(result)


def test_an_edited_verdict_is_refused(certified_worker: CertifiedWorker) -> None:
    verdicts = {**certified_worker.bundle.certificate.verdicts, "worker.ack.first": "observed"}
    result = verify(forged(certified_worker.bundle, certified_worker.key, verdicts=verdicts))
    assert "worker.ack.first: the certificate says observed" in problems(result)


@pytest.mark.parametrize(
    "changes",
    [
        {"items": None, "sessions": 7},
        {"items": {"item 1": ["x"]}, "environment_id": {}},
        {"workers": [], "job_seconds": 10**400, "lease_seconds": "3"},
    ],
)
def test_malformed_facts_are_refused_without_a_crash(
    changes: dict[str, Any], certified_worker: CertifiedWorker
) -> None:
    bundle = certified_worker.bundle
    result = verify(signed(bundle, facts(**changes)(bundle.files), certified_worker.key))
    assert result.outcome == "does-not-hold"
    assert SCENARIO in problems(result)


def test_an_honest_certificate_has_no_contradiction(certified_worker: CertifiedWorker) -> None:
    bundle = certified_worker.bundle
    result = verify(signed(bundle, bundle.files, certified_worker.key))
    assert (result.outcome, result.problems) == ("holds", [])
