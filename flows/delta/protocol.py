"""The Delta features that a table uses, compared with those that Keystone reads and writes.

A writer that does not support a feature must not write, because it would break what the feature
guarantees: for instance, rows that Spark marked as deleted would come back. deltalake supports more
features than Keystone's own writer of data files does, and accepts all of them.
"""

import re

from deltalake import DeltaTable

from flows.config.errors import TableError, table_name


class UnsupportedFeatureError(TableError):
    """A table uses Delta features that Keystone does not support; names table and features."""


def check_writable(handle: DeltaTable) -> None:
    """Check that Keystone may write a table, or derive another one from it.

    Raises:
        UnsupportedFeatureError: it uses a feature that Keystone does not write.
    """
    if features := _not_writable(handle):
        name = table_name(handle.table_uri)
        message = (
            f"{name}: uses {', '.join(features)}, which Keystone does not write; nothing was "
            f"written. {_DROP}, or `keystone restore {name} --version N` to a version before it"
        )
        raise UnsupportedFeatureError(message)


def check_readable(handle: DeltaTable) -> None:
    """Check that the rows of a table can be read correctly.

    Raises:
        UnsupportedFeatureError: it uses a feature that Polars does not support.
    """
    protocol = handle.protocol()
    features = {*(protocol.reader_features or ())} - _READABLE
    if protocol.min_reader_version == _COLUMN_MAPPING:
        features = {"columnMapping"}
    if features:
        name = table_name(handle.table_uri)
        message = (
            f"{name}: uses {', '.join(sorted(features))}, which Keystone does not read. "
            f"{_DROP}, or `keystone restore {name} --version N` to a version before it"
        )
        raise UnsupportedFeatureError(message)


def translate_open_error(uri: str, error: Exception) -> None:
    """Raise a clear error if a table could not be opened because of a Delta feature.

    Raises:
        UnsupportedFeatureError: deltalake does not support a feature.
    """
    found = _OPEN_ERROR.search(str(error))
    if found:
        feature = found["feature"] or found["version"] or "catalogManaged"
        message = (
            f"{table_name(uri)}: uses {feature}, which Keystone does not read. "
            f"{_DROP}, or restore the table from a backup"
        )
        raise UnsupportedFeatureError(message) from error


def has_deletion_vectors(handle: DeltaTable) -> bool:
    """Return whether files of a table may hold rows that are marked as deleted."""
    return "deletionVectors" in (handle.protocol().reader_features or ())


_DROP = "Drop the feature in Spark (ALTER TABLE … DROP FEATURE …)"

_OPEN_ERROR = re.compile(
    r"Feature '(?P<feature>[^']+)'|minimum (?P<version>(?:reader|writer) version \d+)"
    r"|catalog-managed"
)
"""deltalake's message for a table that it cannot open."""

_COLUMN_MAPPING = 2
"""The version of the reader protocol that introduced column mapping."""

_READABLE = {"timestampNtz", "deletionVectors", "variantType"}
"""Features that Polars supports."""

_WRITABLE = {"timestampNtz", "appendOnly", "invariants", "variantType"}
"""Features that Keystone needs, or that deltalake adds when a table property is set."""

_BY_VERSION = {
    3: ("checkConstraints",),
    4: ("changeDataFeed", "generatedColumns"),
    5: ("columnMapping",),
    6: ("identityColumns",),
}
"""The features of each version of the writer protocol, before tables named their features."""

_PROPERTIES = {
    "delta.appendOnly": "true",
    "delta.enableChangeDataFeed": "true",
    "delta.setTransactionRetentionDuration": "",
}
"""Table properties that Keystone's commits would violate, or that expire the watermark.

The value is the one that is refused; empty if all are.
"""


def _not_writable(handle: DeltaTable) -> list[str]:
    protocol, configuration = handle.protocol(), handle.metadata().configuration
    named = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    by_version = [
        feature
        for version, features in _BY_VERSION.items()
        for feature in features
        if version <= protocol.min_writer_version < _NAMED_FEATURES
    ]
    properties = [
        name
        for name, value in _PROPERTIES.items()
        if name in configuration and value in {"", configuration[name].lower()}
    ]
    invariants = [
        f"an invariant of {field.name}"
        for field in handle.schema().fields
        if "delta.invariants" in field.metadata
    ]
    return [*sorted(named - _WRITABLE), *by_version, *properties, *invariants]


_NAMED_FEATURES = 7
"""The version of the writer protocol since which a table names its features."""
