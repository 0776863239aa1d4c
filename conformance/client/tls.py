"""TLS settings: the trusted authorities and the client's certificate."""

from __future__ import annotations

import ssl
from typing import Final

from conformance.target import ConfigurationError, Connection, Secret


def tls_context(connection: Connection) -> ssl.SSLContext:
    """Return the TLS context for connections to the target or to an https proxy.

    Raises:
        ConfigurationError: a certificate file cannot be used.
    """
    import httpx

    try:
        context = (
            ssl.create_default_context(cafile=connection.ca_bundle)
            if connection.ca_bundle
            else httpx.create_ssl_context(trust_env=connection.trust_env)
        )
        if connection.client_cert:
            _show(context, connection.client_cert, connection.client_key_password)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"A certificate file cannot be used: {error}.", f"证书文件无法使用：{error}。"
        ) from None
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _show(context: ssl.SSLContext, certificate: str, password: Secret | None) -> None:
    """Add the client's certificate. If its key is encrypted, never prompt for the password."""
    asked = False

    def answer() -> str:
        nonlocal asked
        asked = True
        return password.reveal() if password is not None else ""

    try:
        context.load_cert_chain(certificate, password=answer)
    except (OSError, ssl.SSLError, ValueError):
        if not asked:
            raise
        raise ConfigurationError(*(_WRONG_PASSWORD if password is not None else _NO_PASSWORD)) from None


_NO_PASSWORD: Final = (
    "The key in --client-cert is encrypted. Name the environment variable with its password with"
    " --client-key-password-env.",
    "--client-cert 中的私钥已加密。请用 --client-key-password-env 指定存放其密码的环境变量。",
)
_WRONG_PASSWORD: Final = (
    "The password in the variable that --client-key-password-env names does not decrypt the key in --client-cert.",
    "--client-key-password-env 指定的变量中的密码无法解密 --client-cert 中的私钥。",
)
