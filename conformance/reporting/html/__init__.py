"""`report.html`: a run as one page for people, in both languages, that needs nothing but itself.

Text of the target is text and nothing else: it is made visible by `safe`, escaped by the template engine, and a
Content-Security-Policy of digests lets only the suite's own style and script take effect.

Without scripts the language is chosen by two radio buttons and style alone; where style is forbidden too, as on some
build servers, the language of the run is shown.
"""
