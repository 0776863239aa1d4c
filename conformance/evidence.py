"""A finished run's evidence: its plan and transcripts with their digests, read back and judged again.

`evidence.json` is written last. It contains the SHA-256 digest of every file that the verdicts rest on. Files that were
truncated, edited or mixed with another run's files are reported, and never judged.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from conformance import __version__
from conformance.binding import Binding
from conformance.chapters.registry import every_scenario
from conformance.contract.catalogue import load_catalogue
from conformance.exchange import MalformedTranscript, Transcript
from conformance.judging.judge import judge_planned_check
from conformance.judging.run_result import RunMetadata, RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.text import Text

EVIDENCE: Final = "evidence.json"
EVIDENCE_FORMAT: Final = "work-conformance-evidence/1"
PLAN: Final = "plan.json"
PLAN_FORMAT: Final = "work-conformance-plan/1"
TRANSCRIPTS: Final = "transcripts"


class BrokenEvidence(Exception):
    """The files are not the evidence of one run; `reason` says what is wrong. Nothing is judged."""

    def __init__(self, en: str, zh: str) -> None:
        self.reason = Text(en, zh)
        super().__init__(en)


class NewerEvidence(BrokenEvidence):
    """A file has a format that this version does not know."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The plan and transcripts of a run. `files` are their bytes by path in the run's folder.

    `binding` is what the run was bound to before its first request.
    """

    metadata: RunMetadata
    plan: tuple[PlannedCheck, ...]
    transcripts: Mapping[str, Transcript]
    files: Mapping[str, bytes]
    binding: Binding | None = None

    @property
    def checks(self) -> list[PlannedCheck]:
        """The checks that this version judges: the plan, and newer checks if the whole suite was planned.

        Checks that this version no longer has are left out and listed in `unknown_checks`.
        """
        known = [line for line in self.plan if _is_known(line)]
        if self.metadata.selection is not None:
            return known
        recorded = dict.fromkeys(line.scenario for line in known)
        newer = [PlannedCheck(name, rule) for name in recorded for rule in every_scenario()[name].requirements]
        return list(dict.fromkeys((*known, *newer)))

    @property
    def unknown_checks(self) -> list[PlannedCheck]:
        """Checks of the plan that this version of the suite does not have."""
        return [line for line in self.plan if not _is_known(line)]

    def judge_check(self, line: PlannedCheck) -> Verdict:
        """Return this version's verdict on one of the `checks`."""
        return judge_planned_check(line, self.transcripts[line.scenario], self.metadata.parsed_waivers)

    @property
    def rejudged_metadata(self) -> RunMetadata:
        """The run's metadata after it is judged again by this version."""
        return replace(
            self.metadata, suite_version=__version__, catalogue_version=load_catalogue().version, replayed=True
        )

    def rejudge(self) -> RunResult:
        """Everything judged again by this version."""
        lines = self.checks
        return RunResult(
            metadata=self.rejudged_metadata, plan=tuple(lines), verdicts=tuple(map(self.judge_check, lines))
        )


def plan_json(run_id: str, plan: list[PlannedCheck], binding: Binding | None = None) -> dict[str, Any]:
    """Return the plan, with what the run is bound to, as it is written before the first request."""
    bound = {} if binding is None else {"binding": binding.to_json()}
    return {
        "format": PLAN_FORMAT,
        "run": run_id,
        **bound,
        "lines": [[line.scenario, line.requirement] for line in plan],
    }


