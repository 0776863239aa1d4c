"""The pytest plugin, in plain pytest and in other people's projects."""
