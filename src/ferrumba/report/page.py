"""Reports as one HTML file each with its picture inside."""

from __future__ import annotations

import base64
from importlib import resources
from typing import Any


def _template(name: str) -> str:
    return (resources.files("ferrumba.report") / name).read_text(encoding="utf-8")


def render(name: str, picture: bytes, **facts: Any) -> str:
    """Return a page; ``name`` is that of a template beside this file, and ``facts`` are the names used in it."""
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return templates.get_template(name).render(picture=base64.b64encode(picture).decode("ascii"), **facts)
