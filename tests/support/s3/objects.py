"""Objects of an S3 server."""

from typing import Any

import boto3

from flows.storage.s3 import bucket_and_key


def client() -> Any:
    """Return a client of the environment's server that does not use Keystone's configuration."""
    return boto3.Session().client("s3", region_name="us-east-1")


def upload(uri: str, contents: bytes) -> None:
    bucket, key = bucket_and_key(uri)
    client().put_object(Bucket=bucket, Key=key, Body=contents)


def held(uri: str) -> dict[str, bytes]:
    """Return the objects below a prefix, by name."""
    bucket, prefix = bucket_and_key(uri)
    listed = client().list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    return {
        each["Key"].removeprefix(f"{prefix}/"): client()
        .get_object(Bucket=bucket, Key=each["Key"])["Body"]
        .read()
        for each in listed
    }
