"""The least that can send what a run sends: `python -m tests.benchmarks.bare_script RUN_DIR BASE_URL`.

It imports the libraries that the suite imports for a run, and sends the very requests of the run that was saved, one
after another on one kept-alive connection, with no pause: those of the preflight, those of every transcript in the
order in which they were sent, and those of the clean-up. Ids that the new server gives take the places of those that
the old one gave, so that both servers do the same work. A long poll does not wait (`block_ms` is left out). Nothing is
recorded or judged. The last line says how many requests it sent.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

from conformance.exchange import Exchange
from tests.benchmarks.saved_run import SavedRun

IMPORTED: Final = ("click", "httpx", "jinja2", "jsonschema", "pytest", "rich.console")
"""The libraries that a run imports, and no other: see `tests/benchmarks/test_bare_script.py`."""

_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{32}")


class Sender:
    """Sends one request after another and remembers which new id took the place of which old one."""

    def __init__(self, base_url: str) -> None:
        import httpx

        self.sent = 0
        self.ids: dict[str, str] = {}
        self._base_url = base_url
        self._client = httpx.Client(trust_env=False, timeout=30)
        self._authorization = {"Authorization": f"Bearer {os.environ['QODER_PAT']}"}

    def send(self, method: str, path: str, body: object = None) -> Any:
        """A request of preflight or clean-up; the JSON of the answer, None where there is none."""
        answer = self._client.request(method, self._base_url + path, json=body, headers=self._authorization)
        self.sent += 1
        return answer.json() if answer.content else None

    def repeat(self, exchange: Exchange, old_base: str) -> None:
        """The request of a saved exchange."""
        request = exchange.request
        url = self._base_url + self._renamed(request.url.removeprefix(old_base)).replace("block_ms=999&", "")
        answer = self._client.request(
            request.method,
            url,
            headers=[(name.encode(), _revealed(value).encode()) for name, value in request.headers],
            content=self._renamed(request.body).encode() if request.body is not None else None,
        )
        self.sent += 1
        if exchange.response is not None and answer.is_success and answer.content:
            self._learn(exchange.response.body.text, answer.json())

    def _learn(self, old: str, new: Any) -> None:
        try:
            before = json.loads(old)
        except ValueError:
            return
        if isinstance(before, dict) and isinstance(new, dict) and "id" in before and "id" in new:
            self.ids[before["id"]] = new["id"]

    def _renamed(self, text: str) -> str:
        return _ID.sub(lambda match: self.ids.get(match[0], match[0]), text)


def _revealed(value: str) -> str:
    """A header's value with the tokens in the places of the variables that stand for them."""
    return re.sub(r"\$\{(QODER_\w*PAT)\}", lambda match: os.environ[match[1]], value).strip()


def _prepare(sender: Sender, prefix: str, workspace: dict[str, Any]) -> dict[str, str]:
    """Make what all scenarios share; the path of each environment by its name."""
    sender.send("GET", f"{prefix}/environments?limit=100")
    sender.send("GET", f"{prefix}/models")
    kinds = {"main": "self_hosted", "quiet": "self_hosted", "cloud": "cloud"}
    for name, kind in kinds.items():
        made = sender.send("POST", f"{prefix}/environments", {"name": name, "config": {"type": kind}})
        sender.ids[workspace[name]] = made["id"]
    agent = sender.send("POST", f"{prefix}/agents", {"name": "a", "model": "auto", "system": "Reply with one word."})
    sender.ids[workspace["agent"]] = agent["id"]
    environment = sender.ids[workspace["main"]]
    body = {"agent": agent["id"], "environment_id": environment, "title": "preflight"}
    session = sender.send("POST", f"{prefix}/sessions", body)
    message = {"type": "user.message", "content": [{"type": "text", "text": "Say OK."}]}
    sender.send("POST", f"{prefix}/sessions/{session['id']}/events", {"events": [message]})
    sender.send("GET", f"{prefix}/environments/{environment}/work/poll?reclaim_older_than_ms=86400000")
    sender.ids["sess_preflight"] = session["id"]
    return {name: f"{prefix}/environments/{sender.ids[workspace[name]]}" for name in kinds}


def _clean_up(sender: Sender, prefix: str, environments: dict[str, str]) -> None:
    """Stop what is live, and delete sessions, agent and environments."""
    for name in ("main", "quiet"):
        place = environments[name]
        for work in sender.send("GET", f"{place}/work?limit=100")["data"]:
            if work["state"] != "stopped":
                sender.send("POST", f"{place}/work/{work['id']}/stop", {"force": True})
    for made in [made for made in sender.ids.values() if made.startswith("sess_")]:
        sender.send("DELETE", f"{prefix}/sessions/{made}")
    for made in [made for made in sender.ids.values() if made.startswith("agent_")]:
        sender.send("DELETE", f"{prefix}/agents/{made}")
    for place in environments.values():
        sender.send("DELETE", place)


def main(folder: Path, base_url: str) -> None:
    """Send everything that the run in this folder sent."""
    for name in IMPORTED:
        importlib.import_module(name)
    run = SavedRun(folder)
    workspace = json.loads((folder / "workspace.json").read_text("utf-8"))
    prefix = run.report["target"]["api_prefix"]
    sender = Sender(base_url)
    environments = _prepare(sender, prefix, workspace)
    for exchange in run.exchanges():
        sender.repeat(exchange, run.report["target"]["base_url"])
    _clean_up(sender, prefix, environments)
    sys.stdout.write(f"{sender.sent}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
