"""`work-conformance serve`: start the emulator alone."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Final

import click

from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.completion import defects, one_of, shapes, variants
from conformance.cli.language import current_language, localize
from conformance.cli.name_lookup import lookup_by_name
from conformance.cli.options import CannotStart, lang_option_without_parameter
from conformance.target import DEFAULT_API_PREFIX, ConfigurationError, parse_api_prefix, parse_secret
from conformance.text import Text

_VARIABLES: Final = {
    "owner": "QODER_PAT",
    "forbidden": "QODER_FORBIDDEN_PAT",
    "foreign": "QODER_FOREIGN_PAT",
    "expired": "QODER_EXPIRED_PAT",
}


@click.command(
    cls=NoEmptyValuesCommand,
    examples=(
        "work-conformance serve --port 8080",
        "work-conformance serve --defect retry.active-conflicts",
    ),
    help=localize(
        "Start the emulator and print its base URL and the tokens that it accepts.\n\n"
        "It uses tokens that are set in the environment (QODER_PAT and the three optional ones), and generates the"
        " others. The output is shell commands for another terminal, where `work-conformance run` then judges this"
        " emulator.",
        "启动模拟器，并输出其 base URL 和它接受的 token。\n\n"
        "模拟器直接使用环境变量中已设置的 token（QODER_PAT 及三个可选的 token），其余自动生成。"
        "输出的是 shell 命令，供在另一个终端中执行；此后在该终端中运行 `work-conformance run`，评测的就是该模拟器。",
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True, help=localize("Address to listen on.", "监听地址。"))
@lang_option_without_parameter
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help=localize("Port; 0 picks a free one.", "端口；0 表示任选一个空闲端口。"),
)
@click.option(
    "--api-prefix", default=DEFAULT_API_PREFIX, show_default=True, help=localize("Path of the API.", "API 的路径。")
)
@click.option(
    "--defect",
    "defect_names",
    multiple=True,
    metavar="NAME",
    shell_complete=one_of(defects),
    help=localize(
        "Violate the contract with this defect; see `work-conformance list --defects`.",
        "以此缺陷违反契约；参见 `work-conformance list --defects`。",
    ),
)
@click.option(
    "--variant",
    "variant_names",
    multiple=True,
    metavar="NAME[,NAME…]",
    shell_complete=one_of(variants, separator=","),
    help=localize(
        "Behave in this unusual but conformant way; see `work-conformance list --variants`.",
        "采用这种少见但符合契约的行为；参见 `work-conformance list --variants`。",
    ),
)
@click.option(
    "--shape",
    "shape_names",
    multiple=True,
    metavar="NAME",
    shell_complete=one_of(shapes),
    help=localize(
        "Let operations other than ack deviate from the docs in this way; see `work-conformance list --shapes`.",
        "让 ack 以外的操作以这种方式偏离文档；参见 `work-conformance list --shapes`。",
    ),
)
def command(
    host: str,
    port: int,
    api_prefix: str,
    defect_names: tuple[str, ...],
    variant_names: tuple[str, ...],
    shape_names: tuple[str, ...],
) -> None:
    """Start the emulator alone."""
    from conformance.cli.variant_option import chosen_variants
    from conformance.emulator import Tokens
    from conformance.emulator.configuration import ServerConfig, use_microseconds
    from conformance.emulator.defects import DEFECTS
    from conformance.emulator.serving import serve_in_foreground
    from conformance.emulator.shapes import SHAPES
    from conformance.emulator.variants import combine_variants

    try:
        prefix = parse_api_prefix(api_prefix)
        given = {
            kind: parse_secret(os.environ[variable], variable).reveal()
            for kind, variable in _VARIABLES.items()
            if os.environ.get(variable)
        }
    except ConfigurationError as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    tokens = replace(Tokens.generate(), **given)
    assembly = combine_variants(chosen_variants(variant_names), use_microseconds(ServerConfig(api_prefix=prefix)))
    server_config, wire = assembly.server_config, assembly.wire
    for name in dict.fromkeys(shape_names):
        server_config = lookup_by_name(
            SHAPES, name, Text("shape", "偏离形态"), "work-conformance list --shapes"
        ).change(server_config)
    if len(set(defect_names)) > 1:
        raise CannotStart(
            localize(
                "Give only one --defect: a server with two faults would fail for the one and hide the other.",
                "只能指定一个 --defect：有两处错误的服务器会因其中一处而失败，并掩盖另一处。",
            )
        )
    for defect_name in set(defect_names):
        defect = lookup_by_name(DEFECTS, defect_name, Text("defect", "缺陷"), "work-conformance list --defects")
        server_config, wire = defect.apply_to(server_config), defect.wire(wire)

    def announce(base_url: str) -> None:
        click.echo(
            localize(
                f"# The emulator listens on {base_url} (Ctrl-C stops it).",
                f"# 模拟器监听于 {base_url}（按 Ctrl-C 停止）。",
            )
        )
        click.echo(f"export WORK_CONFORMANCE_BASE_URL={base_url}")
        for kind, variable in _VARIABLES.items():
            if kind in given:
                click.echo(
                    localize(f"# {variable} is taken from this environment.", f"# {variable} 沿用当前环境中的值。")
                )
            else:
                click.echo(f"export {variable}={getattr(tokens, kind)}")
        sys.stdout.flush()

    try:
        serve_in_foreground(server_config, tokens, wire, host=host, port=port, on_ready=announce)
    except OSError as error:
        where, why = f"{wire.host or host}:{port}", error.strerror
        raise CannotStart(
            localize(
                f"Cannot listen on {where} ({why}); choose another --port.",
                f"无法在 {where} 监听（{why}）；请换一个 --port。",
            )
        ) from None
