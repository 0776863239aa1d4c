"""`work-conformance serve`: the emulator alone."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Final

import click

from conformance.cli.options import CannotStart
from conformance.target import DEFAULT_API_PREFIX, ConfigurationError, parse_api_prefix, parse_secret

_VARIABLES: Final = {
    "owner": "QODER_PAT",
    "forbidden": "QODER_FORBIDDEN_PAT",
    "foreign": "QODER_FOREIGN_PAT",
    "expired": "QODER_EXPIRED_PAT",
}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--api-prefix", default=DEFAULT_API_PREFIX, show_default=True, help="Path of the API.")
def command(host: str, port: int, api_prefix: str) -> None:
    """Start the emulator and print its base URL and the tokens that it accepts.

    Tokens that are set in the environment (QODER_PAT and its three companions) are taken over; the others are made.
    The printed lines are shell commands for another terminal, where `work-conformance run` then judges this emulator.
    """
    from conformance.emulator import Tokens, create_app, serve_forever

    try:
        prefix = parse_api_prefix(api_prefix)
        given = {
            kind: parse_secret(os.environ[variable], variable).reveal()
            for kind, variable in _VARIABLES.items()
            if os.environ.get(variable)
        }
    except ConfigurationError as error:
        raise CannotStart(str(error)) from None
    tokens = replace(Tokens.generate(), **given)

    def announce(base_url: str) -> None:
        click.echo(f"# The emulator listens at {base_url} (Ctrl-C ends it).")
        click.echo(f"export WORK_CONFORMANCE_BASE_URL={base_url}")
        for kind, variable in _VARIABLES.items():
            if kind in given:
                click.echo(f"# {variable} is the one of this environment.")
            else:
                click.echo(f"export {variable}={getattr(tokens, kind)}")
        sys.stdout.flush()

    try:
        serve_forever(create_app(tokens=tokens, api_prefix=prefix), host=host, port=port, on_ready=announce)
    except OSError as error:
        raise CannotStart(f"Cannot listen at {host}:{port} ({error.strerror}); choose another --port.") from None
