"""How many examples a property is tried on, in the quick profile and in the long one."""

from hypothesis import HealthCheck, settings

QUICK, LONG = 100, 1_000


def register() -> None:
    """Register both profiles, and load the quick one.

    `quick` takes the same examples each time; `long` takes others each time, ten times as many, and
    prints what brings a failure back.
    """
    # However busy the machine is.
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("quick", patient, derandomize=True, max_examples=QUICK)
    settings.register_profile("long", patient, print_blob=True, max_examples=LONG)
    settings.load_profile("quick")


def examples(quick: int) -> settings:
    """Return the settings of a property that takes so many examples in the quick profile."""
    return settings(max_examples=quick * settings().max_examples // QUICK)
