"""The check of an ``order`` argument, which is a usage error whatever becomes of invalid rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ferrumba.dispatch.public import adapter, as_array
from ferrumba.healpix.declarations import MAX_ORDER, ORDER, order_fault


def check_order(order: Any, highest: int = MAX_ORDER) -> Any:
    """Return ``order`` unchanged, or raise if any element is not an integer from 0 to ``highest``.

    Raises
    ------
    TypeError
        If it is not of an integer type.
    ValueError
        If an element is out of range; the first is named.
    """
    if type(order) is int:
        if fault := order_fault(order, highest):
            raise ValueError(f"order {fault}")
        return order
    if adapter((order,)):
        return order
    array = as_array(ORDER, order)
    if array.size and (array.min() < 0 or array.max() > highest):
        row = int(np.argmax((array.reshape(-1) < 0) | (array.reshape(-1) > highest)))
        index = "" if array.ndim == 0 else f"at index {', '.join(map(str, np.unravel_index(row, array.shape)))}: "
        raise ValueError(f"{index}order {order_fault(int(array.reshape(-1)[row]), highest)}")
    return order
