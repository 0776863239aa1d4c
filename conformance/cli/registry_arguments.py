"""The options and arguments that commands of a registry share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from conformance.cli.language import localize
from conformance.cli.options import lang_option_without_parameter

F = TypeVar("F", bound=Callable[..., Any])

FILE_PATH: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
DIR_PATH: Final = click.Path(exists=True, file_okay=False, path_type=Path)
folder_argument = click.argument("folder", type=DIR_PATH)
certificate_argument = click.argument("certificate", type=FILE_PATH)
key_option = click.option(
    "--key",
    required=True,
    metavar="KEY",
    type=FILE_PATH,
    help=localize("Private key of the authority.", "登记机构的私钥。"),
)
password_option = click.option(
    "--password-env",
    metavar="NAME",
    help=localize("Environment variable with the key's password.", "存放私钥密码的环境变量。"),
)
at_option = click.option(
    "--at",
    type=click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    metavar="DATE",
    help=localize("Date of the change or check (default: now).", "更改或检查所用的日期（默认为当前时间）。"),
)
challenge_option = click.option(
    "--challenge",
    metavar="TEXT",
    help=localize("Require that the run is bound to this challenge.", "要求该运行绑定了此 challenge。"),
)
vendor_key_option = click.option(
    "--vendor-key",
    metavar="PUB",
    type=FILE_PATH,
    help=localize(
        "Require that the certificate is signed with this public key of the vendor.", "要求证书由厂商的该公钥签名。"
    ),
)
policy_option = click.option(
    "--policy",
    metavar="FILE",
    help=localize(
        "What a certificate needs to be listed, as for `verify`.", "登记证书须满足的策略，与 `verify` 的策略相同。"
    ),
)


def signing_options(function: F) -> F:
    """Add the options of a command that signs."""
    return key_option(password_option(at_option(lang_option_without_parameter(function))))
