from __future__ import annotations

from hypothesis import settings

# Machines are noisy: a slow example is no failure.
settings.register_profile("default", deadline=None, print_blob=True)
settings.load_profile("default")
