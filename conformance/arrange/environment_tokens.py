"""Tokens that are good for one environment alone: named by a manifest or a program, found in the environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping

from conformance.client.client import Client
from conformance.target import ConfigurationError, Secret, parse_secret


def read_token(variable: str, environ: Mapping[str, str] | None = None) -> Secret:
    """The token in a variable.

    Raises:
        ConfigurationError: it is not set, or holds no usable token.
    """
    value = (os.environ if environ is None else environ).get(variable, "")
    if not value:
        raise ConfigurationError(
            f"pat_env: the environment variable {variable} is not set.", f"pat_env：环境变量 {variable} 未设置。"
        )
    return parse_secret(value, variable)


def add_environment_tokens(client: Client, pat_envs: Mapping[str, str]) -> None:
    """Let a client use them.

    Raises:
        ConfigurationError: as `read_token`.
    """
    for environment_id, variable in pat_envs.items():
        client.add_environment_tokens(environment_id, read_token(variable))
