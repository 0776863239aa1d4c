"""Refusals and their envelope, by the errors page of the conventions.

    Exception
    +-- ApiError    one refusal: HTTP status, error type, message, offending parameter

The pages contradict each other about the type of a 409. The pages of ack and heartbeat say ``invalid_request_error``, and
an operation's own page takes precedence. The emulator never sends the conventions page's ``conflict_error``.
"""

from collections.abc import Mapping

JsonObject = dict[str, object]


class ApiError(Exception):
    """A refusal. The application turns it into the error envelope.

    ``param`` names the offending parameter and is omitted from the envelope if it is None. ``headers`` are
    additional headers, for example ``Allow`` with a 405.
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
    """Return a 400: the request is wrong, or its environment has the wrong type."""
    return ApiError(400, "invalid_request_error", message, param=param)


def unauthenticated() -> ApiError:
    """Return a 401: the same for every kind of invalid credentials, so that it reveals nothing."""
    return ApiError(
        401,
        "authentication_error",
        "The access token is missing, invalid or expired.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def not_permitted() -> ApiError:
    """Return a 403: the token is valid and sees the resource, but lacks the permission."""
    return ApiError(403, "permission_error", "This token does not allow the operation.")


def not_found(noun: str, param: str | None = None) -> ApiError:
    """Return a 404: the resource does not exist, or belongs to another tenant."""
    return ApiError(404, "not_found_error", f"No such {noun}.", param=param)


def method_not_allowed(allowed: str) -> ApiError:
    """Return a 405. No page documents it; its type is that of other malformed requests."""
    return ApiError(405, "invalid_request_error", "The path does not support this method.", headers={"Allow": allowed})


def conflict(message: str, param: str | None = None) -> ApiError:
    """Return a 409: the state of the resource forbids the operation."""
    return ApiError(409, "invalid_request_error", message, param=param)


def precondition_failed(message: str, param: str | None = None) -> ApiError:
    """Return a 412, which is documented only for heartbeat."""
    return ApiError(412, "precondition_failed_error", message, param=param)


def internal_error() -> ApiError:
    """Return a 500: the emulator itself failed."""
    return ApiError(500, "api_error", "The server failed while handling the request.")


def envelope(error: ApiError, request_id: str) -> JsonObject:
    """Return the body of a refusal: ``type``, ``request_id`` and ``error`` with type, message and optional param."""
    detail: JsonObject = {"type": error.error_type, "message": error.message}
    if error.param is not None:
        detail["param"] = error.param
    return {"type": "error", "request_id": request_id, "error": detail}
