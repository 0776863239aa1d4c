"""What the scripts say, as pairs of a shell variable and a text."""

from __future__ import annotations

from typing import Final

from conformance.text import Text

SAID: Final[dict[str, Text]] = {
    "SAY_NOT_SET": Text("Set these variables first:", "请先设置以下变量："),
    "SAY_NO_CURL": Text("curl is not installed.", "未安装 curl。"),
    "SAY_NO_RESPONSE": Text("no response", "没有响应"),
    "SAY_WAS": Text("in the run:", "运行时："),
    "SAY_STEP_FAILED": Text(
        "This step prepares the failing request and was refused. The response:",
        "该步骤为出错的请求作准备，但目标拒绝了它。响应：",
    ),
    "SAY_STEP_ACCEPTED": Text(
        "The target refused this step in the run and accepts it now, so the failing request cannot be compared. The response:",
        "该步骤在运行时被拒绝，现在却被接受，因此无法对照出错的请求。响应：",
    ),
    "SAY_LEFT_OUT": Text("not sent, as the page before is the last one now", "未发送：前一页现在已是最后一页"),
    "SAY_NO_ID": Text(
        "A later request needs a value that the response does not have:", "后面的请求需要响应中的一个值，但响应中没有："
    ),
    "SAY_NO_WORK": Text("The target delivered no work item.", "目标没有投递 work item。"),
    "SAY_NOT_LISTED": Text(
        "The target does not list all work items that were created.", "目标没有列出所创建的全部 work item。"
    ),
    "SAY_LEFT": Text("This object could not be removed:", "以下对象无法删除："),
    "SAY_REFUSED": Text(
        "The target refused to create an object that the scenario needs:", "目标拒绝创建该场景所需的对象："
    ),
    "SAY_UNREACHABLE": Text(
        "The target does not respond; set BASE_URL to its address.", "目标没有响应；请设置 BASE_URL。"
    ),
    "SAY_AGAIN": Text("the failure shows again", "失败再次出现"),
    "SAY_NOT_AGAIN": Text("the failure does not show", "失败未出现"),
    "SAY_UNDECIDED": Text(
        "this script cannot tell; compare the response with the expectation", "本脚本无法判断；请将响应与预期对照"
    ),
    "SAY_EXPECTED": Text("expected", "预期"),
    "SAY_ACTUAL": Text("in the run", "运行时"),
    "SAY_RESPONSE": Text("Response now, step", "当前响应，步骤"),
    "SAY_HISTORY": Text(
        "History of the run; * marks the responses that contradict each other, - requests that are not part of it:",
        "运行时的操作历史；* 标出相互矛盾的响应，- 标出不属于矛盾本身的请求：",
    ),
    "SAY_REPETITION": Text("Repetition", "重复"),
}

TITLE: Final = Text(
    "Reproduces the failures of the scenario {scenario}: {title}", "复现场景 {scenario} 的失败：{title}"
)
USAGE: Final[tuple[Text, ...]] = (
    Text(
        "Run it with any POSIX shell; it needs curl and these variables: {variables}",
        "可用任意 POSIX shell 运行；需要 curl 和以下变量：{variables}",
    ),
    Text("", ""),
    Text(
        "Exit status: 0 the failure does not show, 1 it shows again, 2 the script could not run to its end",
        "退出码：0 失败未出现；1 失败再次出现；2 脚本未能执行完毕",
    ),
    Text(
        "(a variable is missing, the target does not respond, an earlier step failed), 3 the script ran and",
        "（缺少变量、目标没有响应，或前面的步骤失败）；3 脚本执行完毕，",
    ),
    Text(
        "cannot tell. The conformance suite is the judge; this script only compares with the saved run.",
        "但无法判断。是否符合契约由测试套件判定；本脚本只与保存的运行作比较。",
    ),
    Text("", ""),
    Text(
        "Optional variables: BASE_URL, SETUP_URL, MODEL; ENVIRONMENT_ID and AGENT_ID of your own;",
        "可选变量：BASE_URL、SETUP_URL、MODEL；自己的 ENVIRONMENT_ID 和 AGENT_ID；",
    ),
    Text(
        "CURL_OPTIONS (for example '--cacert ca.pem'); KEEP=1 keeps what the script created;",
        "CURL_OPTIONS（例如 '--cacert ca.pem'）；KEEP=1 保留脚本创建的对象；",
    ),
    Text(
        "REPEAT is how often the requests are sent until the failure shows ({repeat}).",
        "REPEAT 是重复发送请求的最多次数（{repeat}），失败出现即停止。",
    ),
)
PREPARED: Final = Text(
    "The run used prepared items: ENVIRONMENT_ID and WORK_ID are a fresh item in the state `{state}`, WORKER_ID its worker.",
    "该次运行使用预先准备的 item：ENVIRONMENT_ID 和 WORK_ID 指向一个处于 `{state}` 状态的新 item，WORKER_ID 是它的 worker。",
)
EMBEDDED: Final = Text(
    "The run used the built-in server, which ended with it: start `work-conformance serve` and set BASE_URL.",
    "该次运行使用内置模拟器，它已随运行结束：请启动 `work-conformance serve` 并设置 BASE_URL。",
)
MORE: Final = Text("{n} more failures of this scenario are in report.json.", "该场景另有 {n} 处失败，见 report.json。")
