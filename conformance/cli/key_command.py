"""`work-conformance key`: create a key pair for certificates."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click

from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.language import localize
from conformance.cli.options import CannotStart, lang_option_without_parameter


@click.command(
    cls=NoEmptyValuesCommand,
    context_settings={"max_content_width": 100},
    examples=("work-conformance key --out vendor.pem",),
    help=localize(
        "Create an Ed25519 key pair for certificates: the private key FILE, which only its owner can read, and the public"
        " key FILE.pub, which verifiers need. Existing files are not overwritten.",
        "生成一对用于证书的 Ed25519 密钥：FILE 为私钥，仅所有者可读；FILE.pub 为公钥，供验证方使用。命令不会覆盖已有的文件。",
    ),
)
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=localize("Path of the private key.", "私钥的路径。"),
)
@click.option(
    "--password-env",
    metavar="NAME",
    help=localize(
        "Environment variable with a password to encrypt the private key.", "存放密码的环境变量；该密码用于加密私钥。"
    ),
)
@lang_option_without_parameter
def command(out: Path, password_env: str | None) -> None:
    """Create a key pair."""
    from conformance.certificate.signing import new_key

    password = password_from_variable(password_env)
    public = out.with_name(f"{out.name}.pub")
    key = new_key()
    write_new(public, key.public.pem.encode())
    try:
        write_new(out, key.pem(password), mode=0o600)
    except CannotStart:
        public.unlink()
        raise
    click.echo(localize(f"private key: {out} (keep it secret)", f"私钥：{out}（请妥善保密）"))
    click.echo(localize(f"public key: {public}", f"公钥：{public}"))
    click.echo(localize(f"fingerprint: {key.public.fingerprint}", f"指纹：{key.public.fingerprint}"))


def password_from_variable(variable: str | None) -> bytes | None:
    """Return the password in an environment variable; None if no variable was named.

    Raises:
        CannotStart: the variable is not set, or empty.
    """
    if variable is None:
        return None
    password = os.environ.get(variable, "")
    if not password:
        raise CannotStart(
            localize(
                f"--password-env: the environment variable {variable} is not set; set it to the password.",
                f"--password-env：环境变量 {variable} 未设置；请将其设为密码。",
            )
        )
    return os.fsencode(password)


def write_new(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Write a new file.

    Raises:
        CannotStart: the file exists or cannot be written.
    """
    try:
        with open(path, "xb", opener=partial(os.open, mode=mode)) as file:
            file.write(content)
    except FileExistsError:
        raise CannotStart(
            localize(
                f"{path} exists and is not overwritten; choose another file.",
                f"{path} 已存在，不会覆盖；请指定其他文件。",
            )
        ) from None
    except OSError as error:
        why = error.strerror
        raise CannotStart(localize(f"{path} cannot be written ({why}).", f"无法写入 {path}（{why}）。")) from None
