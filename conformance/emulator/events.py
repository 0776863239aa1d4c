"""Events sent to a session (page of sending session events, newest form)."""

from dataclasses import dataclass

from .errors import JsonObject, invalid_request

_TYPES = frozenset(
    {
        "system.message",
        "user.custom_tool_result",
        "user.define_outcome",
        "user.interrupt",
        "user.message",
        "user.tool_confirmation",
        "user.tool_result",
    }
)
_RESULTS = {"user.tool_result": "tool_use_id", "user.custom_tool_result": "custom_tool_use_id"}


@dataclass(frozen=True)
class Event:
    """An event as sent: a JSON object with a known ``type``."""

    document: JsonObject

    @property
    def asks_for_work(self) -> bool:
        """Whether the event starts work in a session."""
        return self.document["type"] == "user.message"

    @property
    def type(self) -> str:
        """The event's type."""
        return str(self.document["type"])

    @property
    def fields(self) -> JsonObject:
        """The event without its type, and without the id and time that only the server gives."""
        return {name: value for name, value in self.document.items() if name not in ("id", "type", "processed_at")}

    @property
    def reference(self) -> str | None:
        """The name of the field that names a tool call, if the event is the result of one."""
        return _RESULTS.get(self.type)

    @property
    def answers(self) -> str | None:
        """The id of the tool call whose result the event is, or None."""
        return None if self.reference is None else str(self.document[self.reference])

    @property
    def interrupts(self) -> bool:
        """Whether the event stops a session's work."""
        return self.document["type"] == "user.interrupt"


def parse_events(document: JsonObject) -> list[Event]:
    """Return the events of a request body ``{"events": [...]}``, at least one.

    Raises ApiError 400 if the array is missing, a type is unknown, or the content of a user message is not a non-empty
    array of blocks. It refuses the plain string of older pages. A tool result needs the id of the call; its content may
    be absent.
    """
    events = document.get("events")
    if not isinstance(events, list) or not events:
        raise invalid_request("events must be a non-empty array.", "events")
    return [_parse_event(event, f"events[{position}]") for position, event in enumerate(events)]


def _parse_event(event: object, where: str) -> Event:
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(kind, str) or kind not in _TYPES:
        raise invalid_request("An event must be an object with a known type.", f"{where}.type")
    if kind == "user.message":
        content = event.get("content")
        if not isinstance(content, list) or not content or not all(map(_is_block, content)):
            raise invalid_request("content must be a non-empty array of blocks.", f"{where}.content")
    if kind in _RESULTS:
        _check_result(event, _RESULTS[kind], where)
    return Event(event)


def _check_result(event: JsonObject, reference: str, where: str) -> None:
    call, content = event.get(reference), event.get("content")
    if not isinstance(call, str) or not call:
        raise invalid_request(f"{reference} must be the id of a tool call.", f"{where}.{reference}")
    if content is not None and not (isinstance(content, list) and all(map(_is_block, content))):
        raise invalid_request("content must be an array of blocks.", f"{where}.content")


def _is_block(block: object) -> bool:
    return isinstance(block, dict) and isinstance(block.get("type"), str)
