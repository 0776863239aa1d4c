"""Honest runs on unusual servers have no contradiction."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.certificate.consistency import contradictions, on_emulator
from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.variants import VARIANTS
from conformance.evidence import EVIDENCE, Evidence, evidence_from_files, parse_index, read_evidence
from conformance.judging.plan import full_plan
from tests.certificate.conftest import Certified
from tests.certificate.tampering import unbound, with_circumstances, with_transcripts
from tests.runs import judge_app

Edit = Callable[[list[list[str]], Any], None]


def evidence(files: dict[str, bytes]) -> Evidence:
    parts = {name: content for name, content in files.items() if name != EVIDENCE}
    return evidence_from_files(parse_index(files[EVIDENCE]), parts)


def headers(edit: Edit) -> Callable[[Any], None]:
    """Edit the headers of every response."""

    def change(data: Any) -> None:
        for exchange in data["exchanges"]:
            if exchange["response"] is not None:
                edit(exchange["response"]["headers"], exchange)

    return change


def without(name: str) -> Edit:
    def edit(pairs: list[list[str]], _: Any) -> None:
        pairs[:] = [pair for pair in pairs if pair[0].lower() != name]

    return edit


def clock(change: Callable[[datetime], datetime]) -> Edit:
    def edit(pairs: list[list[str]], _: Any) -> None:
        for pair in pairs:
            if pair[0].lower() == "date":
                pair[1] = format_datetime(change(parsedate_to_datetime(pair[1])), usegmt=True)

    return edit


def cached(pairs: list[list[str]], exchange: Any) -> None:
    """A cache that says how old its responses are."""
    pairs.append(["Age", "604800"])
    clock(lambda date: date - timedelta(days=7))(pairs, exchange)


def stale_gets(pairs: list[list[str]], exchange: Any) -> None:
    if exchange["request"]["method"] == "GET":
        clock(lambda date: date - timedelta(days=7))(pairs, exchange)


def garbled(pairs: list[list[str]], _: Any) -> None:
    for pair in pairs:
        if pair[0].lower() == "date":
            pair[1] = "yesterday"


def chunked(pairs: list[list[str]], exchange: Any) -> None:
    without("content-length")(pairs, exchange)
    pairs.append(["Transfer-Encoding", "chunked"])


def compressed(pairs: list[list[str]], _: Any) -> None:
    for pair in pairs:
        if pair[0].lower() == "content-length":
            pair[1] = "99"
    pairs.append(["Content-Encoding", "gzip"])


HONEST: dict[str, Edit] = {
    "no Date": without("date"),
    "a clock that is twenty hours fast": clock(lambda date: date + timedelta(hours=20)),
    "a clock that is twenty hours slow": clock(lambda date: date - timedelta(hours=20)),
    "a cache that tells the age": cached,
    "a cache that does not": stale_gets,
    "a Date that is none": garbled,
    "chunks": chunked,
    "compression": compressed,
    "no Content-Length": without("content-length"),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_unusual_server_is_honest(name: str, certified: Certified) -> None:
    files = with_transcripts(certified.bundle.files, headers(HONEST[name]))
    assert contradictions(evidence(files)) == []


def test_a_clock_that_stands_still_says_nothing(certified: Certified) -> None:
    fixed = clock(lambda _: datetime(2000, 1, 1, tzinfo=UTC))
    files = with_transcripts(certified.bundle.files, headers(fixed))
    invoked = [
        exchange["invoked"]
        for name, content in files.items()
        if name.startswith("transcripts/")
        for exchange in json.loads(content)["exchanges"]
    ]
    assert max(invoked) - min(invoked) > 5, "long enough to tell that the clock stands still"
    assert contradictions(evidence(files)) == []


def test_a_clock_that_is_wrong_by_more_than_a_day_is_named_with_the_remedy(certified: Certified) -> None:
    files = with_transcripts(certified.bundle.files, headers(clock(lambda date: date + timedelta(days=2))))
    [*_, last] = contradictions(evidence(files))
    assert "contradictions of this kind" in last.en
    assert any("set it and run again" in text.en for text in contradictions(evidence(files)))


def test_an_address_of_its_own_for_the_endpoints_that_create_work(certified: Certified) -> None:
    def elsewhere(data: Any) -> None:
        for exchange in data["exchanges"]:
            if exchange["operation"] in {"create_session", "send_message", "archive_environments"}:
                url = exchange["request"]["url"]
                exchange["request"]["url"] = "https://set-up.example/v9" + url.partition("/api/v1/cloud")[2]

    files = with_transcripts(certified.bundle.files, elsewhere)
    assert contradictions(evidence(files)) == []


def test_a_redacted_body_may_have_another_length(certified: Certified) -> None:
    def redact(data: Any) -> None:
        for exchange in data["exchanges"]:
            body = exchange["response"]["body"] if exchange["response"] is not None else {"text": ""}
            body["text"] = body["text"].replace('"type"', '"${QODER_PAT}"')

    files = with_transcripts(certified.bundle.files, redact)
    assert contradictions(evidence(files)) == []


def test_an_unbound_run_is_honest(certified: Certified) -> None:
    assert contradictions(evidence(unbound(certified.bundle.files))) == []


HOSTILE: dict[str, Any] = {
    "invoked that is no number": ("invoked", float("nan")),
    "invoked without end": ("invoked", float("inf")),
    "invoked of many digits": ("invoked", 10**400),
    "completed of many digits": ("completed", -(10**400)),
    "a step": ("step", "\x1b[2J"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_numbers_are_data(name: str, certified: Certified) -> None:
    key, value = HOSTILE[name]

    def edit(data: Any) -> None:
        for exchange in data["exchanges"]:
            exchange[key] = value

    assert contradictions(evidence(with_transcripts(certified.bundle.files, edit))) is not None


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), -1, 10**400])
def test_a_hostile_duration_is_data(duration: float, certified: Certified) -> None:
    files = with_circumstances(certified.bundle.files, duration=duration)
    assert "is not a valid duration" in " ".join(text.en for text in contradictions(evidence(files)))


# --- the suite's own emulator


@pytest.mark.parametrize("variant", [None, "numbers"])
def test_the_emulator_is_recognised_by_its_ids(variant: str | None, tmp_path: Path) -> None:
    """In the variant `numbers` the ids of items have no place for a mark; those of requests have one."""
    tokens, server_config = Tokens.generate(), ServerConfig()
    if variant is not None:
        server_config = VARIANTS[variant].change(server_config)
    plan = [line for line in full_plan() if line.scenario in {"retry.active", "retry.starting"}]
    judge_app(server_config.build(tokens), tokens, tmp_path / "run", plan)
    run = read_evidence(tmp_path / "run")
    assert not run.metadata.embedded
    assert on_emulator(run)


def test_a_server_with_other_ids_is_not_the_emulator(certified: Certified) -> None:
    assert not on_emulator(read_evidence(certified.folder))
