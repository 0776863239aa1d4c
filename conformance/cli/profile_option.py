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
    help=localize(
        "ack; work: all eight operations; worker: what a worker sends.",
        "ack；work，即全部八个操作；worker，即 worker 发送的请求。",
    ),
)
