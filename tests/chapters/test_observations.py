"""What the docs leave open is told in words and never judged, whatever a target answers."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.exchange import Body, Ending, EndKind, Exchange, Outcome, Response, Transcript
from conformance.judging.judge import judge_requirement
from conformance.judging.verdict import Verdict
from conformance.scenario.model import Scenario
from conformance.target import Credentials, Secret
from conformance.text import Text
from tests.client.servers import PAT, Answer, Received, answer
from tests.scenario.conversations import run_scenario, server
from tests.scenario.transcript_builder import JSON_HEADERS, WORK, envelope, shown

OBSERVATIONS = [scenario for scenario in scenarios().values() if scenario.chapter == "observations"]
EACH = pytest.mark.parametrize("scenario", OBSERVATIONS, ids=[scenario.id for scenario in OBSERVATIONS])
FORMS = scenarios()["observe.request-forms"]
TOKENS = Credentials(
    pat=Secret(PAT, "${QODER_PAT}"), forbidden=Secret("pt-forbidden-Aa1Bb2Cc3", "${QODER_FORBIDDEN_PAT}")
)
DETERMINISTIC = settings(derandomize=True, database=None, max_examples=25, deadline=None)


def healthy(request: Received) -> Answer:
    if request.path.endswith("/ack") and request.method == "POST":
        return answer(200, json.dumps(shown("starting")), JSON_HEADERS)
    return answer(200 if request.method == "POST" else 405, "{}" if request.method != "HEAD" else "")


@cache
def conversation(scenario_id: str) -> tuple[Transcript, tuple[Received, ...]]:
    """The conversation as it goes with a server that takes everything, and the acks that the server saw."""
    transcript, acks = run_scenario(scenarios()[scenario_id], server(healthy), credentials=TOKENS)
    return transcript, tuple(acks)


def verdicts(transcript: Transcript) -> list[Verdict]:
    scenario = scenarios()[transcript.scenario]
    return [
        judge_requirement(scenario, load_catalogue().requirements[requirement], transcript)
        for requirement in scenario.requirements
    ]


def observation(transcript: Transcript, requirement: str) -> Text | None:
    return judge_requirement(
        scenarios()[transcript.scenario], load_catalogue().requirements[f"ack.observe.{requirement}"], transcript
    ).observation


def answered(transcript: Transcript, replies: dict[str, Exchange]) -> Transcript:
    """The same conversation with other answers."""
    return replace(transcript, exchanges=tuple(replies.get(e.step, e) for e in transcript.exchanges))


def replied(transcript: Transcript, step: str, status: int, body: Any) -> Transcript:
    exchange = transcript.find(step)
    assert exchange is not None
    text = body if isinstance(body, str) else json.dumps(body)
    response = Response(status=status, headers=JSON_HEADERS, body=Body(text=text, size=len(text)))
    return answered(transcript, {step: replace(exchange, response=response)})


@EACH
def test_a_conversation_is_held_to_its_end_and_every_row_observed(scenario: Scenario) -> None:
    transcript, _ = conversation(scenario.id)
    assert transcript.ending.kind == "complete"
    for verdict in verdicts(transcript):
        if load_catalogue().requirements[verdict.line.requirement].level == "OBSERVE":
            assert (verdict.kind, verdict.failures) == ("observed", ())
            assert verdict.observation is not None
            assert verdict.observation.en.strip()
            assert verdict.observation.zh.strip()


@EACH
def test_all_writes_of_a_conversation_were_counted(scenario: Scenario) -> None:
    transcript, _ = conversation(scenario.id)
    writes = [e for e in transcript.exchanges if e.operation not in {"get", "poll", "list"}]
    assert len(writes) == scenario.extra_writes


def test_every_observation_is_made_by_one_case_but_two_are_made_by_more() -> None:
    observed = {
        rule for rule in load_catalogue().requirements if load_catalogue().requirements[rule].level == "OBSERVE"
    }
    made = [rule for scenario in scenarios().values() for rule in scenario.requirements if rule in observed]
    assert set(made) == observed
    assert {rule for rule in observed if made.count(rule) > 1} == {
        "ack.observe.exploration",  # of random acks, and of random sequences of all operations
        "stop.observe.forced-times",
    }


TEXTS = st.text(st.characters(codec=None), max_size=60)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["state", "error", "type", "id"]) | TEXTS, inner, max_size=4)
    ),
    max_leaves=6,
)
RESPONSES = st.builds(
    lambda status, headers, text, problem: Response(
        status=status, headers=tuple(headers), body=Body(text=text, size=len(text), problem=problem)
    ),
    st.sampled_from([200, 204, 301, 400, 401, 404, 409, 418, 429, 500, 502, 999]) | st.integers(100, 999),
    st.lists(st.tuples(st.sampled_from(["Content-Type", "x-request-id", "X-{n}"]) | TEXTS, TEXTS), max_size=3),
    TEXTS | BODIES.map(json.dumps) | st.just(json.dumps(shown("starting"))) | st.just(json.dumps(envelope("{x}"))),
    st.sampled_from([None, None, None, "too-large", "bad-content-encoding", "not-utf-8"]),
)

OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(["ok", "ok", "ok", "unknown", "fail"])
ENDS: st.SearchStrategy[EndKind] = st.sampled_from(["inconclusive", "precondition", "not-exercised", "aborted"])


@EACH
@given(data=st.data())
@DETERMINISTIC
def test_whatever_is_answered_nothing_fails_warns_or_breaks(scenario: Scenario, data: st.DataObject) -> None:
    transcript, _ = conversation(scenario.id)
    replies = {}
    for exchange in transcript.exchanges:
        if not exchange.step.startswith("arrange."):
            outcome = data.draw(OUTCOMES)
            response = data.draw(RESPONSES if outcome == "ok" else RESPONSES | st.none())
            problem = None if response is not None else "ReadError: {braces}"
            replies[exchange.step] = replace(exchange, outcome=outcome, response=response, problem=problem)
    spoiled = answered(transcript, replies)
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(spoiled.exchanges)))
        kind = data.draw(ENDS)
        ending = Ending(kind=kind, reason=Text("because", "因为"))
        spoiled = replace(spoiled, exchanges=spoiled.exchanges[:at], ending=ending)
    for verdict in verdicts(spoiled):
        if load_catalogue().requirements[verdict.line.requirement].level == "OBSERVE":
            assert verdict.kind in {"observed", "not-exercised"}
            assert (verdict.observation is not None) is (verdict.kind == "observed")
            assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict
        else:
            assert verdict.kind in {"not-exercised", "inconclusive"}, "the item came in its state: no ack is judged"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, shown("starting"), '200, state "starting"'),
        (409, envelope("invalid_request_error"), '409, error.type "invalid_request_error"'),
        (404, "<html>", "404"),
        (500, "", "500"),
        (200, {"state": 7}, "200"),
        (400, {"error": {"type": "{x}"}}, '400, error.type "{x}"'),
    ],
)
def test_an_answer_is_told_in_words(status: int, body: Any, words: str) -> None:
    transcript, _ = conversation("observe.undelivered")
    observed = observation(replied(transcript, "ack", status, body), "undelivered")
    assert observed is not None
    assert observed.en == words
    assert observed.zh != words or words.isdigit()


def test_of_several_answers_each_is_named() -> None:
    transcript, _ = conversation("observe.worker-ids")
    observed = observation(replied(transcript, "long", 400, envelope("invalid_request_error")), "worker-id-forms")
    assert observed is not None
    assert observed.en == (
        'empty: 200, state "starting"; long: 400, error.type "invalid_request_error"; '
        'script: 200, state "starting"; twice: 200, state "starting"'
    )


def test_that_nothing_came_back_is_an_observation() -> None:
    transcript, _ = conversation("observe.undelivered")
    exchange = transcript.find("ack")
    assert exchange is not None
    lost = replace(exchange, outcome="unknown", response=None, problem="ReadError")
    assert observation(answered(transcript, {"ack": lost}), "undelivered") == Text(
        "no response (ReadError)", "没有响应（ReadError）"
    )


def test_fields_and_headers_are_named() -> None:
    transcript, _ = conversation(FORMS.id)
    assert observation(transcript, "extra-fields") == Text("none", "无")
    extra = replied(transcript, "plain", 200, shown("starting", zone="a", attempts=1))
    assert observation(extra, "extra-fields") == Text('"attempts", "zone"', '"attempts", "zone"')
    plain = transcript.find("plain")
    assert plain is not None
    assert plain.response is not None
    for sent, words in ((transcript.facts["request_id"], "x-request-id echoed"), ("other", "x-request-id not echoed")):
        response = replace(plain.response, headers=(("X-Request-Id", sent), ("Server", "s")))
        observed = observation(answered(transcript, {"plain": replace(plain, response=response)}), "response-headers")
        assert observed is not None
        assert observed.en == f'"server, x-request-id"; {words}'


@pytest.mark.parametrize("requirement", ["extra-fields", "response-headers"])
def test_of_a_refusal_there_are_no_fields_to_name(requirement: str) -> None:
    transcript, _ = conversation(FORMS.id)
    assert observation(replied(transcript, "plain", 409, envelope("x")), requirement) is None


def test_a_row_that_needs_a_token_is_left_out_without_one() -> None:
    scenario = scenarios()["observe.precedence"]
    transcript, acks = run_scenario(scenario, server(healthy))
    observed = observation(transcript, "precedence")
    assert observed is not None
    assert [part.split(":")[0] for part in observed.en.split("; ")] == ["401-404", "401-400"]
    assert len(acks) == 2
    full = observation(conversation(scenario.id)[0], "precedence")
    assert full is not None
    assert [part.split(":")[0] for part in full.en.split("; ")] == ["401-404", "401-400", "403-404", "403-409"]


def test_the_odd_requests_are_as_odd_as_they_claim() -> None:
    transcript, _ = conversation(FORMS.id)
    sent = {e.step: e.request for e in transcript.exchanges}
    assert [sent[f"method.{m}"].method for m in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")] == [
        "GET",
        "PUT",
        "PATCH",
        "DELETE",
        "HEAD",
        "OPTIONS",
    ]
    assert sent["slash"].url.endswith(f"/work/{WORK}/ack/")
    assert sent["query"].url.endswith("/ack?surprise=1")
    assert dict(sent["bearer"].headers)["Authorization"] == "bearer ${QODER_PAT}"
    assert (sent["body.empty"].body, dict(sent["body.empty"].headers)["Content-Type"]) == (None, "application/json")
    assert sent["body.invalid"].body == "{"
    odd = {name: sent[f"id.{name}"].url.rpartition("/work/")[2] for name in ("slash", "space", "dots", "script")}
    assert odd == {
        "slash": f"{WORK}%2Fx/ack",
        "space": f"{WORK}%20x/ack",
        "dots": f"{WORK}../ack",
        "script": f"{WORK}%E5%B7%A5%E4%BD%9C/ack",
    }


def test_the_odd_workers_are_as_odd_as_they_claim() -> None:
    transcript, acks = conversation("observe.worker-ids")
    worker = transcript.facts["worker"]
    names = [[value for name, value in request.headers if name == "Worker-ID"] for request in acks]
    assert names[:3] == [[worker.upper()], [""], [worker + "x" * 1000]]
    assert names[3] == [(worker + "工作").encode().decode("latin-1")]
    assert (len(names[4]), names[4][0]) == (2, worker)
    assert names[4][1] != worker
