"""The files that `init` writes: a configuration and a CI workflow, with comments in one language."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from conformance.text import Lang, Text

CONFIG_NAME: Final = "work-conformance.toml"
RUN: Final = f"work-conformance run --config {CONFIG_NAME} --strict --output out/"
"""The command of the workflows."""

WORKFLOWS: Final = {
    "github": PurePosixPath(".github/workflows/work-conformance.yml"),
    "gitlab": PurePosixPath(".gitlab-ci.yml"),
}
PLACEHOLDER_URL: Final = "https://staging.example"
"""Stands in a configuration without an address. It never resolves, so that no build passes by judging the emulator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the files are written for.

    `source` is what pip installs the suite from, in characters that YAML and shells leave as they are.
    """

    base_url: str | None
    start: str | None
    ci: str
    lang: Lang
    source: str


def files(answers: Answers) -> dict[PurePosixPath, str]:
    """Return the texts of the files by relative path."""
    found = {PurePosixPath(CONFIG_NAME): config(answers)}
    if answers.ci in WORKFLOWS:
        comment, workflow = {"github": (_GITHUB_COMMENT, _GITHUB), "gitlab": (_GITLAB_COMMENT, _GITLAB)}[answers.ci]
        owner = _OWNER.in_(answers.lang) if mentions_owner(answers.source) else ""
        steps = workflow.replace("@INSTALL@", f"pip install {answers.source}").replace("@RUN@", RUN)
        found[WORKFLOWS[answers.ci]] = comment.in_(answers.lang) + owner + steps
    return found


def config(answers: Answers) -> str:
    """Return the configuration, which `--config` reads."""
    text = _CONFIG.in_(answers.lang)
    base_url = answers.base_url or PLACEHOLDER_URL
    start = "# start = " + _toml("python my_server.py")
    if answers.start is not None:
        start = "start = " + _toml(answers.start)
    url = f"base-url = {_toml(base_url)}" + ("" if answers.base_url else f"  # {_REPLACE.in_(answers.lang)}")
    return text.replace("@URL@", url).replace("@START@", start).replace("@LANG@", _toml(answers.lang))


def _toml(text: str) -> str:
    """Return a TOML string; the text is printable, and of printable text JSON escapes what TOML does."""
    return json.dumps(text, ensure_ascii=False)


def mentions_owner(source: str) -> bool:
    """Return whether the source has the placeholder OWNER, which the user must replace."""
    return re.search(r"\bOWNER\b", source) is not None


_OWNER: Final = Text(
    "# Replace OWNER with the account that hosts your copy of the suite: docs/en/ci.md#your-copy-of-the-suite\n",
    "# 请将 OWNER 替换为托管本套件副本的账号：docs/zh/ci.md#本套件的副本\n",
)
_REPLACE: Final = Text("replace it with the address of your server", "请替换为您的服务器地址")

_CONFIG: Final = Text(
    f"""\
# Configuration of work-conformance. Every option of `work-conformance run --help` can be set here:
# --like-this is the key like-this. A flag or a WORK_CONFORMANCE_… variable takes precedence.
# Do not put tokens into this file: the suite reads QODER_PAT from the environment.
#
#     work-conformance run --config {CONFIG_NAME}

# The server to judge.
@URL@

# A command that starts the server first and stops it afterwards, and how many seconds it may take to start.
@START@
# wait = 30

# Language of the reports: "en" or "zh".
lang = @LANG@

# Known failures, which do not fail the run. A failing run writes such a file into its folder.
# waivers = "waivers.toml"

# Requests per second: writes/reads. Default: 20/50, no limit on loopback.
# max-rate = "10/25"

# Extra headers on every request. For a secret value, name an environment variable in header-env.
# header = ["X-Route=canary"]
# header-env = ["X-Gateway-Key=GATEWAY_KEY"]
""",
    f"""\
# work-conformance 的配置。`work-conformance run --help` 中的每个选项都可以写在这里：
# --like-this 对应键 like-this。命令行参数和 WORK_CONFORMANCE_… 环境变量优先于本文件。
# 切勿在本文件中写入 token：套件从环境变量 QODER_PAT 读取 token。
#
#     work-conformance run --config {CONFIG_NAME}

# 待评测的服务器。
@URL@

# 用于先启动服务器、结束后再停止它的命令，以及等待其启动的秒数。
@START@
# wait = 30

# 报告的语言："en" 或 "zh"。
lang = @LANG@

# 已知的失败，不会使运行失败。运行失败时，套件会在其目录中写入这样的文件。
# waivers = "waivers.toml"

# 每秒请求数：写/读。默认 20/50，本机目标不限。
# max-rate = "10/25"

# 每个请求附加的请求头。机密的值请放在环境变量中，并在 header-env 中写明变量名。
# header = ["X-Route=canary"]
# header-env = ["X-Gateway-Key=GATEWAY_KEY"]
""",
)

_GITHUB_COMMENT: Final = Text(
    f"""\
# Judges the server of {CONFIG_NAME} on every push. The exit code decides the build.
# The token is the secret QODER_PAT of this repository: Settings > Secrets and variables > Actions.
""",
    f"""\
# 每次 push 时评测 {CONFIG_NAME} 中的服务器，由退出码决定构建的成败。
# token 是本仓库的 secret QODER_PAT：Settings > Secrets and variables > Actions。
""",
)
_GITHUB: Final = """\
name: work-conformance
on: [push, workflow_dispatch]
permissions:
  contents: read
jobs:
  conformance:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: @INSTALL@
      - run: @RUN@
        env:
          QODER_PAT: ${{ secrets.QODER_PAT }}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: work-conformance
          path: out
"""

_GITLAB_COMMENT: Final = Text(
    f"""\
# Judges the server of {CONFIG_NAME} in every pipeline. The exit code decides the build.
# The token is the masked variable QODER_PAT of this project: Settings > CI/CD > Variables.
""",
    f"""\
# 每次流水线运行时评测 {CONFIG_NAME} 中的服务器，由退出码决定构建的成败。
# token 是本项目的掩码（masked）变量 QODER_PAT：Settings > CI/CD > Variables。
""",
)
_GITLAB: Final = """\
conformance:
  image: python:3.12
  script:
    - @INSTALL@
    - @RUN@
  artifacts:
    when: always
    paths: [out/]
    reports:
      junit: out/junit.xml
"""
