"""The work pool of ECS tasks: accepted by the server, and understood by the worker."""

import asyncio
import json
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect_aws.workers.ecs_worker import ECSJobConfiguration, ECSWorker

from tests.support.prefect_stage import PROJECT, Stage

TEMPLATE = json.loads((PROJECT / "deployments/prefect/ecs.json").read_text())
ROLE = "arn:aws:iam::123456789012:role/keystone"
VARIABLES = {
    "keystone_lake": "s3://lake/tables",
    "keystone_source": "s3://landing",
    "keystone_archive": "s3://archive",
    "keystone_region": "sa-east-1",
    "keystone_kafka_bootstrap": "kafka.example.com:9098",
    "keystone_image": "example.com/keystone:1",
    "keystone_cluster": "keystone",
    "keystone_execution_role": f"{ROLE}-execution",
    "keystone_task_role": f"{ROLE}-task",
    "keystone_vpc": "vpc-1",
    "keystone_subnets": ["subnet-1", "subnet-2"],
    "keystone_security_groups": ["sg-1"],
    "keystone_log_group": "/keystone/runs",
    "keystone_api_key_secret": "arn:aws:secretsmanager:sa-east-1:123456789012:secret:prefect",
    "keystone_api_auth_string_secret": "arn:aws:secretsmanager:sa-east-1:123456789012:secret:user",
}


@pytest.fixture(scope="module")
def configuration(deployed: Stage) -> Any:
    """The job of a run, built by the worker from the pool and the deployment."""
    file = "deployments/prefect/ecs.json"
    deployed.type(
        f".venv/bin/prefect work-pool create elsewhere --type ecs --base-job-template {file}"
    )
    for name, value in VARIABLES.items():
        deployed.ask("/variables/", {"name": name, "value": value})
    pool = deployed.ask("/work_pools/elsewhere", method="GET")
    env = deployed.deployment("lakehouse/nightly")["job_variables"]["env"]

    with temporary_settings({PREFECT_API_URL: deployed.url}):
        job = ECSJobConfiguration.from_template_and_values(pool["base_job_template"], {"env": env})
        return asyncio.run(job)


def test_values_of_the_account_come_from_variables(configuration: Any) -> None:
    definition = configuration.task_definition
    assert definition["containerDefinitions"][0]["image"] == VARIABLES["keystone_image"]
    assert definition["executionRoleArn"] == VARIABLES["keystone_execution_role"]
    assert definition["taskRoleArn"] == VARIABLES["keystone_task_role"]
    assert configuration.network_configuration == {
        "subnets": VARIABLES["keystone_subnets"],
        "securityGroups": VARIABLES["keystone_security_groups"],
        "assignPublicIp": "DISABLED",
    }
    assert configuration.cloudwatch_logs_options["awslogs-group"] == "/keystone/runs"
    assert configuration.prefect_api_key_secret_arn == VARIABLES["keystone_api_key_secret"]
    user = configuration.prefect_api_auth_string_secret_arn
    assert user == VARIABLES["keystone_api_auth_string_secret"]
    assert "{{ prefect" not in configuration.model_dump_json()


def test_the_deployment_adds_to_the_environment_of_the_pool(configuration: Any) -> None:
    assert configuration.env["KEYSTONE_LAKE"] == VARIABLES["keystone_lake"]
    assert configuration.env["PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"] == "json"
    assert configuration.env["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"


def test_every_variable_of_the_template_is_documented() -> None:
    text = json.dumps(TEMPLATE)
    read = {part.split(" ")[0] for part in text.split("prefect.variables.")[1:]}
    assert read == set(VARIABLES)
    documented = (PROJECT / "docs/guides/deploy.md").read_text()
    assert all(f"`{name}`" in documented for name in read)


def test_the_template_has_only_known_fields() -> None:
    known = ECSWorker.get_default_base_job_template()["job_configuration"]
    assert set(TEMPLATE["job_configuration"]) <= set(known)
