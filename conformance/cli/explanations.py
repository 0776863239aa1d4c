"""Explains names of the suite: requirements, scenarios, chapters, ambiguities, defects, variants, shapes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance.chapters.registry import every_scenario, requirements_of_controls
from conformance.cli.workers_on_demand import worker_defects, worker_variants
from conformance.contract.ambiguities import Ambiguity, ambiguities_of, load_ambiguities
from conformance.contract.catalogue import BASIS_WORDS, Chapter, Excluded, Requirement, load_catalogue
from conformance.contract.citations import Source, cite_all
from conformance.contract.common_mistakes import consequence_of, mistakes_of
from conformance.emulator.defects import DEFECTS, Defect
from conformance.emulator.shapes import SHAPES, Shape
from conformance.emulator.variants import VARIANTS, Variant
from conformance.scenario.model import Scenario
from conformance.text import LANGS, Text

if TYPE_CHECKING:
    from conformance.workers.defects import WorkerDefect
    from conformance.workers.variants import WorkerVariant


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and the lines below it; `data` has the same for programs."""

    key: str
    heading: Text
    entries: tuple[Text, ...]
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One thing with the name: its kind, its text and its parts."""

    name: str
    kind: str
    noun: Text
    text: Text
    parts: tuple[Part, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the explanation as JSON types, with sentences in both languages."""
        about = {"id": self.name, "kind": self.kind, "text": self.text.to_json()}
        return about | {part.key: part.data for part in self.parts}


def explanations(name: str) -> list[Explanation]:
    """Return everything with this name; two things share a few names. Workers count if nothing else has it."""
    for kinds in (_SORTS, _WORKERS):
        found = [explain(name) for explain, explainable_names in kinds if name in explainable_names()]
        if found:
            return found
    return []


def explainable_names() -> list[str]:
    """Return every name that can be explained."""
    return list(dict.fromkeys(name for _, known in (*_SORTS, *_WORKERS) for name in known()))


def _requirement(name: str) -> Explanation:
    rule = load_catalogue().requirements[name]
    return Explanation(
        name=name,
        kind="requirement",
        noun=Text("requirement", "契约要求"),
        text=rule.text,
        parts=tuple(_of_requirement(rule)),
    )


def _of_requirement(rule: Requirement) -> Iterator[Part]:
    basis = Text("{level}, {basis}", "{level}，{basis}").format(level=rule.level, basis=BASIS_WORDS[rule.basis])
    standing = {"level": rule.level, "basis": rule.basis, "exercised": rule.exercised, "input": rule.input}
    yield Part("standing", Text("Level and basis", "级别和依据"), (basis, *_occasion(rule)), standing)
    if rule.inference is not None:
        yield Part("inference", Text("Because", "依据说明"), (rule.inference,), rule.inference.to_json())
    yield _chapter_part(rule.chapter)
    yield _sources(rule.sources)
    members = [scenario for scenario in every_scenario().values() if rule.id in scenario.requirements]
    yield Part(
        "scenarios",
        Text("Scenarios that judge it ({n})", "用于判定该要求的场景（{n}）").format(n=len(members)),
        tuple(_named(scenario.id, scenario.title) for scenario in members),
        [{"id": scenario.id, "title": scenario.title.to_json()} for scenario in members],
    )
    yield from _controls(rule)
    known: Collection[Defect | WorkerDefect] = (
        worker_defects().values() if load_catalogue().profile_of(rule.id) == "worker" else DEFECTS.values()
    )
    killers = [defect for defect in known if rule.id in defect.fails | defect.warns]
    yield Part(
        "defects",
        Text("Defects that violate it ({n})", "违反该要求的缺陷（{n}）").format(n=len(killers)),
        tuple(_named(defect.id, Text(defect.en, defect.zh)) for defect in killers),
        [{"id": defect.id, "text": {"en": defect.en, "zh": defect.zh}} for defect in killers],
    )
    consequence = consequence_of(rule.id)
    if consequence is not None:
        heading = Text("Effect of a wrong response on workers", "错误的响应对 worker 的影响")
        yield Part("consequence", heading, (consequence,), consequence.to_json())
    mistakes = mistakes_of(rule.id)
    line = Text("{what} Fix: {fix}", "{what}修复建议：{fix}")
    yield Part(
        "mistakes",
        Text("Common mistakes and fixes", "常见错误和修复建议"),
        tuple(line.format(what=mistake.what, fix=mistake.fix) for mistake in mistakes),
        [{"what": mistake.what.to_json(), "mend": mistake.fix.to_json()} for mistake in mistakes],
    )
    unclear = ambiguities_of(rule.id)
    yield Part(
        "ambiguities",
        Text("Where the docs are unclear", "文档未作规定或自相矛盾之处"),
        tuple(_named(entry.id, entry.question) for entry in unclear),
        [entry.id for entry in unclear],
    )


