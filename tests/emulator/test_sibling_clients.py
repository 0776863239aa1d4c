"""The official workers of the sibling API (PyPI's anthropic, npm's @anthropic-ai/sdk) complete jobs on the emulator.

They are unchanged: `sibling_api.mapped` translates paths and one header.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from conformance.emulator import EmulatorServer, Tokens, create_app

from .api_driver import Api, Json, Work
from .node_clients import WITH_NODE, node_command
from .sibling_api import mapped

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

PATIENCE_SECONDS = 30
COMPLETED = [
    "session.status_running",
    "user.message",
    "agent.tool_use",
    "user.tool_result",
    "agent.message",
    "session.status_idle",
]


@pytest.fixture
def api(tokens: Tokens) -> Iterator[Api]:
    with (
        EmulatorServer(mapped(create_app(tokens=tokens))) as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as client,
    ):
        yield Api(client, tokens.owner)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    folder = tmp_path / "workdir"
    folder.mkdir()
    (folder / "found-by-the-worker.txt").touch()
    return folder


def two_jobs(api: Api, tool: str) -> list[Work]:
    """Return two queued items whose sessions call a tool."""
    toolset = {"type": "agent_toolset_20260401", "enabled_tools": [tool]}
    environment, agent = api.environment(), api.agent(tools=[toolset])
    return [api.queue(environment, agent=agent) for _ in range(2)]


def wait_until_stopped(jobs: list[Work]) -> None:
    """Return when all items are stopped, or after a while."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and any(work.show()["state"] != "stopped" for work in jobs):
        time.sleep(0.05)


def check_completed(api: Api, work: Work, output: str) -> None:
    """The item ran under a heartbeat, and the session's turn ended with the answer to the tool's output."""
    item = work.show()
    assert item["started_at"] is not None
    assert (item["stop_requested_at"], item["state"]) == (None, "stopped"), "stopped with force, after the turn"
    events: list[Json] = api.get(f"/sessions/{work.session}/events").json()["data"]
    assert [event["type"] for event in events] == COMPLETED
    (result,) = [event for event in events if event["type"] == "user.tool_result"]
    assert result["is_error"] is False
    assert output in result["content"][0]["text"]
    assert events[-1]["stop_reason"] == {"type": "end_turn"}


def python_client(api: Api) -> AsyncAnthropic:
    # Imported here because it takes a second, which every collection of these tests would spend.
    from anthropic import AsyncAnthropic

    return AsyncAnthropic(base_url=str(api.http.base_url), auth_token=api.token, api_key=None)


def test_the_python_environment_worker(api: Api, workdir: Path) -> None:
    jobs = two_jobs(api, "glob")

    async def serve() -> None:
        async with python_client(api) as client:
            worker = client.beta.environments.work.worker(
                environment_id=jobs[0].environment,
                environment_key=api.token,
                workdir=workdir,
                worker_id="w1",
                max_idle=0.1,
            )
            running = asyncio.create_task(worker.run())
            await asyncio.to_thread(wait_until_stopped, jobs)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(serve())
    for work in jobs:
        check_completed(api, work, "found-by-the-worker.txt")


def test_the_python_poller(api: Api) -> None:
    jobs = two_jobs(api, "glob")

    async def drain() -> list[tuple[str, str]]:
        async with python_client(api) as client:
            works = client.beta.environments.work
            polled = works.poller(
                environment_id=jobs[0].environment,
                environment_key=api.token,
                worker_id="w1",
                block_ms=None,
                drain=True,
            )
            by_id = {work.id: work for work in jobs}
            return [(item.id, by_id[item.id].show()["state"]) async for item in polled]

    assert asyncio.run(drain()) == [(work.id, "starting") for work in jobs], "acknowledged when the loop gets them"
    assert [work.show()["state"] for work in jobs] == ["stopping", "stopping"], "the poller stops them gracefully"
    assert api.get(f"/environments/{jobs[0].environment}/work/stats").json()["workers_polling"] == 1


@WITH_NODE
def test_the_node_environment_worker(api: Api, workdir: Path, tmp_path: Path) -> None:
    jobs = two_jobs(api, "bash")  # its glob needs a newer Node than its client
    script = tmp_path / "environment_worker.mjs"
    shutil.copy(Path(__file__).with_name(script.name), script)
    settings = {"BASE_URL": str(api.http.base_url), "TOKEN": api.token, "ENVIRONMENT": jobs[0].environment}
    environ = {**os.environ, **settings, "WORKDIR": str(workdir)}
    worker = subprocess.Popen(node_command(script), env=environ)
    try:
        wait_until_stopped(jobs)
    finally:
        worker.kill()
        worker.wait()
    for work in jobs:
        check_completed(api, work, "OK")
