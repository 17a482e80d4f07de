"""What holds for the whole suite, and for the processes that its tests start."""

import os

from hypothesis import settings

# Tests leave no machine code in the user's folder; run.py names one of its own for all of its processes.
os.environ.setdefault("FERRUMBA_NUMBA_CACHE", "0")

# The first example pays for the compilation, so no example has a deadline.
settings.register_profile("ferrumba", deadline=None)
settings.load_profile("ferrumba")

# --doctest-modules would import every conftest.py under the one name "conftest".
collect_ignore_glob = ["*conftest.py"]
