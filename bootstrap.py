"""Sets up the project on a fresh machine; needs only Python 3.11 or newer and a network.

    python3 bootstrap.py run              judge the embedded emulator
    python3 bootstrap.py run --base-url … judge a server; all options and commands of work-conformance work
    python3 bootstrap.py test             run ruff, mypy and pytest; further options go to pytest

It installs the dependencies into `.venv` beside this file, the first time and whenever `pyproject.toml` or the Python
has changed. It changes nothing else on the machine. The file is also valid in old Python versions, so that these can
print that they are too old.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent
CANNOT_START = 2
INTERRUPTED = 130

USAGE = (
    """\
python3 bootstrap.py run [OPTIONS]    judge a server, or the embedded emulator without --base-url
python3 bootstrap.py init [DIR]       write a configuration and a CI workflow
python3 bootstrap.py test [OPTIONS]   run ruff, mypy and pytest; the options go to pytest
python3 bootstrap.py COMMAND ...      any other command of work-conformance: doctor, list, serve

The first call installs the dependencies into .venv. For the options of a command: bootstrap.py COMMAND --help.
""",
    """\
python3 bootstrap.py run [选项]    评测一个服务器；不带 --base-url 时评测内置模拟器
python3 bootstrap.py init [DIR]    生成配置文件和 CI 工作流
python3 bootstrap.py test [选项]   运行 ruff、mypy 和 pytest；选项传给 pytest
python3 bootstrap.py COMMAND ...   work-conformance 的任何其他命令：doctor、list、serve

