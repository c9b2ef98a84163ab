from hypothesis import settings

# How long an example takes depends on the machine and says nothing about the code: benchmarks measure time.
settings.register_profile("alchemiser", deadline=None)
settings.load_profile("alchemiser")
