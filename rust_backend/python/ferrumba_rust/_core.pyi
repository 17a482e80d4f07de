from collections.abc import Callable
from typing import Any

PROTOCOL: int
VERSION: str
KERNELS: dict[str, tuple[int, Callable[..., int]]]

def info() -> dict[str, Any]: ...