def evidence_index_text(folder: Path, metadata: RunMetadata) -> str:
    """Return the text of `evidence.json` for the plan and the transcripts of a finished run.

    Raises:
        OSError: one of them cannot be read.
    """
    names = [PLAN, *sorted(f"{TRANSCRIPTS}/{path.name}" for path in (folder / TRANSCRIPTS).glob("*.json"))]
    data = {
        "format": EVIDENCE_FORMAT,
        "circumstances": metadata.to_json(),
        "files": {name: _digest((folder / name).read_bytes()) for name in names},
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def read_evidence(folder: Path) -> Evidence:
    """Read a run's folder. Symbolic links in it are not followed: a run writes none.

    Raises:
        BrokenEvidence: a file is missing, was changed, belongs to another run, is no regular file, or has an unknown
            format.
    """
    index = parse_index(read_file(folder, EVIDENCE))
    files = {name: read_file(folder, name) for name in index["files"]}
    return evidence_from_files(index, files)


def evidence_from_files(index: Mapping[str, Any], files: Mapping[str, bytes]) -> Evidence:
    """Return evidence from its index (`evidence.json`) and the files that it names.

    Raises:
        BrokenEvidence: they do not belong together.
    """
    try:
        metadata = RunMetadata.from_json(index["circumstances"])
        digests = dict(index["files"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _malformed(EVIDENCE) from None
    for name, digest in digests.items():
        if name not in files:
            raise BrokenEvidence(f"{name} is missing; the evidence is incomplete.", f"缺少 {name}；证据不完整。")
        if _digest(files[name]) != digest:
            raise BrokenEvidence(
                f"{name} was changed after the run wrote it: its digest differs.",
                f"{name} 在运行写出之后被改动过：摘要不一致。",
            )
    plan, binding = _plan(files, metadata.run_id)
    transcripts = {}
    for scenario in dict.fromkeys(line.scenario for line in plan):
        transcripts[scenario] = _transcript(files, scenario, metadata.run_id)
    return Evidence(metadata=metadata, plan=plan, transcripts=transcripts, files=dict(files), binding=binding)


def parse_index(content: bytes) -> Mapping[str, Any]:
    """Return the index (`evidence.json`) from its bytes.

    Raises:
        BrokenEvidence: it is not an index of a known format.
    """
    data = _object(EVIDENCE, content, EVIDENCE_FORMAT)
    if not isinstance(data.get("files"), dict) or not all(_is_ours(name) for name in data["files"]):
        raise _malformed(EVIDENCE)
    return data


def _is_ours(name: object) -> bool:
    """Return whether a run writes files of that name: names in an index are data, and must not choose other paths."""
    return name == PLAN or (
        isinstance(name, str)
        and name.startswith(f"{TRANSCRIPTS}/")
        and name.removeprefix(f"{TRANSCRIPTS}/").removesuffix(".json").replace(".", "").replace("-", "").isalnum()
        and ".." not in name
    )


def _plan(files: Mapping[str, bytes], run_id: str) -> tuple[tuple[PlannedCheck, ...], Binding | None]:
    if PLAN not in files:
        raise BrokenEvidence(f"{PLAN} is missing; the evidence is incomplete.", f"缺少 {PLAN}；证据不完整。")
    data = _object(PLAN, files[PLAN], PLAN_FORMAT)
    try:
        lines = tuple(PlannedCheck(str(scenario), str(requirement)) for scenario, requirement in data["lines"])
        binding = Binding.from_json(data["binding"]) if "binding" in data else None
    except (KeyError, TypeError, ValueError):
        raise _malformed(PLAN) from None
    _same_run(PLAN, data.get("run"), run_id)
    return lines, binding


def _transcript(files: Mapping[str, bytes], scenario: str, run_id: str) -> Transcript:
    name = f"{TRANSCRIPTS}/{scenario}.json"
    if name not in files:
        raise BrokenEvidence(f"{name} is missing; the evidence is incomplete.", f"缺少 {name}；证据不完整。")
    try:
        transcript = Transcript.from_json(json.loads(files[name]))
    except MalformedTranscript as error:
        raise BrokenEvidence(f"{name}: {error}.", f"{name}：{error}。") from None
    except (ValueError, RecursionError):
        raise _malformed(name) from None
    _same_run(name, transcript.run, run_id)
    if transcript.scenario != scenario:
        raise _malformed(name)
    return transcript


def _same_run(name: str, found: object, wanted: str) -> None:
    if found != wanted:
        raise BrokenEvidence(
            f"{name} belongs to another run ({found}, not {wanted}).",
            f"{name} 属于另一次运行（{found}，而非 {wanted}）。",
        )


def _object(name: str, content: bytes, wanted: str) -> Mapping[str, Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise _malformed(name) from None
    form = data.get("format") if isinstance(data, dict) else None
    if form == wanted:
        return dict(data)
    if isinstance(form, str) and form.startswith(wanted.rpartition("/")[0] + "/"):
        raise NewerEvidence(
            f"{name} has the format {form}, which this version does not know. Install a newer version.",
            f"{name} 的格式为 {form}，当前版本无法识别。请安装更新的版本。",
        )
    raise _malformed(name)


def _malformed(name: str) -> BrokenEvidence:
    return BrokenEvidence(f"{name} does not have the format that a run writes.", f"{name} 的格式与运行写出的文件不同。")


def read_file(folder: Path, name: str) -> bytes:
    """Return the bytes of a file in a run's folder.

    Raises:
        BrokenEvidence: it is missing, cannot be read, or it or its folder is a symbolic link or a device.
    """
    path = folder / name
    try:
        for place in (path, *(path.parents[: len(Path(name).parts) - 1])):
            mode = place.lstat().st_mode
            if not (stat.S_ISREG(mode) if place == path else stat.S_ISDIR(mode)):
                raise BrokenEvidence(
                    f"{place.relative_to(folder)} is a link or another special file; a run writes only regular files.",
                    f"{place.relative_to(folder)} 是链接或不是普通文件；运行不会写出这样的文件。",
                )
        return path.read_bytes()
    except FileNotFoundError:
        if name == EVIDENCE:
            raise BrokenEvidence(
                f"{folder} contains no {EVIDENCE}. Name the folder of a finished run.",
                f"{folder} 中没有 {EVIDENCE}。请指定一次已结束的运行的目录。",
            ) from None
        raise BrokenEvidence(f"{name} is missing; the evidence is incomplete.", f"缺少 {name}；证据不完整。") from None
    except OSError as error:
        raise BrokenEvidence(
            f"{folder / name} cannot be read ({error.strerror}).", f"无法读取 {folder / name}（{error.strerror}）。"
        ) from None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_known(line: PlannedCheck) -> bool:
    return line.scenario in every_scenario() and line.requirement in every_scenario()[line.scenario].requirements
