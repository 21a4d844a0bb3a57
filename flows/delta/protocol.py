"""The features of Delta that a table uses, compared with those that we write and read.

A writer that does not know a feature must not write, or it breaks what the feature promises: rows
that Spark marked as deleted would come back, for instance. deltalake knows more features than our
own way of writing files does, and lets all of them pass.
"""

import re

from deltalake import DeltaTable

from flows.config.errors import TableError, table_name


class UnsupportedFeatureError(TableError):
    """A table uses features of Delta that we do not write, or not read; names table and feature."""


def check_writable(handle: DeltaTable) -> None:
    """Make sure that we may write a table, or make another one of its rows.

    Raises:
        UnsupportedFeatureError: it uses a feature that we do not write.
    """
    if features := _unwritten(handle):
        message = (
            f"{table_name(handle.table_uri)}: uses {', '.join(features)}, which Keystone does not "
            f"write; nothing was written. Take the feature out in Spark (ALTER TABLE … DROP "
            f"FEATURE …), or `keystone restore {table_name(handle.table_uri)} --version N` to a "
            f"version before it"
        )
        raise UnsupportedFeatureError(message)


def check_readable(handle: DeltaTable) -> None:
    """Make sure that the rows of a table are read as they are.

    Raises:
        UnsupportedFeatureError: it uses a feature that Polars does not read.
    """
    protocol = handle.protocol()
    features = {*(protocol.reader_features or ())} - _READ
    if protocol.min_reader_version == _COLUMN_MAPPING:
        features = {"columnMapping"}
    if features:
        message = (
            f"{table_name(handle.table_uri)}: uses {', '.join(sorted(features))}, which Keystone "
            f"does not read. Take the feature out in Spark (ALTER TABLE … DROP FEATURE …), or "
            f"`keystone restore {table_name(handle.table_uri)} --version N` to a version before it"
        )
        raise UnsupportedFeatureError(message)


def check_opened(uri: str, error: Exception) -> None:
    """Make sure that it is not a feature of Delta for which a table could not be opened.

    Raises:
        UnsupportedFeatureError: it is.
    """
    found = _UNOPENED.search(str(error))
    if found:
        feature = found["feature"] or found["version"] or "catalogManaged"
        message = (
            f"{table_name(uri)}: uses {feature}, which Keystone does not read. Take the feature "
            f"out in Spark (ALTER TABLE … DROP FEATURE …), or put the table back from a backup"
        )
        raise UnsupportedFeatureError(message) from error


def has_deletion_vectors(handle: DeltaTable) -> bool:
    """Tell whether files of a table may hold rows that are marked as deleted."""
    return "deletionVectors" in (handle.protocol().reader_features or ())


_UNOPENED = re.compile(
    r"Feature '(?P<feature>[^']+)'|minimum (?P<version>(?:reader|writer) version \d+)"
    r"|catalog-managed"
)
"""What deltalake says of a table that it cannot open."""

_COLUMN_MAPPING = 2
"""The version of the reader's protocol that came with it."""

_READ = {"timestampNtz", "deletionVectors", "variantType"}
"""What Polars reads."""

_WRITTEN = {"timestampNtz", "appendOnly", "invariants", "variantType"}
"""What we need, and what deltalake adds by itself to a table whose properties we set."""

_BY_VERSION = {
    3: ("checkConstraints",),
    4: ("changeDataFeed", "generatedColumns"),
    5: ("columnMapping",),
    6: ("identityColumns",),
}
"""What each version of the writer's protocol brought, before features had names."""

_PROPERTIES = {
    "delta.appendOnly": "true",
    "delta.enableChangeDataFeed": "true",
    "delta.setTransactionRetentionDuration": "",
}
"""Settings of a table that our commits would not keep to, or that forget what was consumed."""


def _unwritten(handle: DeltaTable) -> list[str]:
    protocol, configuration = handle.protocol(), handle.metadata().configuration
    named = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    before_names = [
        feature
        for version, features in _BY_VERSION.items()
        for feature in features
        if version <= protocol.min_writer_version < _NAMED
    ]
    set_ = [
        name
        for name, value in _PROPERTIES.items()
        if name in configuration and value in {"", configuration[name].lower()}
    ]
    invariants = [
        f"an invariant of {field.name}"
        for field in handle.schema().fields
        if "delta.invariants" in field.metadata
    ]
    return [*sorted(named - _WRITTEN), *before_names, *set_, *invariants]


_NAMED = 7
"""The version of the writer's protocol since which a table names its features."""
