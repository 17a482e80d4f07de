"""The energy in bands of frequency of the rows of a table.

By SciPy's transform, which is a library's and cannot be called from compiled code: the one reference that is not.
"""

import numpy as np

BATCH = 256
"""Rows at once: of 256 columns, 0.5 MB."""


def row_band_energy(values, _window, taper, gains, bands, energy):
    """Fill ``energy`` with sums over bands of the squared transforms times ``gains``; NaN for rows not finite."""
    from scipy.fft import rfft

    for start in range(0, len(energy) if len(taper) else 0, BATCH):
        part = np.array(values[start : start + BATCH])
        known = np.isfinite(part).all(axis=1)
        part[~known] = 0.0
        with np.errstate(all="ignore"):
            part -= part[:, :1].copy()
            part -= part.mean(axis=1, keepdims=True)
            part *= taper
            spectra = rfft(part, axis=1, overwrite_x=True)
            powers = (spectra.real**2 + spectra.imag**2) * gains
            for place, (first, last) in enumerate(bands):
                energy[start : start + BATCH, place] = np.where(known, powers[:, first:last].sum(axis=1), np.nan)
    return -1
