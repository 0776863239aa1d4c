"""Objects are removed also on servers that refuse, are busy, or lose responses."""

from __future__ import annotations

import asyncio
import json

import pytest

from conformance.arrange.cleanup import (
    COLLECTIONS,
    UnremovedResource,
    remove_resources,
)
from conformance.arrange.environments import create_run_resources
from conformance.arrange.journal import Journal, JournaledResource
from conformance.arrange.resource_names import object_name
from conformance.arrange.responses import CannotArrange
from conformance.client.api import Api
from conformance.target import Limits
from tests.client.servers import Answer, Received, Scripted, answer, connected, serving

from .account import RUN, Account, against, prepared

pytestmark = pytest.mark.usefixtures("no_pauses")


def test_where_a_delete_is_refused_it_is_archived() -> None:
    account = Account(refuses={"DELETE/environments": 409, "DELETE/agents": 405})
    made = [
        JournaledResource(
            "environments", object_name(RUN, "main"), account.add("environments", object_name(RUN, "main"))
        )
    ]
    made.append(
        JournaledResource("agents", object_name(RUN, "agent"), account.add("agents", object_name(RUN, "agent")))
    )
    assert against(Scripted(respond=account), lambda api: remove_resources(api, made)) == []
    assert account.names("environments", archived=True) == [object_name(RUN, "main")]
    assert account.names("agents", archived=True) == [object_name(RUN, "agent")]


def test_a_session_that_is_busy_is_cancelled_first() -> None:
    account = Account()
    made = JournaledResource("sessions", object_name(RUN, "s"), account.add("sessions", object_name(RUN, "s")))
    cancelled: list[bool] = []

    def respond(request: Received) -> Answer:
        if request.path.endswith("/cancel"):
            cancelled.append(True)
        if request.method == "DELETE" and not cancelled:
            return answer(409)
        return account(request)

    assert against(Scripted(respond=respond), lambda api: remove_resources(api, [made])) == []
    assert cancelled == [True]
    assert account.names("sessions") == account.names("sessions", archived=True) == []


def test_an_environment_that_is_archived_already_is_no_leftover() -> None:
    """The suite archives one itself: where it may not be deleted, a second archiving answers 409."""
    account = Account(refuses={"DELETE/environments": 403, "POST/environments/archive": 409})
    made = JournaledResource(
        "environments", object_name(RUN, "quiet"), account.add("environments", object_name(RUN, "quiet"))
    )
    assert against(Scripted(respond=account), lambda api: remove_resources(api, [made])) == []


def test_what_cannot_even_be_archived_is_left_over_and_named() -> None:
    account = Account(refuses={"DELETE/agents": 500, "POST/agents/archive": 403})
    made = JournaledResource("agents", object_name(RUN, "agent"), account.add("agents", object_name(RUN, "agent")))
    leftovers = against(Scripted(respond=account), lambda api: remove_resources(api, [made]))
    assert leftovers == [UnremovedResource("agents", made.name, made.id, "HTTP 403")]


def refused(status: int, message: str) -> bytes:
    return answer(status, json.dumps({"type": "error", "error": {"type": "x", "message": message}}))


def test_a_leftover_repeats_the_targets_own_words_made_safe() -> None:
    account = Account()
    made = JournaledResource("agents", object_name(RUN, "agent"), account.add("agents", object_name(RUN, "agent")))
    said = "Agents are locked:\n##[error] ask \x1b[31m" + "x" * 1000

    def respond(request: Received) -> Answer:
        return refused(403, said) if request.path.endswith(("/archive", str(made.id))) else account(request)

    (leftover,) = against(Scripted(respond=respond), lambda api: remove_resources(api, [made]))
    assert leftover.reason.startswith("HTTP 403: Agents are locked: #?[error] ask ?[31mxxx")
    assert leftover.reason.isprintable()
    assert len(leftover.reason) < 220


@pytest.mark.parametrize("hidden", ["GET/agents/", "nothing"])
def test_a_404_does_not_remove_what_a_get_or_a_list_still_shows(hidden: str) -> None:
    """A server that has no route to delete answers 404 as well."""
    account = Account(refuses={"DELETE/agents": 404, "POST/agents/archive": 404})
    made = JournaledResource("agents", object_name(RUN, "agent"), account.add("agents", object_name(RUN, "agent")))

    def respond(request: Received) -> Answer:
        if hidden != "nothing" and request.method == "GET" and "/agents/" in request.path:
            return answer(404)
        return account(request)

    (leftover,) = against(Scripted(respond=respond), lambda api: remove_resources(api, [made]))
    assert leftover.id == made.id
    assert leftover.reason.startswith("HTTP 404")


def test_where_there_is_no_route_to_delete_it_is_archived() -> None:
    account = Account(refuses={"DELETE/agents": 404})
    made = JournaledResource("agents", object_name(RUN, "agent"), account.add("agents", object_name(RUN, "agent")))
    assert against(Scripted(respond=account), lambda api: remove_resources(api, [made])) == []
    assert account.names("agents", archived=True) == [made.name]


def test_what_is_not_there_any_more_is_removed() -> None:
    made = JournaledResource("agents", object_name(RUN, "agent"), "age_0007")
    account = Account(refuses={"DELETE/agents": 404})
    assert against(Scripted(respond=account), lambda api: remove_resources(api, [made])) == []


