"""The production-shaped stack: no engine runs here, so its words are held against the code."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from deploy.local import packages
from tracewarden.settings import Settings

ROOT = Path(__file__).parents[2]
STACK = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
OURS = ("migrate", "topics", "api", "workers", "writer")
SERVERS = ("kafka", "postgres", "redis")
REQUIRED = re.compile(r"\$\{(\w+):\?")
INTERPOLATED = re.compile(r"(?<!\$)\$\{(\w+)")
SAMPLE = {
    "TRACEWARDEN_BRAND_NAME": "Example Brand",
    "POSTGRES_PASSWORD": "sample1postgres",
    "REDIS_PASSWORD": "sample2redis",
    "TRACEWARDEN_KEY_PASSPHRASE": "sample3passphrase",
    "TRACEWARDEN_PUBLIC_URL": "https://id.brand.example",
    "TRACEWARDEN_SECRET_KEY": "sample4" * 8,
}


def configured(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What docker-compose makes of the stack where these variables are given, and no others."""
    compose = packages.require(packages.DOCKER_COMPOSE)
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        [str(compose), "--file", str(STACK), "config"],
        env=kept | variables, capture_output=True, text=True, check=False, cwd=ROOT / "deploy",
    )


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    done = configured(SAMPLE)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = yaml.safe_load(done.stdout)["services"]
    return found


def test_the_stack_holds_our_processes_and_their_servers(
    services: dict[str, dict[str, Any]],
) -> None:
    assert sorted(services) == sorted(OURS + SERVERS)
    assert services["workers"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", sorted(SAMPLE))
def test_a_missing_variable_stops_the_stack_and_is_named(name: str) -> None:
    done = configured({key: value for key, value in SAMPLE.items() if key != name})
    assert done.returncode != 0
    assert name in done.stderr


def test_no_secret_has_a_default() -> None:
    text = STACK.read_text(encoding="utf-8")
    secret = {name for name in INTERPOLATED.findall(text) if re.search("PASS|SECRET|KEY", name)}
    required = set(REQUIRED.findall(text))
    assert secret == required - {"TRACEWARDEN_BRAND_NAME", "TRACEWARDEN_PUBLIC_URL"}
    assert required == set(SAMPLE)


@pytest.mark.parametrize("name", OURS)
def test_each_command_of_the_stack_exists(name: str, services: dict[str, dict[str, Any]]) -> None:
    program, *words = services[name]["command"]
    assert program == "tracewarden"
    assert_is_a_command(words)


@pytest.mark.parametrize("name", ["workers", "writer"])
def test_each_health_check_by_our_own_program_exists(
    name: str, services: dict[str, dict[str, Any]]
) -> None:
    how, program, *words = services[name]["healthcheck"]["test"]
    assert (how, program) == ("CMD", "tracewarden")
    assert_is_a_command(words)


def assert_is_a_command(words: list[str]) -> None:
    program = Path(sys.executable).with_name("tracewarden")
    plain = os.environ | {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100"}
    done = subprocess.run(
        [str(program), *words, "--help"], env=plain, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert " ".join(["tracewarden", *words]) in done.stdout, "the help is of another command"


@pytest.mark.parametrize("name", OURS)
def test_each_variable_of_our_processes_is_a_setting_that_takes_its_value(
    name: str, services: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {key: str(value) for key, value in services[name]["environment"].items()}
    fields = {f"TRACEWARDEN_{field.upper()}" for field in Settings.model_fields}
    assert set(variables) <= fields
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    Settings()


def test_the_variables_that_a_person_sets_are_in_the_operators_page() -> None:
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    assert set(INTERPOLATED.findall(STACK.read_text(encoding="utf-8"))) <= named


def test_the_apis_port_is_the_same_wherever_it_stands(services: dict[str, dict[str, Any]]) -> None:
    api = services["api"]
    port = str(api["environment"]["TRACEWARDEN_API_PORT"])
    assert [re.split(r"[:/]", published)[2] for published in api["ports"]] == [port]
    assert f"127.0.0.1:{port}/healthz" in api["healthcheck"]["test"][-1]
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE.read_text(encoding="utf-8"), re.M) == [port]


def test_every_server_is_addressed_where_it_listens(services: dict[str, dict[str, Any]]) -> None:
    kafka = services["kafka"]["environment"]
    database = f"tracewarden:{SAMPLE['POSTGRES_PASSWORD']}@postgres:5432"
    cache = f":{SAMPLE['REDIS_PASSWORD']}@redis:6379"
    for name in OURS:
        ours = services[name]["environment"]
        broker = f"PLAINTEXT://{ours['TRACEWARDEN_KAFKA_BOOTSTRAP']}"
        assert broker == kafka["KAFKA_ADVERTISED_LISTENERS"]
        assert urlsplit(ours["TRACEWARDEN_DATABASE_URL"]).netloc == database
        assert urlsplit(ours["TRACEWARDEN_REDIS_URL"]).netloc == cache


def test_only_the_api_is_reached_from_outside_and_only_from_this_machine(
    services: dict[str, dict[str, Any]],
) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8080:8080/tcp"]}


def test_every_service_is_limited_and_every_lasting_one_is_watched(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, service in services.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        is_watched = service.get("healthcheck", {}).get("test", ["NONE"]) != ["NONE"]
        assert is_watched == (service["restart"] == "unless-stopped"), name


def test_each_process_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for name in ("api", "workers", "writer"):
        assert {key: value["condition"] for key, value in services[name]["depends_on"].items()} == {
            "migrate": "service_completed_successfully",
            "topics": "service_completed_successfully",
            "redis": "service_healthy",
        }


def test_every_image_is_pinned_and_ours_bears_the_projects_version(
    services: dict[str, dict[str, Any]],
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name in SERVERS:
        assert re.search(r":\d+\.\d+", services[name]["image"]), name
    for name in OURS:
        assert services[name]["image"] == f"tracewarden:{project['version']}"


def test_what_a_server_keeps_lies_in_a_volume(services: dict[str, dict[str, Any]]) -> None:
    kept = {name: services[name]["volumes"] for name in SERVERS}
    assert kept == {
        "kafka": ["kafka:/var/lib/kafka/data:rw"],
        "postgres": ["postgres:/var/lib/postgresql/data:rw"],
        "redis": ["redis:/data:rw"],
    }
    assert services["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"


def test_our_processes_run_as_a_plain_user_who_can_write_nothing_but_his_volume(
    services: dict[str, dict[str, Any]],
) -> None:
    users = re.findall(r"^USER (\S+)$", DOCKERFILE.read_text(encoding="utf-8"), re.M)
    assert users == ["10001:10001"]
    for name in OURS:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert "user" not in services[name]


def test_the_image_takes_packages_from_the_hashed_locks_only() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    installs = re.findall(r"pip install (.+?)(?: \\)?$", text, re.M)
    assert len(installs) == 3
    for arguments in installs:
        assert arguments.startswith(("--require-hashes ", "--no-deps ")), arguments
