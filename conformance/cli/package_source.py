"""The source of this installation, so that a workflow can install the same."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, Final

from conformance import __version__

NAME: Final = "work-conformance"
PLACEHOLDER: Final = f"git+https://github.com/OWNER/{NAME}@v{__version__}"
"""What a workflow installs if the installation is not from a Git server."""

_URL: Final = re.compile(r"https://[\w.-]+(:\d+)?(/[\w.~+-]+)+", re.ASCII)
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
"""Both have only characters that YAML and shells leave as they are, and no credentials."""


def package_source() -> str:
    """Return what pip installed the suite from if it was a Git server, with the commit; otherwise the placeholder."""
    try:
        text = distribution(NAME).read_text("direct_url.json")
        record = json.loads(text) if text else {}
    except (PackageNotFoundError, OSError, ValueError):
        return PLACEHOLDER
    return _git_source(record) or PLACEHOLDER


def _git_source(record: Any) -> str | None:
    """Return the requirement of a PEP 610 record; None if it names no Git server or contains credentials."""
    if not isinstance(record, dict):
        return None
    url, vcs = record.get("url"), record.get("vcs_info")
    if not (isinstance(url, str) and isinstance(vcs, dict) and vcs.get("vcs") == "git"):
        return None
    commit = vcs.get("commit_id")
    if isinstance(commit, str) and _COMMIT.fullmatch(commit) and _URL.fullmatch(url):
        return f"git+{url}@{commit}"
    return None
