"""Refusals and their envelope, as the errors page of the conventions has them.

    Exception
    +-- ApiError    one refusal: HTTP status, error type, message, offending parameter

The pages disagree on the type of a 409. The pages of ack and heartbeat say ``invalid_request_error``, and an
operation's own page wins here; the conventions page's ``conflict_error`` is never sent.
"""

from collections.abc import Mapping

JsonObject = dict[str, object]


class ApiError(Exception):
    """A refusal; the application turns it into the error envelope.

    ``param`` names the offending parameter and is left out of the envelope when it is None. ``headers`` are
    sent in addition, for example ``Allow`` with a 405.
    """

    def __init__(
        self,
        status: int,
        error_type: str,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message
        self.param = param
        self.headers = dict(headers or {})


def invalid_request(message: str, param: str | None = None) -> ApiError:
    """400: the request itself is wrong, or it is aimed at an environment of the wrong type."""
    return ApiError(400, "invalid_request_error", message, param=param)


def unauthenticated() -> ApiError:
    """401: one answer for every way to come without a valid token, so that no hint is given."""
    return ApiError(
        401,
        "authentication_error",
        "The access token is missing, invalid or expired.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def not_permitted() -> ApiError:
    """403: the token is valid and sees the resource, and may not do this."""
    return ApiError(403, "permission_error", "This token does not allow the operation.")


def not_found(noun: str, param: str | None = None) -> ApiError:
    """404: the resource does not exist, or belongs to another tenant."""
    return ApiError(404, "not_found_error", f"No such {noun}.", param=param)


def method_not_allowed(allowed: str) -> ApiError:
    """405: no page documents one; the type is that of other malformed requests."""
    return ApiError(405, "invalid_request_error", "The path does not take this method.", headers={"Allow": allowed})


def conflict(message: str, param: str | None = None) -> ApiError:
    """409: the state of the resource forbids the operation."""
    return ApiError(409, "invalid_request_error", message, param=param)


def precondition_failed(message: str, param: str | None = None) -> ApiError:
    """412: documented for heartbeat only."""
    return ApiError(412, "precondition_failed_error", message, param=param)


def internal_error() -> ApiError:
    """500: the emulator itself failed."""
    return ApiError(500, "api_error", "The server failed while handling the request.")


def envelope(error: ApiError, request_id: str) -> JsonObject:
    """The body of every refusal: ``type``, ``request_id`` and ``error`` with type, message and maybe param."""
    detail: JsonObject = {"type": error.error_type, "message": error.message}
    if error.param is not None:
        detail["param"] = error.param
    return {"type": "error", "request_id": request_id, "error": detail}