首次调用会把依赖安装到 .venv。查看某个命令的选项：bootstrap.py COMMAND --help。
""",
)
"""Texts are pairs: English and Chinese."""

NO_VENV = (
    "This Python ({executable}) has no {missing}, which creates .venv; install it (on Debian and Ubuntu:"
    " apt install python3-venv) and try again.",
    "当前的 Python（{executable}）缺少创建 .venv 所需的 {missing}；请安装（Debian 和 Ubuntu：apt install python3-venv）后重试。",
)
NO_NETWORK = (
    "The dependencies cannot be downloaded: no package index responds. Connect to the network, or set PIP_INDEX_URL"
    " or PIP_FIND_LINKS to an index or a folder of wheels that pip can reach, and try again.",
    "无法下载依赖：没有软件包索引响应。请连接网络，或将 PIP_INDEX_URL、PIP_FIND_LINKS 设置为 pip 可以访问的索引或 wheel 目录，"
    "然后重试。",
)
SIGNS_OF_NO_NETWORK = (
    "(from versions: none)",
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Max retries exceeded",
)


class Stop(Exception):
    """The set-up failed; the message says what happened and how to fix it."""


def is_chinese(arguments: "list[str]", environ: "dict[str, str]") -> bool:
    """Return whether to print in Chinese, by the rules of work-conformance: `--lang`, its variable, the locale."""
    for number, word in enumerate(arguments):
        following = arguments[number + 1] if number + 1 < len(arguments) else ""
        lang = word[len("--lang=") :] if word.startswith("--lang=") else following if word == "--lang" else ""
        if lang in ("en", "zh"):
            return lang == "zh"
    if environ.get("WORK_CONFORMANCE_LANG") in ("en", "zh"):
        return environ["WORK_CONFORMANCE_LANG"] == "zh"
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((environ[name] for name in names if environ.get(name)), "").lower().startswith("zh")


def localize(english: str, chinese: str) -> str:
    """Return a text in the language of this call."""
    return chinese if is_chinese(sys.argv[1:], dict(os.environ)) else english


class Venv:
    """The `.venv` in the clone.

    A state file in it records the Python, the path and the `pyproject.toml` that it was created for, and whether the
    set-up finished. An environment without this file belongs to the user: packages are added, but it is not deleted.
    """

    def __init__(self, root: "Path") -> None:
        self.root = root
        self.folder = root / ".venv"
        self.state_file = self.folder / "bootstrap.json"
        self.log = self.folder / "bootstrap.log"
        scripts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        self.python = self.folder.joinpath(*scripts)

    def prepare(self, *, dev: bool) -> None:
        """Create or update the environment; do nothing if it is up to date.

        Raises:
            Stop: the environment cannot be created.
        """
        try:
            wanted, found = self.wanted(), self.state()
            if not (self.python.exists() and found is not None and serves(found, wanted, dev)):
                self.set_up(wanted, found, dev=dev)
        except OSError as error:
            raise Stop(
                localize(
                    f".venv cannot be created ({error}); check that {self.root} is complete, writable and has free"
                    " space, and try again.",
                    f"无法创建 .venv（{error}）；请检查 {self.root} 是否完整、可写且有剩余空间，然后重试。",
                )
            ) from None

    def set_up(self, wanted: "dict[str, str]", found: "dict[str, object] | None", *, dev: bool) -> None:
        """Create the environment unless it can be kept, and install; test dependencies stay once installed."""
        kept = self.keeps(found, wanted)
        full = dev or (kept and found is not None and found.get("dev") is True)
        missing = [module for module in ("venv", "ensurepip") if importlib.util.find_spec(module) is None]
        if missing and not kept:
            raise Stop(
                localize(*NO_VENV).format(executable=sys.executable, missing=localize(" and ", " 和 ").join(missing))
            )
        say(
            localize(
                "Setting up .venv (only the first time, takes a moment).", "正在准备 .venv（仅首次需要，请稍候）。"
            )
        )
        if not kept:
            self.create(wanted)
        self.write_state(wanted, dev=full, finished=False)
        try:
            self.install(dev=full)
        except Stop:
            if kept and found is not None:  # pip has rolled back
                self.state_file.write_text(json.dumps(found), "utf-8")
            elif kept:
                self.state_file.unlink()
            raise
        self.write_state(wanted, dev=full, finished=True)

    def wanted(self) -> "dict[str, str]":
        """Return the state that the environment must have been created for."""
        return {
            "python": f"{sys.version.split()[0]} {sys.base_prefix}",
            "place": str(self.root),
            "project": hashlib.sha256((self.root / "pyproject.toml").read_bytes()).hexdigest(),
        }

    def state(self) -> "dict[str, object] | None":
        """Return the content of the state file; None if it is missing, empty if it is damaged."""
        try:
            state = json.loads(self.state_file.read_text("utf-8"))
        except OSError:
            return None
        except ValueError:
            return {}
        return state if isinstance(state, dict) else {}

    def write_state(self, wanted: "dict[str, str]", *, dev: bool, finished: bool) -> None:
        """Write the state file, before the set-up and after it."""
        state = {**wanted, "dev": dev, "finished": finished}
        self.state_file.write_text(json.dumps(state, indent=1) + "\n", "utf-8")

    def keeps(self, found: "dict[str, object] | None", wanted: "dict[str, str]") -> bool:
        """Return whether the environment can be updated; otherwise it is created again."""
        if not self.python.exists():
            return False
        if found is None:
            return True
        return found.get("finished") is True and all(found.get(key) == wanted[key] for key in ("python", "place"))

    def create(self, wanted: "dict[str, str]") -> None:
        """Create an empty environment; the state file is first, so that an interrupted call can be recognised."""
        if self.folder.exists():
            shutil.rmtree(str(self.folder))
        self.folder.mkdir()
        self.write_state(wanted, dev=False, finished=False)
        base = getattr(sys, "_base_executable", None) or sys.executable
        if self.quietly([base, "-I", "-m", "venv", str(self.folder)]) != 0:
            if "ensurepip" in self.log_text():
                missing = localize("a working ensurepip", "可用的 ensurepip")
                raise Stop(localize(*NO_VENV).format(executable=sys.executable, missing=missing))
            raise Stop(
                localize(
                    f"Python's venv could not create .venv ({self.last_word()}); its full output is in {self.log}.",
                    f"Python 的 venv 无法创建 .venv（{self.last_word()}）；完整输出见 {self.log}。",
                )
            )

    def install(self, *, dev: bool) -> None:
        """Install the project from the clone with pip, with `dev` also the test dependencies."""
        pip = [str(self.python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
        requirements = dev_requirements(self.root / "pyproject.toml") if dev else []
        command = [*pip, "install", "--quiet", "--editable", str(self.root), *requirements]
        if self.quietly(command) != 0:
            raise Stop(self.why_pip_failed())

    def quietly(self, command: "list[str]") -> int:
        """Run a command with its output in the log and its temporary files in a folder that is deleted afterwards."""
        with tempfile.TemporaryDirectory(prefix="work-conformance-") as scratch, self.log.open("wb") as log:
            environ = {**os.environ, "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch, "PIP_USER": "0"}
            environ.pop("PIP_TARGET", None)
            environ.pop("PIP_PREFIX", None)
            return subprocess.call(  # noqa: S603 - this Python and the one of .venv
                command, cwd=str(self.root), env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def why_pip_failed(self) -> str:
        """Return the cause of pip's failure in one sentence."""
        text = self.log_text()
        if any(sign in text for sign in SIGNS_OF_NO_NETWORK):
            return localize(*NO_NETWORK)
        if "No module named pip" in text:
            return localize(
                f"{self.folder} was not created by bootstrap.py and has no pip; move it away and try again.",
                f"{self.folder} 不是由 bootstrap.py 创建的，其中没有 pip；请将其移走后重试。",
            )
        return localize(
            f"pip could not install the dependencies ({self.last_word()}); its full output is in {self.log}.",
            f"pip 无法安装依赖（{self.last_word()}）；完整输出见 {self.log}。",
        )

    def log_text(self) -> str:
        """Return the output of the last command."""
        return self.log.read_text("utf-8", "replace")

    def last_word(self) -> str:
        """Return the last error in the log, or else its last line."""
        lines = [line.strip() for line in self.log_text().splitlines() if line.strip()]
        errors = [line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("error:")]
        return (errors or lines or [localize("it gave no reason", "未给出原因")])[-1].rstrip(".")


