"""Texts as points in time, whatever mixture of formats a historian and a spreadsheet have left in one column.

A text is a date, and a time of the day that may lack. Dates that begin with a year of four digits or name their month
say all themselves; ``1/2/2024`` is read in every order, and the file decides which one holds (:mod:`.chronology`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ORDERS = {"mdy": "month, day, year", "dmy": "day, month, year", "ymd": "year, month, day"}

NAT = np.iinfo(np.int64).min
"""What is no time."""

DATE = (
    r"^(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})[-/.](?P<second>\d{1,2}|[A-Za-z]{3,9})[-/.](?P<third>\d{4}|\d{2}))$"
)
CLOCK = (
    r"^(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECOND, _DAY = 10**9, 86_400 * 10**9
_YEARS = 1678, 2261
"""Years that nanoseconds since 1970 hold whole."""


@dataclass(frozen=True)
class Times:
    """Nanoseconds since 1970 of some texts, ``NAT`` for those that are no time, and which of them tell their zone.

    ``readings`` has one array for each order; those of texts that depend on no order are the same in all of them.
    """

    readings: dict[str, np.ndarray]
    zoned: np.ndarray


def looks_like_time(text: str) -> bool:
    """Return whether a text has the form of a date, with or without a time of the day."""
    date, _, clock = _SPLIT.sub(r"\1 \2", text.strip()).partition(" ")
    return bool(re.match(DATE, date)) and (not clock or bool(re.match(CLOCK, clock.strip())))


def looks_like_clock(text: str) -> bool:
    """Return whether a text has the form of a time of the day."""
    return bool(re.match(CLOCK, text.strip()))


_SPLIT = re.compile(r"(\d)T(\d)")
_MIDNIGHT = " 0:00"


def times(texts: pa.Array) -> Times:
    """Read texts as points in time, in every order.

    Texts with a zone or an offset become UTC; whether they may stand beside others is for the caller to say.
    """
    for kind, zoned in ((pa.timestamp("ns"), False), (pa.timestamp("ns", "UTC"), True)):
        if not _iso(texts):
            break
        try:  # four times as fast as what follows, and five times as slow where it fails
            values = pc.cast(texts, kind).cast(pa.int64())
        except pa.ArrowInvalid:
            continue
        found = pc.fill_null(values, NAT).to_numpy(zero_copy_only=False)
        return Times(dict.fromkeys(ORDERS, found), np.full(len(found), zoned))
    texts = pc.utf8_trim_whitespace(texts)
    if pc.any(pc.match_substring(texts, "T")).as_py():
        texts = pc.replace_substring_regex(texts, _SPLIT.pattern, r"\1 \2")
    # Days and times of the day repeat: each is read once. Every text gets a second part, so that it can be taken.
    parts = pc.split_pattern(pc.binary_join_element_wise(texts, _MIDNIGHT, ""), " ", max_splits=1)
    dates, clocks = (pc.list_element(parts, place).dictionary_encode() for place in (0, 1))
    days = _dates(dates.dictionary)
    at_day, at_clock = (pc.fill_null(c.indices, -1).to_numpy(zero_copy_only=False) for c in (dates, clocks))
    given = pc.utf8_trim_whitespace(pc.replace_substring_regex(clocks.dictionary, f"(.){_MIDNIGHT}$", r"\1"))
    of_day, zones = _clocks(given)
    since_midnight = _taken(of_day, at_clock)
    readings = {}
    for order, values in days.items():
        midnight = _taken(values, at_day)
        missing = (midnight == NAT) | (since_midnight == NAT)
        readings[order] = np.where(missing, NAT, np.where(missing, 0, midnight) + np.where(missing, 0, since_midnight))
    return Times(readings, _taken(zones, at_clock, False))


def _iso(texts: pa.Array) -> bool:
    """Return whether a few texts begin as ISO 8601 has it."""
    few = (texts[place].as_py() for place in {0, len(texts) // 2, len(texts) - 1} if 0 <= place < len(texts))
    return all(re.match(r"\d{4}-\d\d-\d\d", text or "") for text in few)


def _taken(values: np.ndarray, places: np.ndarray, missing: int | bool = NAT) -> np.ndarray:
    return np.append(values, np.array(missing, values.dtype))[places]


def _fields(texts: pa.Array, pattern: str) -> tuple[dict[str, pa.Array], np.ndarray]:
    """Return the named groups of a pattern, empty where a text does not match, and which do."""
    fields = pc.extract_regex(texts, pattern)
    names = re.compile(pattern).groupindex
    found = fields.is_valid().to_numpy(zero_copy_only=False)
    return {name: pc.fill_null(pc.struct_field(fields, name), "") for name in names}, found


def _numbers(texts: pa.Array) -> np.ndarray:
    """Return texts of digits as integers, -1 for those that are empty."""
    return pc.cast(pc.if_else(pc.equal(texts, ""), "-1", texts), pa.int64()).to_numpy(zero_copy_only=False)


def _dates(texts: pa.Array) -> dict[str, np.ndarray]:
    """Return the nanoseconds from 1970 to the midnight before each date, in every order."""
    fields, found = _fields(texts, DATE)
    year, month, day = (_numbers(fields[name]) for name in ("year", "month", "day"))
    named = pc.match_substring_regex(fields["second"], "[A-Za-z]").to_numpy(zero_copy_only=False)
    names = pc.utf8_slice_codeunits(pc.utf8_lower(fields["second"]), 0, 3)
    by_name = pc.fill_null(pc.index_in(names, pa.array(_MONTHS)), -1).to_numpy(zero_copy_only=False) + 1
    first, second = _numbers(fields["first"]), _numbers(pc.if_else(pa.array(named), "", fields["second"]))
    third = _numbers(fields["third"])
    short = pc.equal(pc.utf8_length(fields["third"]), 2).to_numpy(zero_copy_only=False)
    last = np.where(short, _century(third), third)
    readings = {}
    for order in ORDERS:
        y, m, d = year, month, day
        if order == "ymd":
            y, m, d = (
                np.where(year >= 0, known, np.where(short & ~named, own, -1))
                for known, own in ((year, _century(first)), (month, second), (day, third))
            )
        else:
            own_month, own_day = (first, second) if order == "mdy" else (second, first)
            y, m, d = (
                np.where(year >= 0, known, own) for known, own in ((year, last), (month, own_month), (day, own_day))
            )
        y, m, d = np.where(named, last, y), np.where(named, by_name, m), np.where(named, first, d)
        readings[order] = np.where(found, _midnight(y, m, d), NAT)
    return readings


def _century(years: np.ndarray) -> np.ndarray:
    """Return years of two digits in full, from 1969 to 2068, as POSIX has it."""
    return years + np.where(years >= 69, 1900, 2000)


def _midnight(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return the nanoseconds from 1970 to a date, ``NAT`` where there is no such date or it is too far."""
    good = (year >= _YEARS[0]) & (year <= _YEARS[1]) & (month >= 1) & (month <= 12) & (day >= 1)
    year, month, day = (np.where(good, field, 1) for field in (year, month, day))
    months = (np.where(good, year, 1970) - 1970) * 12 + month - 1
    begin, end = (m.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for m in (months, months + 1))
    good &= begin + day - 1 < end
    return np.where(good, np.where(good, begin + day - 1, 0) * _DAY, NAT)


