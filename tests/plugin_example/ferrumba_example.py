"""A backend for Ferrumba in NumPy: two kernels of the HEALPix family."""

import numpy as np


def nested_to_uniq(nested, order, out):
    """Fill ``out`` with UNIQ ids; return the first invalid row or -1."""
    valid = (order >= 0) & (order <= 29)
    shift = 2 * np.where(valid, order, 0)
    valid = valid & (nested >= 0) & (nested < np.int64(12) << shift)
    out[...] = np.where(valid, nested + (np.int64(4) << shift), -1)
    return -1 if valid.all() else int(np.argmin(valid))


def morton_order(morton, out):
    """Fill ``out`` with orders; return the first invalid row or -1."""
    digits = [str(abs(value)) for value in morton.tolist()]
    valid = [len(text) < 20 and text[0] in "123456" and set(text[1:]) <= set("1234") for text in digits]
    out[...] = [len(text) - 1 if good else -1 for text, good in zip(digits, valid, strict=True)]
    return -1 if all(valid) else valid.index(False)


class backend:  # noqa: N801 - an object by its use
    PROTOCOL = 1
    VERSION = "1.0"
    MANIFEST = {"healpix.nested_to_uniq": 1, "healpix.morton_order": 1}
    load = staticmethod({"healpix.nested_to_uniq": nested_to_uniq, "healpix.morton_order": morton_order}.__getitem__)
    info = staticmethod(lambda: {"profile": "release", "numpy": np.__version__})