def _controls(rule: Requirement) -> Iterator[Part]:
    """Yield the controls of a requirement, and the requirements that it is the control of."""
    compared = Text(
        "Controls (if one fails in the same way, this requirement is skipped)",
        "本要求的对照，即相应的普通情形（如果对照以同样的方式失败，则跳过本要求）",
    )
    yield _rules("controls", compared, requirements_of_controls().get(rule.id, ()))
    control_of = [name for name, plain in requirements_of_controls().items() if rule.id in plain]
    yield _rules("control_of", Text("Is the control of", "作为以下要求的对照"), control_of)


def _occasion(rule: Requirement) -> Iterator[Text]:
    """Yield why a conformant run may leave the requirement unexercised."""
    words = _OCCASIONS.get(rule.exercised)
    if words is not None:
        yield words.format(input=rule.input or "")


_OCCASIONS: Final[Mapping[str, Text]] = {
    "optional-input": Text("exercised only if `{input}` is set", "仅在提供 `{input}` 时执行"),
    "may-not-occur": Text(
        "exercised only if the target shows this optional behaviour", "仅在目标出现这一可选行为时执行"
    ),
    "needs-poll": Text("not exercised on prepared items", "使用预先准备的 item 时不执行"),
    "on-request": Text("exercised only with `run --explore`", "仅在使用 `run --explore` 时执行"),
}


def _excluded(name: str) -> Explanation:
    rule = _all_excluded()[name]
    parts = (
        Part("reason", Text("Why it is not judged", "原因"), (rule.reason,), rule.reason.to_json()),
        _sources(rule.sources),
    )
    noun = Text("stated in the docs, not judged", "文档有规定但不判定")
    return Explanation(
        name=name, kind="excluded", noun=noun, text=rule.text, parts=(_chapter_part(rule.chapter), *parts)
    )


def _scenario(name: str) -> Explanation:
    scenario = every_scenario()[name]
    return Explanation(
        name=name,
        kind="scenario",
        noun=Text("scenario", "场景"),
        text=scenario.title,
        parts=(_chapter_part(scenario.chapter), *_of_scenario(scenario)),
    )


def _of_scenario(scenario: Scenario) -> Iterator[Part]:
    item = _item(scenario)
    yield Part("item", Text("The item", "所用 item"), (item,), item.to_json())
    answers = {step: expectation.describe() for step, expectation in scenario.expectations.items()}
    expected = Text("`{step}`: {answer}", "`{step}`：{answer}")
    yield Part(
        "acks",
        Text("Allowed responses to its acks", "各次 ack 允许的响应"),
        tuple(expected.format(step=step, answer=answer) for step, answer in answers.items()),
        {step: answer.to_json() for step, answer in answers.items()},
    )
    if scenario.token is not None:
        token = f"QODER_{scenario.token.upper()}_PAT"
        yield Part("token", Text("Needs the token in", "所需 token 来自"), (Text(token, token),), token)
    yield _rules("requirements", Text("Requirements judged in it", "由该场景判定的要求"), scenario.requirements)


def _item(scenario: Scenario) -> Text:
    item_spec = scenario.item_spec
    poll = Text("polled with a Worker-ID", "poll 时带有 Worker-ID")
    if not item_spec.delivered:
        poll = Text("never delivered", "从未投递")
    elif not item_spec.named:
        poll = Text("polled without a Worker-ID", "poll 时不带 Worker-ID")
    transitions = " → ".join(item_spec.transitions)
    steps = Text(f", then {transitions}", f"，随后 {transitions}") if transitions else Text("", "")
    place = Text(" in the second environment", "，位于第二个环境") if scenario.in_second_environment else Text("", "")
    return Text("`{state}`{place}, {poll}{steps}", "`{state}`{place}，{poll}{steps}").format(
        state=item_spec.state, place=place, poll=poll, steps=steps
    )


def _chapter(name: str) -> Explanation:
    chapter = load_catalogue().chapter(name)
    members = [scenario for scenario in every_scenario().values() if scenario.chapter == name]
    return Explanation(
        name=name,
        kind="chapter",
        noun=Text("chapter", "章节"),
        text=chapter.title,
        parts=(
            _rules("requirements", Text("Requirements", "要求"), [rule.id for rule in chapter.requirements]),
            Part(
                "scenarios",
                Text("Scenarios", "场景"),
                tuple(_named(scenario.id, scenario.title) for scenario in members),
                [{"id": scenario.id, "title": scenario.title.to_json()} for scenario in members],
            ),
            Part(
                "excluded",
                Text("Not judged", "不判定"),
                tuple(_named(rule.id, rule.reason) for rule in chapter.excluded),
                [rule.id for rule in chapter.excluded],
            ),
        ),
    )


