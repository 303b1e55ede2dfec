"""One Hypothesis profile for all tests."""

from hypothesis import settings

# A busy machine is no defect, so nothing has a deadline. Where CI is set, Hypothesis by itself draws the same
# examples every time; the rest of that profile is kept.
settings.register_profile("house", settings(), deadline=None)
settings.load_profile("house")
