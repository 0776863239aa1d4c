"""Shapes, from transcripts made by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.comparison.compare import Comparison, ShapeDifference, compare
from conformance.comparison.response_shape import keep_common_steps
from conformance.evidence import Evidence
from conformance.exchange import Body, Ending, Exchange, Header, Request, Response, Transcript
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import PlannedCheck

OBSERVING = "observe.undelivered"
ROW = "ack.observe.undelivered"
JSON_HEADERS: tuple[Header, ...] = (("Content-Type", "application/json"),)


def answer(
    value: Any = None,
    *,
    step: str = "ack",
    status: int = 200,
    headers: tuple[Header, ...] = JSON_HEADERS,
    text: str | None = None,
    operation: str = "ack",
) -> Exchange:
    body = json.dumps(value) if text is None else text
    return Exchange(
        step=step,
        operation=operation,
        request=Request(method="POST", url="http://target", headers=()),
        outcome="ok",
        invoked=0.0,
        completed=0.1,
        response=Response(status=status, headers=headers, body=Body(text=body, size=len(body))),
    )


def transcript(*exchanges: Exchange, scenario: str = OBSERVING, ending: Ending | None = None) -> Transcript:
    return Transcript(
        scenario=scenario,
        run="r",
        seed=1,
        attempt=1,
        facts={},
        exchanges=exchanges,
        ending=ending or Ending(kind="complete"),
    )


def evidence(*transcripts: Transcript, **about: Any) -> Evidence:
    circumstances: dict[str, Any] = {
        "run_id": "r",
        "seed": 1,
        "suite_version": "0",
        "catalogue_version": "1.0",
        "started_at": "2026-01-01T00:00:00Z",
        "duration": 1.0,
        "base_url": "http://target",
        "api_prefix": "",
        "worker_header": "Worker-ID",
        "embedded": False,
        "insecure": False,
        "processes": 0,
        "strict": False,
        "selection": "-k undelivered",
    }
    rows = {OBSERVING: ROW, "race.same-worker": "ack.race.same-worker"}
    return Evidence(
        metadata=RunMetadata(**{**circumstances, **about}),
        plan=tuple(PlannedCheck(t.scenario, rows[t.scenario]) for t in transcripts),
        transcripts={t.scenario: t for t in transcripts},
        files={},
    )


def compared(a: list[Exchange], b: list[Exchange]) -> Comparison:
    return compare(evidence(transcript(*a)), evidence(transcript(*b)))


def parts(a: list[Exchange], b: list[Exchange]) -> list[tuple[str, str, Any, Any]]:
    """What differs, and the same from the other side."""
    found = compared(a, b).shapes
    mirrored = compared(b, a).shapes
    assert [(d.part, d.where, d.b, d.a) for d in mirrored] == [(d.part, d.where, d.a, d.b) for d in found]
    return [(d.part, d.where, d.a, d.b) for d in found]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({"n": 1}, {"n": 2.5}, []),
        ({"n": 1}, {"n": "1"}, [("type", "/n", ("number",), ("string",))]),
        ({"n": 1}, {"n": True}, [("type", "/n", ("number",), ("boolean",))]),
        ({"n": 1}, {"n": None}, [("type", "/n", ("number",), ("null",))]),
        ({"n": 1}, {}, [("field", "/n", ("number",), None)]),
        ({"n": {"m": {"k": 1}}}, {}, [("field", "/n", ("object",), None)]),
        ({"n": {"m": 1}}, {"n": {}}, [("field", "/n/m", ("number",), None)]),
        ({"n": [1, 2]}, {"n": []}, []),
        ({"n": [{"m": 1}]}, {"n": []}, []),
        ({"n": [{"m": 1}]}, {"n": [{"k": 1}]}, [("field", "/n/*/k", None, ("number",)), ("field", "/n/*/m", ("number",), None)]),
        ({"n": [{"m": 1}]}, {"n": [{"m": 1}, {}]}, [("type", "/n/*/m", ("number",), ("number", "absent"))]),
        ({"metadata": {"a": "1"}}, {"metadata": {"b": 2}}, []),
        ({"metadata": {"a": "1"}}, {"metadata": None}, [("type", "/metadata", ("object",), ("null",))]),
        ({"a/b~c": 1}, {}, [("field", "/a~1b~0c", ("number",), None)]),
        ({"message": "Refused."}, {"message": "Go away."}, []),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "yesterday"}, [("format", "/at", ("time",), ("text",))]),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2027-02-02T10:20:30Z"}, []),
    ],
)  # fmt: skip
def test_bodies(a: Any, b: Any, expected: list[Any]) -> None:
    assert parts([answer(a)], [answer(b)]) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [("", "empty"), ("Sorry.", "not-json"), ('{"a": NaN}', "not-json"), ('{"a": 1, "a": 2}', "not-json")],
)
def test_a_body_that_is_no_json_shows_no_fields(text: str, kind: str) -> None:
    assert parts([answer({"n": 1})], [answer(text=text)]) == [("type", "", ("object",), (kind,))]


def test_an_empty_poll_shows_nothing() -> None:
    item = answer({"n": 1}, step="arrange.poll.2", operation="poll")
    nothing = answer(None, step="arrange.poll.1", operation="poll")
    first = answer({"n": 1}, step="arrange.poll.1", operation="poll")
    seen = answer({"state": "starting"})
    assert parts([nothing, item, seen], [first, seen]) == []


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((("X-New", "1"),), (), [("header", "x-new", (), None)]),
        ((("X-NEW", "1"),), (("x-new", "2"),), []),
        (
            (("Date", "today"), ("Server", "a"), ("Content-Length", "1"), ("Via", "b")),
            (("Transfer-Encoding", "c"),),
            [],
        ),
    ],
)
def test_headers(a: tuple[Header, ...], b: tuple[Header, ...], expected: list[Any]) -> None:
    one, other = answer({}, headers=(*JSON_HEADERS, *a)), answer({}, headers=(*JSON_HEADERS, *b))
    assert parts([one], [other]) == expected


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("application/json", "Application/JSON; charset=utf-8", True),
        ("application/json", "application/problem+json", False),
        ("application/json", "", False),
    ],
)
def test_media_types_without_parameters(a: str, b: str, same: bool) -> None:
    found = parts([answer({}, headers=(("content-type", a),))], [answer({}, headers=(("content-type", b),))])
    assert found == ([] if same else [("media-type", "", (a,), (b,))])


def test_another_status_is_another_kind_of_answer() -> None:
    found = compared([answer({}, status=200)], [answer({}, status=202)]).shapes
    assert found == (
        ShapeDifference(operation="ack", status=200, part="answer", where="", a=(), b=None),
        ShapeDifference(operation="ack", status=202, part="answer", where="", a=None, b=()),
    )


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_gateways_answers_are_not_the_servers(status: int) -> None:
    again = answer({"come": "again"}, step="before", status=status)
    other = answer({}, step="before", status=200, operation="get")
    kinds = {(d.operation, d.status) for d in compared([again, answer({})], [other, answer({})]).shapes}
    assert kinds == {("get", 200)}


def test_a_step_that_one_run_alone_took_is_left_out() -> None:
    more = answer({"n": 1}, step="403-404", status=403)
    assert parts([answer({}), more], [answer({})]) == []


def test_the_number_of_a_step_does_not_count() -> None:
    first, third = (answer({}, step=f"arrange.poll.{n}") for n in (1, 3))
    a, b = keep_common_steps(transcript(first), transcript(third))
    assert [e.step for e in (*a.exchanges, *b.exchanges)] == ["arrange.poll.1", "arrange.poll.3"]


def test_races_show_no_shapes() -> None:
    talk = transcript(answer({}))
    races = [transcript(answer({"n": n}, step="ack.1"), scenario="race.same-worker") for n in (1, "1")]
    comparison = compare(evidence(talk, races[0]), evidence(talk, races[1]))
    assert comparison.shapes == ()


def test_a_conversation_that_one_run_did_not_end_shows_no_shapes() -> None:
    cut = transcript(answer({"n": 1}), ending=Ending(kind="aborted"))
    assert compare(evidence(transcript(answer({}))), evidence(cut)).shapes == ()
