"""`work-conformance list`: list what is judged, and on what basis. Opens no connection."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import click

from conformance.chapters.registry import every_scenario, scenarios
from conformance.cli import formats
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.language import localize
from conformance.cli.options import chosen_language, form_option, lang_option
from conformance.contract.ambiguities import ambiguities_of_profile
from conformance.contract.catalogue import BASIS_WORDS, Chapter, load_catalogue
from conformance.contract.operations import OPERATIONS, PROFILE_TITLES, PROFILES, Profile
from conformance.contract.schema_language_differences import schema_differences
from conformance.text import Lang, Text


@click.command(
    cls=NoEmptyValuesCommand,
    examples=(
        "work-conformance list",
        "work-conformance list --endpoints --format md",
    ),
    help=localize(
        "Show chapters, scenarios and requirements with their level and basis.",
        "列出章节、场景，以及要求的级别和依据。",
    ),
)
@lang_option
@click.option(
    "--profile",
    type=click.Choice(tuple(PROFILES)),
    default="work",
    show_default=True,
    help=localize("Only what this profile judges.", "只列出该 profile 评测的内容。"),
)
@click.option(
    "--profiles",
    is_flag=True,
    help=localize("List the profiles of `run --profile`.", "列出 `run --profile` 的各个 profile。"),
)
@click.option(
    "--ambiguities",
    is_flag=True,
    help=localize("List the places where the docs disagree or are unclear.", "列出文档相互矛盾或未作规定之处。"),
)
@click.option(
    "--defects",
    is_flag=True,
    help=localize(
        "List the defects of `serve --defect`, or with `--profile worker` the defective workers, and what each one fails.",
        "列出 `serve --defect` 的缺陷（`--profile worker` 时列出有缺陷的 worker），以及各自导致失败的要求。",
    ),
)
@click.option(
    "--variants",
    is_flag=True,
    help=localize(
        "List the variants of `serve --variant`: unusual but conformant servers, or with `--profile worker` workers.",
        "列出 `serve --variant` 的变体，即少见但符合契约的服务器（`--profile worker` 时为 worker）。",
    ),
)
@click.option(
    "--endpoints",
    is_flag=True,
    help=localize(
        "List the endpoints that a target needs for each source of items, and what cannot be judged without them.",
        "按 item 的来源列出判定所需的端点，以及缺少时无法判定的内容。",
    ),
)
@click.option(
    "--shapes",
    is_flag=True,
    help=localize(
        "List the shapes of `serve --shape`: servers whose operations other than ack do not follow the docs.",
        "列出 `serve --shape` 的偏离形态，即 ack 以外的操作与文档不符的服务器。",
    ),
)
@form_option("text", "md", "json")
def command(
    lang: str | None,
    form: str,
    *,
    profile: Profile,
    profiles: bool,
    ambiguities: bool,
    defects: bool,
    variants: bool,
    shapes: bool,
    endpoints: bool,
) -> None:
    """List what is judged."""
    chosen = chosen_language(lang)
    if shapes and profile == "worker":
        raise click.UsageError(localize("--shapes: only servers have shapes.", "--shapes：只有服务器有偏离形态。"))
    if profiles:
        formats.print_output(form, chosen, data=_profiles, markdown=_profile_lines, text=_profile_lines)
    elif endpoints:
        from conformance.cli import list_endpoints

        list_endpoints.print_output(chosen, form)
    elif defects or variants or shapes:
        from conformance.cli import list_servers

        what: list_servers.What = "defects" if defects else "variants" if variants else "shapes"
        if profile == "worker":
            what = "worker-defects" if defects else "worker-variants"
        list_servers.print_output(what, chosen, form)
    elif ambiguities:
        formats.print_output(
            form,
            chosen,
            data=partial(_register, profile),
            markdown=partial(_ambiguities, profile=profile, heading="## "),
            text=partial(_ambiguities, profile=profile),
        )
    else:
        formats.print_output(
            form,
            chosen,
            data=partial(_data, profile),
            markdown=partial(_markdown, profile=profile),
            text=partial(_text, profile=profile),
        )


def _ambiguities(lang: Lang, *, profile: Profile, heading: str = "") -> Iterator[str]:
    for entry in ambiguities_of_profile(profile):
        yield f"{heading}{entry.id}: {entry.question.in_(lang)}"
        yield ""
        yield f"- {Text('The pages', '页面').in_(lang)}: {entry.positions.in_(lang)}"
        yield f"- {Text('The suite reads', '本套件的解读').in_(lang)}: {entry.reading.in_(lang)}"
        yield from (f"- {source.cite(lang, sheet=True)}" for source in entry.sources)
        if entry.requirements:
            yield f"- {', '.join(entry.requirements)}"
        yield ""
    for difference in schema_differences():
        yield f"{heading}{difference.text.in_(lang)}"


def _register(profile: Profile) -> list[dict[str, Any]]:
    return [entry.to_json() for entry in ambiguities_of_profile(profile)]


def _judged_on(requirement: str) -> list[str]:
    return [scenario.id for scenario in every_scenario().values() if requirement in scenario.requirements]


def _text(lang: Lang, *, profile: Profile) -> Iterator[str]:
    for chapter in load_catalogue().of_profile(profile).chapters:
        yield f"{chapter.title.in_(lang)} ({chapter.id})"
        for requirement in chapter.requirements:
            basis = BASIS_WORDS[requirement.basis].in_(lang)
            yield f"  {requirement.id}  {requirement.level}, {basis}"
            yield f"    {requirement.text.in_(lang)}"
        for scenario in every_scenario().values():
            if scenario.chapter == chapter.id:
                yield f"  > {scenario.id}: {scenario.title.in_(lang)}"
        yield ""
    yield _totals(profile).in_(lang)


def _markdown(lang: Lang, *, profile: Profile) -> Iterator[str]:
    heading = Text("Requirement | Level | Basis | Text | Docs | Scenarios", "要求 | 级别 | 依据 | 内容 | 文档 | 场景数")
    for chapter in load_catalogue().of_profile(profile).chapters:
        yield f"## {chapter.title.in_(lang)}"
        yield ""
        yield f"| {heading.in_(lang)} |"
        yield "| --- | --- | --- | --- | --- | ---: |"
        for requirement in chapter.requirements:
            docs = ", ".join(
                f"[{source.title.in_(lang)} § {source.section.in_(lang)}]({source.url.in_(lang)})"
                for source in requirement.sources
            )
            basis = BASIS_WORDS[requirement.basis].in_(lang)
            count = len(_judged_on(requirement.id))
            yield f"| `{requirement.id}` | {requirement.level} | {basis} | {requirement.text.in_(lang)} | {docs} | {count} |"
        yield ""
        yield from _scenario_table(chapter, lang)


def _scenario_table(chapter: Chapter, lang: Lang) -> Iterator[str]:
    members = [scenario for scenario in every_scenario().values() if scenario.chapter == chapter.id]
    if members:
        yield f"| {Text('Scenario', '场景').in_(lang)} | {Text('Steps', '步骤').in_(lang)} |"
        yield "| --- | --- |"
        yield from (f"| `{scenario.id}` | {scenario.title.in_(lang)} |" for scenario in members)
        yield ""


def _profiles() -> list[dict[str, Any]]:
    return [
        {
            "profile": name,
            "title": PROFILE_TITLES[name].to_json(),
            "operations": [operation for operation in OPERATIONS if operation in operations],
            "requirements": len(load_catalogue().of_profile(name).requirements),
            "scenarios": len(scenarios(name)),
        }
        for name, operations in PROFILES.items()
    ]


def _profile_lines(lang: Lang) -> Iterator[str]:
    words = Text(
        "{name}: {title}; {requirements} requirements, {scenarios} scenarios",
        "{name}：{title}；{requirements} 条要求，{scenarios} 个场景",
    )
    for entry in _profiles():
        title = Text.from_json(entry["title"])
        line = words.format(
            name=entry["profile"], title=title, requirements=entry["requirements"], scenarios=entry["scenarios"]
        )
        yield f"- {line.in_(lang)}"


def _totals(profile: Profile) -> Text:
    catalogue = load_catalogue().of_profile(profile)
    return Text(
        "{chapters} chapters, {scenarios} scenarios, {requirements} requirements; requirement set {version}",
        "{chapters} 个章节，{scenarios} 个场景，{requirements} 条要求；要求集 {version}",
    ).format(
        chapters=len(catalogue.chapters),
        scenarios=len(scenarios(profile)),
        requirements=len(catalogue.requirements),
        version=catalogue.version,
    )


def _data(profile: Profile) -> dict[str, Any]:
    catalogue = load_catalogue().of_profile(profile)
    return {
        "catalogue": catalogue.version,
        "chapters": [
            {
                "id": chapter.id,
                "title": chapter.title.to_json(),
                "requirements": [
                    {
                        "id": requirement.id,
                        "level": requirement.level,
                        "basis": requirement.basis,
                        "text": requirement.text.to_json(),
                        "inference": requirement.inference.to_json() if requirement.inference else None,
                        "exercised": requirement.exercised,
                        "input": requirement.input,
                        "sources": [source.to_json() for source in requirement.sources],
                        "scenarios": _judged_on(requirement.id),
                    }
                    for requirement in chapter.requirements
                ],
                "excluded": [
                    {"id": rule.id, "text": rule.text.to_json(), "reason": rule.reason.to_json()}
                    for rule in chapter.excluded
                ],
                "scenarios": [
                    {"id": s.id, "title": s.title.to_json(), "quiet": s.in_second_environment, "token": s.token}
                    for s in every_scenario().values()
                    if s.chapter == chapter.id
                ],
            }
            for chapter in catalogue.chapters
        ],
    }
