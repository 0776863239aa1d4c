"""`report.html`: a run as one self-contained page in both languages.

Text from the target cannot become markup: `reporting.escaping` escapes invisible characters, the template engine
escapes HTML, and a Content-Security-Policy of digests allows only the suite's own style and script.

Without scripts, two radio buttons and the style sheet switch the language. Where a build server forbids styles too,
the page shows the language of the run.
"""
