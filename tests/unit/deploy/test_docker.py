"""The Dockerfile and the compose file, as far as they can be checked without Docker: what they name exists, nothing runs as root
or unpinned, no secret is in them."""

import fnmatch
import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from collector.config import load
from tests.unit.deploy.documents import DEPLOY, ROOT, read_yaml

HERE = DEPLOY / "docker"
SETTINGS = load(HERE / "collector.toml", {})
IGNORED = [
    line for line in (HERE / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
]


def instructions(text: str) -> list[tuple[str, str]]:
    """Word and argument, with comments dropped and continued lines joined."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\\\n\s*", " ", kept).splitlines()
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


STEPS = instructions((HERE / "Dockerfile").read_text(encoding="utf-8"))
FINAL = STEPS[max(index for index, (word, _) in enumerate(STEPS) if word == "FROM") :]


def arguments(word: str, steps: list[tuple[str, str]] = STEPS) -> list[str]:
    return [rest for name, rest in steps if name == word]


def reaches_the_build(path: str) -> bool:
    """Whether the ignore file lets it through: the last pattern that matches decides, as in .dockerignore."""
    let = True
    for pattern in IGNORED:
        bare = pattern.removeprefix("!")
        if fnmatch.fnmatch(path, bare) or path.startswith(f"{bare}/"):
            let = pattern.startswith("!")
    return let


def test_only_instructions_that_docker_knows() -> None:
    known = {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    known |= {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in STEPS} == known


def test_every_file_that_is_copied_exists_and_reaches_the_build() -> None:
    copied = [shlex.split(rest) for rest in arguments("COPY") if "--from=" not in rest]
    sources = [source for words in copied for source in words[:-1]]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if not reaches_the_build(source)] == []


@pytest.mark.parametrize("path", [".git/config", "var/demo-api-key", "tests/conftest.py", "deploy/docker/secrets/store_url"])
def test_what_is_not_needed_does_not_reach_the_build(path: str) -> None:
    assert not reaches_the_build(path)


def test_every_base_is_pinned_and_every_stage_that_is_copied_from_exists() -> None:
    bases = [rest.split() for rest in arguments("FROM")]
    assert {base[0] for base in bases} == {"python:3.11-slim-bookworm"}
    stages = {base[2] for base in bases if len(base) == 3}
    assert set(re.findall(r"--from=(\S+)", " ".join(arguments("COPY")))) == stages


def test_pip_installs_only_what_has_a_hash_or_was_built_here() -> None:
    installs = [step for rest in arguments("RUN") for step in rest.split("&&") if "pip install" in step]
    assert len(installs) == 3
    assert [step for step in installs if "--require-hashes -r" not in step and not step.endswith("--no-deps /wheel/*.whl")] == []


def test_the_image_runs_as_a_numbered_user_who_owns_only_the_data() -> None:
    assert arguments("USER", FINAL) == ["10001:10001"]
    owned = [rest for rest in arguments("RUN", FINAL) if "--owner=10001 --group=10001" in rest]
    assert owned == arguments("RUN", FINAL)
    assert arguments("VOLUME", FINAL) == [str(SETTINGS.data_dir)]


def test_the_image_says_what_it_listens_on_and_how_it_is_asked() -> None:
    (exposed,) = arguments("EXPOSE", FINAL)
    ports = {f"{SETTINGS.snmp.listen[0].port}/udp", f"{SETTINGS.smtp.listen[0].port}/tcp", f"{SETTINGS.api.listen[0].port}/tcp"}
    assert set(exposed.split()) == ports
    (check,) = arguments("HEALTHCHECK", FINAL)
    words = json.loads(check.partition(" CMD ")[2])
    assert f"http://127.0.0.1:{SETTINGS.api.listen[0].port}/readyz" in words[-1]
    compile(words[-1], "HEALTHCHECK", "exec")
    assert json.loads(arguments("ENTRYPOINT", FINAL)[0]) == ["collector"]
    assert json.loads(arguments("CMD", FINAL)[0]) == ["serve"]


def test_no_secret_is_in_the_image_or_in_the_environment() -> None:
    named = " ".join(arguments("ENV") + arguments("LABEL")).lower()
    assert not re.search(r"password|secret|token|key=", named)
    for name, service in COMPOSE["services"].items():
        plain = [key for key in service.get("environment", {}) if re.search("PASSWORD|URL|KEY|TOKEN", key)]
        assert [key for key in plain if not key.endswith("_FILE")] == [], name


COMPOSE: dict[str, Any] = read_yaml(HERE / "compose.yaml")
NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 1}
DURATION = {"type": "string", "pattern": r"^\d+[sm]$"}
SERVICE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["image", "restart", "healthcheck", "networks"],
    "additionalProperties": False,
    "properties": {
        "image": {"type": "string"},
        "build": {"type": "object", "required": ["context", "dockerfile"], "additionalProperties": {"type": "string"}},
        "command": NAMES,
        "restart": {"enum": ["no", "unless-stopped"]},
        "stop_grace_period": DURATION,
        "profiles": NAMES,
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["condition"],
                "additionalProperties": False,
                "properties": {"condition": {"enum": ["service_healthy", "service_completed_successfully"]}},
            },
        },
        "environment": {"type": "object", "additionalProperties": {"type": "string"}},
        "secrets": NAMES,
        "volumes": {**NAMES, "items": {"type": "string", "pattern": r"^[^:]+:/[^:]+(:ro)?$"}},
        "ports": {**NAMES, "items": {"type": "string", "pattern": r"^(127\.0\.0\.1:)?\d+:\d+/(udp|tcp)$"}},
        "networks": NAMES,
        "healthcheck": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["disable"],
                    "additionalProperties": False,
                    "properties": {"disable": {"const": True}},
                },
                {
                    "type": "object",
                    "required": ["test", "interval", "timeout", "retries"],
                    "additionalProperties": False,
                    "properties": {
                        "test": NAMES,
                        "interval": DURATION,
                        "timeout": DURATION,
                        "start_period": DURATION,
                        "retries": {"type": "integer"},
                    },
                },
            ]
        },
        "read_only": {"type": "boolean"},
        "tmpfs": NAMES,
        "cap_drop": {"const": ["ALL"]},
        "security_opt": NAMES,
    },
}
"""The part of the compose specification that our file uses; a key outside of it is most likely misspelt."""
NAMED: dict[str, Any] = {"type": "object"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "services", "networks", "volumes", "secrets"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9_-]+$"},
        "services": {"type": "object", "additionalProperties": SERVICE_SCHEMA},
        "networks": NAMED,
        "volumes": NAMED,
        "secrets": {"type": "object", "additionalProperties": {"type": "object", "required": ["file"]}},
    },
}
EVERY_SERVICE = pytest.mark.parametrize(
    "service", [pytest.param({"healthcheck": None, **service}, id=name) for name, service in COMPOSE["services"].items()]
)


def test_the_compose_file_has_the_form_that_compose_demands() -> None:
    whole = json.loads(json.dumps(COMPOSE))
    whole["services"]["collector"].setdefault("healthcheck", {"disable": True})  # the image has its own
    jsonschema.validate(whole, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**whole, "services": {"collector": {**whole["services"]["collector"], "port": []}}}, SCHEMA)


@EVERY_SERVICE
def test_everything_that_a_service_names_is_there(service: dict[str, Any]) -> None:
    for kind in ("networks", "secrets"):
        assert set(service.get(kind, [])) <= set(COMPOSE[kind])
    assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (HERE / source).exists(), source
    for image in [service["image"]]:
        assert image == "collector" or re.search(r":v?\d+[.\w-]*$", image), "a tag with a number"


@EVERY_SERVICE
def test_a_service_that_is_waited_for_can_tell_that_it_is_there(service: dict[str, Any]) -> None:
    for name, wish in service.get("depends_on", {}).items():
        waited = COMPOSE["services"][name]
        healthy = wish["condition"] == "service_healthy"
        assert "test" in waited["healthcheck"] if healthy else waited["restart"] == "no"


def test_nothing_that_is_declared_is_unused() -> None:
    services = COMPOSE["services"].values()
    mounted = {volume.split(":")[0] for service in services for volume in service.get("volumes", [])}
    assert set(COMPOSE["volumes"]) <= mounted
    assert {name for service in services for name in service.get("secrets", [])} == set(COMPOSE["secrets"])
    assert {name for service in services for name in service["networks"]} == set(COMPOSE["networks"])


def test_the_ports_of_the_world_lead_to_those_of_the_settings_and_the_rest_stays_on_this_machine() -> None:
    ports = COMPOSE["services"]["collector"]["ports"]
    assert ports == [
        f"162:{SETTINGS.snmp.listen[0].port}/udp",
        f"25:{SETTINGS.smtp.listen[0].port}/tcp",
        f"127.0.0.1:8080:{SETTINGS.api.listen[0].port}/tcp",
    ]
    others = [port for name, one in COMPOSE["services"].items() if name != "collector" for port in one.get("ports", [])]
    assert [port for port in others if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", ["collector", "migrate"])
def test_the_collector_has_no_more_rights_than_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["environment"] == {
        "COLLECTOR__STORE__URL_FILE": "/run/secrets/store_url",
        "COLLECTOR__SECRETS__KEY_FILE": "/run/secrets/secret_key",
    }
    assert service["secrets"] == ["store_url", "secret_key"]


def test_what_prometheus_and_grafana_are_given_fits_together() -> None:
    scraped = read_yaml(HERE / "prometheus.yml")["scrape_configs"][0]["static_configs"][0]["targets"]
    assert scraped == [f"collector:{SETTINGS.api.listen[0].port}"]
    assert read_yaml(HERE / "grafana/datasources.yaml")["datasources"][0]["url"] == "http://prometheus:9090"
    path = Path(read_yaml(HERE / "grafana/dashboards.yaml")["providers"][0]["options"]["path"])
    boards = [volume.split(":")[1] for volume in COMPOSE["services"]["grafana"]["volumes"] if volume.startswith("../grafana/")]
    assert [Path(board).parent for board in boards] == [path]
