"""A vendor whose server has another shape: judged by options alone."""
