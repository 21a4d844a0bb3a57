"""The help of the commands: examples, and flags without the type of their value."""

from typing import Any

from typer.core import TyperCommand, TyperGroup


def examples(*lines: str) -> str:
    """Return the end of a command's help."""
    return "\n".join(["Examples:", *(f"  {line}" for line in lines)])


class Command(TyperCommand):
    """A command whose flags show no `<bool>`."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters for a context."""
        return _plain_flags(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose flags show no `<bool>`."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters for a context."""
        return _plain_flags(super().get_params(ctx))


def _plain_flags(parameters: Any) -> Any:
    for each in parameters:
        if getattr(each, "is_flag", False):
            each.metavar = ""
    return parameters
