"""The documentation: guides in Markdown, the reference from docstrings, two tables from the code itself."""

from pathlib import Path

import ferrumba
from ferrumba.dispatch.registry import kernels

project = "Ferrumba"
author = "The Ferrumba developers"
copyright = f"2026, {author}"
version = release = ferrumba.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.viewcode", "numpydoc", "myst_parser"]
exclude_patterns = ["_build", "reference/generated"]
nitpicky = False  # types such as "array_like" in numpydoc sections are words, not targets

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc sections state the types in words
numpydoc_show_class_members = False
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Ferrumba {release}"

GENERATED = Path(__file__).parent / "reference" / "generated"


def kernels_table():
    """Return the declared kernels as a Markdown table."""
    rows = [
        "| kernel | revision | inputs | outputs | contract | what it computes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kernel in kernels().values():
        inputs, outputs = (
            ", ".join(f"{a.name} {a.dtype}" for a in arrays) for arrays in (kernel.inputs, kernel.outputs)
        )
        contract = kernel.contract.describe().partition(":")[0]
        rows.append(f"| `{kernel.name}` | {kernel.revision} | {inputs} | {outputs} | {contract} | {kernel.summary} |")
    contracts = dict.fromkeys(kernel.contract.describe() for kernel in kernels().values())
    return "\n".join([*rows, "", *(f"- {contract}." for contract in contracts), ""])


def commands_reference():
    """Return every command of ``ferrumba`` with its arguments and options, in Markdown."""
    import typer

    from ferrumba.cli.app import app

    group = typer.main.get_command(app)
    context = group.make_context("ferrumba", ["--help"], resilient_parsing=True)
    parts = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        parts += [
            f"## ferrumba {name}",
            "",
            (command.help or "").replace("\f", ""),
            "",
            "| argument | meaning |",
            "| --- | --- |",
        ]
        for parameter in command.params:
            record = parameter.get_help_record(context)
            shown = record[0] if record else parameter.human_readable_name
            text = record[1] if record else getattr(parameter, "help", None) or ""
            shown, text = shown.replace("|", "\\|"), text.replace("[", "\\[").replace("\n", " ")
            parts.append(f"| `{shown}` | {text} |")
        parts.append("")
    return "\n".join(parts)


def write_tables(_app):
    """Write the generated pages before Sphinx reads the sources; unchanged files keep their time stamp."""
    GENERATED.mkdir(parents=True, exist_ok=True)
    for name, make in {"kernels.md": kernels_table, "commands.md": commands_reference}.items():
        path, text = GENERATED / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app):
    """Register the hook above."""
    app.connect("builder-inited", write_tables)
