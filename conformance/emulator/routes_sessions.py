"""Handlers for sessions and their events."""

from collections.abc import Mapping

from .errors import JsonObject
from .event_pages import page_of_events
from .event_stream import MEDIA_TYPE
from .operations import Call, Operation, Reply
from .paging import PageRequest, list_page
from .records import Session
from .rendering import render_session


def _rendered(call: Call, session: Session) -> JsonObject:
    return render_session(session, running=call.service.resources.running(session))


def _session(call: Call) -> Session:
    return call.service.resources.session(call.principal.tenant, call.path["session_id"])


def _own_session(call: Call) -> Session:
    """Return the session of the path, for a change. Raises ApiError 404 and 403."""
    session = _session(call)
    call.require_permission()
    return session


async def create_session(call: Call) -> Reply:
    """Create an idle session."""
    call.require_permission()
    session = call.service.resources.create_session(call.principal.tenant, call.json_body())
    return Reply(_rendered(call, session), 201)


async def list_sessions(call: Call) -> Reply:
    """List the tenant's sessions, including archived ones."""
    sessions = call.service.store.sessions.values()
    found = [session for session in sessions if session.tenant == call.principal.tenant]
    return Reply(list_page(found, PageRequest.from_query(call.query), lambda session: _rendered(call, session)))


async def get_session(call: Call) -> Reply:
    """One session."""
    return Reply(_rendered(call, _session(call)))


async def archive_session(call: Call) -> Reply:
    """Archives a session."""
    return Reply(_rendered(call, call.service.resources.archive_session(_own_session(call))))


async def delete_session(call: Call) -> Reply:
    """Delete a session and stop its work."""
    session = _own_session(call)
    call.service.resources.delete_session(session)
    return Reply({"id": session.id, "type": "session_deleted"})


async def cancel_session(call: Call) -> Reply:
    """Cancel a session's work. Returns 202 if it has work, 200 if it is idle."""
    session = _own_session(call)
    was_running = call.service.resources.cancel_session(session)
    payload = {"id": session.id, "type": "session", "status": "canceling" if was_running else "idle"}
    return Reply(payload, 202 if was_running else 200)


async def send_events(call: Call) -> Reply:
    """Send events to a session."""
    session = _own_session(call)
    return Reply({"data": call.service.resources.send_events(session, call.json_body())}, 202)


async def list_events(call: Call) -> Reply:
    """List the events of a session in pages; with ``Accept: text/event-stream``, stream them."""
    session = _session(call)
    if MEDIA_TYPE in call.headers.get("accept", ""):
        return await stream_events(call)
    return Reply(page_of_events(call.service.store.conversation(session.id), call.query))


async def stream_events(call: Call) -> Reply:
    """Stream the events of a session that follow ``Last-Event-ID``, or new ones."""
    session = _session(call)
    return Reply(None, stream=call.service.turns.follow(session.id, call.headers.get("last-event-id")))


SESSION_OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "/sessions": {"GET": list_sessions, "POST": create_session},
    "/sessions/{session_id}": {"GET": get_session, "DELETE": delete_session},
    "/sessions/{session_id}/archive": {"POST": archive_session},
    "/sessions/{session_id}/cancel": {"POST": cancel_session},
    "/sessions/{session_id}/events": {"GET": list_events, "POST": send_events},
    "/sessions/{session_id}/events/stream": {"GET": stream_events},
}
