"""The way in on a fresh machine: Python 3.11 or newer and a network, nothing else.

    python3 bootstrap.py run              judge the embedded emulator
    python3 bootstrap.py run --base-url … judge a server; every option and command of work-conformance works
    python3 bootstrap.py test             ruff, mypy and pytest; further options are pytest's

Whatever is needed is installed into `.venv` beside this file, the first time and whenever `pyproject.toml` or the
Python has changed. Nothing else of the machine is touched. The file is written so that an old Python can read it,
and then say in a sentence that it is too old.
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

USAGE = """\
python3 bootstrap.py run [OPTIONS]    judge a server, or the embedded emulator without --base-url
python3 bootstrap.py test [OPTIONS]   ruff, mypy and pytest; the options are pytest's
python3 bootstrap.py COMMAND ...      any other command of work-conformance: serve, list, clean

The first call installs what is needed into .venv. For the options of a command: bootstrap.py COMMAND --help.
"""

NO_VENV = (
    "This Python ({executable}) comes without {missing}, which makes .venv; install it (on Debian and Ubuntu:"
    " apt install python3-venv) and call again."
)
NO_NETWORK = (
    "The packages that are needed cannot be downloaded: no package index answers; connect to the network, or tell pip"
    " of an index or a folder of wheels that it can reach (PIP_INDEX_URL, PIP_FIND_LINKS), and call again."
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
    """The set-up cannot go on; the message is one sentence and names the mend."""


class Venv:
    """`.venv` in the clone, and what is known of it.

    A state file in it says which Python, which place and which `pyproject.toml` it was made for, and whether that
    was finished. An environment without the file is somebody's own: it is added to, and never removed.
    """

    def __init__(self, root: "Path") -> None:
        self.root = root
        self.folder = root / ".venv"
        self.state_file = self.folder / "bootstrap.json"
        self.log = self.folder / "bootstrap.log"
        scripts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        self.python = self.folder.joinpath(*scripts)

    def prepare(self, *, dev: bool) -> None:
        """Make the environment what it has to be; nothing is done where it already is.

        Raises:
            Stop: it cannot be made.
        """
        try:
            wanted, found = self.wanted(), self.state()
            if not (self.python.exists() and found is not None and serves(found, wanted, dev)):
                self.set_up(wanted, found, dev=dev)
        except OSError as error:
            raise Stop(
                f".venv cannot be made ({error}); see that {self.root} is whole, yours to write and has room,"
                " and call again."
            ) from None

    def set_up(self, wanted: "dict[str, str]", found: "dict[str, object] | None", *, dev: bool) -> None:
        """Make the environment where it cannot be kept, and install. What the tests need stays where it once was."""
        kept = self.keeps(found, wanted)
        full = dev or (kept and found is not None and found.get("dev") is True)
        missing = [module for module in ("venv", "ensurepip") if importlib.util.find_spec(module) is None]
        if missing and not kept:
            raise Stop(NO_VENV.format(executable=sys.executable, missing=" and ".join(missing)))
        say("Setting up .venv: once, and it takes a moment.")
        if not kept:
            self.create(wanted)
        self.write_state(wanted, dev=full, finished=False)
        try:
            self.install(dev=full)
        except Stop:
            if kept and found is not None:  # pip took back what it began
                self.state_file.write_text(json.dumps(found), "utf-8")
            elif kept:
                self.state_file.unlink()
            raise
        self.write_state(wanted, dev=full, finished=True)

    def wanted(self) -> "dict[str, str]":
        """What the environment has to have been made for."""
        return {
            "python": f"{sys.version.split()[0]} {sys.base_prefix}",
            "place": str(self.root),
            "project": hashlib.sha256((self.root / "pyproject.toml").read_bytes()).hexdigest(),
        }

    def state(self) -> "dict[str, object] | None":
        """What the state file says; None where there is none, nothing where it is damaged."""
        try:
            state = json.loads(self.state_file.read_text("utf-8"))
        except OSError:
            return None
        except ValueError:
            return {}
        return state if isinstance(state, dict) else {}

    def write_state(self, wanted: "dict[str, str]", *, dev: bool, finished: bool) -> None:
        """Note what the environment is made for, before the work and after it."""
        state = {**wanted, "dev": dev, "finished": finished}
        self.state_file.write_text(json.dumps(state, indent=1) + "\n", "utf-8")

    def keeps(self, found: "dict[str, object] | None", wanted: "dict[str, str]") -> bool:
        """Whether the environment can be added to; else it is made anew."""
        if not self.python.exists():
            return False
        if found is None:
            return True
        return found.get("finished") is True and all(found.get(key) == wanted[key] for key in ("python", "place"))

    def create(self, wanted: "dict[str, str]") -> None:
        """Make an empty environment, with its state file first: a call that is cut off is known by it."""
        if self.folder.exists():
            shutil.rmtree(str(self.folder))
        self.folder.mkdir()
        self.write_state(wanted, dev=False, finished=False)
        base = getattr(sys, "_base_executable", None) or sys.executable
        if self.quietly([base, "-I", "-m", "venv", str(self.folder)]) != 0:
            if "ensurepip" in self.log_text():
                raise Stop(NO_VENV.format(executable=sys.executable, missing="a working ensurepip"))
            raise Stop(f"Python's venv could not make .venv ({self.last_word()}); all of its words are in {self.log}.")

    def install(self, *, dev: bool) -> None:
        """Let pip install the project as it stands in the clone, and with `dev` what its tests need."""
        pip = [str(self.python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
        requirements = dev_requirements(self.root / "pyproject.toml") if dev else []
        command = [*pip, "install", "--quiet", "--editable", str(self.root), *requirements]
        if self.quietly(command) != 0:
            raise Stop(self.why_pip_failed())

    def quietly(self, command: "list[str]") -> int:
        """Run a command with its output in the log, its temporary files in a folder that goes away with it."""
        with tempfile.TemporaryDirectory(prefix="work-conformance-") as scratch, self.log.open("wb") as log:
            environ = {**os.environ, "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch, "PIP_USER": "0"}
            environ.pop("PIP_TARGET", None)
            environ.pop("PIP_PREFIX", None)
            return subprocess.call(  # noqa: S603 - this Python and the one of .venv
                command, cwd=str(self.root), env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def why_pip_failed(self) -> str:
        """One sentence from pip's log."""
        text = self.log_text()
        if any(sign in text for sign in SIGNS_OF_NO_NETWORK):
            return NO_NETWORK
        if "No module named pip" in text:
            return f"{self.folder} is not of bootstrap.py's making and has no pip; move it away and call again."
        return f"pip could not install what is needed ({self.last_word()}); all of its words are in {self.log}."

    def log_text(self) -> str:
        """What the last command wrote."""
        return self.log.read_text("utf-8", "replace")

    def last_word(self) -> str:
        """The last error in the log, else its last line."""
        lines = [line.strip() for line in self.log_text().splitlines() if line.strip()]
        errors = [line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("error:")]
        return (errors or lines or ["it gave no reason"])[-1].rstrip(".")


