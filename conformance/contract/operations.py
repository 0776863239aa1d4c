"""The eight operations of the Work API as data: what their pages say alike, once.

Sources: the pages Ack, Poll, List, Get, Update metadata, Heartbeat, Stop and Stats, each § Path parameters and § Errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, get_args

from conformance.text import Text

OperationName = Literal["ack", "poll", "list", "get", "update", "heartbeat", "stop", "stats"]
ServerProfile = Literal["ack", "work"]
Profile = Literal[ServerProfile, "worker"]
Subject = Literal[OperationName, "worker"]
"""What a chapter is about: an operation of a server, or what a worker sends."""

BodySchema = Literal["work_item", "polled_item", "work_list", "heartbeat", "stats"]
"""The schema of a successful response (`schemas/<language>/<name>.schema.json`)."""

_COMMON_ERRORS: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
}
_CONFLICT: Final = {409: "invalid_request_error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperation:
    """An operation: its request line, the schema of its success, and its documented errors (`error.type` by status).

    `tail` is what follows `/environments/{environment_id}/work` in the path, where `{work_id}` stands for the item.
    `noun` is what sentences call a request. `exchange_name` is its name in transcripts, `page` that of its page.
    """

    name: OperationName
    title: Text
    noun: Text
    method: Literal["GET", "POST"]
    tail: tuple[str, ...]
    success: BodySchema
    exchange_name: str
    page: str
    errors: Mapping[int, str] = field(default_factory=lambda: MappingProxyType(_COMMON_ERRORS))

    @property
    def names_item(self) -> bool:
        """Whether its path names a work item."""
        return "{work_id}" in self.tail

    @property
    def repeatable(self) -> bool:
        """Whether it changes nothing, so that a lost request can be sent again. A poll delivers an item."""
        return self.method == "GET" and self.name != "poll"

    @property
    def acts(self) -> bool:
        """Whether it acts on work. A token that may only see the environment may well be allowed to read."""
        return not self.repeatable

    def path(self, environment_id: str, work_id: str | None = None) -> tuple[str, ...]:
        """Return the segments of the path below the API prefix."""
        tail = (work_id or "" if segment == "{work_id}" else segment for segment in self.tail)
        return ("environments", environment_id, "work", *tail)


def _operations(*operations: ApiOperation) -> Mapping[OperationName, ApiOperation]:
    return MappingProxyType({operation.name: operation for operation in operations})


OPERATIONS: Final = _operations(
    ApiOperation(
        name="ack",
        title=Text("Ack", "Ack"),
        noun=Text("ack", "ack"),
        method="POST",
        tail=("{work_id}", "ack"),
        success="work_item",
        errors=_COMMON_ERRORS | _CONFLICT,
        exchange_name="ack",
        page="ack",
    ),
    ApiOperation(
        name="poll",
        title=Text("Poll", "Poll"),
        noun=Text("poll", "poll"),
        method="GET",
        tail=("poll",),
        success="polled_item",
        exchange_name="poll",
        page="poll",
    ),
    ApiOperation(
        name="list",
        title=Text("List", "List"),
        noun=Text("list request", "list 请求"),
        method="GET",
        tail=(),
        success="work_list",
        exchange_name="list",
        page="list",
    ),
    ApiOperation(
        name="get",
        title=Text("Get", "Get"),
        noun=Text("GET", "get 请求"),
        method="GET",
        tail=("{work_id}",),
        success="work_item",
        exchange_name="get",
        page="get",
    ),
    ApiOperation(
        name="update",
        title=Text("Update metadata", "更新 metadata"),
        noun=Text("metadata update", "metadata 更新"),
        method="POST",
        tail=("{work_id}",),
        success="work_item",
        exchange_name="update_metadata",
        page="update-metadata",
    ),
    ApiOperation(
        name="heartbeat",
        title=Text("Heartbeat", "Heartbeat"),
        noun=Text("heartbeat", "heartbeat"),
        method="POST",
        tail=("{work_id}", "heartbeat"),
        success="heartbeat",
        errors=_COMMON_ERRORS | _CONFLICT | {412: "precondition_failed_error"},
        exchange_name="heartbeat",
        page="heartbeat",
    ),
    ApiOperation(
        name="stop",
        title=Text("Stop", "Stop"),
        noun=Text("stop", "stop"),
        method="POST",
        tail=("{work_id}", "stop"),
        success="work_item",
        exchange_name="stop",
        page="stop",
    ),
    ApiOperation(
        name="stats",
        title=Text("Stats", "Stats"),
        noun=Text("stats request", "stats 请求"),
        method="GET",
        tail=("stats",),
        success="stats",
        exchange_name="stats",
        page="stats",
    ),
)
"""Every operation by name, the judged one of profile `ack` first."""

PROFILES: Final[Mapping[Profile, frozenset[Subject]]] = MappingProxyType(
    {"ack": frozenset({"ack"}), "work": frozenset(OPERATIONS), "worker": frozenset({"worker"})}
)
"""What each profile judges: operations of a server, or a worker."""

SERVER_PROFILES: Final[tuple[ServerProfile, ...]] = get_args(ServerProfile)
"""The profiles that judge a server; `run` and its options are for these."""

PROFILE_TITLES: Final[Mapping[Profile, Text]] = MappingProxyType(
    {
        "ack": Text("the ack operation (default)", "ack 操作（默认）"),
        "work": Text("all eight operations of the Work API", "Work API 的全部八个操作"),
        "worker": Text(
            "a worker, by what it sends (work-conformance worker)", "worker 发送的请求（work-conformance worker）"
        ),
    }
)
