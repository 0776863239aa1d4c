"""What a scenario asks is read by one of its checks, or by the scenario itself on its way."""

from __future__ import annotations

import pytest

from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.evidence import Evidence, read_evidence
from conformance.exchange import Exchange, Transcript
from tests.runs import run_suite, settings_for

OF_THE_WAY = frozenset({"before", "heartbeat", "archive", "release"})
"""Steps by which a scenario brings its item somewhere, or sees that it is there; `arrange.` and `probe.` are others."""


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder, tokens = tmp_path_factory.mktemp("run"), Tokens.generate()
    with EmulatorServer(use_microseconds(ServerConfig()).build(tokens)) as server:
        run_suite(settings_for(server.base_url, tokens, folder / "out"))
    return read_evidence(folder / "out")


def test_no_request_is_sent_that_nobody_reads(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[tuple[str, str]] = set()
    find = Transcript.find

    def noted(transcript: Transcript, step: str) -> Exchange | None:
        read.add((transcript.scenario, step))
        return find(transcript, step)

    monkeypatch.setattr(Transcript, "find", noted)
    evidence.rejudge()
    sent = {(name, each.step) for name, transcript in evidence.transcripts.items() for each in transcript.exchanges}
    assert ("race.stop.queued", "after") in read & sent
    assert {(name, step) for name, step in sent - read if not _of_the_way(step)} == set()


def _of_the_way(step: str) -> bool:
    """Of several items each has its own: `before.a`, `b.arrange.poll.1`."""
    return (
        step.partition(".")[0] in OF_THE_WAY or ".arrange." in f".{step}" or step.startswith(("probe.", "redeliver."))
    )
