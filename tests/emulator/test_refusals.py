"""Tokens, the order of refusals, the envelope, and requests that fit no operation."""

import asyncio
import uuid

import httpx
import pytest

from conformance.emulator import Tokens, create_app
from conformance.emulator.app import build_app, operations
from conformance.emulator.clock import utc_now
from conformance.emulator.operations import Call, Reply
from conformance.emulator.service import Service

from .api_driver import PREFIX, Api, refusal

OPERATIONS = [
    ("GET", "/work", False),
    ("GET", "/work/poll", True),
    ("GET", "/work/stats", False),
    ("GET", "/work/{id}", False),
    ("POST", "/work/{id}", True),
    ("POST", "/work/{id}/ack", True),
    ("POST", "/work/{id}/heartbeat", True),
    ("POST", "/work/{id}/stop", True),
]
UNKNOWN_ENVIRONMENT = "env_019e64e01a137caf953ac2ac7b42ec5c"
UNKNOWN_WORK = "work_019f3be4fd2475d9a784bf2c739e1194"


def send(api: Api, operation: tuple[str, str, bool], environment: str, work: str) -> httpx.Response:
    method, path, _ = operation
    body: dict[str, str] | None = {} if method == "POST" else None
    return api.send(method, f"/environments/{environment}{path.format(id=work)}", json=body)


@pytest.mark.parametrize("operation", OPERATIONS)
class TestEveryWorkOperation:
    """The four rows that every page has, in the order in which they win."""

    def test_expired_token(self, http: httpx.Client, tokens: Tokens, operation: tuple[str, str, bool]) -> None:
        expired = Api(http, tokens.expired)
        answer = send(expired, operation, UNKNOWN_ENVIRONMENT, UNKNOWN_WORK)
        assert refusal(answer) == (401, "authentication_error", None)

    def test_unknown_environment(self, api: Api, forbidden: Api, operation: tuple[str, str, bool]) -> None:
        for caller in (api, forbidden):
            answer = send(caller, operation, UNKNOWN_ENVIRONMENT, UNKNOWN_WORK)
            assert refusal(answer) == (404, "not_found_error", "environment_id")

    def test_foreign_token(self, api: Api, foreign: Api, operation: tuple[str, str, bool]) -> None:
        environment = api.environment()
        work = api.work_in(environment, "delivered")
        before = work.show()
        answer = send(foreign, operation, environment, work.id)
        assert refusal(answer) == (404, "not_found_error", "environment_id")
        assert work.show() == before

    def test_forbidden_token(self, api: Api, forbidden: Api, operation: tuple[str, str, bool]) -> None:
        environment = api.environment()
        work = api.work_in(environment, "delivered")
        before = work.show()
        answer = send(forbidden, operation, environment, work.id)
        if operation[2]:
            assert refusal(answer) == (403, "permission_error", None)
            assert refusal(send(forbidden, operation, api.environment("cloud"), work.id))[0] == 403
        else:
            assert answer.status_code == 200
        assert work.show() == before

    def test_cloud_environment(self, api: Api, operation: tuple[str, str, bool]) -> None:
        answer = send(api, operation, api.environment("cloud"), UNKNOWN_WORK)
        assert refusal(answer) == (400, "invalid_request_error", "environment_id")

    def test_unknown_work_item(self, api: Api, operation: tuple[str, str, bool]) -> None:
        answer = send(api, operation, api.environment(), UNKNOWN_WORK)
        if "{id}" in operation[1]:
            assert refusal(answer) == (404, "not_found_error", "work_id")
        else:
            assert answer.status_code == 200


def test_unauthenticated_headers(http: httpx.Client, tokens: Tokens, api: Api) -> None:
    path = f"{PREFIX}/environments/{api.environment()}/work"
    owner = tokens.owner
    changed = owner[:10] + ("a" if owner[10] != "a" else "b") + owner[11:]
    values = [
        "", "Bearer", f"Basic {owner}", f"Token {owner}", owner, f"Bearer {owner[:-1]}", f"Bearer {owner}x",
        f"Bearer {changed}", f"Bearer  {owner}", f"Bearer {owner} {owner}", "Bearer pt-your-token-here", "Bearer é",
    ]  # fmt: skip
    for value in values:
        answer = http.get(path, headers=[(b"Authorization", value.encode("latin-1"))])
        assert refusal(answer) == (401, "authentication_error", None), value
    assert refusal(http.get(path))[0] == 401
    assert refusal(http.get(path, headers={"x-api-key": owner}))[0] == 401
    twice = [("Authorization", f"Bearer {owner}")] * 2
    assert refusal(http.get(path, headers=twice))[0] == 401
    assert http.get(path, headers={"Authorization": f"bearer {owner}"}).status_code == 200


