"""The command ``ferrumba``: typer and rich around the public functions; loaded by :func:`main` only."""

from __future__ import annotations

import sys

EXTRAS = {
    "cli": ("typer", "rich", "click", "pyarrow"),
    "report": ("matplotlib", "jinja2"),
}


def missing_extra(fault: ModuleNotFoundError) -> str | None:
    """Return the sentence that tells which extra brings a missing module, or None if none does."""
    module = (fault.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if module in modules:
            return f"the module {module!r} is not installed; run: pip install 'ferrumba[{extra}]'"
    return None


def main() -> int:
    """Run the command line; return or raise its exit code."""
    try:
        from ferrumba.cli.app import app
    except ModuleNotFoundError as fault:
        sentence = missing_extra(fault)
        if sentence is None:
            raise
        print(f"ferrumba: {sentence}", file=sys.stderr)
        return 1
    app(prog_name="ferrumba")
    return 0
