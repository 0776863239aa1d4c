"""Tokens that are valid for one environment alone: a manifest or a program names the environment variable of each."""

from __future__ import annotations

import os
from collections.abc import Mapping

from conformance.client.client import Client
from conformance.target import ConfigurationError, Secret, parse_secret


def read_token(variable: str, environ: Mapping[str, str] | None = None) -> Secret:
    """Return the token in a variable.

    Raises:
        ConfigurationError: it is not set, or contains no usable token.
    """
    value = (os.environ if environ is None else environ).get(variable, "")
    if not value:
        raise ConfigurationError(
            f"pat_env: the environment variable {variable} is not set.", f"pat_env：环境变量 {variable} 未设置。"
        )
    return parse_secret(value, variable)


def add_environment_tokens(client: Client, pat_envs: Mapping[str, str]) -> None:
    """Add the tokens to a client.

    Raises:
        ConfigurationError: as in `read_token`.
    """
    for environment_id, variable in pat_envs.items():
        client.add_environment_tokens(environment_id, read_token(variable))
