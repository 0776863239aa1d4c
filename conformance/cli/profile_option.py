"""The option `--profile` of commands that read no settings file."""

from __future__ import annotations

from typing import Final

import click

from conformance.cli.language import localize
from conformance.contract.operations import PROFILES

profile_option: Final = click.option(
    "--profile",
    type=click.Choice(tuple(PROFILES)),
    default="ack",
    show_default=True,
    help=localize("ack, or work: all eight operations.", "ack；或 work，即全部八个操作。"),
)
