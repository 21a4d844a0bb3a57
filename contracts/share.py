"""The largest share of a run's records that may break a rule, or go to quarantine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """A threshold. A plain number in a contract is a threshold that does not stop a run."""

    allowed: float
    """From 0 to 1."""
    stop: bool = False
    """Whether the tables downstream are held back if the share is larger."""

    def __post_init__(self) -> None:
        """Check the number.

        Raises:
            ValueError: it is no share.
        """
        if not 0 <= self.allowed <= 1:
            message = f"{self.allowed} is not a share; give a number from 0 to 1, such as 0.01"
            raise ValueError(message)

    def __format__(self, form: str) -> str:
        """Format the number: `f"{share:.1%}"`."""
        return format(self.allowed, form)


def as_share(given: "float | Share") -> Share:
    """Return a threshold that may be given as a plain number."""
    return given if isinstance(given, Share) else Share(given)


DEFAULT_SHARE = Share(0.01)
"""The share of a run's records that may go to quarantine if the contract does not say."""
