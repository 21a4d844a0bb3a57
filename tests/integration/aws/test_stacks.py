"""The stacks, created in moto as far as it supports them.

From a template moto creates keys, buckets with their encryption, log groups, security groups,
roles, tasks and services. It ignores a bucket's other properties, the roles of a task, and all
resources of the types in `NOT_ON_MOTO`: test_templates.py reads those from the templates, and
cfn-lint and checkov check them.
"""

import json
from ast import literal_eval
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from tests.support.aws import ACCESS, REGION, moto
from tests.support.stacks import ORDER, actions, template

ACCOUNT = "123456789012"  # the account of moto
CLUSTER = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/keystone/0123-4567"

NOT_ON_MOTO = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::Glue::Database",
    "AWS::Glue::Registry",
    "AWS::MSK::Cluster",
    "AWS::MSK::Configuration",
    "AWS::MSK::Topic",
    "AWS::S3::BucketPolicy",
}
STAND_INS = {"ClusterArn": CLUSTER, "Database": "keystone"}
"""The exports of stacks for resources that moto does not create."""

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A function that connects clients to an account with the five stacks, created in order."""
    with moto(tmp_path_factory.mktemp("aws")) as address:
        access = boto3.Session(ACCESS["AWS_ACCESS_KEY_ID"], ACCESS["AWS_SECRET_ACCESS_KEY"])

        def connect(service: str) -> Any:
            return access.client(service, REGION, endpoint_url=address)

        network = _network(connect("ec2"))
        given = {
            "streaming": network,
            "access": {
                "PrefectKeySecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:prefect"
            },
            "workers": {
                "Subnets": network["Subnets"],
                "Image": "keystone-nexus@sha256:0",
                "Brokers": "broker:9098",
                "PrefectApiUrl": "https://prefect.example/api",
            },
        }
        for name in ORDER:
            _make(connect("cloudformation"), name, given.get(name, {}))
        yield connect


def test_buckets_are_encrypted_with_the_key_that_rotates(client: Client) -> None:
    key = _resource(client, "storage", "Key")
    assert client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    for name in ("LakeBucket", "LandingBucket", "ArchiveBucket"):
        bucket = _resource(client, "storage", name)
        found = client("s3").get_bucket_encryption(Bucket=bucket)
        (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(key)


def test_brokers_are_reached_by_clients_on_the_port_of_iam_only(client: Client) -> None:
    brokers, clients = (
        _resource(client, "streaming", name)
        for name in ("BrokerSecurityGroup", "ClientSecurityGroup")
    )
    (group,) = client("ec2").describe_security_groups(GroupIds=[brokers])["SecurityGroups"]
    (allowed,) = group["IpPermissions"]
    assert (allowed["FromPort"], allowed["ToPort"]) == (9098, 9098)
    assert [pair["GroupId"] for pair in allowed["UserIdGroupPairs"]] == [clients]
    assert not allowed["IpRanges"]


def test_logs_are_kept_for_a_year(client: Client) -> None:
    groups = client("logs").describe_log_groups()["logGroups"]
    kept = {group["logGroupName"]: group["retentionInDays"] for group in groups}
    assert kept == {"/keystone/brokers": 365, "/keystone/workers": 365}


def test_a_worker_reads_the_topics_of_this_cluster(client: Client) -> None:
    here = f"arn:aws:kafka:{REGION}:{ACCOUNT}"
    granted = _granted(client, "WorkerRole")
    assert granted["kafka-cluster:Connect"] == [CLUSTER]
    assert granted["kafka-cluster:ReadData"] == [f"{here}:topic/keystone/0123-4567/olist.*"]
    assert granted["kafka-cluster:AlterGroup"] == [f"{here}:group/keystone/0123-4567/keystone*"]


def test_a_worker_writes_below_the_lake_and_to_the_archive(client: Client) -> None:
    lake, landing, archive = (
        f"arn:aws:s3:::{_resource(client, 'storage', name)}"
        for name in ("LakeBucket", "LandingBucket", "ArchiveBucket")
    )
    granted = _granted(client, "WorkerRole")
    assert granted["s3:PutObject"] == [f"{lake}/lake/*", f"{archive}/*"]
    assert granted["s3:DeleteObject"] == [f"{lake}/lake/*", f"{landing}/*"]


def test_a_worker_registers_tables_in_one_database(client: Client) -> None:
    here = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    assert _granted(client, "WorkerRole")["glue:CreateTable"] == [
        f"{here}:catalog",
        f"{here}:database/keystone",
        f"{here}:table/keystone/*",
    ]


def test_a_producer_writes_to_the_topics_of_this_cluster(client: Client) -> None:
    topics = f"arn:aws:kafka:{REGION}:{ACCOUNT}:topic/keystone/0123-4567/olist.*"
    assert _granted(client, "ProducerRole")["kafka-cluster:WriteData"] == [topics]


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("WorkerService", ["prefect", "worker", "start", "--pool", "keystone"]),
        ("DrainerService", ["keystone", "drain", "--follow"]),
    ],
)
def test_a_service_runs_its_command_on_the_lake(
    client: Client, service: str, command: list[str]
) -> None:
    ecs = client("ecs")
    arn = _resource(client, "workers", service)
    (running,) = ecs.describe_services(cluster="keystone", services=[arn])["services"]
    task = ecs.describe_task_definition(taskDefinition=running["taskDefinition"])["taskDefinition"]
    (container,) = task["containerDefinitions"]
    assert container["command"][: len(command)] == command
    lake = _resource(client, "storage", "LakeBucket")
    settings = {each["name"]: each["value"] for each in container["environment"]}
    assert settings["KEYSTONE_LAKE"] == f"s3://{lake}/lake"
    assert settings["KEYSTONE_KAFKA_SASL_MECHANISM"] == "AWS_MSK_IAM"


def _network(ec2: Any) -> dict[str, str]:
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    return {"Vpc": vpc["VpcId"], "Subnets": ",".join(subnets[:3])}


def _make(cloudformation: Any, name: str, given: dict[str, str]) -> None:
    found = template(name)
    found["Resources"] = {
        n: each for n, each in found["Resources"].items() if each["Type"] not in NOT_ON_MOTO
    }
    for output, value in STAND_INS.items():
        if output in found.get("Outputs", {}):
            found["Outputs"][output]["Value"] = value
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(found),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
    )


def _resource(client: Client, stack: str, name: str) -> str:
    found = client("cloudformation").describe_stack_resource(
        StackName=stack, LogicalResourceId=name
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _granted(client: Client, role: str) -> dict[str, list[str]]:
    """Return the resources that a role may act on, by action."""
    iam, name = client("iam"), _resource(client, "access", role)
    granted: dict[str, list[str]] = defaultdict(list)
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        # moto returns a policy of a stack as the text of a Python dictionary.
        for statement in literal_eval(document)["Statement"]:
            on = statement["Resource"]
            for action in actions(statement):
                granted[action] += [on] if isinstance(on, str) else on
    return granted
