"""``ferrumba verify``: the conformance suite on the backends of this machine."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ferrumba.cli import console
from ferrumba.cli.selection import chosen
from ferrumba.dispatch.backends import backends
from ferrumba.errors import BackendUnavailable


def verify(patterns: Sequence[str], only: str | None, seed: int, json: bool) -> int:
    """Verify backends and print the outcome; return the exit code, 1 where any answer broke its contract."""
    from ferrumba.testing import conformance

    if only is not None and only not in backends():
        raise BackendUnavailable(f"--backend is {only!r}, which is not installed; present: {', '.join(backends())}")
    names = [kernel.name for kernel in chosen(patterns)]
    checks: dict[str, Counter[str]] = {}
    faults: list[dict[str, Any]] = []
    broken = {}
    for backend in [only] if only is not None else list(backends()):
        if (cause := backends()[backend].fault) is not None:
            broken[backend] = f"{type(cause).__name__}: {cause}"
            continue
        counted = checks[backend] = Counter()
        with console.err().status(f"verifying {backend}") as status:
            for result in conformance.verify(backend, names, seed=seed):
                status.update(f"verifying {backend}: {result.kernel}")
                counted[result.kernel] += 1
                if result.fault is not None:
                    faults.append({"backend": backend, **dataclasses.asdict(result)})
    passed = not faults and not broken
    if json:
        console.print_json({"passed": passed, "checks": checks, "faults": faults, "broken": broken})
        return 0 if passed else 1
    shown = console.table("Checks against the reference", "kernel", *checks, numbers=checks)
    for name in names:
        cells = []
        for backend, counted in checks.items():
            bad = sum(fault["backend"] == backend and fault["kernel"] == name for fault in faults)
            good = f"{counted[name]} ok" if counted[name] else "-"
            cells.append(f"[red]{bad} of {counted[name]} failed[/]" if bad else good)
        shown.add_row(name, *cells)
    console.out().print(shown)
    for fault in faults[:20]:
        where = f"{fault['backend']}, {fault['kernel']}, {fault['case']}, {fault['layout']}, {fault['threads']} threads"
        console.say(f"{where}: {fault['fault']}")
    for backend, sentence in broken.items():
        console.say(f"{backend} failed to load ({sentence}); see: ferrumba doctor")
    total = sum(sum(counted.values()) for counted in checks.values())
    console.say(f"{'Passed' if passed else 'FAILED'}: {total:,} checks, {len(faults):,} faults.")
    return 0 if passed else 1
