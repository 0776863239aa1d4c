"""No trace is left, also on servers that refuse, lose answers, or have long lists."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance.arrange.api_arranger import ApiArranger
from conformance.arrange.cleanup import (
    COLLECTIONS,
    UnremovedResource,
    clean_up_items,
    find_resources,
    remove_resources,
    run_of,
)
from conformance.arrange.environments import ResourceFactory, RunResources, create_run_resources
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.journal import Journal, JournaledResource, new_run_id
from conformance.arrange.resource_names import object_name
from conformance.arrange.responses import CannotArrange, NoUsableResponse
from conformance.client import client as client_module
from conformance.client.api import Api
from conformance.exchange import Exchange
from conformance.target import Credentials, Limits
from tests.client.servers import Answer, Received, Scripted, answer, closed_port, connected, serving

from .conftest import FORBIDDEN, OWNER

T = TypeVar("T")
RUN = "20260701T081504-0a1b2c"
OTHER = "20260701T081504-ffffff"


def on(base_url: str, use: Callable[[Api], Awaitable[T]], credentials: Credentials = OWNER) -> T:
    async def run() -> T:
        async with connected(base_url, credentials=credentials, limits=Limits(timeout=2)) as client:
            return await use(Api(client, lambda _: None))

    return asyncio.run(run())


def against(handler: Scripted, use: Callable[[Api], Awaitable[T]]) -> T:
    async def run() -> T:
        async with serving(handler) as base_url, connected(base_url, limits=Limits(timeout=2)) as client:
            return await use(Api(client, lambda _: None))

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(client_module, "asyncio", SimpleNamespace(sleep=sleep))


# --- the real emulator


def prepared(label: str) -> str:
    """The name of what all scenarios share, which never says whose it is."""
    return object_name(RUN, label, keyed=True)


def test_everything_that_prepare_and_arrange_make_is_removed(emulator: str, journal: Journal) -> None:
    run_id = new_run_id()

    async def use(
        api: Api,
    ) -> tuple[RunResources, list[JournaledResource], list[UnremovedResource], list[JournaledResource]]:
        run_resources = await create_run_resources(api, journal, run_id)
        for number in range(3):
            item = await ApiArranger(api, run_resources, journal, f"s{number}").item(ItemSpec(), None)
            assert item.environment_id == run_resources.main
        return (
            run_resources,
            await find_resources(api, run_id),
            await remove_resources(api, journal.read()),
            await find_resources(api, run_id),
        )

    run_resources, found, leftovers, after = on(emulator, use)
    assert {m.id for m in found} >= {run_resources.main, run_resources.quiet, run_resources.cloud, run_resources.agent}
    assert {(m.collection, m.name, m.id) for m in found} == {(m.collection, m.name, m.id) for m in journal.read()}
    assert [m.collection for m in found].count("sessions") == 3
    assert leftovers == []
    assert after == []


def test_an_environment_is_of_the_kind_that_its_place_needs(emulator: str, journal: Journal) -> None:
    async def use(api: Api) -> dict[str, str]:
        run_resources = await create_run_resources(api, journal, new_run_id())
        listing = await api.list_objects("list", "environments")
        assert listing.response is not None
        kinds = {entry["id"]: entry["config"]["type"] for entry in json.loads(listing.response.body.text)["data"]}
        return {place: kinds[getattr(run_resources, place)] for place in ("main", "quiet", "cloud")}

    assert on(emulator, use) == {"main": "self_hosted", "quiet": "self_hosted", "cloud": "cloud"}


def test_another_run_is_left_alone(emulator: str, journal: Journal) -> None:
    async def use(api: Api) -> tuple[list[JournaledResource], list[JournaledResource]]:
        await create_run_resources(api, journal, RUN)
        await create_run_resources(api, journal, OTHER)
        assert await remove_resources(api, [m for m in journal.read() if run_of(m) == RUN]) == []
        return await find_resources(api, RUN), await find_resources(api, OTHER)

    mine, others = on(emulator, use)
    assert mine == []
    assert len(others) == 4


def test_what_was_made_by_hand_is_not_found(emulator: str) -> None:
    async def use(api: Api) -> list[JournaledResource]:
        for name in ("production", "work-conformance", "work-conformance-manual-main", f"x-{object_name(RUN, 'main')}"):
            await api.create_environment("make", name=name, kind="self_hosted", metadata={"run": RUN})
        return await find_resources(api)

    assert on(emulator, use) == []


def test_work_is_stopped_before_its_session_goes(emulator: str, journal: Journal) -> None:
    async def use(api: Api) -> tuple[list[UnremovedResource], Exchange]:
        run_resources = await create_run_resources(api, journal, RUN)
        item = await ApiArranger(api, run_resources, journal, "s").item(ItemSpec(), None)
        environments = [m for m in journal.read() if m.collection == "environments"]
        leftovers = await remove_resources(api, environments)  # a session refers to it: it can only be archived
        return leftovers, await api.get("get", item.environment_id, item.work_id)

    leftovers, exchange = on(emulator, use)
    assert leftovers == []
    assert exchange.response is not None
    assert json.loads(exchange.response.body.text)["state"] == "stopped"


def test_a_token_that_may_not_create_cannot_arrange(emulator: str, journal: Journal) -> None:
    with pytest.raises(CannotArrange) as refusal:
        on(emulator, lambda api: create_run_resources(api, journal, RUN), FORBIDDEN)
    assert "403" in refusal.value.reason.en
    assert refusal.value.step == "create-environment.main"
    assert journal.read() == []


def test_a_search_that_is_not_needed_is_not_made(emulator: str, journal: Journal) -> None:
    made = JournaledResource("environments", object_name(RUN, "main"), "env_unknown")
    assert on(emulator, lambda api: remove_resources(api, [made])) == []


# --- small servers that behave badly


@dataclass
class Account:
    """An account in memory: objects by collection, and how its server behaves."""

    page_size: int = 100
    refuses: dict[str, int] = field(default_factory=dict)
    loses_creates: int = 0
    objects: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"environments": {}, "agents": {}, "sessions": {}}
    )
    log: list[str] = field(default_factory=list)

    def add(self, collection: str, name: str) -> str:
        object_id = f"{collection[:3]}_{len(self.objects[collection]):04d}"
        key = "title" if collection == "sessions" else "name"
        self.objects[collection][object_id] = {"id": object_id, key: name, "archived_at": None}
        return object_id

    def names(self, collection: str, *, archived: bool = False) -> list[str]:
        entries = self.objects[collection].values()
        return [e.get("name") or e["title"] for e in entries if bool(e["archived_at"]) == archived]

    def __call__(self, request: Received) -> Answer:
        parts = urlsplit(request.path)
        collection, *rest = parts.path.removeprefix("/api/v1/cloud/").split("/")
        verb = "/".join([request.method, collection, *rest[1:]])
        self.log.append(verb)
        if verb in self.refuses:
            return answer(self.refuses[verb])
        if collection == "models":
            return answer(200, json.dumps({"data": [{"id": "tiny"}, {"id": "auto", "is_enabled": False}]}))
        if rest[1:] == ["work"]:
            return answer(200, '{"data": []}')
        if request.method == "GET" and rest:
            found = self.objects[collection].get(rest[0])
            return answer(404) if found is None else answer(200, json.dumps(found))
        if request.method == "DELETE":
            self.objects[collection].pop(rest[0], None)
            return answer(200, "{}")
        if rest:
            if rest[1] == "archive":
                self.objects[collection][rest[0]]["archived_at"] = "2026-07-01T08:15:04Z"
            return answer(200, "{}")
        return self._create(collection, request) if request.method == "POST" else self._list(collection, parts.query)

    def _create(self, collection: str, request: Received) -> Answer:
        document = json.loads(request.body)
        object_id = self.add(collection, document.get("name") or document["title"])
        if self.loses_creates:
            self.loses_creates -= 1
            return None
        return answer(201, json.dumps({"id": object_id}))

    def _list(self, collection: str, query: str) -> Answer:
        after = parse_qs(query).get("after_id", [""])[0]
        entries = [entry for object_id, entry in self.objects[collection].items() if object_id > after]
        page = entries[: self.page_size]
        more = len(entries) > len(page)
        return answer(200, json.dumps({"data": page, "last_id": page[-1]["id"] if page else None, "has_more": more}))


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


# --- prepare


def test_a_model_of_the_account_is_chosen(journal: Journal) -> None:
    models: list[str] = []
    account = Account()

    def respond(request: Received) -> Answer:
        if request.method == "POST" and request.path.endswith("/agents"):
            models.append(json.loads(request.body)["model"])
        return account(request)

    against(Scripted(respond=respond), lambda api: create_run_resources(api, journal, RUN))
    assert models == ["tiny"]


def test_a_case_that_is_over_is_cleared_of_what_this_run_made_and_nothing_else(emulator: str, journal: Journal) -> None:
    """An item names its session: one that the run did not make is somebody's, whatever the target says."""
    mine, strange = new_run_id(), new_run_id()

    async def use(api: Api) -> tuple[list[JournaledResource], list[JournaledResource], list[JournaledResource]]:
        run_resources = await create_run_resources(api, journal, mine)
        arranger = ApiArranger(api, run_resources, journal, "s")
        item = await arranger.item(ItemSpec(), None)
        maker = ResourceFactory(api, Journal(journal.path.with_name("other")), strange)
        other = await maker.session("s", "s", agent=run_resources.agent, environment=run_resources.main)
        lying = replace(item, seen={**item.seen, "data": {"type": "session", "id": other}})
        await clean_up_items(api, journal, [lying])
        kept = [made for made in journal.read() if made.collection == "sessions"]
        assert arranger.items_to_clean_up == [item]
        await clean_up_items(api, journal, arranger.items_to_clean_up)
        return (
            kept,
            await find_resources(api, strange),
            [made for made in await find_resources(api, mine) if made.collection == "sessions"],
        )

    kept, others, left = on(emulator, use)
    assert (len(kept), len(others), left) == (1, 1, [])
    assert [made for made in journal.read() if made.collection == "sessions"] == []


