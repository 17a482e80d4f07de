"""The command line in this process, and the files that it reads."""

import json
import warnings

import pytest

# The lowest typer that is admitted imports names that the newest click deprecates.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from typer.testing import CliRunner

from ferrumba.cli.app import app


@pytest.fixture
def cli():
    """Return a function that runs a command, checks its exit code, and returns all that it printed as one line."""

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return run


@pytest.fixture
def cli_json():
    """Return a function that runs a command with ``--json`` and returns what it printed on standard output."""

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    return run


@pytest.fixture
def write(tmp_path):
    """Return a function that puts a text or bytes into a file and returns its path."""

    def put(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put
