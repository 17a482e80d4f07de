"""What a process pays once: the import, and the first call with its discovery and, on Numba, its compilation."""

import os

from ferrumba.dispatch.backends import backends


def setup():
    if os.environ.get("FERRUMBA_BACKEND", "numba") not in backends():
        raise NotImplementedError  # asv's word for: skip


def timeraw_import():
    """Import the package, NumPy being the most of it."""
    return "import ferrumba"


def timeraw_first_call():
    """Import the family, find the backends and encode one point."""
    return "from ferrumba import healpix; healpix.lonlat_to_morton(10.0, 20.0)"


timeraw_import.version = timeraw_first_call.version = "1"
timeraw_import.processes = timeraw_first_call.processes = 3
