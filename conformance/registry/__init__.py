"""A registry: a folder in which an authority lists the certificates that it has checked."""
