"""A run that judged a worker gets a certificate, which never reads as one of a server; the reference worker gets none."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path

import pytest

from conformance.certificate import badge, reference_worker, summary
from conformance.certificate.issue import NotEligible, Request, examine, issue
from conformance.certificate.policy import Candidate, Policy, parse_policy, shipped_policy, shortfalls
from conformance.certificate.run_times import begin_of
from conformance.certificate.statement import JudgedWorker, payload_of, read_payload
from conformance.certificate.verification import verify
from conformance.certificate.verification_json import verification_json
from conformance.cli import worker_command
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import ServerProfile
from conformance.evidence import Evidence, read_evidence
from conformance.registry.changes import add, create
from conformance.registry.page import page
from conformance.registry.store import read_registry
from conformance.registry.submission import Wanted
from conformance.worker_harness.command import BY_HAND
from conformance.worker_harness.scripted_ids import ScriptedIds
from conformance.workers.reference import Worker
from tests.certificate.conftest import CHALLENGE, SUBJECT
from tests.certificate.tampering import signed, with_circumstances, with_transcripts
from tests.cli.processes import cli
from tests.worker.conftest import CertifiedWorker, ReferenceRun, write

REAL_LEASES = "Run with --real-leases"


def shortfalls_of(policy: Policy, evidence: Evidence) -> list[str]:
    begin = begin_of(evidence.metadata)
    assert begin is not None
    candidate = Candidate(evidence=evidence, catalogue=load_catalogue().version)
    return [text.en for text in shortfalls(policy, candidate, at=begin + timedelta(days=1))]


# --- binding


def test_the_ids_of_a_run_follow_from_its_binding(reference_run: ReferenceRun) -> None:
    evidence = read_evidence(reference_run.folder)
    assert evidence.binding is not None
    assert evidence.binding.challenge == CHALLENGE
    assert evidence.metadata.seed == evidence.binding.seed(evidence.metadata.run_id)
    for name, transcript in evidence.transcripts.items():
        ids = ScriptedIds(run=evidence.metadata.run_id, scenario=name, binding=evidence.binding.digest)
        assert transcript.facts["environment_id"] == ids.environment
        assert all(ids.environment in each.request.url for each in transcript.exchanges if each.operation == "poll")


def test_every_part_of_an_id_counts() -> None:
    plain = ScriptedIds(run="r", scenario="s", binding="b")
    changed = [dataclasses.replace(plain, **{name: "x"}) for name in ("run", "scenario", "binding")]
    every = [plain, *changed, dataclasses.replace(plain, binding=None)]
    assert len({ids.environment for ids in every}) == len(every)
    assert len({ids.item(0) for ids in every}) == len(every)
    items = [plain.item(number) for number in range(20)]
    assert items == sorted(items)
    assert len({plain.session(number) for number in range(20)}) == 20


def test_worker_takes_the_options_of_run() -> None:
    names = {name for parameter in worker_command.command.params for name in parameter.opts}
    assert {"--challenge", "--for"} <= names
    assert "--no-mark" not in names, "a worker's ids are no mark that could be left out"


# --- the reference worker


def test_the_reference_worker_gets_a_demonstration_only(reference_run: ReferenceRun) -> None:
    with pytest.raises(NotEligible, match="the suite's own reference worker, which is not a product"):
        issue(Request(folder=reference_run.folder), reference_run.key)
    bundle, content = issue(Request(folder=reference_run.folder, kind="demonstration"), reference_run.key)
    assert "its own reference worker" in bundle.attestation.en
    assert badge.message(bundle.certificate, "en") == "demonstration, not a product"
    result = verify(content, reference_run.key.public)
    assert result.outcome == "holds", result.problems
    assert "judged its own reference worker" in summary.markdown(result, "en")
    assert Worker.user_agent == reference_worker.USER_AGENT


def test_another_worker_gets_no_demonstration(certified_worker: CertifiedWorker) -> None:
    with pytest.raises(NotEligible, match="the run judged another worker"):
        issue(Request(folder=certified_worker.folder, kind="demonstration"), certified_worker.key)


# --- a product


def test_it_says_that_it_is_about_a_worker(certified_worker: CertifiedWorker) -> None:
    certificate = certified_worker.bundle.certificate
    assert certificate.profile == "worker"
    assert certificate.run.arranged_by == "script"
    assert certificate.run.worker is not None
    assert "conformance.workers" in str(certificate.run.worker)
    message = badge.message(certificate, "en")
    assert message.startswith("worker · self-attested · 33 MUST judged · ")
    result = verify(certified_worker.content, certified_worker.key.public)
    assert (result.outcome, result.problems) == ("holds", [])
    text = summary.markdown(result, "en")
    assert "shows that the worker" in text
    assert "/ack`" not in text
    data = verification_json(result, [], policy="p", exit_code=0)["certificate"]
    assert data["worker"] == {"attached": False, "command": certificate.run.worker.command, "real_leases": False}


@pytest.mark.parametrize("profile", ["ack", "work"])
def test_it_does_not_cover_a_server(profile: ServerProfile, certified_worker: CertifiedWorker) -> None:
    result = verify(certified_worker.content, profile=profile)
    assert f"covers profile `worker`, not `{profile}`" in " ".join(text.en for text in result.problems)
    assert verify(certified_worker.content, profile="worker").outcome == "holds"


def test_the_shipped_policy_is_met_on_loopback(certified_worker: CertifiedWorker) -> None:
    """Tokens, races, loopback and TLS concern servers."""
    evidence = read_evidence(certified_worker.folder)
    assert shortfalls_of(parse_policy(shipped_policy()), evidence) == []
    assert REAL_LEASES in shortfalls_of(Policy(worker_real_leases=True), evidence)[0]


def test_a_worker_that_was_started_by_hand_is_certified_as_such(certified_worker: CertifiedWorker) -> None:
    def by_hand(transcript: dict[str, dict[str, object]]) -> None:
        transcript["facts"]["workers"] = {}

    files = with_transcripts(with_circumstances(certified_worker.bundle.files, worker=BY_HAND), by_hand)
    verdicts = {**certified_worker.bundle.certificate.verdicts, "worker.token.not-printed": "not-exercised"}
    content = signed(certified_worker.bundle, files, certified_worker.key, verdicts=verdicts)
    result = verify(content)
    assert (result.outcome, result.problems) == ("holds", [])
    assert result.bundle is not None
    assert result.evidence is not None
    assert result.bundle.certificate.run.worker == JudgedWorker(command=None, real_leases=False)
    [reason] = shortfalls_of(Policy(worker_started_by_suite=True), result.evidence)
    assert "started by hand (--attach)" in reason


def test_a_command_of_several_lines_is_refused(certified_worker: CertifiedWorker, tmp_path: Path) -> None:
    files = with_circumstances(certified_worker.bundle.files, worker="python -c 'import x\nx.run()'")
    found = examine(Request(folder=write(files, tmp_path / "run")))
    assert "The worker's command is not one printable line" in " ".join(reason.en for reason in found.reasons)


def test_a_statement_is_read_back(certified_worker: CertifiedWorker) -> None:
    certificate = certified_worker.bundle.certificate
    for worker in (JudgedWorker(command=None, real_leases=True), JudgedWorker(command="x", real_leases=False)):
        said = dataclasses.replace(certificate, run=dataclasses.replace(certificate.run, worker=worker))
        assert read_payload(payload_of(said)) == said


# --- command line and registry


def test_certify_and_verify_on_the_command_line(certified_worker: CertifiedWorker, tmp_path: Path) -> None:
    check = cli("certify", str(certified_worker.folder), "--check", cwd=tmp_path)
    assert (check.code, check.last_line) == (0, "Nothing is missing.")
    (tmp_path / "certificate.json").write_bytes(certified_worker.content)
    done = cli("verify", "certificate.json", "--policy", "default", "--badge", "b", cwd=tmp_path)
    assert done.code == 0, done.out
    assert "profile worker" in done.out
    assert "short leases" in done.out
    assert json.loads((tmp_path / "b" / "badge.json").read_text("utf-8"))["message"].startswith("worker · ")


def test_a_registry_lists_it_as_a_worker(certified_worker: CertifiedWorker, tmp_path: Path) -> None:
    begin = begin_of(certified_worker.bundle.evidence().metadata)
    assert begin is not None
    folder, at = tmp_path / "registry", begin + timedelta(days=1)
    create(folder, "Authority", certified_worker.key, shipped_policy(), grace_days=30, at=at)
    entry = add(folder, certified_worker.content, certified_worker.key, Wanted(challenge=CHALLENGE), at=at)
    assert entry.profile == "worker"
    assert len(entry.traces) > 10
    registry = read_registry(folder)
    assert "<td>worker, " in page(registry.index, registry.entries, "en")
    listed = cli("registry", "list", "registry", cwd=tmp_path)
    assert f"{SUBJECT.name}, {SUBJECT.vendor}  profile worker, requirement set " in listed.out
