"""The calibration table: measured seconds of every kernel on every backend at a few sizes, in a readable JSON file.

``auto`` looks the answer up; nothing is timed during a call. A table counts for a kernel only at the kernel's present
revision. Where the contract lets a choice be seen, one backend is taken for all sizes.
"""

from __future__ import annotations

import functools
import json
import math
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ferrumba.dispatch import environment
from ferrumba.dispatch.kernel import Kernel
from ferrumba.errors import InvalidBackendRequest

FORMAT = 1
MARGIN = 1.10
"""The reference is taken only where it is this much faster: a plug-in needs no compilation at its first call."""


def user_folder(kind: str) -> Path:
    """Return the user's folder for ``"config"`` or ``"cache"`` files of Ferrumba; it may not exist."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ferrumba" / kind
    if sys.platform == "darwin":
        return Path.home() / "Library" / ("Caches" if kind == "cache" else "Application Support") / "ferrumba"
    return Path(os.environ.get(f"XDG_{kind.upper()}_HOME") or Path.home() / f".{kind}") / "ferrumba"


def user_path() -> Path:
    """Return the file that ``ferrumba calibrate`` writes: ``FERRUMBA_CALIBRATION`` or the user's own."""
    named = environment.text("FERRUMBA_CALIBRATION")
    return Path(named) if named and named != "off" else user_folder("config") / "calibration.json"


def processor() -> str:
    """Return the model name of this machine's processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']!r}, not {FORMAT}")
        for entry in found["kernels"].values():
            entry["revision"] + 0
            if not all(len(times) == len(entry["sizes"]) for times in entry["seconds"].values()):
                raise ValueError("a row of seconds does not match its sizes")
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise InvalidBackendRequest(
            f"calibration table {source} cannot be read ({fault!r}); "
            "run 'ferrumba calibrate' or set FERRUMBA_CALIBRATION=off"
        ) from fault
    found["source"] = source
    return found


@functools.cache
def table() -> dict[str, Any] | None:
    """Return the table in force, with its ``source``, or None when it is switched off.

    ``FERRUMBA_CALIBRATION`` first; then the user's own, if it was measured on this processor; then the shipped one.
    """
    named = environment.text("FERRUMBA_CALIBRATION")
    if named == "off":
        return None
    if named:
        try:
            return _parse(Path(named).read_text(), named)
        except OSError as fault:
            raise InvalidBackendRequest(
                f"FERRUMBA_CALIBRATION={named!r} cannot be read ({fault.strerror}); name a file, 'off', or unset it"
            ) from fault
    try:
        own = _parse(user_path().read_text(), str(user_path()))
        if own["machine"]["processor"] == processor():
            return own
    except (OSError, RuntimeError):
        pass
    return _parse(Path(__file__).with_name("calibration.json").read_text(), "shipped table")


def _ratio(entry: dict[str, Any], kernel: Kernel, rows: int, name: str, other: str) -> tuple[float, str]:
    """Return how many times faster ``name`` is than ``other``, and where that was seen."""
    sizes = entry["sizes"]
    ratios = [slow / fast for slow, fast in zip(entry["seconds"][other], entry["seconds"][name], strict=True)]
    if not kernel.contract.switchable:
        return math.prod(ratios) ** (1 / len(ratios)), "over all sizes"
    nearest = min(range(len(sizes)), key=lambda i: abs(math.log(max(rows, 1) / sizes[i])))
    return ratios[nearest], f"at {sizes[nearest]:,} rows"


def fastest(kernel: Kernel, rows: int, offers: Sequence[str]) -> tuple[str, str]:
    """Return which of the offered backends the table holds to be fastest, and why.

    Parameters
    ----------
    offers : sequence of str
        Backends that can serve the kernel, the reference first.

    Returns
    -------
    name, reason : str
    """
    reference, *plugins = offers
    if not plugins:
        return reference, "the reference: no other backend offers this kernel"
    found = table()
    if found is None:
        return reference, "the reference: calibration is off"
    entry = found["kernels"].get(kernel.name)
    if entry is None or entry["revision"] != kernel.revision or reference not in entry["seconds"]:
        return reference, f"the reference: {kernel.name} is not in the calibration table ({found['source']})"
    best, best_ratio, best_where = reference, MARGIN**-1, ""
    for name in plugins:
        if name in entry["seconds"]:
            ratio, where = _ratio(entry, kernel, rows, name, reference)
            if ratio > best_ratio:
                best, best_ratio, best_where = name, ratio, where
    if best != reference:
        return best, f"calibration ({found['source']}): {best} takes 1/{best_ratio:.2g} of numba's time {best_where}"
    return reference, f"calibration ({found['source']}): no plug-in comes within 10 % of numba at {rows:,} rows"


def write(measured: dict[str, Any], path: Path) -> None:
    """Write a table whole or not at all."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(measured, file, indent=1)
            file.write("\n")
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
