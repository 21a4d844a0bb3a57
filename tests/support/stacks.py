"""The CloudFormation templates of deployments/aws, as data."""

import json
from pathlib import Path
from typing import Any

from cfnlint.decode import decode

AWS = Path(__file__).parents[2] / "deployments" / "aws"
ORDER = ("storage", "streaming", "catalog", "access", "workers")
"""The order of creation: a stack imports only exports of earlier stacks."""


def template(name: str) -> dict[str, Any]:
    """Read a template, with `!Ref` and similar tags in their long form."""
    found, mistakes = decode(str(AWS / f"{name}.yaml"))
    assert not mistakes, mistakes
    return dict(json.loads(json.dumps(found)))


def resources(name: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of a stack's resources of a type such as `S3::Bucket`, by name."""
    found = template(name)["Resources"].items()
    return {n: each["Properties"] for n, each in found if each["Type"] == f"AWS::{kind}"}


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of the policies of a role."""
    return [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def actions(statement: dict[str, Any]) -> set[str]:
    """Return the actions of a statement as a set, also if it has only one."""
    named = statement["Action"]
    return {named} if isinstance(named, str) else set(named)
