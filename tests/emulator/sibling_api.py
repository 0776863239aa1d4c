"""Serves the emulator under the paths and header of the sibling API, whose official clients have complete workers."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from .api_driver import PREFIX

_SIBLING = "/v1/"
# These clients ask for 1000 events at once; the page on listing events allows 100.
_LIMIT = (b"limit=1000", b"limit=100")


def mapped(app: ASGIApp) -> ASGIApp:
    """Return the application with the sibling API's paths beside its own ones."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_SIBLING):
            path = f"{PREFIX}/{scope['path'].removeprefix(_SIBLING)}"
            scope = {**scope, "path": path, "query_string": scope["query_string"].replace(*_LIMIT)}
            headers = MutableHeaders(scope=scope)
            if "anthropic-worker-id" in headers:
                headers["worker-id"] = headers["anthropic-worker-id"]
        await app(scope, receive, send)

    return called