def test_tokens() -> None:
    tokens = Tokens.generate()
    values = {tokens.owner, tokens.forbidden, tokens.foreign, tokens.expired}
    assert len(values) == 4
    for value in values:
        assert value.startswith("pt-")
        assert len(value) >= 32
        assert value[3:].isascii()
        assert value[3:].isalnum()
        assert value not in repr(tokens)


def test_the_foreign_token_has_a_world_of_its_own(api: Api, foreign: Api) -> None:
    environment = foreign.environment()
    work = foreign.work_in(environment, "active")
    assert work.ack("w1").status_code == 200
    assert refusal(api.get(f"/environments/{environment}"))[0] == 404
    assert refusal(api.get(f"/sessions/{work.session}"))[0] == 404
    listed = api.get("/environments", params={"after_id": environment[:-1]}).json()["data"]
    assert environment not in [entry["id"] for entry in listed]


def test_the_forbidden_token_changes_nothing(api: Api, forbidden: Api, environment: str) -> None:
    session = api.session(environment)
    assert forbidden.get(f"/environments/{environment}").status_code == 200
    assert forbidden.get(f"/sessions/{session}").status_code == 200
    changes = [
        forbidden.post("/environments", json={"name": "e", "config": {"type": "cloud"}}),
        forbidden.post("/agents", json={}),
        forbidden.post("/sessions", json={}),
        forbidden.say(session),
        forbidden.post(f"/sessions/{session}/cancel"),
        forbidden.post(f"/sessions/{session}/archive"),
        forbidden.delete(f"/sessions/{session}"),
        forbidden.post(f"/environments/{environment}/archive"),
        forbidden.delete(f"/environments/{environment}"),
    ]
    assert {refusal(answer)[:2] for answer in changes} == {(403, "permission_error")}


def test_request_ids(api: Api) -> None:
    sent = api.get("/environments/env_x", headers={"x-request-id": "trace-é-1".encode("latin-1")})
    assert sent.json()["request_id"] == "trace-é-1"
    empty: list[dict[str, str]] = [{}, {"x-request-id": ""}]
    for headers in empty:
        made = api.get("/environments/env_x", headers=headers).json()["request_id"]
        assert str(uuid.UUID(made)) == made
    assert api.get("/models", headers={"x-request-id": "t"}).headers["x-request-id"] == "t"


def test_wrong_methods(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered")
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = api.send(method, f"{work.path}/ack")
        assert refusal(answer) == (405, "invalid_request_error", None)
        assert answer.headers["allow"] == "POST"
    assert api.send("HEAD", f"{work.path}/ack").status_code == 405
    assert api.send("PUT", work.path).headers["allow"] == "GET, POST"
    assert api.post(f"/environments/{environment}/work/poll").status_code == 405
    assert work.show()["state"] == "queued"


@pytest.mark.parametrize(
    "path", ["/nothing", "/environments/", "/environments/e/work/w/ack/", "//environments", "/health", ""]
)
def test_unknown_paths(api: Api, path: str) -> None:
    assert refusal(api.get(path)) == (404, "not_found_error", None)


def test_a_body_above_32_mb(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered")
    chunks = (b"x" * 1024 * 1024 for _ in range(33))
    assert refusal(api.post(work.path, content=chunks)) == (400, "invalid_request_error", None)


def test_a_declared_length_above_32_mb_is_refused_unread(tokens: Tokens) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=create_app(tokens=tokens))
        async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
            headers = {"Authorization": f"Bearer {tokens.owner}", "Content-Length": str(32 * 1024 * 1024 + 1)}
            return await client.post(f"{PREFIX}/agents", headers=headers)

    assert refusal(asyncio.run(ask())) == (400, "invalid_request_error", None)


def test_a_failing_server_answers_500_and_logs(tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    async def failing(call: Call) -> Reply:
        raise ZeroDivisionError

    table = operations()
    table["/models"]["GET"] = failing
    app = build_app(Service.build(tokens=tokens, clock=utc_now), table, "/v")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
            return await client.get("/v/models", headers={"Authorization": f"Bearer {tokens.owner}"})

    assert refusal(asyncio.run(ask())) == (500, "api_error", None)
    assert "GET /v/models" in caplog.text