def serves(found: "dict[str, object]", wanted: "dict[str, str]", dev: bool) -> bool:
    """Return whether a finished environment is up to date."""
    return found.get("finished") is True and (found.get("dev") is True or not dev) and wanted.items() <= found.items()


def dev_requirements(pyproject: "Path") -> "list[str]":
    """Return the requirements of the `dev` group, including nested groups.

    Parsed here because pip supports groups only from 25.1 on.
    """
    import tomllib

    groups = tomllib.loads(pyproject.read_text("utf-8"))["dependency-groups"]

    def members(name: str) -> "list[str]":
        found: list[str] = []
        for entry in groups[name]:
            found += [entry] if isinstance(entry, str) else members(entry["include-group"])
        return found

    return members("dev")


def steps(options: "list[str]") -> "list[list[str]]":
    """Return the commands of `test` in order, each as arguments of Python."""
    return [
        ["-m", "ruff", "check"],
        ["-m", "ruff", "format", "--check"],
        ["-m", "mypy"],
        ["-m", "pytest", *processes(options), *options],
    ]


def processes(options: "list[str]") -> "list[str]":
    """Return the option for one test process per core, at most eight, unless the caller gave a number."""
    if any(option.startswith(("-n", "--numprocesses", "--pdb")) for option in options):
        return []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ["-n", str(min(cores, 8))] if cores > 1 else []


def run_tests(python: "Path", options: "list[str]") -> int:
    """Run every step, also after a failed one, and return the exit code of the first failure."""
    codes = []
    with tempfile.TemporaryDirectory(prefix="work-conformance-") as scratch:
        environ = {**os.environ, "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
        for step in steps(options):
            name = " ".join(step[1:])
            say(f"$ {name}")
            code = finished([str(python), *step], environ)
            if code != 0 and step[1] != "pytest":
                say(localize(f"{name} failed; the other steps follow.", f"{name} 失败；继续执行其余步骤。"))
            codes.append(code)
    return next((code for code in codes if code != 0), 0)


def finished(command: "list[str]", environ: "dict[str, str]") -> int:
    """Run a step to its end and return its exit code; on Ctrl-C the step ends itself and no other follows."""
    interrupted = False
    with subprocess.Popen(command, cwd=str(ROOT), env=environ) as process:  # noqa: S603 - see steps
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                interrupted = True
            else:
                break
    if interrupted:
        raise KeyboardInterrupt
    return code


def hand_over(python: "Path", arguments: "list[str]") -> int:
    """Replace this process by `work-conformance`; on systems that cannot do so, run it and wait.

    `-P` keeps a folder named `conformance` in the working directory from being imported.
    """
    command = [str(python), "-P", "-m", "conformance", *arguments]
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - the Python of .venv
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the child handles Ctrl-C and cleans up
    return subprocess.call(command)  # noqa: S603 - the Python of .venv


def say(text: str) -> None:
    """Print a line on standard error; standard output belongs to the command that follows.

    Characters that the encoding of standard error lacks are escaped, as Python does there.
    """
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(arguments: "list[str]") -> int:
    """Set up, run the requested command, and return the exit code."""
    if sys.version_info[:2] < MINIMUM:
        say(
            localize(
                "Python {}.{} or newer is required, but this is {} ({}); run bootstrap.py with a newer one.",
                "需要 Python {}.{} 或更高版本，而当前是 {}（{}）；请用更新的 Python 运行 bootstrap.py。",
            ).format(*MINIMUM, sys.version.split()[0], sys.executable)
        )
        return CANNOT_START
    if not arguments or arguments[0] in ("-h", "--help"):
        say(localize(*USAGE).rstrip())
        return 0 if arguments else CANNOT_START
    command, *options = arguments
    venv = Venv(ROOT)
    try:
        venv.prepare(dev=command == "test")
    except Stop as stop:
        say(str(stop))
        return CANNOT_START
    except KeyboardInterrupt:
        say(
            localize(
                "Interrupted during set-up; the next call starts again.", "准备 .venv 时被中断；下次调用会重新开始。"
            )
        )
        return INTERRUPTED
    if command != "test":
        return hand_over(venv.python, arguments)
    try:
        return run_tests(venv.python, options)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
