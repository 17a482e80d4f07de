"""The energy in bands of frequency of trailing windows.

The transform of a window is made of those of parts whose sizes are powers of two, one for each bit of its length: each
node is the older half plus the newer one turned by an angle, all nodes of a level in one pass, so that a result is a
function of its window alone. What is transformed are the steps from row to row, the last one back to the first row: no
offset is in them, and their transform is that of the values times ``w - 1``, with ``w`` the root of unity.
"""

import numpy as np

from ferrumba.dispatch.jit import jit

CHUNK = 512


@jit
def load_steps(values, column, start, length, width, steps, back, run):
    """Read steps from row to row and from the last row of each window to its first; count finite values in a run."""
    count = np.int64(0)
    for place in range(length):
        value = values[start + place, column]
        finite = value - value == 0.0
        count = count + 1 if finite else np.int64(0)
        run[place] = count
        steps[place] = value if finite else 0.0
    for place in range(length - width + 1):
        back[place] = steps[place] - steps[place + width - 1]
    for place in range(length - 1):
        steps[place] = steps[place + 1] - steps[place]


@jit
def turn(real, imaginary, cosine, sine, offset, length, target, other):
    """Add nodes to those ``offset`` later, turned by an angle."""
    late, later = real[offset:], imaginary[offset:]
    for i in range(length):
        target[i] = real[i] + (cosine * late[i] + sine * later[i])
        other[i] = imaginary[i] + (cosine * later[i] - sine * late[i])


@jit
def turn_onto(real, imaginary, cosine, sine, offset, length, target, other):
    """Add nodes from ``offset`` on, turned by an angle, to what is in the target."""
    late, later = real[offset:], imaginary[offset:]
    for i in range(length):
        target[i] = target[i] + (cosine * late[i] + sine * later[i])
        other[i] = other[i] + (cosine * later[i] - sine * late[i])


@jit
def transform(steps, back, circle, slopes, frequency, many, work, real, imaginary):
    """Write the transforms of windows at one frequency."""
    width = circle.shape[0]
    left = width - 1
    nodes, others, spare, spares = work[0], work[1], work[2], work[3]
    length = many + left - 1
    for i in range(length):
        nodes[i] = steps[i]
        others[i] = 0.0
    for i in range(many):
        real[i] = 0.0
        imaginary[i] = 0.0
    size, done = np.int64(1), np.int64(0)
    while size <= left:
        if left & size:
            angle = done * frequency % width
            turn_onto(nodes, others, circle[angle, 0], circle[angle, 1], done, many, real, imaginary)
            done += size
        if size > left - size:
            break
        length -= size
        angle = size * frequency % width
        turn(nodes, others, circle[angle, 0], circle[angle, 1], size, length, spare, spares)
        nodes, others, spare, spares = spare, spares, nodes, others
        size += size
    cosine, sine = circle[frequency % width, 0], circle[frequency % width, 1]
    up, across = slopes[frequency, 0], slopes[frequency, 1]
    for i in range(many):
        low, high = real[i] + cosine * back[i], imaginary[i] + sine * back[i]
        real[i] = low * up - high * across
        imaginary[i] = low * across + high * up


@jit
def add_energy(spectra, frequency, width, taps, gain, many, energy):
    """Add the energies of windows at one frequency, from the transforms there and at its neighbours."""
    real, imaginary = spectra[frequency % 3, 0], spectra[frequency % 3, 1]
    if taps[1] == 0.0:
        for i in range(many):
            energy[i] = energy[i] + (real[i] * real[i] + imaginary[i] * imaginary[i]) * gain
        return
    below, above = abs(frequency - 1), min(frequency + 1, width - frequency - 1)
    below_sign = -1.0 if frequency == 0 else 1.0
    above_sign = 1.0 if above == frequency + 1 else -1.0
    low_real, low_imaginary = spectra[below % 3, 0], spectra[below % 3, 1]
    high_real, high_imaginary = spectra[above % 3, 0], spectra[above % 3, 1]
    for i in range(many):
        x = taps[0] * real[i] + taps[1] * (low_real[i] + high_real[i])
        y = taps[0] * imaginary[i] + taps[1] * (below_sign * low_imaginary[i] + above_sign * high_imaginary[i])
        energy[i] = energy[i] + (x * x + y * y) * gain


@jit(
    signature="int64(float64[:, :], int64[::1], int64[::1], boolean[::1], float64[:, ::1], float64[:, ::1], "
    "float64[::1], float64[::1], int64[:, ::1], float64[:, :])"
)
def rolling_band_energy(values, _window, _min_periods, _propagate, circle, slopes, taps, gains, bands, energy):
    """Fill ``energy`` with the sums of squares of transforms, NaN where a window has not ``len(circle)`` finite values.

    ``circle`` holds the cosines and sines of the angles of the roots of unity, ``slopes`` the reciprocals of ``w - 1``.
    """
    width = np.int64(circle.shape[0])
    rows, columns = np.int64(energy.shape[0]), np.int64(values.shape[1])
    history = np.int64(values.shape[0]) - rows
    chunk = max(min(max(np.int64(CHUNK), 2 * width), rows), np.int64(1))
    room = chunk + width
    steps, back, run = np.empty(room), np.empty(chunk), np.empty(room, np.int64)
    work, spectra, held = np.empty((4, room)), np.empty((3, 2, chunk)), np.empty(3, np.int64)
    total = np.empty(chunk)
    many_bands = np.int64(bands.shape[0])
    for column in range(columns):
        for start in range(0, rows, chunk):
            stop = min(start + chunk, rows)
            low = max(np.int64(0), history + start + 1 - width)
            length = history + stop - low
            many = max(np.int64(0), length - width + 1)  # windows that are whole; they are the last ones
            lost = stop - start - many
            load_steps(values, column, low, length, width, steps, back, run)
            held[:] = -1
            for band in range(many_bands):
                for i in range(many):
                    total[i] = 0.0
                for frequency in range(bands[band, 0], bands[band, 1]):
                    first = frequency if taps[1] == 0.0 else max(np.int64(0), frequency - 1)
                    last = frequency if taps[1] == 0.0 else min(frequency + 1, width // 2)
                    for needed in range(first, last + 1):
                        if held[needed % 3] != needed:
                            held[needed % 3] = needed
                            here = spectra[needed % 3]
                            transform(steps, back, circle, slopes, needed, many, work, here[0], here[1])
                    add_energy(spectra, frequency, width, taps, gains[frequency], many, total)
                for i in range(lost):
                    energy[start + i, column * many_bands + band] = np.nan
                for i in range(many):
                    found = total[i] if run[i + width - 1] >= width else np.nan
                    energy[start + lost + i, column * many_bands + band] = found
    return np.int64(-1)
