"""Files of sensors as historians and spreadsheets leave them."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import data_file

from ferrumba.cli import readers
from ferrumba.cli.console import Failure
from ferrumba.cli.sensors import Source, open_sensors


def read(path, **options):
    """Return the times, the values by name, and the notes."""
    file = open_sensors(Source(path, **options))
    blocks = list(file.blocks())
    times = pa.chunked_array([file.time_column(b.times) for b in blocks], file.time.type).to_pandas()
    values = np.concatenate([np.empty((0, len(file.names))), *(b.values for b in blocks)])  # noqa: PD011 - not pandas'
    if file.rising:
        assert len(values) == file.rows
    return pd.DataFrame(values, times, file.names), file.told()


def refusal(path, **options):
    with pytest.raises(Failure) as failure:
        read(path, **options)
    return str(failure.value)


def spreadsheet(begin, rows, freq, day_first=False):
    """Return times as texts of which a spreadsheet took those with a day up to 12 for dates, and rewrote them."""
    texts, stamps = [], pd.date_range(begin, periods=rows, freq=freq)
    for stamp in stamps:
        pair = (stamp.day, stamp.month) if day_first else (stamp.month, stamp.day)
        if stamp.day <= 12:
            texts.append(f"{pair[0]:02d}-{pair[1]:02d}-{stamp.year} {stamp:%H:%M}")
        else:
            texts.append(f"{pair[0]}/{pair[1]}/{stamp.year} {stamp.hour}:{stamp.minute:02d}")
    return texts, stamps


@pytest.mark.parametrize("day_first", [False, True])
@pytest.mark.parametrize("piece", [1 << 17, 1000])
def test_rows_rewritten_by_a_spreadsheet(write, monkeypatch, day_first, piece):
    monkeypatch.setattr(readers, "ROWS", piece)
    monkeypatch.setattr(readers, "CSV_BYTES", 16 * piece)
    texts, stamps = spreadsheet("2023-11-28", 6000, "30min", day_first)
    path = write("s.csv", "TS,a\n" + "".join(f"{text},{i}\n" for i, text in enumerate(texts)))
    found, notes = read(path)
    assert found.index.tolist() == stamps.tolist()
    assert found.a.tolist() == list(range(6000))
    assert notes == ["TS is read as dmy: day, month, year" if day_first else "TS is read as mdy: month, day, year"]
    order, wrong = ("dmy", "mdy") if day_first else ("mdy", "dmy")
    assert read(path, order=order)[0].equals(found)
    assert "which is no time as " + wrong in refusal(path, order=wrong)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_dates_are_right_or_refused(write, data):
    """Never silently wrong: whatever the beginning, the steps, the order and the mixture of forms."""
    order = data.draw(st.sampled_from(["mdy", "dmy"]))
    day, month = ("%d", "%m") if order == "dmy" else ("%m", "%d")
    forms = [f"{day}/{month}/%Y %H:%M", f"{day}-{month}-%Y %H:%M", f"{day}.{month}.%y %I:%M %p", "%Y-%m-%d %H:%M"]
    stamp = data.draw(st.datetimes(pd.Timestamp(2020, 1, 1), pd.Timestamp(2024, 12, 31))).replace(
        second=0, microsecond=0
    )
    steps = [dt.timedelta(hours=h) for h in (0.25, 1, 12, 24, 24 * 7, 24 * 29, 24 * 31)]
    regular = data.draw(st.sampled_from([*steps, None]))
    stamps = []
    for _ in range(data.draw(st.integers(1, 30))):
        stamps.append(stamp)
        stamp += regular or data.draw(st.sampled_from(steps))
    mixture = data.draw(st.lists(st.sampled_from(forms), min_size=1, max_size=2))
    texts = [stamp.strftime(data.draw(st.sampled_from(mixture))) for stamp in stamps]
    path = write("s.csv", "ts,a\n" + "".join(f"{text},1\n" for text in texts))
    try:
        found, _ = read(path)
    except Failure:
        found, _ = read(path, order=order)
    assert found.index.tolist() == stamps


def test_orders_that_both_rise(write):
    """Days of a month, or months of a year: only hours tell."""
    path = write("s.csv", "time,a\n" + "".join(f"1/{day}/2024,1\n" for day in range(2, 13)))
    assert (
        "the dates of time rise as mdy (month, day, year), up to 2024-01-12 and dmy (day, month, year), up to "
        "2024-12-01; tell which with --date-order" in refusal(path)
    )
    assert read(path, order="mdy")[0].index[-1] == pd.Timestamp(2024, 1, 12)
    assert read(path, order="dmy")[0].index[-1] == pd.Timestamp(2024, 12, 1)
    hourly = write("h.csv", "time,a\n" + "".join(f"1/{d}/24 {h}:00,1\n" for d in range(2, 13) for h in range(24)))
    found, notes = read(hourly)
    assert found.index[-1] == pd.Timestamp("2024-01-12 23:00")
    assert "time is read as mdy: month, day, year" in notes


def test_orders_of_which_none_rises(write):
    said = refusal(write("s.csv", "TS,a\n5/1/2024,1\n1/5/2024,2\n5/1/2024,2\n"))
    assert "the dates of TS rise in no order: as mdy (month, day, year), row 2 goes back from 2024-05-01" in said
    assert "as dmy (day, month, year), row 3 goes back from 2024-05-01 to 2024-01-05" in said
    assert "tell the order with --date-order" in said


def test_dates_that_depend_on_no_order(write):
    for text in ("2024-01-0{}", "0{}-Jan-2024", "2024.01.0{} 00:00"):
        found, notes = read(write("s.csv", "ts,a\n" + "".join(f"{text.format(i)},{i}\n" for i in range(1, 5))))
        assert found.index.tolist() == pd.date_range("2024-01-01", periods=4).tolist()
        assert notes == []


def test_offsets_that_change_within_the_file():
    found, notes = read(data_file("river", "datasets/water-flow.csv"))
    expected = pd.read_csv(data_file("river", "datasets/water-flow.csv"))
    assert found.index.equals(pd.DatetimeIndex(pd.to_datetime(expected.Time, utc=True)).as_unit("s"))
    assert found["Water flow [l/s]"].tolist() == expected["Water flow [l/s]"].tolist()
    assert str(found.index.tz) == "UTC"
    assert notes == []


def test_some_rows_with_an_offset(write):
    said = refusal(write("s.csv", "time,a\n2024-01-01 00:00,1\n2024-01-01T01:00Z,1\n"))
    assert "time tells its offset from UTC in row 2 and not in row 1" in said


@pytest.mark.parametrize("name", ["_data/seattle-temps.csv", "_data/sf-temps.csv"])
def test_real_temperatures(name):
    """The time column stands first in one and last in the other; an hour of the year is missing."""
    path = data_file("vega_datasets", name)
    found, notes = read(path)
    expected = pd.read_csv(path, parse_dates=["date"])
    assert len(found) == 8759
    assert found.index.tolist() == expected.date.tolist()
    assert found.temp.tolist() == expected.temp.tolist()
    assert notes == []


def test_real_occupancy():
    path = data_file("river", "drift/datasets/occupancy.csv")
    found, _ = read(path)
    expected = pd.read_csv(path, index_col="time", parse_dates=True)
    assert found.index.tolist() == expected.index.tolist()
    np.testing.assert_array_equal(found, expected)


EXPORT = (
    b'\xef\xbb\xbf"Point Name","Bearing, drive end",Flow,Mode,Dead\r\n'
    b"Description,Temperature of the bearing,,On or off,\r\n"
    b"Extended Name,,,,\r\n"
    b"Units,degC,m3/h,,\r\n"
    b"1/12/2024 23:50,61.5,NaN,on,NaN\r\n"
    b"1/13/2024,1e2,Bad,off,\r\n"
    b'1/13/2024 0:10," 62.0",-.5,on,NaN\r\n'
)


def test_export_of_a_historian(write):
    """A byte-order mark, a header of four rows, a comma in a name, and texts where numbers should be."""
    found, notes = read(write("s.csv", EXPORT))
    assert found.index.tolist() == pd.date_range("2024-01-12 23:50", periods=3, freq="10min").tolist()
    assert found.columns.tolist() == ["Bearing, drive end", "Flow", "Dead"]
    np.testing.assert_array_equal(found, [[61.5, np.nan, np.nan], [100, np.nan, np.nan], [62, -0.5, np.nan]])
    assert notes == [
        "the header has 4 rows, of which the first names the columns",
        "Point Name is read as mdy: month, day, year",
        "left out, as they hold no numbers or have no name: Mode",
        "without a single number: Dead",
        "Flow: 1 texts that are no numbers count as missing, the first 'Bad' in row 2",
    ]


def test_header_rows_given(write):
    path = write("s.csv", "ts,a\nsince,2024\n2024-01-01,1\n")
    assert (
        "row 1: ts is 'since', which is no time; correct it, or leave such rows out with --skip-invalid, or tell how"
        in (refusal(path))
    )
    assert read(path, header_rows=2)[0].a.tolist() == [1.0]


@pytest.mark.parametrize(
    ("header", "cells", "time"),
    [
        ("TS,a", "2024-01-01,1", None),
        ("a,Ts", "1,2024-01-01", None),
        ("a, Timestamp ", "1,2024-01-01", None),
        ("date,a", "2024-01-01,1", None),
        ("a,Time", "1,2024-01-01", None),
        ("when,a", "2024-01-01,1", None),
        ("t,a", "2024-01-01,1", None),
        ("when,since,a", "2024-01-01,2024-01-01,1", "when"),
        ("Date,Time,a", "2024-01-01,0:00,1", None),
        ("a,Time,date", "1,12:00 am,1-Jan-24", None),
    ],
)
def test_time_column_found(write, header, cells, time):
    found, _ = read(write("s.csv", f"{header}\n{cells}\n"), time=time)
    assert found.index.tolist() == [pd.Timestamp(2024, 1, 1)]
    assert found.columns.tolist() == ["a"]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,b\n1,2\n", {}, "the time column cannot be guessed; name it with --time-column NAME; the columns are a, b"),
        ("x,y,b\n2024-01-01,2024-01-01,2\n", {}, "the time column could be x or y"),
        ("time,date,b\n2024-01-01,2024-01-01,2\n", {}, "the time column could be time or date"),
        ("time,b\n1,2\n", {"time": "ts"}, "has no column 'ts' (--time-column)"),
        ("time,b\n2024-01-01,x\n", {}, "has no column of numbers beside time; the columns are time, b"),
        ("time,b,b\n2024-01-01,1,2\n", {}, "has several columns called b"),
        ("time,b\n2024-01-01,1\n", {"sensors": "c*"}, "has no column 'c*' (--columns)"),
        ("time,b\n2024-01-01,1\n,2\n", {}, "row 2: time is empty, which is no time"),
        ("time,b\n2024-01-01,1\nx,2\ny,2\n", {}, "row 2 (and 1 more): time is 'x', which is no time"),
        ("time,b\n2024-01-02,1\n2024-01-01,2\n", {}, "row 2: time goes back from 2024-01-02 to 2024-01-01"),
        ("time,b\n0.5,1\n0.25,2\n", {}, "row 2: time goes back from 0.5 to 0.25"),
        ("time,b\n0.5,1\n", {"order": "mdy"}, "--date-order is mdy, but time of"),
    ],
)  # fmt: skip
def test_refusals(write, text, options, said):
    assert said in refusal(write("s.csv", text), **options)


def test_times_that_are_plain_numbers(write):
    found, _ = read(write("s.csv", "t,a\n0,1\n0.1,2\n1e0,3\n"))
    assert found.index.tolist() == [0.0, 0.1, 1.0]


@pytest.mark.parametrize("piece", [1 << 17, 2])
def test_of_equal_times_the_last_stays(write, tmp_path, monkeypatch, piece):
    monkeypatch.setattr(readers, "ROWS", piece)
    stamps = pd.to_datetime(["2024-01-01"] * 3 + ["2024-01-02", "2024-01-03", "2024-01-03"])
    pq.write_table(pa.table({"ts": stamps, "a": [0.0, 1, 2, 3, 4, 5]}), tmp_path / "s.parquet")
    found, notes = read(tmp_path / "s.parquet")
    assert found.a.tolist() == [2.0, 3.0, 5.0]
    assert found.index.tolist() == pd.date_range("2024-01-01", periods=3).tolist()
    assert notes == ["rows left out, as a later row has the same time: 3 of 6"]


def test_sorted_on_demand(write):
    path = write("s.csv", "ts,a\n2024-01-03,1\n2024-01-01,2\n2024-01-03,3\n2024-01-02,4\n")
    assert "row 2: ts goes back from 2024-01-03 to 2024-01-01; pass --sort to sort all rows in memory" in refusal(path)
    found, notes = read(path, sort=True)
    assert found.index.tolist() == pd.date_range("2024-01-01", periods=3).tolist()
    assert found.a.tolist() == [2.0, 4.0, 3.0]
    assert notes == ["rows left out, as a later row has the same time: 1 of 4"]


def test_rows_without_a_time_left_out(write):
    found, notes = read(write("s.csv", "ts,a\n2024-01-01,1\n,2\nNaT,3\n2024-01-02,4\n"), skip_invalid=True)
    assert found.a.tolist() == [1.0, 4.0]
    assert notes == ["rows left out for want of a time: 2"]


def test_columns_chosen(write):
    path = write("s.csv", 'ts,a1,a2,b,"c, d"\n2024-01-01,1,2,3,4\n')
    for wanted, names in {"b": ["b"], "a*": ["a1", "a2"], "b, a1": ["b", "a1"], "c, d": ["c, d"]}.items():
        assert read(path, sensors=wanted)[0].columns.tolist() == names
    assert read(path, sensors='"c, d",b')[0].columns.tolist() == ["c, d", "b"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_types_of_parquet(tmp_path, unit, zone):
    stamps = pd.date_range("2024-03-30", periods=48, freq="1h", tz=zone).as_unit(unit)
    frame = pd.DataFrame(
        {
            "f4": np.arange(48, dtype="f4"),
            "i8": pd.array([1, None] * 24, "Int64"),
            "on": [True, False] * 24,
            "text": "x",
            "mode": pd.Categorical(["1.5", "2"] * 24),
        },
        stamps,
    )
    frame.to_parquet(tmp_path / "s.parquet")
    found, notes = read(tmp_path / "s.parquet")
    assert (found.index == stamps).all()
    assert found.index.tz == stamps.tz
    assert found.columns.tolist() == ["f4", "i8", "on", "mode"]
    assert found.iloc[0].tolist() == [0.0, 1.0, 1.0, 1.5]
    assert np.isnan(found["i8"].iloc[1])
    assert notes == ["left out, as they hold no numbers or have no name: text"]


def test_dates_of_parquet_without_a_time(tmp_path):
    days = pd.to_datetime(["2024-01-01", None]).to_series()
    pq.write_table(pa.table({"day": pa.array(days).cast(pa.date32()), "a": [1, 2]}), tmp_path / "s.parquet")
    assert "row 2: day is missing, which is no time" in refusal(tmp_path / "s.parquet")
    pq.write_table(pa.table({"time": pa.array([1, 2], pa.time32("ms")), "a": [1, 2]}), tmp_path / "t.parquet")
    assert "is of type time32[ms], which is no point in time" in refusal(tmp_path / "t.parquet")


def test_numpy_records(tmp_path):
    rows = np.array([("2024-01-01", 1.5), ("2024-01-02", 2.5)], [("ts", "M8[s]"), ("a", "f8")])
    np.save(tmp_path / "s.npy", rows)
    found, _ = read(tmp_path / "s.npy")
    assert found.a.tolist() == [1.5, 2.5]
    assert found.index.tolist() == pd.date_range("2024-01-01", periods=2).tolist()


def test_no_rows(write):
    found, notes = read(write("s.csv", "ts,a\n"))
    assert found.shape == (0, 1)
    assert notes == ["without a single number: a"]
