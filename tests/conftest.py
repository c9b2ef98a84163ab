from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes depends on the machine and says nothing about the code: benchmarks measure time.
settings.register_profile("alchemiser", deadline=None)
settings.load_profile("alchemiser")


@pytest.fixture(scope="session", autouse=True)
def user_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    Keep what tests compile out of the user's own cache.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
