"""Documentation pages in, JSON Schemas out: each language on its own, so that one is a witness of the other.

The road: Markdown → blocks with lines (`markdown`) → facts, by the words of the language (`lexicon`, `rows`, `page`)
→ schemas (`schema`) and disagreements (`divergences`) → files (`output`) → what differs from those committed
(`check`). It imports nothing else of this project.
"""