def _clocks(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the nanoseconds from midnight in UTC to each time of the day, and which of them tell their zone."""
    fields, found = _fields(texts, CLOCK)
    hour, minute, second = (_numbers(fields[name]) for name in ("hour", "minute", "second"))
    second = np.maximum(second, 0)
    fraction = _numbers(pc.utf8_slice_codeunits(pc.utf8_rpad(fields["fraction"], 9, "0"), 0, 9))
    half = pc.utf8_lower(fields["half"]).to_numpy(zero_copy_only=False)
    twelve = half != ""
    good = found & (minute < 60) & (second < 60) & np.where(twelve, (hour >= 1) & (hour <= 12), hour < 24)
    hour = np.where(twelve, hour % 12 + np.where(half == "pm", 12, 0), hour)
    offset, bad = _offsets(fields["zone"])
    seconds = hour * 3600 + minute * 60 + second - offset
    zoned = pc.not_equal(fields["zone"], "").to_numpy(zero_copy_only=False)
    return np.where(good & ~bad, seconds * _SECOND + fraction, NAT), zoned


def _offsets(zones: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds that clocks of these zones are ahead of UTC, and which have no such offset."""
    digits = pc.replace_substring_regex(zones, "[^0-9]", "")
    amounts = _numbers(pc.utf8_slice_codeunits(pc.utf8_rpad(digits, 4, "0"), 0, 4))
    hours, minutes = np.divmod(amounts, 100)
    sign = np.where(pc.starts_with(zones, "-").to_numpy(zero_copy_only=False), -1, 1)
    return sign * (hours * 3600 + minutes * 60), (hours > 15) | (minutes > 59)
