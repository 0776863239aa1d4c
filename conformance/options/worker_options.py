"""The options of `worker` alone."""

from __future__ import annotations

from typing import Final

from conformance.options.option import Option
from conformance.text import Text

WORKER_OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        name="worker-start",
        part="worker",
        metavar="COMMAND",
        help=Text(
            "Command that starts the worker, for every scenario anew and without a shell; placeholders {base_url},"
            " {environment_id} and {job_seconds}.",
            "启动 worker 的命令，每个场景重新启动一次，不经 shell；占位符为 {base_url}、{environment_id} 和 {job_seconds}。",
        ),
    ),
    Option(
        name="worker-attach",
        part="worker",
        kind="flag",
        help=Text(
            "Print each scenario's values and wait for a worker that you start by hand.",
            "输出每个场景的取值，等待您手动启动的 worker。",
        ),
    ),
    Option(
        name="real-leases",
        part="worker",
        kind="flag",
        help=Text(
            "Use leases of 10 s, the API's shortest, instead of 3 s; a run then takes about a minute.",
            "使用 10 秒的租约（API 的最短时长），而不是 3 秒；运行约需一分钟。",
        ),
    ),
)