@pytest.mark.parametrize("listing", ["null", "{}", '{"data": 3}', '{"data": [{}]}', '{"data": [null]}', "oops"])
def test_without_a_usable_list_of_models_the_documented_one_is_used(journal: Journal, listing: str) -> None:
    models: list[str] = []
    account = Account()

    def respond(request: Received) -> Answer:
        if request.path.endswith("/models"):
            return answer(200, listing)
        if request.method == "POST" and request.path.endswith("/agents"):
            models.append(json.loads(request.body)["model"])
        return account(request)

    against(Scripted(respond=respond), lambda api: create_run_resources(api, journal, RUN))
    assert models == ["auto"]


def test_the_other_environments_are_optional_and_a_second_kind_is_tried(journal: Journal) -> None:
    account = Account()

    def respond(request: Received) -> Answer:
        if request.method == "POST" and request.path.endswith("/environments"):
            document = json.loads(request.body)
            if document["name"] == prepared("quiet") or document["config"]["type"] == "cloud":
                return answer(400)
        return account(request)

    run_resources = against(Scripted(respond=respond), lambda api: create_run_resources(api, journal, RUN))
    assert run_resources.quiet is None
    assert run_resources.cloud is not None
    assert account.names("environments") == [prepared("main"), prepared("not-self-hosted-managed")]
    assert RunResources(**run_resources.to_json()) == run_resources
    assert {m.name for m in journal.read()} == {*account.names("environments"), prepared("agent")}


@pytest.mark.parametrize("body", ["null", "[]", "{}", '{"id": ""}', '{"id": 7}', '{"id": ".."}', "oops"])
def test_an_environment_without_a_usable_id_cannot_be_arranged(journal: Journal, body: str) -> None:
    server = Scripted([answer(201, body)])
    with pytest.raises(CannotArrange):
        against(server, lambda api: create_run_resources(api, journal, RUN))
    assert journal.read() == [JournaledResource("environments", prepared("main"), None)]
