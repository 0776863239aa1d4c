"""The ASGI application: maps HTTP requests to operations, and refusals to the error envelope."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from .clock import utc_now
from .errors import ApiError, internal_error, invalid_request, method_not_allowed, not_found
from .event_stream import MEDIA_TYPE
from .ids import new_request_id
from .operations import Call, Operation, Operations, read_body
from .parameters import Query
from .routes_environments import ENVIRONMENT_OPERATIONS
from .routes_sessions import SESSION_OPERATIONS
from .routes_work import WORK_OPERATIONS
from .service import Service
from .tokens import Tokens

API_PREFIX = "/api/v1/cloud"

_REQUEST_ID = "x-request-id"
_log = logging.getLogger(__name__)


def create_app(*, tokens: Tokens, clock: Callable[[], datetime] = utc_now, api_prefix: str = API_PREFIX) -> Starlette:
    """Return an empty server that behaves correctly.

    ``clock`` returns aware datetimes and is the source of all timestamps. ``api_prefix`` is the path prefix of all
    operations.
    """
    return build_app(Service.build(tokens=tokens, clock=clock), operations(), api_prefix)


def operations() -> dict[str, dict[str, Operation]]:
    """Return a new table of all operations by path template and method. Earlier paths take precedence."""
    tables: tuple[Operations, ...] = (WORK_OPERATIONS, ENVIRONMENT_OPERATIONS, SESSION_OPERATIONS)
    return {path: dict(methods) for table in tables for path, methods in table.items()}


def build_app(service: Service, table: Operations, api_prefix: str = API_PREFIX) -> Starlette:
    """Return an application for a service and a table of operations; callers may have replaced some of them."""
    prefix = api_prefix.rstrip("/")
    routes: list[BaseRoute] = [Route(prefix + path, _Resource(service, methods)) for path, methods in table.items()]
    refusing = _Refusing(service)
    app = Starlette(
        routes=routes,
        exception_handlers={
            ApiError: refusing.answer,
            HTTPException: refusing.answer_http,
            ClientDisconnect: refusing.answer_nobody,
            Exception: refusing.answer_failure,
        },
    )
    # The documentation has no trailing slashes, and official clients do not follow redirects.
    app.router.redirect_slashes = False
    return app


class _Resource:
    """A path with its methods. It authenticates first, so that an unauthenticated caller learns nothing else."""

    def __init__(self, service: Service, methods: Mapping[str, Operation]) -> None:
        self._service = service
        self._methods = dict(methods)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        authorization = request.headers.getlist("authorization")
        principal = self._service.policy.authenticate(self._service.tokens, authorization)
        operation = self._methods.get(request.method)
        if operation is None:
            raise method_not_allowed(", ".join(sorted(self._methods)))
        call = Call(
            service=self._service,
            principal=principal,
            path=request.path_params,
            query=Query(request.query_params if request.scope["query_string"] else {}),
            headers=request.headers,
            body=await read_body(request),
        )
        reply = await operation(call)
        headers = {_REQUEST_ID: _request_id(request.headers)}
        if reply.stream is not None:
            return StreamingResponse(reply.stream, headers=headers, media_type=MEDIA_TYPE)
        return JSONResponse(reply.payload, status_code=reply.status, headers=headers)


class _Refusing:
    """Exception handlers that return the error envelope."""

    def __init__(self, service: Service) -> None:
        self._render = service.policy.render_refusal

    async def answer(self, request: Request, error: Exception) -> Response:
        """Return the response for a refusal that an operation raised."""
        assert isinstance(error, ApiError)
        request_id = _request_id(request.headers)
        return JSONResponse(
            self._render(error, request_id),
            status_code=error.status,
            headers={**error.headers, _REQUEST_ID: request_id},
        )

    async def answer_http(self, request: Request, error: Exception) -> Response:
        """Return the response for a refusal of the router: in practice a path that does not exist."""
        assert isinstance(error, HTTPException)
        if error.status_code == HTTPStatus.NOT_FOUND:
            return await self.answer(request, not_found("path"))
        return await self.answer(
            request, ApiError(error.status_code, "invalid_request_error", "The request cannot be handled.")
        )

    async def answer_nobody(self, request: Request, error: Exception) -> Response:
        """Return a response after the client disconnected while sending; it does not receive the response."""
        return await self.answer(request, invalid_request("The request ended early."))

    async def answer_failure(self, request: Request, error: Exception) -> Response:
        """Return the response for an error of the server itself."""
        _log.error("unexpected failure in %s %s", request.method, request.url.path, exc_info=error)
        return await self.answer(request, internal_error())


def _request_id(headers: Headers) -> str:
    """Return the request id that the client sent, or a new one."""
    return headers.get(_REQUEST_ID) or new_request_id()
