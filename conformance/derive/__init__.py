"""Derives JSON Schemas from documentation pages, separately for each language so that the results can be compared.

The steps: Markdown → blocks with lines (`markdown`) → facts, by the words of the language (`lexicon`, `rows`, `page`)
→ schemas (`schema`) and disagreements (`divergences`) → files (`output`) → differences from the committed files
(`check`). This package imports nothing else of this project.
"""
