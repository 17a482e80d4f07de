"""``ferrumba backends | kernels | explain | doctor``: what is there, what would be chosen, and what is wrong."""

from __future__ import annotations

import dataclasses
import os
import platform
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Any

import ferrumba
from ferrumba.cli import console
from ferrumba.dispatch import backends as present
from ferrumba.dispatch import calibration, choice, environment, registry
from ferrumba.dispatch.threads import thread_count

LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "pandas", "pyarrow", "typer", "rich", "matplotlib", "jinja2")


def _facts(backend: present.Backend) -> dict[str, Any]:
    declared = registry.kernels()
    refused = {name: why for name, kernel in declared.items() if (why := backend.refusal(kernel))}
    fault = backend.fault
    facts: dict[str, Any] = {
        "name": backend.name,
        "version": backend.version,
        "origin": backend.origin,
        "serves": len(declared) - len(refused),
        "declared": len(declared),
        "refused": refused if fault is None else {},
        "unknown": sorted(set(backend.manifest) - set(declared)),
        "fault": None if fault is None else f"{type(fault).__name__}: {fault}",
        "traceback": None if fault is None else "".join(traceback.format_exception(fault)),
        "info": {},
    }
    try:
        facts["info"] = backend.info() if fault is None else {}
    except Exception as broken:  # noqa: BLE001 - a report says what a plug-in raised, whatever it is
        facts["fault"] = f"info() raised {type(broken).__name__}: {broken}"
        facts["traceback"] = "".join(traceback.format_exception(broken))
    return facts


def told(info: dict[str, Any]) -> str:
    """Return facts about a build in a line."""
    words = {key.replace("_", " "): value for key, value in info.items()}
    return ", ".join(f"{key} {' '.join(value) if isinstance(value, list) else value}" for key, value in words.items())


def _print_backends(facts: list[dict[str, Any]]) -> None:
    shown = console.table("Backends", "name", "version", "from", "serves", "state")
    for f in facts:
        serves = f"{f['serves']} of {f['declared']} kernels"
        state = "ok" if f["fault"] is None else "[red]failed[/]"
        shown.add_row(f["name"], f["version"], f["origin"], serves, state)
    console.out().print(shown)
    for f in facts:
        if f["info"]:
            console.say(f"{f['name']}: {told(f['info'])}")


def backends(json: bool) -> None:
    """Print the backends that were found."""
    facts = [_facts(backend) for backend in present.backends().values()]
    if json:
        console.print_json(facts)
        return
    _print_backends(facts)
    for f in facts:
        if f["fault"]:
            console.say(f"{f['name']}: {f['fault']}; see: ferrumba doctor")


def kernels(json: bool) -> None:
    """Print the kernels with their contracts and the backends that serve them."""
    found: list[dict[str, Any]] = []
    for kernel in registry.kernels().values():
        served = [name for name, backend in present.backends().items() if backend.refusal(kernel) is None]
        found.append(
            {
                "name": kernel.name,
                "revision": kernel.revision,
                "inputs": {argument.name: argument.dtype for argument in kernel.inputs},
                "outputs": {output.name: output.dtype for output in kernel.outputs},
                "contract": kernel.contract.describe(),
                "backends": served,
                "summary": kernel.summary,
            }
        )
    if json:
        console.print_json(found)
        return
    shown = console.table("Kernels", "name", "revision", "backends", "what it computes", numbers=("revision",))
    for k in found:
        shown.add_row(k["name"], str(k["revision"]), ", ".join(k["backends"]), k["summary"])
    console.out().print(shown)
    for contract in dict.fromkeys(k["contract"] for k in found):
        names = [k["name"] for k in found if k["contract"] == contract]
        console.say(f"{'All' if len(names) == len(found) else ', '.join(names)}: {contract}.")


def explain(name: str, rows: int, backend: str | None, json: bool) -> None:
    """Print which backend would serve a call and why, with the threads it may use."""
    chosen = choice.explain(name, rows, backend)
    count, why = thread_count()
    if json:
        print_threads = {"threads": count, "threads_reason": why}
        console.print_json({**dataclasses.asdict(chosen), "rows": rows, **print_threads})
        return
    console.say(f"{chosen.kernel}, {rows:,} rows: {chosen.backend}, because of {chosen.reason}.")
    console.say(f"Threads: up to {count}, by {why}.")


class _Problems(list[str]):
    """The sentences of what is wrong; ``attempt`` adds one instead of raising."""

    def attempt(self, probe: Callable[[], Any], otherwise: Any = None) -> Any:
        """Return what a probe returns, or note its error and return ``otherwise``."""
        try:
            return probe()
        except Exception as fault:  # noqa: BLE001 - the command exists to show faults, whatever they are
            self.append(str(fault) if isinstance(fault, ValueError) else f"{type(fault).__name__}: {fault}")
            return otherwise


