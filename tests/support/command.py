"""The command line in this process."""

from typer.testing import CliRunner

from flows.cli import app


def invoke(*arguments: str) -> str:
    """Run a command that succeeds; return its output."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output
