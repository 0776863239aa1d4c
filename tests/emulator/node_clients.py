"""Node and npm's client of the sibling API, on machines that have them."""

import os
import shutil
from pathlib import Path

import pytest

# `npm install --prefix DIR @anthropic-ai/sdk` puts the client into DIR/node_modules.
NODE, MODULES = shutil.which("node"), os.environ.get("NODE_CLIENTS", "")
WITH_NODE = pytest.mark.skipif(
    not (NODE and MODULES), reason="NODE_CLIENTS does not name a node_modules folder with npm's @anthropic-ai/sdk"
)


def node_command(script: Path) -> list[str]:
    """Return the command that runs a script; its imports come from NODE_CLIENTS."""
    assert NODE is not None
    (script.parent / "node_modules").symlink_to(Path(MODULES).absolute(), target_is_directory=True)
    return [NODE, str(script)]
