"""Objects whose create lost its response are found by name, and lists are read to their end."""

from __future__ import annotations

import json

import pytest

from conformance.arrange.cleanup import (
    find_resources,
    remove_resources,
)
from conformance.arrange.environments import create_run_resources
from conformance.arrange.journal import Journal, JournaledResource
from conformance.arrange.resource_names import object_name
from conformance.arrange.responses import CannotArrange, NoUsableResponse
from tests.client.servers import Scripted, answer, closed_port

from .account import OTHER, RUN, Account, against, on, prepared

pytestmark = pytest.mark.usefixtures("no_pauses")


def test_a_create_whose_answer_was_lost_is_found_by_name(journal: Journal) -> None:
    account = Account(loses_creates=1)
    server = Scripted(respond=account)
    with pytest.raises(NoUsableResponse):
        against(server, lambda api: create_run_resources(api, journal, RUN))
    assert journal.read() == [JournaledResource("environments", prepared("main"), None)]
    account.add("environments", object_name(OTHER, "main"))
    assert against(server, lambda api: remove_resources(api, journal.read())) == []
    assert account.names("environments") == [object_name(OTHER, "main")]


def test_a_lost_create_that_never_happened_leaves_nothing_over() -> None:
    made = JournaledResource("sessions", object_name(RUN, "s"), None)
    assert against(Scripted(respond=Account()), lambda api: remove_resources(api, [made])) == []


@pytest.mark.parametrize("status", [403, 500, 502])
def test_where_the_search_fails_a_lost_create_is_left_over(status: int) -> None:
    made = JournaledResource("sessions", object_name(RUN, "s"), None)
    (leftover,) = against(
        Scripted(respond=Account(refuses={"GET/agents": status})), lambda api: remove_resources(api, [made])
    )
    assert (leftover.name, leftover.id) == (made.name, None)
    assert "search" in leftover.reason


def test_lists_are_paged_to_their_end() -> None:
    account = Account(page_size=7)
    names = [object_name(RUN if number % 2 else OTHER, f"s{number:02d}") for number in range(40)]
    for name in names:
        account.add("sessions", name)
    found = against(Scripted(respond=account), lambda api: find_resources(api, RUN))
    assert [m.name for m in found] == [name for name in names if RUN in name]
    assert account.log.count("GET/sessions") == 6


def test_a_list_that_never_ends_is_given_up() -> None:
    body = json.dumps({"data": [], "last_id": "same", "has_more": True})
    server = Scripted([answer(200, body)])
    with pytest.raises(CannotArrange, match="too many pages"):
        against(server, find_resources)
    assert len(server.requests) == 100


@pytest.mark.parametrize(
    "entry",
    [None, 3, "text", {}, {"id": 1, "name": object_name(RUN, "x")}, {"id": "env_1", "name": None}, ["id"]],
)
def test_an_entry_that_is_no_object_of_ours_is_passed_over(entry: object) -> None:
    server = Scripted([answer(200, json.dumps({"data": [entry], "has_more": False}))])
    assert against(server, find_resources) == []


def test_what_is_archived_already_is_not_found() -> None:
    account = Account()
    archived = account.add("environments", object_name(RUN, "old"))
    account.objects["environments"][archived]["archived_at"] = "2026-07-01T08:15:04Z"
    assert against(Scripted(respond=account), find_resources) == []


def test_a_target_that_is_gone_leaves_everything_over_and_raises_nothing() -> None:
    made = [
        JournaledResource("sessions", object_name(RUN, "s"), "sess_1"),
        JournaledResource("environments", object_name(RUN, "main"), "env_1"),
        JournaledResource("agents", object_name(RUN, "agent"), None),
    ]
    leftovers = on(f"http://127.0.0.1:{closed_port()}", lambda api: remove_resources(api, made))
    assert {leftover.name for leftover in leftovers} == {m.name for m in made}
