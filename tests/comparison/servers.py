"""Servers that are compared: one that differs in nothing that counts, and one that differs in one point of each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp as App
from starlette.types import Receive, Scope, Send

from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.errors import JsonObject, unauthenticated
from conformance.emulator.response_edits import (
    EditableResponse,
    capture_response,
    edit_refused_acks,
    edit_responses,
    errors,
    header,
    send_captured_response,
)
from conformance.emulator.tokens import Principal
from conformance.emulator.variants import VARIANTS
from conformance.emulator.work import WorkItem
from conformance.judging.plan import full_plan
from conformance.judging.verdict import PlannedCheck
from conformance.target import Credentials
from tests.runs import run_suite, settings_for

SCENARIOS: Final = frozenset(
    {
        "first-ack.named-worker",
        "retry.starting",
        "retry.active",
        "identity.no-id",
        "identity.other-worker.queued",
        "auth.expired",
        "terminal.stopping.from-starting",
        "observe.request-forms",
    }
)
PLAN: Final[list[PlannedCheck]] = [line for line in full_plan() if line.scenario in SCENARIOS]


def judged(subject: ServerConfig, folder: Path, *, optional_tokens: bool = True) -> Path:
    """Hold the cases on a server; the folder of the run."""
    tokens = Tokens.generate()
    with EmulatorServer(subject.build(tokens)) as served:
        settings = settings_for(served.base_url, tokens, folder)
        if not optional_tokens and settings.credentials is not None:
            settings = replace(settings, credentials=Credentials(pat=settings.credentials.pat))
        run_suite(settings, PLAN)
    return folder


_numbers = count(1)


def _of_the_way(answer: EditableResponse) -> None:
    """What proxies, connections and the moment leave in an answer, and ids that nobody else ever used."""
    number = next(_numbers)
    answer.headers |= {"via": f"1.1 edge-{number}", "server": "edge", "age": str(number)}
    if answer.content and answer.status >= 400:
        body = answer.body()
        body["request_id"] = f"r-{number}"
        body["error"]["message"] = f"Refused, case {number}."
        answer.set_body(body)
        answer.content += b"   "


class _EveryOtherPollFindsNothing:
    def __init__(self, app: App) -> None:
        self._app = app
        self._polls = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].endswith("/work/poll") or next(self._polls) % 2:
            await self._app(scope, receive, send)
            return
        answer = await capture_response(_nothing, scope, receive)
        answer.headers["x-request-id"] = "r-0"  # as every other answer has one
        await send_captured_response(answer, send)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"null"})


def _noise(app: App, tokens: Tokens) -> App:
    return edit_responses(_of_the_way)(_EveryOtherPollFindsNothing(app), tokens)


HEALTHY: Final = use_microseconds(ServerConfig())
"""Differs in nothing."""

NOISY: Final = HEALTHY.with_wrapper(_noise)
"""Differs in what is never the same twice."""

Authenticate = Callable[[Tokens, Sequence[str]], Principal]
Render = Callable[[WorkItem], JsonObject]


def _strict_scheme(authenticate: Authenticate) -> Authenticate:
    def strict(tokens: Tokens, authorization: Sequence[str]) -> Principal:
        if any(not value.startswith("Bearer ") for value in authorization):
            raise unauthenticated()
        return authenticate(tokens, authorization)

    return strict


def _changed_item(render: Render) -> Render:
    def changed(item: WorkItem) -> JsonObject:
        fields = render(item)
        cut = {name: f"{str(value)[:-4]}Z" for name, value in fields.items() if name.endswith("_at") and value}
        extra = {"lease": {"seconds": 30}, "<b>::error::\x1b[2J": None}
        return {**fields, **cut, "metadata": {"anything": "else"}, **extra}

    return changed


def _changed(app: App, tokens: Tokens) -> App:
    refused = edit_refused_acks(errors(type="conflict_error"), 409)(app, tokens)
    named = edit_responses(header("X-Edition", "7"))(refused, tokens)
    return edit_responses(_as_problem)(named, tokens)


def _as_problem(answer: EditableResponse) -> None:
    if answer.status == 405:
        answer.headers["content-type"] = "application/problem+json"


CHANGED: Final = (
    VARIANTS["ulids"]
    .change(HEALTHY)
    .override_policy(authenticate=_strict_scheme, render_work_item=_changed_item)
    .with_wrapper(_changed)
)
"""Differs in one point of each kind."""
