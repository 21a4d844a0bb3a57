"""How Hypothesis looks for examples: the same ones each time, however busy the machine is."""

from hypothesis import settings

settings.register_profile("keystone", deadline=None, derandomize=True)
settings.load_profile("keystone")
