"""The command line, one module per command; each is imported only when needed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from conformance import __version__
from conformance.cli.click_messages import translated_messages
from conformance.cli.command_classes import SuggestingGroup
from conformance.cli.error_handling import documented_exit_codes, report_os_errors
from conformance.cli.language import localize
from conformance.cli.streams import standard_streams
from conformance.machine.import_path import deprioritize_working_directory
from conformance.machine.signals import ignore_unstarted_connections, termination_as_interrupt
from conformance.machine.thread_stacks import use_small_stacks

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS: Final = {
    "init": localize("Write a configuration and a CI workflow.", "生成配置文件和 CI 工作流。"),
    "run": localize("Judge a server, or the embedded emulator.", "评测一个服务器，或内置模拟器。"),
    "worker": localize("Judge a worker by what it sends.", "根据 worker 发送的请求评测 worker。"),
    "doctor": localize("Find problems that would stop a run.", "找出会使运行无法进行的问题。"),
    "list": localize("Show chapters, scenarios and requirements.", "列出章节、场景和要求。"),
    "explain": localize(
        "Explain a requirement, scenario or any other name.", "说明一条要求、一个场景或其他名称的内容。"
    ),
    "replay": localize("Judge a saved run again, offline.", "离线重新判定一次已保存的运行。"),
    "compare": localize("Compare two servers or two runs.", "比较两个服务器或两次运行。"),
    "clean": localize("Delete objects that earlier runs left on a target.", "删除先前的运行遗留在目标上的对象。"),
    "manifest": localize(
        "Prepare work items for a later run, or check prepared ones.",
        "为之后的运行准备 work item，或检查已有的清单文件。",
    ),
    "key": localize("Create a key pair for certificates.", "生成用于证书的密钥对。"),
    "certify": localize("Create a certificate from a conformant run.", "为结论为“符合”的运行签发证书。"),
    "verify": localize("Verify a certificate.", "验证证书。"),
    "registry": localize(
        "Manage the list of certificates that an authority has checked.",
        "管理证书登记册，其中列出登记机构核验过的证书。",
    ),
    "serve": localize("Start the emulator alone.", "单独启动模拟器。"),
    "prove": localize(
        "Prove that every check can fail and that correct servers pass.",
        "证明每项检查都能检出缺陷，且不误判正确的服务器。",
    ),
    "schemas": localize("Derive and check the JSON Schemas.", "推导和检查 JSON Schema。"),
}
"""The commands in the order of the help: first those that a new user needs."""


class _Commands(SuggestingGroup):
    """A group that imports a command's module when needed, so that `--help` stays fast."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run like click's `main`, with the documented exit code for every exception."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        deprioritize_working_directory()
        ignore_unstarted_connections()
        use_small_stacks()
        with standard_streams(), termination_as_interrupt(), documented_exit_codes():
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke like click, and report operating system errors in one sentence."""
        with report_os_errors():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        with translated_messages():  # click fixes the name of a file or folder when an option is declared
            module = importlib.import_module(f"conformance.cli.{cmd_name}_command")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete like click, without importing every command's module."""
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=text) for name, text in _COMMANDS.items() if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(localize("Commands", "命令")):
            formatter.write_dl(list(_COMMANDS.items()))


_HELP: Final = localize(
    "Contract tests for servers and workers of the Qoder Cloud Agents Work API.\n\n"
    "\b\nJudge the embedded emulator (no account, no network):\n    work-conformance run\n\n"
    "\b\nJudge any server:\n    QODER_PAT=… work-conformance run --base-url https://staging.example --output out/\n\n"
    '\b\nJudge a worker:\n    work-conformance worker --start "python my_worker.py"\n\n'
    "\b\nWrite a configuration and a CI workflow for a server:\n    work-conformance init",
    "Qoder Cloud Agents Work API 服务器和 worker 的契约测试。\n\n"
    "\b\n评测内置模拟器（无需账号和网络）：\n    work-conformance run\n\n"
    "\b\n评测任意服务器：\n    QODER_PAT=… work-conformance run --base-url https://staging.example --output out/\n\n"
    '\b\n评测 worker：\n    work-conformance worker --start "python my_worker.py"\n\n'
    "\b\n为某个服务器生成配置文件和 CI 工作流：\n    work-conformance init",
)


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=localize(
        "Exit codes of run: 0 conformant, 1 failed, 2 cannot start, 3 inconclusive, 4 internal error of the suite.",
        "run 的退出码：0 符合，1 不符合，2 无法开始，3 无法判定，4 套件自身出错。",
    ),
    help=_HELP,
)
@click.option("--lang", type=click.Choice(["en", "zh"]), expose_value=False, help=localize("Language.", "语言。"))
@click.version_option(
    __version__, prog_name="work-conformance", help=localize("Show the version and exit.", "显示版本并退出。")
)
def main() -> None:
    """`work-conformance`."""
