"""Texts as points in time, against the standard library and pandas."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrumba.cli.timestamps import NAT, ORDERS, looks_like_clock, looks_like_time, times


def read(*texts, order="mdy"):
    found = times(pa.array(texts, pa.string())).readings[order]
    return [
        None if value == NAT else str(np.datetime64(int(value), "ns")).removesuffix(".000000000") for value in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010/01/01 00:00", "2010-01-01T00:00:00"),
        ("2010-1-2", "2010-01-02T00:00:00"),
        ("2010.01.02 3:04:05", "2010-01-02T03:04:05"),
        ("2022-03-20T11:00:00+01:00", "2022-03-20T10:00:00"),
        ("2022-03-20 11:00 -0530", "2022-03-20T16:30:00"),
        ("2022-03-20 11:00+02", "2022-03-20T09:00:00"),
        ("2022-03-20 11:00Z", "2022-03-20T11:00:00"),
        ("2022-03-20 11:00 UTC", "2022-03-20T11:00:00"),
        ("2024-01-01 00:00:00.1234567", "2024-01-01T00:00:00.123456700"),
        ("2024-01-01 00:00:00,5", "2024-01-01T00:00:00.500000000"),
        ("01-Feb-2024 23:00:00", "2024-02-01T23:00:00"),
        ("1-SEPT-24 1:00", "2024-09-01T01:00:00"),
        ("12/31/1969", "1969-12-31T00:00:00"),
        ("1/2/24 12:00 AM", "2024-01-02T00:00:00"),
        ("1/2/2024 12:30:00pm", "2024-01-02T12:30:00"),
        ("1/2/2024  1:05 PM", "2024-01-02T13:05:00"),
        ("01-02-2024 00:00", "2024-01-02T00:00:00"),
        (" 2/29/2024 ", "2024-02-29T00:00:00"),
    ],
)
def test_forms(text, expected):
    assert read(text) == [expected]
    # In a column of other forms, too.
    assert read("1/1/2024", text, None) == ["2024-01-01T00:00:00", expected, None]


@pytest.mark.parametrize(
    "text",
    [
        "", "bad", "2022-02-30", "2/29/2023", "13/13/2024", "0/1/2024", "1/0/2024", "1/2/2024 24:00", "1/2/2024 0:60",
        "1/2/2024 0:00:60", "1/2/2024 13:00 PM", "1/2/2024 0:00 AM", "1-Foo-2024", "1/2/9999", "0001-01-01", "1/2/024",
        "2024-01-01 00:00 +99", "2024-01-01 00:00 EST", "2024-01-01 x", "1/2/2024 1", "2024-01", "NaT",
    ],
)  # fmt: skip
def test_what_is_no_time(text):
    assert read(text, "1/1/2024") == [None, "2024-01-01T00:00:00"]


def test_orders():
    assert read("3/4/2024", "3/4/05", order="mdy") == ["2024-03-04T00:00:00", "2005-03-04T00:00:00"]
    assert read("3/4/2024", "3/4/05", order="dmy") == ["2024-04-03T00:00:00", "2005-04-03T00:00:00"]
    assert read("3/4/2024", "3/4/05", order="ymd") == [None, "2003-04-05T00:00:00"]
    for order in ORDERS:
        assert read("2024-03-04", "4-Mar-2024", order=order) == ["2024-03-04T00:00:00"] * 2


def test_zones_are_told():
    assert times(pa.array(["1/1/2024 0:00", "1/1/2024 0:00Z", None])).zoned.tolist() == [False, True, False]
    assert times(pa.array(["2024-01-01 00:00"])).zoned.tolist() == [False]
    assert times(pa.array(["2024-01-01T00:00:00+01:00"])).zoned.tolist() == [True]


FORMATS = {
    "mdy": ["%m/%d/%Y %H:%M:%S", "%m-%d-%Y %I:%M:%S %p", "%m.%d.%Y %H:%M:%S.%f", "%m/%d/%y %H:%M:%S"],
    "dmy": ["%d/%m/%Y %H:%M:%S", "%d-%m-%Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%d.%m.%y %H:%M:%S"],
    "ymd": ["%Y-%m-%dT%H:%M:%S%z", "%Y/%m/%d %H:%M:%S", "%y-%m-%d %H:%M:%S"],
}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_strftime_writes_is_read(data):
    order = data.draw(st.sampled_from(sorted(FORMATS)))
    moments = data.draw(st.lists(st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2068, 12, 31)), min_size=1))
    texts, expected = [], []
    for drawn in moments:
        form = data.draw(st.sampled_from(FORMATS[order]))
        hours = data.draw(st.integers(-14, 14)) if "%z" in form else 0
        micro = drawn.microsecond if "%f" in form else 0
        moment = drawn.replace(microsecond=micro, tzinfo=dt.timezone(dt.timedelta(hours=hours)))
        texts.append(moment.strftime(form))
        expected.append(pd.Timestamp(moment).value)
    assert times(pa.array(texts)).readings[order].tolist() == expected


def test_whole_columns_of_iso_8601():
    moments = pd.date_range("1999-12-31 22:00", periods=1000, freq="37min")
    for zone in (None, "Europe/Berlin"):
        stamps = moments.tz_localize(zone)
        found = times(pa.array(stamps.strftime("%Y-%m-%d %H:%M:%S%z")))
        np.testing.assert_array_equal(found.readings["dmy"], stamps.as_unit("ns").asi8)
        assert found.zoned.all() == (zone is not None)


def test_looks():
    assert looks_like_time("1/2/2024")
    assert looks_like_time("2022-03-20T11:00:00+01:00")
    assert not looks_like_time("17:24:00")
    assert not looks_like_time("12.5")
    assert not looks_like_time("Point Name")
    assert looks_like_clock("17:24:00")
    assert not looks_like_clock("2024-01-01")
