"""Packages that only some uses need; an extra of the installation adds each."""

from importlib import import_module

from flows.config.errors import SettingError


class MissingPackageError(SettingError):
    """An optional package is not installed; says which extra installs it."""


def require(package: str, use: str) -> None:
    """Check that an optional package is installed.

    Args:
        package: one of `EXTRAS`.
        use: what needs it, as the beginning of the message: "the report draws charts".

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import_module(package)
    except ModuleNotFoundError as error:
        message = (
            f"{use} with {package}, which is not installed: "
            f"pip install 'keystone-nexus[{EXTRAS[package]}]'"
        )
        raise MissingPackageError(message) from error


EXTRAS = {
    "altair": "charts",
    "vl_convert": "charts",
    "aws_msk_iam_sasl_signer": "aws",
    "boto3": "aws",
    "prefect_aws": "aws",
    "s3fs": "aws",
    "distributed": "dask",
    "prefect_dask": "dask",
    "numpy": "sample",
    "openlineage": "openlineage",
    "xlsxwriter": "excel",
    "confluent_kafka.schema_registry": "registry",
}
"""The extra that installs an optional package."""
