"""Server-sent events (page of the event stream)."""

import json

from .conversation import HistoryEvent

MEDIA_TYPE = "text/event-stream"
COMMENT = ": heartbeat\n\n"
_PATH_END = "/events/stream"


def frame(event: HistoryEvent) -> str:
    """Return an event as a frame: its id, its type, and the event object in one line of JSON."""
    return f"id: {event.id}\nevent: {event.type}\ndata: {json.dumps(event.render())}\n\n"


def asks_for_stream(method: str, path: str, accept: str | None) -> bool:
    """Return whether a request is answered with a stream: by its path, or by its Accept header on the path of the list."""
    if method != "GET":
        return False
    return path.endswith(_PATH_END) or (path.endswith("/events") and MEDIA_TYPE in (accept or ""))
