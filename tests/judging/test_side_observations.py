"""What other operations did beside the docs is reported once for each kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.exchange import Transcript
from conformance.judging.side_observations import observed_deviations
from tests.scenario.transcript_builder import begun, shown


def transcript(status: int, body: Any, *, text: str | None = None, operation: str = "stop") -> Transcript:
    dialog = begun("terminal.stopped.while-queued").said("x", status, body, text=text)
    exchange = replace(dialog.exchanges["x"], operation=operation)
    return replace(dialog.transcript(), exchanges=(exchange,))


def sentences(*transcripts: Transcript, twice: tuple[str, ...] = ()) -> list[str]:
    return [words.en for words in observed_deviations(transcripts, twice)]


def test_what_is_documented_is_not_reported() -> None:
    assert sentences(transcript(200, shown("stopped"))) == []
    assert sentences(transcript(200, None, operation="poll")) == []
    assert sentences(transcript(409, {"type": "error"})) == []
    assert sentences(transcript(204, None, text="", operation="send_message")) == []
    assert sentences(transcript(202, shown("starting"), operation="ack")) == [], "an ack is judged"


def test_each_kind_is_reported_once_with_its_count() -> None:
    stop_204, get = transcript(204, None, text=""), transcript(200, shown("pending"), operation="get")
    assert sentences(stop_204, stop_204, get, transcript(202, shown("stopped"))) == [
        "get showed the state `pending` (1 times)",
        "stop returned HTTP 202 (1 times)",
        "stop returned HTTP 204 and showed no state (2 times)",
    ]
    assert sentences(transcript(200, {})) == ["stop returned HTTP 200 and showed no state (1 times)"]
    assert sentences(transcript(204, None, text="", operation="poll")) == [
        "poll returned HTTP 204 and showed no state (1 times)"
    ]


def test_an_earlier_attempt_is_looked_at_as_well() -> None:
    odd = transcript(204, None, text="")
    assert len(sentences(replace(odd, exchanges=(), earlier_attempts=(odd.exchanges,)))) == 1


def test_items_that_were_delivered_twice_come_first_and_in_one_sentence() -> None:
    assert sentences(twice=("work_1",)) == ["poll delivered work_1 to two workers"]
    many = tuple(f"work_{number}" for number in range(5))
    assert sentences(transcript(204, None, text=""), twice=many)[0] == (
        "poll delivered work_0, work_1, work_2 and 2 more to two workers"
    )
