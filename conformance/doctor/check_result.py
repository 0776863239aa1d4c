"""The result of one check of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from conformance.text import Text

State = Literal["good", "bad", "unknown"]

NAMES: Final[dict[str, Text]] = {
    "settings": Text("settings", "设置"),
    "url": Text("URL", "URL"),
    "proxy": Text("proxy", "代理"),
    "dns": Text("host name", "域名解析"),
    "tcp": Text("connection", "连接"),
    "tls": Text("TLS", "TLS"),
    "http": Text("response", "响应"),
    "prefix": Text("API prefix", "API 前缀"),
    "token": Text("token", "token"),
    "optional-tokens": Text("other tokens", "其他 token"),
    "rights": Text("permissions", "权限"),
    "kinds": Text("environments", "环境"),
    "rate-limit": Text("rate limit", "速率限制"),
    "clock": Text("clock", "时钟"),
    "work": Text("work items", "创建 work"),
    "clean-up": Text("clean-up", "清理"),
}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check: `text` is the finding, `fix` what to do. Both are escaped and safe to print."""

    id: str
    state: State
    text: Text
    fix: Text | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "id": self.id,
            "state": self.state,
            "text": self.text.to_json(),
            "mend": self.fix.to_json() if self.fix else None,
        }


def good(name: str, text: Text) -> CheckResult:
    """Return a result without a problem."""
    return CheckResult(name, "good", text)


def bad(name: str, text: Text, fix: Text) -> CheckResult:
    """Return a result with a problem that stops a run."""
    return CheckResult(name, "bad", text, fix)


def unknown(name: str, text: Text, fix: Text | None = None) -> CheckResult:
    """Return a result that is undetermined or was not checked."""
    return CheckResult(name, "unknown", text, fix)
