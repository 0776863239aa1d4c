"""What a target says when it refuses is repeated, made safe; a missing route is named, and never called a matter of tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from conformance.arrange.journal import Journal, new_run_id
from conformance.arrange.preflight import PreflightError, preflight
from conformance.arrange.refusals import outcome, refusal_text, target_error_message
from conformance.client.api import Api
from conformance.exchange import Body, Exchange, Request, Response
from tests.client.servers import CREDENTIALS, PAT, Answer, Received, Scripted, answer, connected, script, serving

SAID = 'Ask your administrator for the role "operator".'


def refused(status: int, message: str = SAID) -> bytes:
    return answer(status, json.dumps({"type": "error", "error": {"type": "x", "message": message}}))


def exchange(status: int, body: str, problem: str | None = None) -> Exchange:
    response = Response(status=status, headers=(), body=Body(text=body, size=len(body)))
    request = Request(method="POST", url="https://h/api/v1/cloud/agents?a=b", headers=())
    return Exchange(
        step="s",
        operation="create_agent",
        request=request,
        outcome="ok",
        invoked=0,
        completed=1,
        response=response,
        problem=problem,
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error": {"message": "Not today."}}', "Not today"),
        ('{"error": {"message": " a\\n b\\u001b[2J ##[error]"}}', "a b?[2J #?[error]"),
        ('{"error": {"message": 7}}', ""),
        ('{"error": "Not today."}', ""),
        ('{"message": "Not today."}', ""),
        ("[]", ""),
        ("<html>", ""),
        ("", ""),
    ],
)
def test_the_message_is_one_safe_line(body: str, words: str) -> None:
    assert target_error_message(exchange(403, body)) == words


def test_a_long_message_is_cut() -> None:
    said = target_error_message(exchange(403, json.dumps({"error": {"message": "x" * 5000}})))
    assert (len(said), said[-1]) == (200, "…")


@pytest.mark.parametrize(("status", "routed"), [(404, True), (405, True), (501, True), (403, False), (500, False)])
def test_a_route_that_may_be_missing_is_named(status: int, routed: bool) -> None:
    words = refusal_text(exchange(status, "{}"))
    for text in (words.en, words.zh):
        assert ("POST /api/v1/cloud/agents" in text) is routed
        assert f"HTTP {status}" in text


def test_an_answer_that_was_lost_says_what_became_of_it() -> None:
    lost = exchange(503, '{"error": {"message": "Maintenance."}}', problem="HTTP 503")
    assert outcome(lost) == "HTTP 503: Maintenance"


def preparing(respond: Callable[[Received], Answer], journal: Journal) -> PreflightError:
    async def run() -> None:
        async with (
            serving(Scripted(respond=respond)) as base_url,
            connected(base_url, credentials=CREDENTIALS) as client,
        ):
            await preflight(Api(client, lambda _: None), journal, new_run_id())

    with pytest.raises(PreflightError) as stop:
        asyncio.run(run())
    assert PAT not in str(stop.value)
    return stop.value


def at(path: str, method: str, reply: bytes) -> Callable[[Received], Answer]:
    def respond(request: Received) -> Answer:
        if (request.method, request.path.partition("?")[0]) == (method, f"/api/v1/cloud{path}"):
            return reply
        listing = request.method == "GET"
        return answer(200 if listing else 201, '{"data": []}' if listing else '{"id": "env_1"}')

    return respond


def test_a_refusal_while_preparing_repeats_it(journal: Journal) -> None:
    reason = preparing(at("/environments", "POST", refused(403, f"{SAID} {PAT}")), journal).reason
    assert "create_environment returned HTTP 403: Ask your administrator" in reason.en
    assert "${QODER_PAT}" in reason.en
    assert "Check that the token may create" in reason.en
    assert "请确认 token" in reason.zh


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_missing_route_is_no_matter_of_tokens(status: int, journal: Journal) -> None:
    reason = preparing(at("/agents", "POST", refused(status, "No such path.")), journal).reason
    assert f"create_agent returned HTTP {status} (POST /api/v1/cloud/agents): No such path." in reason.en
    assert "--arrange-url" in reason.en
    assert "token" not in reason.en
    assert "token" not in reason.zh


def test_any_other_refusal_is_no_matter_of_tokens_either(journal: Journal) -> None:
    reason = preparing(at("/agents", "POST", refused(422, "The model is not enabled.")), journal).reason
    assert "HTTP 422: The model is not enabled." in reason.en
    assert "token" not in reason.en


def test_a_token_that_is_refused_is_named_with_what_was_said(journal: Journal) -> None:
    async def run() -> None:
        async with serving(script(refused(401, "The key was revoked."))) as base_url, connected(base_url) as client:
            await preflight(Api(client, lambda _: None), journal, new_run_id())

    with pytest.raises(PreflightError, match=r"refuses the token in QODER_PAT \(HTTP 401: The key was revoked\)"):
        asyncio.run(run())