def _ambiguity(name: str) -> Explanation:
    entry = _ambiguities()[name]
    return Explanation(
        name=name,
        kind="ambiguity",
        noun=Text("entry of the ambiguity register", "歧义登记表中的一项"),
        text=entry.question,
        parts=(
            Part("positions", Text("The pages", "页面"), (entry.positions,), entry.positions.to_json()),
            Part("reading", Text("The suite reads", "解读"), (entry.reading,), entry.reading.to_json()),
            _sources(entry.sources),
            _rules("requirements", Text("Requirements based on it", "依据这一解读的要求"), entry.requirements),
        ),
    )


def _defect(name: str) -> Explanation:
    return _of_defect(DEFECTS[name], Text("defect of the emulator (serve --defect)", "模拟器的缺陷（serve --defect）"))


def _worker_defect(name: str) -> Explanation:
    noun = Text("defective worker (python -m conformance.workers)", "有缺陷的 worker（python -m conformance.workers）")
    return _of_defect(worker_defects()[name], noun)


def _of_defect(defect: Defect | WorkerDefect, noun: Text) -> Explanation:
    return Explanation(
        name=defect.id,
        kind="defect",
        noun=noun,
        text=Text(defect.en, defect.zh),
        parts=(
            _rules("fails", Text("What fails", "导致失败的要求"), sorted(defect.fails)),
            _rules("warns", Text("Requirements that get a warning", "导致警告的要求"), sorted(defect.warns)),
        ),
    )


def _variant(name: str) -> Explanation:
    noun = Text(
        "variant of the emulator, unusual but conformant (serve --variant)",
        "模拟器的变体，少见但符合契约（serve --variant）",
    )
    return _of_variant(VARIANTS[name], noun)


def _worker_variant(name: str) -> Explanation:
    noun = Text(
        "unusual but conformant worker (python -m conformance.workers)",
        "少见但符合契约的 worker（python -m conformance.workers）",
    )
    return _of_variant(worker_variants()[name], noun)


def _of_variant(variant: Variant | WorkerVariant, noun: Text) -> Explanation:
    return Explanation(
        name=variant.id,
        kind="variant",
        noun=noun,
        text=Text(variant.en, variant.zh),
        parts=(
            _rules("warns", Text("Requirements that get a warning", "导致警告的要求"), sorted(variant.warns)),
            _rules("skips", Text("Requirements that it does not exercise", "因此不执行的要求"), sorted(variant.skips)),
        ),
    )


def _shape(name: str) -> Explanation:
    shape: Shape = SHAPES[name]
    return Explanation(
        name=name,
        kind="shape",
        noun=Text(
            "shape of the emulator: an operation other than ack deviates (serve --shape)",
            "模拟器的偏离形态（serve --shape）",
        ),
        text=Text(shape.en, shape.zh),
        parts=(
            _rules(
                "unreachable",
                Text("Requirements that cannot be judged on it", "因此无法判定的要求"),
                sorted(shape.unreachable),
            ),
        ),
    )


def _chapter_part(name: str) -> Part:
    chapter: Chapter = load_catalogue().chapter(name)
    return Part("chapter", Text("Chapter", "章节"), (_named(chapter.id, chapter.title),), chapter.id)


def _rules(key: str, heading: Text, ids: Iterable[str]) -> Part:
    """Return a part that lists requirements with their text."""
    rules = [load_catalogue().requirements[rule] for rule in ids]
    return Part(key, heading, tuple(_named(rule.id, rule.text) for rule in rules), [rule.id for rule in rules])


def _sources(sources: tuple[Source, ...]) -> Part:
    """Return a part with the sources, each page in its own language, the reader's language first."""
    cited = {lang: [words for _, words in cite_all(sources, lang, sheet=True)] for lang in LANGS}
    heading = Text("Docs", "文档")
    return Part("sources", heading, tuple(map(Text, cited["en"], cited["zh"])), [s.to_json() for s in sources])


def _named(name: str, text: Text) -> Text:
    return Text("`{name}`: {text}", "`{name}`：{text}").format(name=name, text=text)


def _all_excluded() -> Mapping[str, Excluded]:
    return {rule.id: rule for chapter in load_catalogue().chapters for rule in chapter.excluded}


def _ambiguities() -> Mapping[str, Ambiguity]:
    return {entry.id: entry for entry in load_ambiguities()}


_SORTS: Final[tuple[tuple[Callable[[str], Explanation], Callable[[], Iterable[str]]], ...]] = (
    (_requirement, lambda: load_catalogue().requirements),
    (_excluded, _all_excluded),
    (_scenario, every_scenario),
    (_chapter, lambda: [chapter.id for chapter in load_catalogue().chapters]),
    (_ambiguity, _ambiguities),
    (_defect, lambda: DEFECTS),
    (_variant, lambda: VARIANTS),
    (_shape, lambda: SHAPES),
)

_WORKERS: Final[tuple[tuple[Callable[[str], Explanation], Callable[[], Iterable[str]]], ...]] = (
    (_worker_defect, worker_defects),
    (_worker_variant, worker_variants),
)
"""Loaded only for a name that nothing else has: workers bring an HTTP client."""
