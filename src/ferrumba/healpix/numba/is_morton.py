"""Whether integers are decimal Morton ids."""

from ferrumba.dispatch.jit import jit
from ferrumba.healpix.numba.bits import step
from ferrumba.healpix.numba.decimal import parse


@jit
def is_morton(morton, valid):
    """Fill ``valid``; no integer is an invalid input here."""
    if morton.shape[0] == valid.shape[0]:
        for i in range(valid.shape[0]):
            valid[i] = parse(morton[i])[0]
    else:
        s = step(morton)  # morton[0] instead would be a loop invariant, on whose many selects LLVM spends minutes
        for i in range(valid.shape[0]):
            valid[i] = parse(morton[i * s])[0]
    return -1
