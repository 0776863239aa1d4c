"""The input and output of every operation, and the rules for all of them.

An operation is an async function from a `Call` to a `Reply`. The request body is read before the operation
starts, so an operation without `await` is atomic.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from .authorization import AccessRequirement
from .errors import ApiError, JsonObject, invalid_request, not_permitted
from .parameters import Query, json_object
from .records import Environment
from .service import Service
from .tokens import Principal

MAX_BODY_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Call:
    """An authenticated request with its whole body."""

    service: Service
    principal: Principal
    path: Mapping[str, str]
    query: Query
    headers: Mapping[str, str]
    body: bytes

    @property
    def worker_id(self) -> str | None:
        """The Worker-ID, or None. An empty header counts as missing."""
        return self.headers.get("worker-id") or None

    def environment(self, demand: AccessRequirement = AccessRequirement.NOTHING) -> Environment:
        """Return the environment of the path if this principal may use it. Raises ApiError 404, 403, 400."""
        found = self.service.store.environments.get(self.path["environment_id"])
        return self.service.policy.admit(self.principal, found, demand)

    def require_permission(self) -> None:
        """Raise ApiError 403 unless the principal has permission to make changes."""
        if not self.principal.may_act:
            raise not_permitted()

    def json_body(self, *, blank_is_empty: bool = False) -> JsonObject:
        """Return the JSON object of the body. Raises ApiError 400."""
        return json_object(self.body, blank_is_empty=blank_is_empty)


@dataclass(frozen=True)
class Reply:
    """A successful response: a JSON payload (None is JSON null) and its status, or a stream of events."""

    payload: object
    status: int = 200
    stream: AsyncIterator[str] | None = None


Operation = Callable[[Call], Awaitable[Reply]]
Operations = Mapping[str, Mapping[str, Operation]]


async def read_body(request: Request) -> bytes:
    """Return the whole request body. Above the documented 32 MB, raises ApiError 400 without reading the rest."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> ApiError:
    return invalid_request("The request body is larger than 32 MB.")
