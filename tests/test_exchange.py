"""Transcripts: written down and read back without loss, and never half read."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.exchange import (
    TRANSCRIPT_FORMAT,
    Body,
    BodyProblem,
    Ending,
    EndKind,
    Exchange,
    MalformedTranscript,
    Outcome,
    Request,
    Response,
    Transcript,
)
from conformance.text import Text

DETERMINISTIC = settings(derandomize=True, database=None, max_examples=80, deadline=None)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
MOMENTS = st.floats(0, 1e6)
HEADERS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple)
BODIES = st.builds(
    Body, text=TEXTS, size=st.integers(0, 2**20), problem=st.sampled_from([None, *get_args(BodyProblem)])
)
RESPONSES = st.builds(Response, status=st.integers(100, 599), headers=HEADERS, body=BODIES)
REQUESTS = st.builds(Request, method=TEXTS, url=TEXTS, headers=HEADERS, body=st.none() | TEXTS)
EXCHANGES = st.builds(
    Exchange,
    step=TEXTS,
    operation=TEXTS,
    request=REQUESTS,
    outcome=st.sampled_from(get_args(Outcome)),
    invoked=MOMENTS,
    completed=MOMENTS,
    response=st.none() | RESPONSES,
    problem=st.none() | TEXTS,
    tries=st.integers(1, 10),
)
ENDINGS = st.builds(
    Ending,
    kind=st.sampled_from(get_args(EndKind)),
    reason=st.none() | st.builds(Text, TEXTS, TEXTS),
    step=st.none() | TEXTS,
)
FACTS = st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2))
CONVERSATIONS = st.lists(EXCHANGES, max_size=3).map(tuple)
TRANSCRIPTS = st.builds(
    Transcript,
    scenario=TEXTS,
    run=TEXTS,
    seed=st.integers(0, 2**64),
    attempt=st.integers(0, 4),
    facts=FACTS,
    exchanges=CONVERSATIONS,
    ending=ENDINGS,
    earlier_attempts=st.lists(CONVERSATIONS, max_size=2).map(tuple),
)


@given(TRANSCRIPTS)
@DETERMINISTIC
def test_a_transcript_is_read_back_as_it_was_written(transcript: Transcript) -> None:
    written = transcript.dumps()
    assert Transcript.from_json(json.loads(written)) == transcript
    assert written.isascii()
    assert written.endswith("}\n")


@given(TRANSCRIPTS)
@DETERMINISTIC
def test_reading_and_writing_again_gives_the_same_file(transcript: Transcript) -> None:
    written = transcript.dumps()
    assert Transcript.from_json(json.loads(written)).dumps() == written


def whole() -> dict[str, Any]:
    request = Request(method="POST", url="http://h/ack", headers=(("Worker-ID", "w"),))
    response = Response(status=200, headers=(("A", "b"),), body=Body(text="{}", size=2))
    exchange = Exchange(
        step="ack", operation="ack", request=request, outcome="ok", invoked=1.0, completed=2.0, response=response
    )
    transcript = Transcript(
        scenario="s",
        run="r",
        seed=1,
        attempt=1,
        facts={"work_id": "work_1"},
        exchanges=(exchange,),
        ending=Ending(kind="complete"),
        earlier_attempts=((exchange,),),
    )
    data: dict[str, Any] = json.loads(transcript.dumps())
    assert Transcript.from_json(data) == transcript
    return data


def without(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def spoil(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return spoil


def put(value: object, *path: str | int) -> Callable[[dict[str, Any]], None]:
    def spoil(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return spoil


EXCHANGE = ("exchanges", 0)
SPOILED = [
    *(without(key) for key in whole() if key != "format"),
    *(without(*EXCHANGE, key) for key in whole()["exchanges"][0]),
    put(1, "scenario"),
    put("1", "seed"),
    put(None, "attempt"),
    put("facts", "facts"),
    put(None, "exchanges"),
    put([None], "exchanges"),
    put("maybe", *EXCHANGE, "outcome"),
    put([], *EXCHANGE, "outcome"),
    put("soon", *EXCHANGE, "invoked"),
    put("200", *EXCHANGE, "response", "status"),
    put({}, *EXCHANGE, "response"),
    put([["only-a-name"]], *EXCHANGE, "response", "headers"),
    put([["name", 1]], *EXCHANGE, "request", "headers"),
    put(None, *EXCHANGE, "response", "body", "text"),
    put("odd", *EXCHANGE, "response", "body", "problem"),
    put("surplus", *EXCHANGE, "surplus"),
    put("over", "ending", "kind"),
    put(None, "ending"),
    put({"en": "only English"}, "ending", "reason"),
    put({}, "ending", "reason"),
    put([[{}]], "earlier_attempts"),
]


@pytest.mark.parametrize("spoil", SPOILED, ids=[str(number) for number in range(len(SPOILED))])
def test_a_malformed_part_is_refused(spoil: Callable[[dict[str, Any]], None]) -> None:
    data = whole()
    spoil(data)
    with pytest.raises(MalformedTranscript):
        Transcript.from_json(data)


@pytest.mark.parametrize("data", [None, [], "text", 3, {}, {"format": None}, {"format": TRANSCRIPT_FORMAT + "0"}])
def test_another_format_is_refused_and_named(data: object) -> None:
    with pytest.raises(MalformedTranscript, match="expected format"):
        Transcript.from_json(data)


def test_reading_does_not_change_or_share_what_was_read() -> None:
    data = whole()
    before = copy.deepcopy(data)
    Transcript.from_json(data).facts["work_id"] = "other"
    assert data == before


def test_the_first_header_of_a_name_is_found_in_any_case() -> None:
    response = Response(status=200, headers=(("X-A", "1"), ("x-a", "2")), body=Body(text="", size=0))
    assert response.header("x-A") == "1"
    assert response.header("x-b") is None


def test_a_step_is_found_by_its_name() -> None:
    transcript = Transcript.from_json(whole())
    found = transcript.find("ack")
    assert found is not None
    assert found.step == "ack"
    assert transcript.find("after") is None


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (Body(text='{"state": "starting"}', size=21), {"state": "starting"}),
        (Body(text="null", size=4), None),
        (Body(text="", size=0), "nothing"),
        (Body(text='{"a": 1, "a": 2}', size=16), "nothing"),
        (Body(text="{}", size=2, problem="not-utf-8"), "nothing"),
    ],
)
def test_the_json_of_a_response_is_read_strictly_or_not_at_all(body: Body, value: object) -> None:
    assert Response(status=200, headers=(), body=body).json(otherwise="nothing") == value
