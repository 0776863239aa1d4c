"""A worker for self-hosted environments: polls, acks, runs the job, sends heartbeats and stops the item.

Run it with `python reference.py`. It reads the server's address, the token and the environment from the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
import uuid
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

RETRY = {408, 425, 429, 500, 502, 503, 504}
LONGEST_PAUSE = 30.0


class Lost(Exception):
    """The item is no longer this worker's: another worker has it, or it was stopped."""


class Worker:
    user_agent = "work-conformance-reference-worker"  # give a worker of your own another one
    share = 1 / 3  # of a lease, after which the next heartbeat is sent

    def __init__(self, base_url: str, environment_id: str, token: str) -> None:
        self.worker_id = f"reference-{uuid.uuid4().hex[:12]}"
        self.path = f"/api/v1/cloud/environments/{environment_id}/work"
        headers = {"Authorization": f"Bearer {token}", "User-Agent": self.user_agent, "Worker-ID": self.worker_id}
        self.http = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30.0, follow_redirects=False)
        self.ending = asyncio.Event()  # set by SIGTERM
        self.refused = 0  # polls in a row

    async def main(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.ending.set)
        async with self.http:
            while not self.ending.is_set():
                item = await self.poll()
                if item is not None and await self.ack(item):
                    await self.work(item)

    async def call(self, method: str, path: str, tries: int | None = None, **options: Any) -> httpx.Response:
        """Send a request, again after a failure that may pass, with growing pauses. `tries` None: until it succeeds."""
        attempt = 0
        while True:
            attempt += 1
            pause = self.pause(attempt)
            try:
                response = await self.http.request(method, self.path + path, **options)
                if response.status_code not in RETRY:
                    return response
                pause = max(pause, self.retry_after(response))
            except httpx.TransportError:
                if attempt == tries:
                    raise
            else:
                if attempt == tries:
                    return response
            await self.sleep(pause)

    def pause(self, attempt: int) -> float:
        return min(LONGEST_PAUSE, 0.25 * float(2**attempt)) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret

    def retry_after(self, response: httpx.Response) -> float:
        value = response.headers.get("Retry-After", "")
        with contextlib.suppress(ValueError):
            return float(value) if value.isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Pause, but no longer than until SIGTERM."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    async def poll(self) -> dict[str, Any] | None:
        """Return the next item, or None. A refused poll (a wrong token, say) is repeated after a pause."""
        response: httpx.Response | None = None
        with contextlib.suppress(httpx.TransportError):
            response = await self.call("GET", "/poll", tries=1, params={"block_ms": 999})
        if response is not None and response.status_code == 200:
            self.refused = 0
            item: dict[str, Any] | None = response.json()
            return item
        self.refused += 1
        await self.sleep(max(self.pause(self.refused), self.retry_after(response) if response else 0.0))
        return None

    async def ack(self, item: dict[str, Any]) -> bool:
        """Ack the item. Only True allows the job: a lost answer is asked for again, a refusal ends it."""
        with contextlib.suppress(httpx.TransportError):
            return (await self.call("POST", f"/{item['id']}/ack", tries=5)).status_code == 200
        return False

    async def work(self, item: dict[str, Any]) -> None:
        """Run the job, keep its lease, and stop the item when either is over."""
        job = asyncio.create_task(self.job(item))
        lease = asyncio.create_task(self.keep_lease(item))
        ending = asyncio.create_task(self.ending.wait())
        await asyncio.wait({job, lease, ending}, return_when=asyncio.FIRST_COMPLETED)
        for task in (job, lease, ending):
            task.cancel()
        await asyncio.gather(job, lease, ending, return_exceptions=True)
        if lease.cancelled() or not isinstance(lease.exception(), Lost):
            await self.stop(item)

    async def job(self, item: dict[str, Any]) -> None:
        """The work itself. Replace this."""
        await asyncio.sleep(float(os.environ.get("WORK_CONFORMANCE_JOB_SECONDS", "1")))

    async def keep_lease(self, item: dict[str, Any]) -> None:
        """Send heartbeats until the server asks to stop. Raises `Lost` when the item is no longer ours."""
        expected: str | None = "NO_HEARTBEAT"
        while True:
            query = {"desired_ttl_seconds": "60"} | ({"expected_last_heartbeat": expected} if expected else {})
            pause = 1.0
            try:
                response = await self.call("POST", f"/{item['id']}/heartbeat", tries=1, params=query)
            except httpx.TransportError:
                expected = None  # it may have counted, so no value is known to be the last one
            else:
                if 400 <= response.status_code < 500 and response.status_code not in RETRY:
                    raise Lost
                if response.status_code == 200:
                    answer = response.json()
                    if answer["state"] == "stopped":
                        raise Lost
                    if answer["state"] == "stopping":
                        return
                    expected, pause = answer["last_heartbeat"], answer["ttl_seconds"] * self.share
                pause = max(pause, self.retry_after(response))
            await asyncio.sleep(pause)

    async def stop(self, item: dict[str, Any]) -> None:
        """Stop the item. A forced stop needs no second one to confirm it; if it fails, the lease runs out."""
        with contextlib.suppress(httpx.TransportError):
            await self.call("POST", f"/{item['id']}/stop", tries=5, json={"force": True})


def run(worker: type[Worker]) -> None:
    names = ("WORK_CONFORMANCE_BASE_URL", "WORK_CONFORMANCE_ENVIRONMENT_ID", "QODER_PAT")
    asyncio.run(worker(*(os.environ[name] for name in names)).main())


if __name__ == "__main__":
    run(Worker)
