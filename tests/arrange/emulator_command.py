"""Arranges work items of the emulator: a request on standard input, the ids on standard output."""

import json
import os
import sys
import urllib.request
from typing import Any

API = os.environ["WORK_CONFORMANCE_BASE_URL"] + "/api/v1/cloud"
STOPS = {"graceful": [False], "drained": [False, False], "forced": [True], None: [False]}


def call(path: str, body: object = None, worker: str | None = None) -> Any:
    headers = {"Authorization": "Bearer " + os.environ["QODER_PAT"], "Content-Type": "application/json"}
    headers |= {"Worker-ID": worker} if worker else {}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(API + path, data, headers)) as answer:
        return json.load(answer)


def environment(kind: str) -> Any:
    return call("/environments", {"name": "arranged", "config": {"type": kind}})["id"]


def item(request: dict[str, Any]) -> dict[str, str]:
    item_spec, worker = request["want"], request["worker_id"]
    place = environment("self_hosted")
    agent = call("/agents", {"name": "arranged", "model": "auto"})["id"]
    session = call("/sessions", {"agent": agent, "environment_id": place})["id"]
    message = {"type": "user.message", "content": [{"type": "text", "text": "Hello."}]}
    call(f"/sessions/{session}/events", {"events": [message]})
    if request["delivered"]:
        work_id = call(f"/environments/{place}/work/poll", worker=worker)["id"]
    else:
        work_id = call(f"/environments/{place}/work")["data"][0]["id"]
    work = f"/environments/{place}/work/{work_id}"
    live = request["came_from"] or item_spec
    if live in ("starting", "active"):
        call(f"{work}/ack", {}, worker)
    if live == "active":
        call(f"{work}/heartbeat?desired_ttl_seconds=600", {})
    for force in STOPS[request["stopped_by"]] if item_spec in ("stopping", "stopped") else []:
        call(f"{work}/stop", {"force": force})
    return {"environment_id": place, "work_id": work_id}


def release(place: str, work_id: str | None) -> None:
    if work_id is not None:
        call(f"/environments/{place}/work/{work_id}/stop", {"force": True})
    call(f"/environments/{place}/archive", {})


def answer(request: dict[str, Any]) -> dict[str, str]:
    if "release" in request:
        release(request["release"]["environment_id"], request["release"]["work_id"])
        return {}
    if request["want"] == "cloud-environment":
        return {"environment_id": environment("cloud")}
    if request["want"] == "second-environment":
        return {"environment_id": environment("self_hosted")}
    return item(request)


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