PROBES: dict[str, Callable[[], Any]] = {
    "FERRUMBA_FORCE_NUMBA": lambda: environment.flag("FERRUMBA_FORCE_NUMBA"),
    "MORTIE_FORCE_NUMBA": lambda: environment.flag("MORTIE_FORCE_NUMBA"),
    "FERRUMBA_NUM_THREADS": lambda: environment.thread_limit("FERRUMBA_NUM_THREADS"),
    "FERRUMBA_CALIBRATION": calibration.table,
    "FERRUMBA_BACKEND": lambda: choice.parse_rules(environment.text("FERRUMBA_BACKEND"), "FERRUMBA_BACKEND"),
}
"""How each variable that can be wrong is read; FERRUMBA_BACKEND last, since it reads others."""


def _unread() -> list[str]:
    plugins = [f"FERRUMBA_{point.name.upper()}_" for point in entry_points(group=present.GROUP)]
    known = (*environment.VARIABLES,)
    return [
        name
        for name in sorted(os.environ)
        if name.startswith("FERRUMBA_") and name not in known and not name.startswith(tuple(plugins))
    ]


@contextmanager
def _without_wrong_variables(problems: _Problems) -> Iterator[None]:
    """Note each variable that cannot be read and leave it out, so that the rest of the examination can go on."""
    before = dict(os.environ)
    choice.refresh()
    try:
        for name in _unread():
            problems.append(f"{name} is set, but Ferrumba reads no such variable; correct or unset it")
            del os.environ[name]
        for name, probe in PROBES.items():
            seen = len(problems)
            if name in os.environ:
                problems.attempt(probe)
            if len(problems) > seen:
                del os.environ[name]
                choice.refresh()
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        choice.refresh()


def _versions() -> dict[str, str]:
    found = {"ferrumba": ferrumba.__version__, "python": platform.python_version(), "system": platform.platform()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _numba_cache() -> str:
    from ferrumba.dispatch.jit_cache import cache_folder

    folder = cache_folder()
    return "off: compiled references stay in memory" if folder is None else str(folder)


def _calibration() -> dict[str, Any]:
    found = calibration.table()
    if found is None:
        return {"source": "off"}
    kernels = len(found["kernels"])
    return {"source": found["source"], "machine": found["machine"], "date": found.get("date"), "kernels": kernels}


def doctor(json: bool) -> int:
    """Print the state of the installation; return the exit code, 1 where anything is wrong."""
    problems = _Problems()
    variables = {name: os.environ.get(name) for name in environment.VARIABLES}
    variables |= {name: os.environ[name] for name in sorted(os.environ) if name.startswith("FERRUMBA_")}
    with _without_wrong_variables(problems):
        facts = problems.attempt(lambda: [_facts(backend) for backend in present.backends().values()], [])
        count, why = problems.attempt(thread_count, (1, "an error"))
        report = {
            "versions": _versions(),
            "processor": calibration.processor(),
            "environment": variables,
            "backends": facts,
            "threads": {"count": count, "reason": why},
            "calibration": problems.attempt(_calibration, {"source": "unreadable"}),
            "numba_cache": problems.attempt(_numba_cache, "unknown"),
        }
    problems += [f"backend {f['name']} ({f['origin']}): {f['fault']}" for f in facts if f["fault"]]
    report["problems"] = list(problems)
    if json:
        console.print_json(report)
    else:
        _print_report(report)
    return 1 if problems else 0


def _print_report(report: dict[str, Any]) -> None:
    versions = report["versions"] | {"processor": report["processor"]}
    variables = {name: "not set" if value is None else repr(value) for name, value in report["environment"].items()}
    for title, pairs in (("Versions", versions), ("Environment", variables)):
        shown = console.table(title, "name", "value")
        shown.show_header = False
        for name, value in pairs.items():
            shown.add_row(name, value, style="dim" if value in ("not set", "not installed") else None)
        console.out().print(shown)
    _print_backends(report["backends"])
    for f in report["backends"]:
        for sentence in f["refused"].values():
            console.say(f"not served: {sentence}")
        if f["unknown"]:
            console.say(f"{f['name']} offers kernels that are not declared: {', '.join(f['unknown'])}")
        if f["traceback"]:
            console.say(f"{f['name']} failed:\n{f['traceback'].rstrip()}")
    console.say(f"Threads: {report['threads']['count']}, by {report['threads']['reason']}.")
    source = report["calibration"]
    if "machine" in source:
        where, when = source["machine"].get("processor"), source["date"] or "undated"
        console.say(f"Calibration: {source['source']} ({source['kernels']} kernels, measured on {where}, {when}).")
    else:
        console.say(f"Calibration: {source['source']}.")
    console.say(f"Numba cache: {report['numba_cache']}.")
    for problem in report["problems"]:
        console.out().print(f"Problem: {problem}", style="red", markup=False, soft_wrap=True)
    if not report["problems"]:
        console.out().print("No problems found.", style="green")
