"""What the agent of the emulator does in a turn: at most one harmless tool call, then one message.

No model is behind it. It calls a tool of the built-in toolset if the session's agent has one that only reads, or that
only prints a word, and that needs no confirmation. Tools of other kinds are never called.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import JsonObject
from .records import Agent

ANSWER = "OK."
_BUILT_IN = "agent_toolset_"


@dataclass(frozen=True)
class ToolCall:
    """A call of a built-in tool."""

    name: str
    input: JsonObject


_CALLS = (ToolCall("glob", {"pattern": "*"}), ToolCall("bash", {"command": "echo OK"}))
"""In the order in which the agent prefers them."""


def tool_call(agent: Agent) -> ToolCall | None:
    """Return the tool call of the agent's turn, or None if it answers without one."""
    tools = agent.details["tools"]
    assert isinstance(tools, list)
    toolsets = [tool for tool in tools if str(tool.get("type")).startswith(_BUILT_IN)]
    return next((call for call in _CALLS if any(_offers(toolset, call.name) for toolset in toolsets)), None)


def _offers(toolset: Mapping[str, object], name: str) -> bool:
    """Return whether a toolset has the tool, switched on, and lets the agent call it without a confirmation."""
    enabled, disallowed = toolset.get("enabled_tools"), toolset.get("disallowed_tools")
    if isinstance(enabled, list) and name not in enabled:
        return False
    if isinstance(disallowed, list) and name in disallowed:
        return False
    rules = {**_rules(toolset.get("default_config")), **_rules(_config_of(toolset, name))}
    policy = _rules(rules.get("permission_policy")).get("type", "always_allow")
    return rules.get("enabled", True) is True and policy == "always_allow"


def _config_of(toolset: Mapping[str, object], name: str) -> object:
    configs = toolset.get("configs")
    found = configs if isinstance(configs, list) else []
    return next((config for config in found if isinstance(config, dict) and config.get("name") == name), None)


def _rules(config: object) -> dict[str, object]:
    """Return the settings that are given: null means the default."""
    given = config if isinstance(config, dict) else {}
    return {name: value for name, value in given.items() if value is not None}
