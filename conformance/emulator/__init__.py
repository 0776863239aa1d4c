"""An emulator of the Qoder Cloud Agents Work API: one process, everything in memory.

It implements the documented behaviour of the eight Work operations, and of the resources that work needs: environments,
agents, sessions and their events. It imports nothing else of this project, so that the suite and the server that it
tests share no code.
"""

from .app import create_app
from .server import EmulatorServer, serve_forever
from .tokens import Tokens

__all__ = ["EmulatorServer", "Tokens", "create_app", "serve_forever"]
