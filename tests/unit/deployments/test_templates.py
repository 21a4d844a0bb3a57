"""Properties of the templates, read from their text; test_stacks.py creates them in moto."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY

from flows import delta
from flows.kafka.client import KafkaSettings
from flows.kafka.consumer_group import group_of_lake
from flows.kafka.topics import topic_of
from tests.support.stacks import AWS, ORDER, actions, resources, statements, template
from transforms.graph import sources

BUCKETS = resources("storage", "S3::Bucket")
ROLES = resources("access", "IAM::Role")
ALARMS = resources("workers", "CloudWatch::Alarm")


def referred(node: Any, how: str) -> Iterator[Any]:
    """Yield the argument of each use of a function such as `Fn::ImportValue` in a template."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == how)
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from referred(each, how)


def test_every_template_is_listed() -> None:
    assert sorted(path.stem for path in AWS.glob("*.yaml")) == sorted(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_stack_imports_only_exports_of_earlier_stacks(name: str) -> None:
    exported = [
        each["Export"]["Name"]["Fn::Sub"]
        for earlier in ORDER[: ORDER.index(name)]
        for each in template(earlier).get("Outputs", {}).values()
    ]
    imported = {each["Fn::Sub"] for each in referred(template(name), "Fn::ImportValue")}
    assert imported <= set(exported)


@pytest.mark.parametrize("name", ORDER)
def test_no_account_id_is_in_a_template(name: str) -> None:
    assert not re.search(r"\b\d{12}\b", (AWS / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_versioned_closed_to_the_public_and_kept(name: str) -> None:
    bucket = BUCKETS[name]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert template("storage")["Resources"][name]["DeletionPolicy"] == "Retain"


@pytest.mark.parametrize("name", sorted(BUCKETS.keys() - {"LogBucket"}))
def test_a_bucket_uses_a_bucket_key(name: str) -> None:
    (rule,) = BUCKETS[name]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"]


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_refuses_requests_without_tls(name: str) -> None:
    (policy,) = (
        each["PolicyDocument"]["Statement"]
        for each in resources("storage", "S3::BucketPolicy").values()
        if each["Bucket"] == {"Ref": name}
    )
    (refusal,) = (each for each in policy if each["Effect"] == "Deny")
    assert refusal["Principal"] == "*"
    assert refusal["Action"] == "s3:*"
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = {"Fn::GetAtt": [name, "Arn"]}
    assert refusal["Resource"] == [arn, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_every_storage_class_can_be_read_at_once() -> None:
    moves = [
        move["StorageClass"]
        for bucket in BUCKETS.values()
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        for move in rule.get("Transitions", [])
    ]
    assert moves == ["GLACIER_IR", "GLACIER_IR"]


def test_only_bronze_moves_to_glacier() -> None:
    rules = BUCKETS["LakeBucket"]["LifecycleConfiguration"]["Rules"]
    (moving,) = (rule for rule in rules if "Transitions" in rule)
    uri = template("storage")["Outputs"]["LakeUri"]["Value"]["Fn::Sub"]
    assert uri == "s3://${LakeBucket}/lake"
    for source in sources():
        assert delta.location("lake", source.spec().table).startswith(moving["Prefix"])


def test_only_logs_expire_as_current_versions() -> None:
    expiring = [
        name
        for name, bucket in BUCKETS.items()
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    ]
    assert expiring == ["LogBucket"]


def test_brokers_are_in_three_zones_and_speak_tls_with_iam_only() -> None:
    (cluster,) = resources("streaming", "MSK::Cluster").values()
    assert cluster["NumberOfBrokerNodes"] == 3
    assert cluster["EncryptionInfo"]["EncryptionInTransit"] == {
        "ClientBroker": "TLS",
        "InCluster": True,
    }
    assert cluster["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}},
        "Unauthenticated": {"Enabled": False},
    }


def test_every_source_has_a_topic() -> None:
    made = {each["TopicName"] for each in resources("streaming", "MSK::Topic").values()}
    assert made == {topic_of(KafkaSettings(), source) for source in sources()}


def test_a_topic_is_not_deleted_by_an_edit_of_the_template() -> None:
    found = template("streaming")["Resources"].values()
    kept = [each["DeletionPolicy"] for each in found if each["Type"] == "AWS::MSK::Topic"]
    assert set(kept) == {"Retain"}


def test_a_message_is_confirmed_by_two_brokers() -> None:
    (configuration,) = resources("streaming", "MSK::Configuration").values()
    lines = configuration["ServerProperties"]["Fn::Sub"].splitlines()
    properties = dict(line.split("=") for line in lines)
    assert properties["min.insync.replicas"] == "2"
    assert properties["default.replication.factor"] == "3"
    assert properties["unclean.leader.election.enable"] == "false"
    assert properties["auto.create.topics.enable"] == "false"


@pytest.mark.parametrize(
    ("alarm", "compares", "threshold", "policy"),
    [
        ("FallsBehind", "GreaterThanThreshold", 5000, "OneMore"),
        ("CaughtUp", "LessThanThreshold", 1000, "OneLess"),
    ],
)
def test_drainers_scale_with_their_lag(
    alarm: str, compares: str, threshold: int, policy: str
) -> None:
    found = ALARMS[alarm]
    assert found["ComparisonOperator"] == compares
    parameter = template("workers")["Parameters"][found["Threshold"]["Ref"]]
    assert parameter["Default"] == threshold
    assert {"Ref": policy} in found["AlarmActions"]
    (lag,) = found["Metrics"]
    assert "SUM(SumOffsetLag)" in lag["Expression"]["Fn::Sub"]
    assert f"\"Consumer Group\" = '{drainers_group()}'" in lag["Expression"]["Fn::Sub"]


def drainers_group() -> str:
    """Return the consumer group that drainers and workers get."""
    (group,) = {
        each["Value"]
        for definition in resources("workers", "ECS::TaskDefinition").values()
        for container in definition["ContainerDefinitions"]
        for each in container["Environment"]
        if each["Name"] == "KEYSTONE_KAFKA_GROUP"
    }
    return str(group)


def test_drainers_may_join_their_group_and_that_of_a_lake(tmp_path: Path) -> None:
    (allowed,) = (
        each["Resource"]["Fn::Sub"][0]
        for each in statements(ROLES["WorkerRole"])
        if "kafka-cluster:AlterGroup" in actions(each)
    )
    pattern = allowed.rpartition("/")[2]
    for group in (drainers_group(), group_of_lake(str(tmp_path))):
        assert fnmatchcase(group, pattern)


def test_missing_drainers_raise_an_alarm() -> None:
    alarm = ALARMS["StandsStill"]
    assert alarm["TreatMissingData"] == "breaching"
    (wait,) = alarm["Metrics"]
    assert f"\"Consumer Group\" = '{drainers_group()}'" in wait["Expression"]["Fn::Sub"]
    assert [*alarm["AlarmActions"][0]] == ["Fn::ImportValue"]


def test_drainers_scale_out_after_two_minutes_and_in_one_by_one() -> None:
    alarm, policies = (
        ALARMS["FallsBehind"],
        resources("workers", "ApplicationAutoScaling::ScalingPolicy"),
    )
    assert alarm["EvaluationPeriods"] * alarm["Metrics"][0]["Period"] == 120
    steps = {
        name: [
            each["ScalingAdjustment"]
            for each in policy["StepScalingPolicyConfiguration"]["StepAdjustments"]
        ]
        for name, policy in policies.items()
    }
    assert steps == {"OneMore": [1], "OneLess": [-1]}


@pytest.mark.parametrize("name", ROLES)
def test_a_role_names_its_actions_and_resources(name: str) -> None:
    for statement in statements(ROLES[name]):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in actions(statement)), statement["Sid"]
        # This action supports no resource.
        everything = statement["Resource"] == "*"
        assert everything == (actions(statement) == {"ecr:GetAuthorizationToken"})


def test_a_producer_writes_to_topics_and_does_nothing_else() -> None:
    allowed = set().union(*map(actions, statements(ROLES["ProducerRole"])))
    assert allowed == {
        "kafka-cluster:Connect",
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:WriteData",
        "kafka-cluster:WriteDataIdempotently",
    }


def test_a_worker_can_neither_write_to_topics_nor_delete_object_versions() -> None:
    allowed = set().union(*map(actions, statements(ROLES["WorkerRole"])))
    assert not allowed & {
        "kafka-cluster:WriteData",
        "kafka-cluster:DeleteTopic",
        "s3:DeleteObjectVersion",
        "s3:PutBucketPolicy",
        "s3:PutLifecycleConfiguration",
    }
    assert "s3:DeleteObject" in allowed


def test_worker_may_list_every_path_of_its_buckets() -> None:
    listing = [s for s in statements(ROLES["WorkerRole"]) if actions(s) == {"s3:ListBucket"}]
    assert len(listing) == 3
    assert not any("Condition" in statement for statement in listing)


@pytest.mark.parametrize("task", ["WorkerTask", "DrainerTask"])
def test_a_task_logs_as_json(task: str) -> None:
    (container,) = resources("workers", "ECS::TaskDefinition")[task]["ContainerDefinitions"]
    settings = {each["Name"]: each["Value"] for each in container["Environment"]}
    assert settings["PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"] == "json"


@pytest.mark.parametrize("role", ["WorkerRole", "ProducerRole"])
def test_an_operator_acts_as_worker_or_producer_only_where_one_is_named(role: str) -> None:
    _, operator = ROLES[role]["AssumeRolePolicyDocument"]["Statement"]
    condition, trusted, nobody = operator["Fn::If"]
    assert template("access")["Conditions"][condition]
    assert template("access")["Parameters"]["OperatorRoleArn"]["Default"] == ""
    assert trusted["Principal"] == {"AWS": {"Ref": "OperatorRoleArn"}}
    assert nobody == {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize("task", ["WorkerTask", "DrainerTask"])
def test_a_task_writes_to_its_scratch_volume_only(task: str) -> None:
    (container,) = resources("workers", "ECS::TaskDefinition")[task]["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"]
    assert [each["ContainerPath"] for each in container["MountPoints"]] == ["/scratch"]
    assert "VOLUME /scratch" in (AWS.parents[1] / "Dockerfile").read_text().splitlines()


def test_the_key_of_prefect_or_its_user_comes_from_secrets_manager() -> None:
    (worker,) = resources("workers", "ECS::TaskDefinition")["WorkerTask"]["ContainerDefinitions"]
    setting = template("workers")["Parameters"]["PrefectSecret"]
    assert [each["Name"] for each in worker["Secrets"]] == [{"Ref": "PrefectSecret"}]
    assert setting["Default"] == "PREFECT_API_KEY"
    assert setting["AllowedValues"] == [PREFECT_API_KEY.name, PREFECT_API_AUTH_STRING.name]
    assert not {each["Name"] for each in worker["Environment"]} & {*setting["AllowedValues"]}
