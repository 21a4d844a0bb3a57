"""The number of examples of each property, in the quick and the long profile."""

from hypothesis import HealthCheck, settings

QUICK, LONG = 100, 1_000


def register() -> None:
    """Register both profiles, and load the quick one.

    `quick` takes the same examples each time; `long` takes ten times as many, other ones each time,
    and prints how to reproduce a failure.
    """
    # No time limits, because the machine may be busy.
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("quick", patient, derandomize=True, max_examples=QUICK)
    settings.register_profile("long", patient, print_blob=True, max_examples=LONG)
    settings.load_profile("quick")


def examples(quick: int) -> settings:
    """Return the settings of a property with this number of examples in the quick profile."""
    return settings(max_examples=quick * settings().max_examples // QUICK)
