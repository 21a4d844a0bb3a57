"""Alarms to chat and mail, through Apprise."""

import logging
import re
from collections.abc import Sequence

from flows.config.errors import SettingError
from flows.config.masking import mask
from flows.config.plural import pluralize
from flows.monitoring.alarms import AlarmError, News, Send


def sender(urls: str, lake: str) -> Send:
    """Return a function that sends news.

    Args:
        urls: one or more addresses in the syntax of Apprise, such as `slack://…` or `mailto://…`.
        lake: location of the tables, which the alarm names.

    Raises:
        SettingError: Apprise does not know such an address; the message does not show it.
    """
    from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415 - takes a fifth of a second

    # Its messages show addresses, which hold passwords and tokens.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    receivers = Apprise()
    if not receivers.add(urls):
        message = (
            f"KEYSTONE_ALERT_URL: {_schemes(urls)} is not an address that Apprise knows, such as "
            "slack://, mailto:// or json://; its documentation lists them"
        )
        raise SettingError(message)

    def send(news: Sequence[News]) -> None:
        broken = sum(each.broken is not None for each in news)
        sent = receivers.notify(
            title=_title(broken, len(news) - broken),
            body="\n".join([*map(str, news), f"Lake: {mask(lake)}"]),
            notify_type=NotifyType.WARNING if broken else NotifyType.SUCCESS,
            body_format=NotifyFormat.TEXT,
        )
        if not sent:
            message = (
                f"the receiver of KEYSTONE_ALERT_URL ({_schemes(urls)}) did not take the alarm; "
                "the next check sends it again"
            )
            raise AlarmError(message)

    return send


def _title(broken: int, resolved: int) -> str:
    """Return the title of an alarm."""
    counts = {"broken": broken, "kept again": resolved}
    parts = (f"{pluralize(count, 'promise')} {how}" for how, count in counts.items() if count)
    return f"Keystone: {', '.join(parts)}"


def _schemes(urls: str) -> str:
    """Return addresses without what may be secret: all but their schemes."""
    found = re.findall(r"(?:^|[\s,])([a-z][a-z0-9]*)://", urls, re.IGNORECASE)
    return ", ".join(f"{scheme}://***" for scheme in found) or "***"
