"""Starts the embedded emulator, which a run judges if no server is named."""

from __future__ import annotations

import contextlib

from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.settings import Settings
from conformance.target import Credentials, Secret, Target


def start_emulator(resources: contextlib.ExitStack, settings: Settings) -> tuple[Target, Credentials]:
    """Start the emulator until `resources` are released, and return it as a target with its tokens."""
    tokens = Tokens.generate()
    server = resources.enter_context(EmulatorServer(use_microseconds(ServerConfig()).build(tokens)))
    credentials = Credentials(
        pat=Secret(tokens.owner, "${QODER_PAT}"),
        forbidden=Secret(tokens.forbidden, "${QODER_FORBIDDEN_PAT}"),
        foreign=Secret(tokens.foreign, "${QODER_FOREIGN_PAT}"),
        expired=Secret(tokens.expired, "${QODER_EXPIRED_PAT}"),
    )
    target = Target(
        base_url=server.base_url,
        embedded=True,
        user_agent=settings.user_agent,
        states=settings.states,
        binding=settings.binding.mark if settings.binding is not None else None,
        rerun_options=settings.rerun_options,
    )
    return target, credentials
