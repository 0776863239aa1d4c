"""Reads responses during preparation. A failed preparation is never a verdict on the ack."""

from __future__ import annotations

from typing import Any

from conformance.arrange.item_spec import STATES, State
from conformance.arrange.refusals import refusal_text
from conformance.contract.strict_json import NotStrictJson, parse
from conformance.exchange import Exchange, Response
from conformance.text import Text

MAX_ID_LENGTH = 256
_SHOWN = 200


class CannotArrange(Exception):
    """An item or an environment could not be prepared.

    `step` names the exchange to look at; `status` is that of a refusal.
    """

    def __init__(self, reason: Text, step: str, status: int | None = None) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.step = step
        self.status = status


class PreconditionNotMet(Exception):
    """The item is not in the state that the scenario needs; `step` names the exchange that shows it."""

    def __init__(self, reason: Text, step: str) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.step = step


class NotSupported(Exception):
    """The target did not do something optional, or a scenario's input was not given."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class NoUsableResponse(Exception):
    """There was no usable response: the operation may have happened, or surely did not."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange.step)
        self.exchange = exchange


def require_response(exchange: Exchange) -> Exchange:
    """Return the exchange, if there was a response.

    Raises:
        NoUsableResponse: there was none.
    """
    if exchange.outcome != "ok":
        raise NoUsableResponse(exchange)
    return exchange


def require_success(exchange: Exchange) -> Response:
    """Return the 2xx response to an operation, whatever its body says.

    Raises:
        NoUsableResponse: there was no response.
        CannotArrange: the operation was refused.
    """
    response = require_response(exchange).response
    assert response is not None
    if not 200 <= response.status < 300:
        words = Text("{refusal}.", "{refusal}。").format(refusal=refusal_text(exchange))
        raise CannotArrange(words, exchange.step, response.status)
    return response


def state_in(exchange: Exchange) -> str | None:
    """Return the state that a response shows; None if it shows none."""
    response = exchange.response
    if exchange.outcome != "ok" or response is None:
        return None
    body = response.json()
    state = body.get("state") if isinstance(body, dict) else None
    return state if isinstance(state, str) else None


def body_of(exchange: Exchange) -> Any:
    """Return the JSON value in a 2xx response.

    Raises:
        NoUsableResponse: there was no response.
        CannotArrange: the operation was refused, or its response is not JSON.
    """
    response = require_success(exchange)
    if response.body.problem == "bad-content-encoding" and (coding := response.header("content-encoding")):
        raise CannotArrange(
            Text(
                "{operation} responded with a content coding that cannot be decoded ({coding}); the suite accepts gzip.",
                "{operation} 的响应使用了无法解码的内容编码（{coding}）；本套件接受 gzip。",
            ).format(operation=exchange.operation, coding=coding[:_SHOWN]),
            exchange.step,
        )
    unreadable = CannotArrange(
        Text(
            "{operation} returned HTTP {status} with a body that is not readable JSON.",
            "{operation} 返回了 HTTP {status}，但响应体不是可读的 JSON。",
        ).format(operation=exchange.operation, status=response.status),
        exchange.step,
    )
    if response.body.problem:
        raise unreadable
    try:
        return parse(response.body.text)
    except NotStrictJson:
        raise unreadable from None


def is_empty_poll(exchange: Exchange) -> bool:
    """Return whether a poll found nothing: JSON null, or no body at all; errors as in `body_of`."""
    response = require_success(exchange)
    if response.body.problem is None and not response.body.text.strip():
        return True
    return body_of(exchange) is None


def object_of(exchange: Exchange) -> dict[str, Any]:
    """Return the JSON object in a 2xx response; errors as in `body_of`."""
    value = body_of(exchange)
    if not isinstance(value, dict):
        raise CannotArrange(
            Text("{operation} did not return a JSON object.", "{operation} 的响应不是 JSON 对象。").format(
                operation=exchange.operation
            ),
            exchange.step,
        )
    return value


def id_of(exchange: Exchange, *keys: str) -> str:
    """Return the id in a 2xx response: `id`, or at a path of keys; errors as in `body_of`."""
    value: Any = object_of(exchange)
    for key in keys or ("id",):
        value = value.get(key) if isinstance(value, dict) else None
    return require_usable_id(value, exchange.step)


def require_usable_id(value: Any, step: str) -> str:
    """Return an id of the target, after checking that it can be part of a URL.

    Raises:
        CannotArrange: it is not a string, empty, very long, or a step in a path.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH or value in {".", ".."}:
        raise CannotArrange(Text("the target returned no usable id", "目标没有返回可用的 id"), step)
    return value


def unexpected_state_text(found: object, wanted: State) -> Text:
    """Return why a scenario cannot continue, with the target's own name of the state."""
    reason = Text(
        "the item is `{found}` instead of `{state}` after preparation",
        "准备完成后 item 的状态是 `{found}` 而不是 `{state}`",
    ).format(found=str(found)[:20], state=wanted)
    if not isinstance(found, str) or found in STATES:
        return reason
    return Text(
        "{reason}; to judge it anyway, use --map-state {found}={state}",
        "{reason}；使用 --map-state {found}={state} 可照常判定",
    ).format(reason=reason, found=found[:20], state=wanted)