def test_a_session_that_cannot_be_cancelled_is_interrupted_first() -> None:
    account = Account(refuses={"POST/sessions/cancel": 404, "POST/sessions/archive": 409})
    made = JournaledResource("sessions", object_name(RUN, "s"), account.add("sessions", object_name(RUN, "s")))
    events: list[object] = []

    def respond(request: Received) -> Answer:
        if request.path.endswith("/events"):
            events.extend(json.loads(request.body)["events"])
        if request.method == "DELETE" and not events:
            return answer(409)
        return account(request)

    assert against(Scripted(respond=respond), lambda api: remove_resources(api, [made])) == []
    assert events == [{"type": "user.interrupt"}]


def test_a_session_that_comes_to_rest_only_after_a_while_is_waited_for() -> None:
    account = Account(refuses={"POST/sessions/archive": 409})
    made = JournaledResource("sessions", object_name(RUN, "s"), account.add("sessions", object_name(RUN, "s")))
    deletes: list[int] = []

    def respond(request: Received) -> Answer:
        if request.method == "DELETE":
            deletes.append(1)
            if len(deletes) < 3:
                return refused(409, "The session is running.")
        return account(request)

    assert against(Scripted(respond=respond), lambda api: remove_resources(api, [made])) == []


def test_an_environment_that_cannot_be_made_is_missing_for_the_reason_that_the_target_gave(journal: Journal) -> None:
    account = Account()

    def respond(request: Received) -> Answer:
        if request.path.endswith("/environments") and prepared("quiet").encode() in request.body:
            return refused(403, "Two environments are allowed.")
        return account(request)

    run_resources = against(Scripted(respond=respond), lambda api: create_run_resources(api, journal, RUN))
    with pytest.raises(CannotArrange, match="HTTP 403: Two environments are allowed"):
        _ = run_resources.second_environment


def test_what_is_turned_away_is_tried_until_it_is_gone() -> None:
    """As often as it takes: ten times are not enough of a busy target."""
    account, turned_away = Account(), [0]
    made = JournaledResource("sessions", object_name(RUN, "s"), account.add("sessions", object_name(RUN, "s")))

    def respond(request: Received) -> Answer:
        turned_away[0] += 1
        return answer(429, "", [("retry-after-ms", "1")]) if turned_away[0] <= 25 else account(request)

    assert against(Scripted(respond=respond), lambda api: remove_resources(api, [made])) == []
    assert account.names("sessions") == []
    assert account.names("sessions", archived=True) == [], "deleted, and not archived in its place"


def test_what_is_turned_away_for_ever_is_left_over_once_an_outage_would_be_over() -> None:
    account = Account()
    made = JournaledResource("sessions", object_name(RUN, "s"), account.add("sessions", object_name(RUN, "s")))
    server = Scripted(respond=lambda _: answer(429, "", [("retry-after-ms", "1")]))

    async def run() -> list[UnremovedResource]:
        limits = Limits(timeout=2, outage=0.5)
        async with serving(server) as base_url, connected(base_url, limits=limits) as client:
            return await remove_resources(Api(client, lambda _: None), [made])

    assert asyncio.run(run()) == [UnremovedResource("sessions", made.name, made.id, "HTTP 429")]
    assert {request.method for request in server.requests} == {"DELETE"}, "other ways would be turned away too"


@pytest.mark.parametrize("lost", [None, answer(502), answer(503), answer(524)], ids=["closed", "502", "503", "524"])
@pytest.mark.parametrize("heard", [True, False], ids=["carried out", "not"])
def test_a_removal_whose_answer_is_lost_is_repeated(lost: Answer, heard: bool) -> None:
    account, losses = Account(), [2]
    made = JournaledResource("agents", object_name(RUN, "agent"), account.add("agents", object_name(RUN, "agent")))

    def respond(request: Received) -> Answer:
        if request.method != "DELETE" or losses[0] == 0:
            return account(request)
        losses[0] -= 1
        if heard:
            account(request)
        return lost

    assert against(Scripted(respond=respond), lambda api: remove_resources(api, [made])) == []
    assert account.names("agents") == account.names("agents", archived=True) == []


def test_a_page_of_a_gateway_does_not_say_that_something_is_gone() -> None:
    account = Account()
    made = JournaledResource("agents", object_name(RUN, "agent"), account.add("agents", object_name(RUN, "agent")))
    page = answer(404, "default backend - 404", [("Via", "1.1 lb")])
    server = Scripted(respond=lambda request: page if request.method in {"DELETE", "POST"} else account(request))
    (leftover,) = against(server, lambda api: remove_resources(api, [made]))
    assert leftover.reason == "HTTP 404"


def test_what_refers_goes_before_what_is_referred_to() -> None:
    account = Account()
    made = [
        JournaledResource(collection, object_name(RUN, "x"), account.add(collection, object_name(RUN, "x")))
        for collection in reversed(COLLECTIONS)
    ]
    assert against(Scripted(respond=account), lambda api: remove_resources(api, made)) == []
    assert account.log == ["GET/environments/work", "DELETE/sessions", "DELETE/agents", "DELETE/environments"]
