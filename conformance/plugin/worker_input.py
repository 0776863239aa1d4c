"""What the controller sends an xdist worker: plain values through xdist's own pipe, never a file or an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from conformance.arrange.item_source import ArrangeConfig
from conformance.plugin.run_config import RunConfig
from conformance.target import Connection, Credentials, Limits, Secret, Target
from conformance.worker_harness.command import WorkerConfig


def pack(run_config: RunConfig, *, processes: int, inherited: Iterable[str] = (), name: str = "") -> dict[str, Any]:
    """Return the worker's input in types that execnet transmits, with this process's share of the rate limit.

    `inherited` are the scenarios that a process called `name` takes over from a crashed one.
    """
    names = list(inherited)
    target, limits = run_config.target, run_config.limits
    return {
        "run_id": run_config.run_id,
        "seed": run_config.seed,
        "epoch": run_config.epoch,
        "folder": str(run_config.folder),
        "arrangement": run_config.arrange_config.to_json(),
        "inherited": names,
        "processes": processes,
        "suffix": f"-{name}" if names else "",
        "waivers": run_config.waivers,
        "day": run_config.day,
        "repeat": run_config.repeat,
        "race_repeat": run_config.race_repeat,
        "profile": run_config.profile,
        "worker": run_config.worker.to_json() if run_config.worker is not None else None,
        "limits": asdict(
            replace(
                limits,
                writes_per_second=limits.writes_per_second / processes,
                reads_per_second=limits.reads_per_second / processes,
                concurrency=max(1, limits.concurrency // processes),
            )
        ),
        "credentials": {
            name: _reveal(getattr(run_config.credentials, name)) for name in ("pat", "forbidden", "foreign", "expired")
        },
        "target": {
            "base_url": target.base_url,
            "api_prefix": target.api_prefix,
            "worker_header": target.worker_header,
            "headers": [list(pair) for pair in target.headers],
            "secret_headers": [[name, _reveal(secret)] for name, secret in target.secret_headers],
            "query": [list(pair) for pair in target.query],
            "secret_query": [[name, _reveal(secret)] for name, secret in target.secret_query],
            "arrange_url": target.arrange_url,
            "connection": asdict(replace(target.connection, client_key_password=None))
            | {"client_key_password": _reveal(target.connection.client_key_password)},
            "embedded": target.embedded,
            "user_agent": target.user_agent,
            "binding": target.binding,
            "rerun_options": list(target.rerun_options),
            "worker": target.worker,
            "states": [list(pair) for pair in target.states],
        },
    }


def unpack(data: dict[str, Any]) -> RunConfig:
    """Return the `RunConfig` that `pack` packed."""
    target = data["target"]
    return RunConfig(
        run_id=data["run_id"],
        seed=data["seed"],
        epoch=data["epoch"],
        folder=Path(data["folder"]),
        arrange_config=ArrangeConfig.from_json(data["arrangement"]),
        inherited=tuple(data["inherited"]),
        processes=data["processes"],
        suffix=data["suffix"],
        waivers=data["waivers"],
        day=data["day"],
        repeat=data["repeat"],
        race_repeat=data["race_repeat"],
        profile=data["profile"],
        worker=WorkerConfig(**data["worker"]) if data["worker"] is not None else None,
        limits=Limits(**data["limits"]),
        credentials=Credentials(**{name: Secret(*pair) for name, pair in data["credentials"].items() if pair}),
        target=Target(
            base_url=target["base_url"],
            api_prefix=target["api_prefix"],
            worker_header=target["worker_header"],
            headers=tuple((name, value) for name, value in target["headers"]),
            secret_headers=tuple((name, Secret(*pair)) for name, pair in target["secret_headers"]),
            query=tuple((name, value) for name, value in target["query"]),
            secret_query=tuple((name, Secret(*pair)) for name, pair in target["secret_query"]),
            arrange_url=target["arrange_url"],
            connection=_connection(target["connection"]),
            embedded=target["embedded"],
            user_agent=target["user_agent"],
            binding=target["binding"],
            rerun_options=tuple(target["rerun_options"]),
            worker=target["worker"],
            states=tuple((name, state) for name, state in target["states"]),
        ),
    )


def _reveal(secret: Secret | None) -> list[str] | None:
    return None if secret is None else [secret.reveal(), secret.variable]


def _connection(data: dict[str, Any]) -> Connection:
    password = data["client_key_password"]
    return Connection(**{**data, "client_key_password": Secret(*password) if password else None})
