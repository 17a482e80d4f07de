"""Which columns of a table hold what: by name, or guessed where there is exactly one answer."""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Collection, Sequence

from ferrumba.cli.console import Failure

DEGREES = ({"lat", "latitude"}, {"lon", "lng", "long", "longitude"})
PLANE = ({"y"}, {"x"})
"""Taken only where nothing is called latitude or longitude: tables often hold projected metres beside degrees."""


TIMES = {"ts", "time", "timestamp", "date", "datetime", "date_time", "date time", "time stamp"}


def _listed(columns: Sequence[str]) -> str:
    return f"the columns are {', '.join(columns)}" if columns else "there are no columns"


def named(columns: Sequence[str], name: str, option: str, path: str) -> int:
    """Return the position of the column with exactly this name."""
    found = [i for i, column in enumerate(columns) if column == name]
    if len(found) == 1:
        return found[0]
    problem = "has no column" if not found else f"has {len(found)} columns called"
    raise Failure(f"{path} {problem} {name!r} ({option}); {_listed(columns)}")


def _matches(columns: Sequence[str], names: Collection[str]) -> list[int]:
    return [i for i, column in enumerate(columns) if column.strip().lower() in names]


def _only(columns: Sequence[str], found: Sequence[int], kind: str, option: str, path: str) -> int:
    if len(found) == 1:
        return found[0]
    candidates = " or ".join(columns[i] for i in found)
    why = f"could be {candidates}" if found else "cannot be guessed"
    raise Failure(f"{path}: {kind} {why}; name it with {option} NAME; {_listed(columns)}")


def coordinates(columns: Sequence[str], lon: str | None, lat: str | None, path: str) -> tuple[int, int]:
    """Return the positions of the longitude and the latitude column.

    Parameters
    ----------
    columns : sequence of str
        All names, in order.
    lon, lat : str or None
        Names that the user gave.
    path : str
        The file, for errors.
    """
    given = (
        named(columns, lat, "--lat", path) if lat is not None else None,
        named(columns, lon, "--lon", path) if lon is not None else None,
    )
    degrees = [_matches(columns, names) for names in DEGREES]
    plane = [_matches(columns, names) for names in PLANE]
    guessed = plane if not any(degrees) else degrees
    kinds = (("the latitude column", "--lat"), ("the longitude column", "--lon"))
    at_lat, at_lon = (
        _only(columns, found, kind, option, path) if position is None else position
        for position, found, (kind, option) in zip(given, guessed, kinds, strict=True)
    )
    if at_lat == at_lon:
        raise Failure(f"{path}: column {columns[at_lat]!r} cannot hold both coordinates; {_listed(columns)}")
    return at_lon, at_lat


def axes(columns: Sequence[str], x: str | None, y: str | None, z: str | None, flat: bool, path: str) -> tuple[int, ...]:
    """Return the positions of the columns of two or three axes: those named, or those called x, y and z.

    Parameters
    ----------
    columns : sequence of str
        All names, in order.
    x, y, z : str or None
        Names that the user gave.
    flat : bool
        Whether there is no third axis, whatever the table has.
    path : str
        The file, for errors.
    """
    found = []
    for axis, name in (("x", x), ("y", y)) if flat else (("x", x), ("y", y), ("z", z)):
        if name is not None:
            found.append(named(columns, name, f"--{axis}", path))
        elif (matches := _matches(columns, {axis})) or axis != "z":
            found.append(_only(columns, matches, f"the column of {axis}", f"--{axis}", path))
    if len(set(found)) < len(found):
        name = next(columns[i] for i in found if found.count(i) > 1)
        raise Failure(f"{path}: column {name!r} cannot hold two coordinates; {_listed(columns)}")
    return tuple(found)


def times(columns: Sequence[str], dated: Collection[int], clocks: Collection[int], path: str) -> tuple[int, ...]:
    """Return the position of the time column, or those of a column of dates and one of times of the day.

    Parameters
    ----------
    columns : sequence of str
        All names, in order.
    dated, clocks : collection of int
        The columns that hold points in time, and those that hold times of the day without a date.
    path : str
        The file, for errors.
    """
    called = _matches(columns, TIMES)
    days, hours = [i for i in called if i in dated], [i for i in called if i in clocks]
    if len(days) == len(hours) == 1:
        return days[0], hours[0]
    found = called or sorted(dated) or _matches(columns, {"t"})
    return (_only(columns, found, "the time column", "--time-column", path),)


def several(columns: Sequence[str], wanted: str, option: str, path: str) -> list[int]:
    """Return the positions of columns by names or patterns between commas; quotes keep a comma in a name."""
    if wanted in columns:
        return [named(columns, wanted, option, path)]
    found: dict[int, None] = {}
    for name in next(csv.reader([wanted], skipinitialspace=True), []):
        matches = [i for i, column in enumerate(columns) if fnmatch.fnmatchcase(column, name)]
        found |= dict.fromkeys(matches or [named(columns, name, option, path)])
    return list(found)


def centres(columns: Sequence[str], lon: str | None, lat: str | None) -> tuple[str, str]:
    """Return names for columns of centres: those given, or lon and lat, with a suffix where one of them is taken."""
    suffix = "_centre" if {"lon", "lat"} & set(columns) else ""
    return lon or f"lon{suffix}", lat or f"lat{suffix}"


def ids(columns: Sequence[str], name: str | None, schemes: Sequence[str], path: str) -> int:
    """Return the position of the column of cell ids: the one named, or the one called like a scheme."""
    if name is not None:
        return named(columns, name, "--column", path)
    return _only(columns, _matches(columns, set(schemes)), "the column of cell ids", "--column", path)


def refuse_taken(columns: Sequence[str], new: Sequence[str], options: str, path: str) -> None:
    """Raise if a new column has the name of one that is there."""
    taken = [name for name in new if name in columns]
    if taken or len(set(new)) < len(new):
        names = " and ".join(dict.fromkeys(taken or new))
        raise Failure(f"{path} would get a second column {names}, and keeps what it has; name the new with {options}")