def serves(found: "dict[str, object]", wanted: "dict[str, str]", dev: bool) -> bool:
    """Whether a finished environment is the one that is wanted."""
    return found.get("finished") is True and (found.get("dev") is True or not dev) and wanted.items() <= found.items()


def dev_requirements(pyproject: "Path") -> "list[str]":
    """The requirements of the `dev` group, with the groups that it includes.

    Read here because pip knows groups only from 25.1 on.
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
    """What `test` runs, in order, each as arguments of Python."""
    return [
        ["-m", "ruff", "check"],
        ["-m", "ruff", "format", "--check"],
        ["-m", "mypy"],
        ["-m", "pytest", *processes(options), *options],
    ]


def processes(options: "list[str]") -> "list[str]":
    """As many test processes as there are cores, eight at most, unless the caller said how many."""
    if any(option.startswith(("-n", "--numprocesses", "--pdb")) for option in options):
        return []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ["-n", str(min(cores, 8))] if cores > 1 else []


def run_tests(python: "Path", options: "list[str]") -> int:
    """Run every step, also after one that failed: pytest's summary is the last line. The first failure's code."""
    codes = []
    with tempfile.TemporaryDirectory(prefix="work-conformance-") as scratch:
        environ = {**os.environ, "TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
        for step in steps(options):
            name = " ".join(step[1:])
            say(f"$ {name}")
            code = finished([str(python), *step], environ)
            if code != 0 and step[1] != "pytest":
                say(f"{name}: failed; the other steps follow.")
            codes.append(code)
    return next((code for code in codes if code != 0), 0)


def finished(command: "list[str]", environ: "dict[str, str]") -> int:
    """Run a step to its end; on Ctrl-C it ends itself, and nothing follows it."""
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
    """Become `work-conformance`; where a process cannot become another, wait for it.

    `-P`: a folder named `conformance` where the caller stands is not imported.
    """
    command = [str(python), "-P", "-m", "conformance", *arguments]
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - the Python of .venv
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the child, which cleans up
    return subprocess.call(command)  # noqa: S603 - the Python of .venv


def say(text: str) -> None:
    """A line for a person; standard output belongs to the command that follows."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(arguments: "list[str]") -> int:
    """Set up, then do what is asked for; the exit code."""
    if sys.version_info[:2] < MINIMUM:
        say(
            "Python {}.{} or newer is needed, and this is {} ({}); call bootstrap.py with a newer one.".format(
                *MINIMUM, sys.version.split()[0], sys.executable
            )
        )
        return CANNOT_START
    if not arguments or arguments[0] in ("-h", "--help"):
        say(USAGE.rstrip())
        return 0 if arguments else CANNOT_START
    command, *options = arguments
    venv = Venv(ROOT)
    try:
        venv.prepare(dev=command == "test")
    except Stop as stop:
        say(str(stop))
        return CANNOT_START
    except KeyboardInterrupt:
        say("Interrupted while setting up; the next call begins again.")
        return INTERRUPTED
    if command != "test":
        return hand_over(venv.python, arguments)
    try:
        return run_tests(venv.python, options)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
