"""What is kept of an exchange holds no secret, and is otherwise as it came."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from conformance.client import bad_credentials
from conformance.client.bad_credentials import Authentication
from conformance.client.request import Call
from conformance.exchange import Ending, Exchange, Transcript
from conformance.target import Credentials, Limits, Secret, Target

from .servers import PAT, Answer, Handler, Received, Scripted, answer, connected, script, serving

GATEWAY = Secret("gateway-key-0123456789", "${GATEWAY_KEY}")
FORBIDDEN = Secret("pt-forbidden-0123456789", "${QODER_FORBIDDEN_PAT}")
CREDENTIALS = Credentials(pat=Secret(PAT, "${QODER_PAT}"), forbidden=FORBIDDEN)
PAIRS = (("X-Team", "blue"), ("x-team", "red"))


def exchanged(
    handler: Handler,
    authentication: Authentication | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    body: str | None = None,
) -> Exchange:
    async def run() -> Exchange:
        async with serving(handler) as base_url:
            target = Target(base_url=base_url, headers=PAIRS, secret_headers=(("X-Gateway-Key", GATEWAY),))
            limits = Limits(timeout=5)
            async with connected(base_url, target=target, credentials=CREDENTIALS, limits=limits) as client:
                call = Call(
                    step="ack",
                    operation="ack",
                    method="POST",
                    url=f"{base_url}/ack",
                    kind="write",
                    headers=headers,
                    authentication=authentication,
                    body=body,
                )
                return await client.perform(call, age=0)

    return asyncio.run(run())


def kept(exchange: Exchange) -> str:
    """Everything that is written down."""
    ending = Ending(kind="complete")
    return Transcript(scenario="s", run="r", seed=0, attempt=1, facts={}, exchanges=(exchange,), ending=ending).dumps()


def echo(request: Received) -> Answer:
    """Sends every request header back, in the body, in headers and in a JSON string."""
    values = [value for _, value in request.headers]
    body = json.dumps({"message": " ".join(values), "encoded": [base64.b64encode(v.encode()).decode() for v in values]})
    return answer(401, body, [(f"X-Echo-{name}", value) for name, value in request.headers])


SHAPES = {
    "pat": None,
    "truncated": bad_credentials.bearer(bad_credentials.truncated(CREDENTIALS.pat)),
    "extended": bad_credentials.bearer(bad_credentials.extended(CREDENTIALS.pat)),
    "altered": bad_credentials.bearer(bad_credentials.altered(CREDENTIALS.pat)),
    "basic": bad_credentials.basic(CREDENTIALS.pat),
    "api-key": bad_credentials.api_key(CREDENTIALS.pat),
    "forbidden": bad_credentials.bearer(FORBIDDEN),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_server_echoes_is_redacted(shape: str) -> None:
    text = kept(exchanged(Scripted(respond=echo), SHAPES[shape]))
    assert "Zq9xYw7Kd3Lm" not in text
    assert PAT[-8:] not in text
    assert FORBIDDEN.reveal()[3:] not in text
    assert GATEWAY.reveal() not in text
    assert base64.b64encode(PAT.encode()).decode().rstrip("=") not in text


def test_what_is_shown_of_the_request_names_the_variables() -> None:
    exchange = exchanged(script(answer()), headers=(("Worker-ID", "w"), ("X-Worker", f"token {PAT}")), body=f'"{PAT}"')
    assert exchange.request.headers == (
        ("Authorization", "Bearer ${QODER_PAT}"),
        ("X-Gateway-Key", "${GATEWAY_KEY}"),
        *PAIRS,
        ("Worker-ID", "w"),
        ("X-Worker", "token ${QODER_PAT}"),
    )
    assert exchange.request.body == '"${QODER_PAT}"'


def test_the_configured_headers_are_sent_as_they_are() -> None:
    server = script(answer())
    exchanged(server)
    sent = server.requests[0].headers
    assert [pair for pair in sent if pair[0].lower() == "x-team"] == list(PAIRS)
    assert ("X-Gateway-Key", GATEWAY.reveal()) in sent
    assert ("Accept-Encoding", "gzip") in sent


def test_garbage_that_repeats_the_token_is_redacted_too() -> None:
    exchange = exchanged(script(f"Bearer {PAT} is no status line\r\n\r\n".encode()))
    assert exchange.outcome == "unknown"
    assert exchange.problem
    assert PAT not in kept(exchange)


@pytest.mark.parametrize(
    "body",
    [
        '{"secret": "wsk-abcdef", "id": "work_1"}',
        '{"id": "work_1", "data": {"secret"  :  "wsk-abcdef"}}',
        r'{"secret":"wsk-\"abcdef\"", "id": "work_1"}',
    ],
)
def test_a_field_called_secret_is_not_kept(body: str) -> None:
    exchange = exchanged(script(answer(200, body)))
    assert exchange.response is not None
    assert "abcdef" not in kept(exchange)
    assert '"[redacted]"' in exchange.response.body.text
    assert "work_1" in exchange.response.body.text
    json.loads(exchange.response.body.text)


def test_a_secret_of_null_is_kept_as_it_is() -> None:
    exchange = exchanged(script(answer(200, '{"secret": null, "secrets": "x"}')))
    assert exchange.response is not None
    assert exchange.response.body.text == '{"secret": null, "secrets": "x"}'


def test_header_pairs_are_kept_in_order_and_their_values_where_they_are_known() -> None:
    pairs = [("Vary", "2"), ("retry-after", "1"), ("Vary", "3"), ("Server", "caf\xe9"), ("X-Unknown", "whatever")]
    exchange = exchanged(script(answer(200, "{}", pairs)))
    assert exchange.response is not None
    assert exchange.response.headers == (*pairs[:-1], ("X-Unknown", "[not kept]"), ("Content-Length", "2"))


@pytest.mark.parametrize("name", ["Set-Cookie", "COOKIE", "Authorization", "proxy-authorization"])
def test_headers_that_carry_credentials_are_not_kept(name: str) -> None:
    exchange = exchanged(script(answer(200, "{}", [(name, "session=abcdef")])))
    assert exchange.response is not None
    assert exchange.response.header(name) == "[redacted]"


def test_what_needs_no_redaction_is_kept_to_the_byte() -> None:
    body = '{"a": "\\u00e9 ${QODER_PAT} \\"secret\\"", "b": 1e400}\r\n'
    exchange = exchanged(script(answer(200, body)))
    assert exchange.response is not None
    assert (exchange.response.body.text, exchange.response.body.size) == (body, len(body))
