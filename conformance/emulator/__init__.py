"""An emulator of the Qoder Cloud Agents Work API: one process, everything in memory.

It behaves as the documentation says, for the eight Work operations and for what is needed to arrange work:
environments, agents, sessions and their events. It imports nothing else of this project, so that what is tested
and what it is tested against share no code.
"""

from .app import create_app
from .server import EmulatorServer, serve_forever
from .tokens import Tokens

__all__ = ["EmulatorServer", "Tokens", "create_app", "serve_forever"]
