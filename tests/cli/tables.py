"""Tables that the tests of the command line read."""

import importlib.util
from pathlib import Path

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest


def data_file(package, path):
    """Return the path of a data file inside an installed package, which is not imported; skip where it is absent."""
    found = importlib.util.find_spec(package)
    if found is None:
        pytest.skip(f"{package} is not installed")
    return Path(found.origin).parent / path


def table(path):
    """Return the columns of a CSV (as written: strings keep their form), Parquet or NPY file."""
    if path.suffix == ".csv":
        names = pacsv.open_csv(path).schema.names
        options = pacsv.ConvertOptions(column_types=dict.fromkeys(names, "string"), strings_can_be_null=False)
        parsing = pacsv.ParseOptions(newlines_in_values=True)
        return pacsv.read_csv(path, parse_options=parsing, convert_options=options).to_pydict()
    return np.load(path) if path.suffix == ".npy" else pq.read_table(path).to_pydict()
