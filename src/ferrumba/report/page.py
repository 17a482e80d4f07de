"""The report of a demonstration as one HTML file with its picture inside."""

from __future__ import annotations

import base64
from importlib import resources
from typing import Any


def render(picture: bytes, **facts: Any) -> str:
    """Return the page; ``facts`` are the names used in ``page.html``."""
    import jinja2

    text = (resources.files("ferrumba.report") / "page.html").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(text)
    return template.render(picture=base64.b64encode(picture).decode("ascii"), **facts)
