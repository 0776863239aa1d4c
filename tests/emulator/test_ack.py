"""The ack operation over HTTP."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.emulator.app import operations

from .api_driver import Api, HandClock, Work, refusal


def test_first_ack(timed: Api, clock: HandClock) -> None:
    environment = timed.environment()
    queued = timed.queue(environment, metadata={"suite": "x"})
    polled = timed.poll(environment, "w1").json()
    clock.advance(seconds=3)
    response = queued.ack("w1")
    assert response.status_code == 200
    assert response.json() == {
        "id": queued.id,
        "type": "work",
        "environment_id": environment,
        "data": {"type": "session", "id": queued.session},
        "state": "starting",
        "created_at": "2026-07-01T08:15:01Z",
        "acknowledged_at": "2026-07-01T08:15:04Z",
        "started_at": None,
        "latest_heartbeat_at": None,
        "stop_requested_at": None,
        "stopped_at": None,
        "metadata": {"suite": "x"},
    }
    assert list(response.json()) == list(polled)
    assert queued.show() == response.json()


@pytest.mark.parametrize("state", ["starting", "active"])
@pytest.mark.parametrize("worker", ["w1", None])
def test_a_retry_changes_nothing(timed: Api, clock: HandClock, state: str, worker: str | None) -> None:
    work = timed.work_in(timed.environment(), state)
    before = work.show()
    clock.advance(seconds=2)
    response = work.ack(worker)
    assert (response.status_code, response.json()) == (200, before)


@pytest.mark.parametrize("state", ["delivered", "starting", "active"])
def test_another_worker_is_refused(api: Api, environment: str, state: str) -> None:
    work = api.work_in(environment, state)
    before = work.show()
    assert refusal(work.ack("w2")) == (409, "invalid_request_error", "Worker-ID")
    assert work.show() == before
    assert work.ack("w1").status_code == 200


@pytest.mark.parametrize("end", ["stopping", "stopped"])
@pytest.mark.parametrize("worker", ["w1", "w2", None])
def test_an_ended_item_is_refused(api: Api, environment: str, end: str, worker: str | None) -> None:
    work = api.work_in(environment, end)
    before = work.show()
    assert refusal(work.ack(worker)) == (409, "invalid_request_error", None)
    assert work.show() == before


@pytest.mark.parametrize(("polled", "acked"), [("w1", None), ("w1", ""), (None, "w1"), (None, None), ("", "w1")])
def test_missing_worker_ids_are_allowed(api: Api, environment: str, polled: str | None, acked: str | None) -> None:
    work = api.queue(environment)
    api.poll(environment, polled)
    assert work.ack(acked).json()["state"] == "starting"


def test_an_item_that_nobody_polled_can_be_acked(api: Api, environment: str) -> None:
    assert api.queue(environment).ack("w1").json()["state"] == "starting"


def test_the_worker_of_the_latest_delivery_counts(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered", "w1")
    assert api.poll(environment, "w2", reclaim_older_than_ms=0).json()["id"] == work.id
    assert refusal(work.ack("w1"))[0] == 409
    assert work.ack("w2").status_code == 200


@pytest.mark.parametrize("body", [b"{}", b"", b"not json", b"[1]", b"\xff" * 100_000])
def test_the_body_does_not_matter(api: Api, environment: str, body: bytes) -> None:
    work = api.work_in(environment, "delivered")
    response = api.post(f"{work.path}/ack", content=body, headers={"Content-Type": "application/json"})
    assert response.json()["state"] == "starting"


def test_fifty_acks_at_once_all_succeed(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered")
    with ThreadPoolExecutor(50) as pool:
        responses = list(pool.map(work.ack, ["w1"] * 50))
    assert {response.status_code for response in responses} == {200}
    assert len({response.text for response in responses}) == 1


def test_only_the_rightful_of_fifty_workers_succeeds(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered", "w7")
    workers = [f"w{number}" for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        statuses = [response.status_code for response in pool.map(work.ack, workers)]
    assert [worker for worker, status in zip(workers, statuses, strict=True) if status == 200] == ["w7"]
    assert set(statuses) == {200, 409}


def test_an_ack_racing_a_stop_never_revives(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered")

    def act(number: int) -> int:
        return (work.stop({"force": True}) if number == 10 else work.ack("w1")).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = set(pool.map(act, range(20)))
    assert statuses <= {200, 409}
    assert work.show()["state"] == "stopped"


def test_no_item_of_another_environment(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered")
    stray = Work(api, api.environment(), work.id, work.session)
    assert refusal(stray.ack("w1")) == (404, "not_found_error", "work_id")
    assert work.show()["state"] == "queued"


@pytest.mark.parametrize("work_id", ["work_" + "0" * 32, "work_", "wrk", "a%2Fb", "%20", "%C3%A9", "%FF"])
def test_unknown_ids(api: Api, environment: str, work_id: str) -> None:
    assert refusal(api.post(f"/environments/{environment}/work/{work_id}/ack"))[:2] == (404, "not_found_error")


def test_work_in_an_archived_environment_goes_on(api: Api, environment: str) -> None:
    work = api.work_in(environment, "delivered")
    assert api.post(f"/environments/{environment}/archive").status_code == 200
    assert work.ack("w1").status_code == 200


def test_the_path_of_an_ack_is_tried_before_all_others() -> None:
    assert next(iter(operations())).endswith("/ack"), "every path tried before costs each ack of a load"
