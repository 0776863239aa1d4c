"""On what was measured: the machine and the versions of what runs on it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from conformance import __version__

_LIBRARIES: Final = ("click", "httpx", "jinja2", "jsonschema", "pytest", "rich", "starlette", "uvicorn")


def facts() -> Iterator[tuple[str, str]]:
    """Name and value of each; what the system does not tell is left out."""
    yield "Date", f"{datetime.now(UTC):%Y-%m-%d}"
    yield "Processor", f"{os.cpu_count()} × {_processor()}"
    yield "Memory", _memory()
    yield "System", f"{platform.system()} {platform.release()}"
    yield "Python", f"{platform.python_implementation()} {platform.python_version()}"
    yield "Suite", __version__
    yield "Libraries", ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES)


def _processor() -> str:
    return _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    kib = _line("/proc/meminfo", "MemTotal").split()
    return f"{int(kib[0]) / 2**20:.1f} GiB" if kib else "unknown"


def _line(path: str, name: str) -> str:
    """The value of the first line of that name; empty where there is none."""
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
