"""The table of all settings of a run; command line, pytest options and TOML keys are generated from it."""

from __future__ import annotations

from typing import Final

from conformance.arrange.modes import DEFAULT_TIMEOUT, MODES
from conformance.contract.operations import PROFILES
from conformance.options.option import Option, Part
from conformance.options.worker_options import WORKER_OPTIONS
from conformance.target import DEFAULT_API_PREFIX, DEFAULT_WORKER_HEADER
from conformance.text import Text

OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        name="base-url",
        part="connection",
        pytest_name="url",
        metavar="URL",
        help=Text(
            "URL of the server; without it, run uses the embedded emulator.",
            "服务器的 URL；省略时，run 使用内置模拟器。",
        ),
    ),
    Option(
        name="api-prefix",
        part="connection",
        metavar="PATH",
        help=Text(
            f"Path of the API below the base URL (default {DEFAULT_API_PREFIX}).",
            f"base URL 之下的 API 路径（默认 {DEFAULT_API_PREFIX}）。",
        ),
    ),
    Option(
        name="worker-header",
        part="connection",
        metavar="NAME",
        help=Text(
            f"Header that carries the worker's identity (default {DEFAULT_WORKER_HEADER}).",
            f"携带 worker 身份的请求头（默认 {DEFAULT_WORKER_HEADER}）。",
        ),
    ),
    Option(
        name="header",
        part="connection",
        metavar="NAME=VALUE",
        multiple=True,
        help=Text(
            "An extra header on every request; replaces the suite's own header of that name; repeatable.",
            "每个请求附加的请求头；取代套件自己的同名请求头；可重复。",
        ),
    ),
    Option(
        name="header-env",
        part="connection",
        metavar="NAME=VARIABLE",
        multiple=True,
        help=Text(
            "An extra header with a secret value from an environment variable; repeatable.",
            "附加的请求头，其机密的值取自环境变量；可重复。",
        ),
    ),
    Option(
        name="user-agent",
        part="connection",
        metavar="TEXT",
        help=Text(
            "User-Agent of every request (default: the suite's own; in half of the scenarios that of a common HTTP client).",
            "所有请求的 User-Agent（默认：半数场景使用套件自己的值，其余使用常见 HTTP 客户端的值）。",
        ),
    ),
    Option(
        name="query",
        part="connection",
        metavar="NAME=VALUE",
        multiple=True,
        help=Text("A query parameter on every request; repeatable.", "每个请求附加的查询参数；可重复。"),
    ),
    Option(
        name="query-env",
        part="connection",
        metavar="NAME=VARIABLE",
        multiple=True,
        help=Text(
            "A query parameter with a secret value from an environment variable; repeatable.",
            "查询参数，其机密的值取自环境变量；可重复。",
        ),
    ),
    Option(
        name="arrange-url",
        part="connection",
        metavar="URL",
        help=Text(
            "URL, with API prefix, of the endpoints that create work items, if it is not that of the Work API.",
            "创建 work item 的端点的 URL（含 API 前缀），用于它与 Work API 的 URL 不同的情形。",
        ),
    ),
    Option(
        name="map-state",
        part="connection",
        metavar="NAME=STATE",
        multiple=True,
        help=Text(
            "Treat the target's own state name as a documented one, as in pending=queued; such a run cannot be conformant;"
            " repeatable.",
            "将目标自有的状态名视为文档中的状态，如 pending=queued；这样的运行不会被判为符合；可重复。",
        ),
    ),
    Option(
        name="arrange",
        part="arrangement",
        choices=MODES,
        help=Text(
            "Source of work items: the public API (default), a manifest, or your own command.",
            "work item 的来源：公开 API（默认）、清单（manifest）或您自己的命令（command）。",
        ),
    ),
    Option(
        name="manifest",
        part="arrangement",
        metavar="FILE",
        help=Text("Prepared work items, for --arrange manifest.", "预先准备的 work item，用于 --arrange manifest。"),
    ),
    Option(
        name="arrange-command",
        part="arrangement",
        metavar="CMD",
        help=Text(
            "Program that prepares work items, for --arrange command; runs without a shell.",
            "准备 work item 的程序，用于 --arrange command；不经 shell 运行。",
        ),
    ),
    Option(
        name="arrange-keep",
        part="arrangement",
        kind="flag",
        help=Text(
            "Start the --arrange-command program once and keep it running: one JSON line per request and per response.",
            "只启动一次 --arrange-command 的程序，并使其保持运行：每个请求和每个响应各占一行 JSON。",
        ),
    ),
    Option(
        name="arrange-timeout",
        part="arrangement",
        kind="number",
        metavar="SECONDS",
        help=Text(
            f"Time limit of one request to the --arrange-command program (default {DEFAULT_TIMEOUT:g}).",
            f"--arrange-command 的程序处理单个请求的时限（默认 {DEFAULT_TIMEOUT:g}）。",
        ),
    ),
    Option(
        name="output",
        metavar="DIR",
        help=Text(
            "Folder for reports and transcripts (default reports/<run id>).",
            "报告和传输记录的目录（默认 reports/<run id>）。",
        ),
    ),
    Option(
        name="concurrency",
        kind="count",
        metavar="N",
        help=Text(
            "Number of concurrent scenarios; for clean, of concurrent requests (default 32).",
            "同时执行的场景数；用于 clean 时为同时发送的请求数（默认 32）。",
        ),
    ),
    Option(name="lang", choices=("en", "zh"), help=Text("Language of the output.", "输出的语言。")),
    Option(
        name="profile",
        choices=tuple(PROFILES),
        help=Text(
            "What to judge: ack (default), or work, which is all eight operations; worker is for the command worker.",
            "评测范围：ack（默认），或 work，即全部八个操作；worker 用于 worker 命令。",
        ),
    ),
    Option(
        name="chapter",
        metavar="NAME",
        multiple=True,
        help=Text("Only requirements of this chapter; repeatable.", "只判定该章节的要求；可重复。"),
    ),
    Option(
        name="requirement",
        metavar="ID",
        multiple=True,
        help=Text("Only this requirement; repeatable.", "只判定该要求；可重复。"),
    ),
    Option(
        name="repeat",
        kind="count",
        metavar="N",
        help=Text(
            "Run every scenario N times, each on a fresh item; the worst verdict counts (default 1).",
            "每个场景执行 N 次，每次使用新的 item，以最差的结论为准（默认 1）。",
        ),
    ),
    Option(
        name="race-repeat",
        kind="count",
        metavar="N",
        help=Text(
            "Repeat each race N times (default: as often as fits into the time of the other scenarios, at least 8 times if"
            " a round trip takes under 20 ms and no rate limit applies).",
            "每个并发场景重复 N 次（默认：在其他场景所用的时间内尽可能多；目标较近且不限速时至少 8 次）。",
        ),
    ),
    Option(
        name="failed-from",
        metavar="RUN_DIR",
        help=Text(
            "Only requirements that did not pass in an earlier run (its folder or report.json).",
            "只判定先前某次运行未通过的要求（其目录或 report.json）。",
        ),
    ),
    Option(
        name="baseline",
        metavar="DIR",
        help=Text(
            "Folder of an earlier run: the reports mark the failures that are new since then.",
            "先前一次运行的目录：报告会标出此后新出现的失败。",
        ),
    ),
    Option(
        name="strict",
        kind="flag",
        help=Text(
            "Requirements that were not exercised, for example without a token, count as inconclusive.",
            "未执行的要求（例如缺少 token）按无法判定处理。",
        ),
    ),
    Option(
        name="waivers",
        metavar="FILE",
        help=Text(
            "Known failures (TOML), shown as waived; they do not fail the run.",
            "已知的失败（TOML）：显示为已豁免，不使运行失败。",
        ),
    ),
    Option(
        name="timeout",
        part="connection",
        kind="number",
        metavar="SECONDS",
        help=Text(
            "Time limit of one request, from first byte sent to last byte read (default 30).",
            "单个请求从发出首字节到读完末字节的时限（默认 30）。",
        ),
    ),
    Option(
        name="max-duration",
        kind="number",
        metavar="SECONDS",
        help=Text(
            "Time limit of the whole run; unfinished checks are then inconclusive (default 1800).",
            "整次运行的时限；届时未完成的检查为无法判定（默认 1800）。",
        ),
    ),
    Option(
        name="outage",
        part="connection",
        kind="number",
        metavar="SECONDS",
        help=Text(
            "How long the target may be unreachable in total; after that the run is inconclusive (default 30).",
            "允许目标累计无法访问的时长；超过后，本次运行为无法判定（默认 30）。",
        ),
    ),
    Option(
        name="explore",
        kind="number",
        metavar="SECONDS",
        help=Text(
            "Also send random requests, one by one and concurrently, for this long; --seed repeats them.",
            "另外在该时长内发送随机请求，有的逐个发出，有的同时发出；可用 --seed 复现。",
        ),
    ),
    Option(
        name="max-rate",
        part="connection",
        metavar="WRITES/READS",
        help=Text(
            "Requests per second, 0 for no limit (default 20/50, no limit on loopback).",
            "每秒最多的写请求数和读请求数，0 为不限（默认 20/50，本机目标不限）。",
        ),
    ),
    Option(
        name="ca-bundle",
        part="connection",
        metavar="FILE",
        help=Text("Certificates to trust (PEM), also for an https proxy.", "受信任的证书（PEM），也用于 https 代理。"),
    ),
    Option(
        name="client-cert",
        part="connection",
        metavar="FILE",
        help=Text("Client certificate and its private key (PEM).", "客户端证书和私钥（PEM）。"),
    ),
    Option(
        name="client-key-password-env",
        part="connection",
        metavar="NAME",
        help=Text(
            "Environment variable with the password of the key in --client-cert.",
            "存放 --client-cert 中私钥密码的环境变量。",
        ),
    ),
    Option(
        name="insecure",
        part="connection",
        kind="flag",
        help=Text("Do not verify TLS; the report says so.", "不校验 TLS；报告中会注明。"),
    ),
    Option(
        name="proxy",
        part="connection",
        metavar="URL",
        help=Text("Send all requests through this proxy.", "所有请求经由该代理。"),
    ),
    Option(
        name="trust-env",
        part="connection",
        kind="flag",
        help=Text("Use the proxy settings of the environment.", "使用环境变量中的代理设置。"),
    ),
    Option(
        name="http2",
        part="connection",
        kind="flag",
        help=Text(
            "Offer HTTP/2 to an https target (needs work-conformance[http2]).",
            "与 https 目标协商使用 HTTP/2（需安装 work-conformance[http2]）。",
        ),
    ),
    Option(
        name="challenge",
        metavar="TEXT",
        help=Text(
            "Bind the run to this text, which a verifier gave you; needs --for.",
            "将本次运行绑定到验证方给出的这段文字；须与 --for 同用。",
        ),
    ),
    Option(
        name="for",
        metavar="FILE",
        help=Text(
            "Bind the run to the vendor, product, version and key in this TOML file; needs --challenge.",
            "将本次运行绑定到该 TOML 文件中的厂商、产品、版本和密钥；须与 --challenge 同用。",
        ),
    ),
    Option(
        name="no-mark",
        kind="flag",
        help=Text(
            "Do not send the header with the digest of challenge, product and key (--challenge).",
            "不发送携带绑定摘要值的请求头（用于 --challenge）。",
        ),
    ),
    Option(
        name="seed",
        kind="count",
        metavar="N",
        help=Text("Seed of the random choices; the same seed repeats them.", "随机选择的种子；种子相同，选择也相同。"),
    ),
    *(
        Option(
            name=f"{prefix}pat-env",
            part="token",
            metavar="NAME",
            help=Text(
                f"Environment variable with the {words[0]} (default QODER_{prefix.upper().replace('-', '_')}PAT).",
                f"存放{words[1]}的环境变量（默认 QODER_{prefix.upper().replace('-', '_')}PAT）。",
            ),
        )
        for prefix, words in {
            "": ("token", " token "),
            "forbidden-": ("token that may read but not act", "只能读取、无权操作的 token "),
            "foreign-": ("other tenant's token", "其他租户的 token "),
            "expired-": ("expired token", "已过期的 token "),
        }.items()
    ),
    *WORKER_OPTIONS,
)


def option_names(*parts: Part) -> list[str]:
    """Return the names of the options of these parts, in the order of the table."""
    return [option.name for option in OPTIONS if option.part in parts]


CONNECTION_PARTS: Final = ("connection", "token")
"""The parts of every command that connects to a target."""
