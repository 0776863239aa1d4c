"""The workers of docs/*/official-clients.md, as they stand there, complete jobs on the emulator."""

import os
import subprocess
import sys
import time
from pathlib import Path

from conformance.emulator import Tokens
from tests.documents import PAGE, WRITTEN, Block, blocks

from .api_driver import PREFIX, Api
from .node_clients import WITH_NODE, node_command

PATIENCE_SECONDS = 30
PAGE_NAME = "official-clients"


def example(language: str) -> Block:
    """The one example in a programming language; test_docs.py compares it with those of the other pages."""
    (found,) = blocks(PAGE["en"][PAGE_NAME], f"{language} handler")
    return found


def saved(folder: Path, language: str, name: str) -> Path:
    assert all(f"`{name}`" in PAGE[lang][PAGE_NAME] for lang in WRITTEN), "the name that the page gives it"
    script = folder / name
    script.write_text("\n".join(example(language).lines) + "\n", "utf-8")
    return script


def check_two_jobs(api: Api, tokens: Tokens, command: list[str]) -> None:
    """The worker runs two items, each for the job's length under a heartbeat, and stops them."""
    environment = api.environment()
    jobs = [api.queue(environment) for _ in range(2)]
    base_url = str(api.http.base_url)
    settings = {
        "QODER_PAT": tokens.owner,
        "QODER_MANAGED_BASE_URL": base_url + PREFIX,
        "WORK_CONFORMANCE_BASE_URL": base_url,
        "WORK_CONFORMANCE_ENVIRONMENT_ID": environment,
        "WORK_CONFORMANCE_JOB_SECONDS": "0.3",
    }
    worker = subprocess.Popen(command, env={**os.environ, **settings})
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while jobs[1].show()["state"] != "stopped" and time.monotonic() < end and worker.poll() is None:
            time.sleep(0.05)
        polling = api.get(f"/environments/{environment}/work/stats").json()["workers_polling"]
    finally:
        worker.kill()
        worker.wait()
    items = [work.show() for work in jobs]
    assert [item["state"] for item in items] == ["stopped", "stopped"]
    assert all(item["started_at"] and item["latest_heartbeat_at"] for item in items)
    assert polling == 1, "one Worker-ID"


def test_python(api: Api, tokens: Tokens, tmp_path: Path) -> None:
    check_two_jobs(api, tokens, [sys.executable, str(saved(tmp_path, "python", "worker.py"))])


@WITH_NODE
def test_node(api: Api, tokens: Tokens, tmp_path: Path) -> None:
    check_two_jobs(api, tokens, node_command(saved(tmp_path, "javascript", "worker.mjs")))
