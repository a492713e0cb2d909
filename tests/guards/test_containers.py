"""Dockerfile, docker-compose.yml and Prometheus's file agree with each other and with the code."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from answerable.api.http.access import ROUTES
from answerable.api.http.keys import Scope
from answerable.api.http.supervisor import STOP_S
from tests.guards.layout import FOLDERS

pytestmark = pytest.mark.source


@pytest.fixture(scope="module")
def reading(source_root: Path) -> Any:
    """The module that reads Dockerfiles, which is a tool and not installed."""
    spec = importlib.util.spec_from_file_location(
        "dockerfile", source_root / "tools" / "dockerfile.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["dockerfile"] = module  # its dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def image(reading: Any, source_root: Path) -> Any:
    """The last stage of the Dockerfile, which is the image."""
    return reading.stages(source_root / "Dockerfile")[-1]


@pytest.fixture(scope="module")
def compose(source_root: Path) -> Any:
    """docker-compose.yml."""
    return yaml.safe_load((source_root / "docker-compose.yml").read_text(encoding="utf-8"))


def _health(image: Any) -> tuple[list[str], dict[str, str]]:
    options, _, command = image.last("HEALTHCHECK").value.partition("CMD ")
    pairs = (option.removeprefix("--").split("=") for option in options.split())
    return json.loads(command), dict(pairs)


def test_user_is_not_root(image: Any) -> None:
    """The image has a user of its own, with a number that no machine gives to people."""
    name = image.last("USER").value
    (made,) = [one for one in image.instructions if one.name == "RUN" and "useradd" in one.value]
    assert name not in ("root", "0")
    assert made.value.split("&&")[0].split()[-1] == name
    assert int(made.value.split("--uid ")[1].split()[0]) >= 10_000
    after = [one.name for one in image.instructions]
    assert "RUN" not in after[after.index("USER") :]


def test_data_is_in_one_place(image: Any, compose: Any) -> None:
    """The index, the working folder and the volume are the same folder; the service mounts it."""
    volume = image.last("VOLUME").value
    assert image.last("WORKDIR").value == volume
    assert image.environment()["ANSWERABLE_INDEX"] == volume
    for name in ("answerable", "mcp"):
        assert compose["services"][name]["volumes"] == [f"index:{volume}"]
    assert "index" in compose["volumes"]


def test_port_is_the_same_everywhere(image: Any, compose: Any) -> None:
    """What CMD listens on is exposed, published on loopback only, and asked for health."""
    command = image.last("CMD").words
    port = command[command.index("--port") + 1]
    assert image.last("EXPOSE").value == port
    checked, _ = _health(image)
    assert f"127.0.0.1:{port}/health/live" in checked[-1]
    assert compose["services"]["answerable"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    served = compose["services"]["mcp"]
    other = served["command"][served["command"].index("--port") + 1]
    assert served["ports"] == [f"127.0.0.1:{other}:{other}"]
    assert f"127.0.0.1:{other}/health/live" in served["healthcheck"]["test"][-1]
    assert other != port


def test_health_is_checked_the_same_way(image: Any, compose: Any) -> None:
    """The health check of the image is that of the service, and names a route that needs no key."""
    command, options = _health(image)
    health = compose["services"]["answerable"]["healthcheck"]
    assert health["test"] == ["CMD", *command]
    assert {name: health[name.replace("-", "_")] for name in options} == options
    assert ("GET", "/health/live") in ROUTES


@pytest.mark.parametrize("name", ["answerable", "mcp", "prometheus"])
def test_every_service_is_confined(name: str, compose: Any) -> None:
    """A read-only root, no capabilities, no new privileges, and limits on all that can run out."""
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["answerable", "mcp"])
def test_library_for_pdf_files_can_be_loaded(name: str, compose: Any) -> None:
    """The temporary folder allows programs, which Docker's do not unless they are told to."""
    (mount,) = compose["services"][name]["tmpfs"]
    folder, _, options = mount.partition(":")
    assert folder == "/tmp"
    assert "exec" in options.split(",")


def test_service_has_the_time_that_it_takes_to_end(compose: Any) -> None:
    """Docker waits longer than the supervisor does before it kills."""
    grace = compose["services"]["answerable"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > STOP_S + 5


def test_profiles(compose: Any) -> None:
    """Without a profile there is the service alone."""
    profiles = {name: one.get("profiles", []) for name, one in compose["services"].items()}
    assert profiles == {"answerable": [], "mcp": ["mcp"], "prometheus": ["metrics"]}


def test_prometheus_asks_with_a_key(source_root: Path, compose: Any, image: Any) -> None:
    """It asks the service at its port for a route of the scope that the key is made for."""
    path = source_root / "monitoring" / "prometheus.yml"
    (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
    service = compose["services"]["prometheus"]
    assert f"./monitoring/{path.name}:/etc/prometheus/prometheus.yml:ro" in service["volumes"]
    port = image.last("EXPOSE").value
    assert job["static_configs"] == [{"targets": [f"answerable:{port}"]}]
    assert ROUTES["GET", job["metrics_path"]] is Scope.METRICS
    assert job["authorization"]["credentials_file"] == f"/run/secrets/{service['secrets'][0]}"
    (secret,) = compose["secrets"].values()
    ignored = (source_root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert secret["file"].removeprefix("./") in ignored
    text = (source_root / "docker-compose.yml").read_text(encoding="utf-8")
    assert f"--scope metrics > {secret['file'].removeprefix('./')}" in text


def test_context_holds_the_package_and_nothing_else(reading: Any, source_root: Path) -> None:
    """The build sees what it installs: all folders with their models, and what COPY names."""
    files = reading.context_files(source_root)
    tops = {path.parts[0] for path in files}
    assert tops == {*FOLDERS, "pyproject.toml", "README.md", "LICENSE", "NOTICE", "requirements"}
    assert not [path for path in files if "__pycache__" in path.parts]
    held = {str(path) for path in files}
    for folder in FOLDERS:
        for path in (source_root / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert str(path.relative_to(source_root)) in held
    for stage in reading.stages(source_root / "Dockerfile"):
        for step in stage.instructions:
            if step.name == "COPY" and not step.value.startswith("--from"):
                assert [name for name in step.words[:-1] if name not in (".", *held)] == []


@pytest.mark.parametrize(
    ("path", "rules", "ignored"),
    [
        ("a/b.py", ["*"], True),
        ("a/b.py", ["*", "!a"], False),
        ("a/b.py", ["*", "!a/b.py"], False),
        ("a/c.py", ["*", "!a/b.py"], True),
        ("a/__pycache__/b.pyc", ["*", "!a", "**/__pycache__"], True),
        ("b.py", ["a"], False),
    ],
)
def test_ignore_rules(path: str, rules: list[str], ignored: bool, reading: Any) -> None:
    """The last rule that matches a path, or a folder above it, counts."""
    assert reading._is_ignored(Path(path), rules) is ignored


def test_unknown_instruction_is_refused(reading: Any, tmp_path: Path) -> None:
    """What the tool cannot perform it does not pass over."""
    path = tmp_path / "Dockerfile"
    path.write_text("FROM x\nADD a b\n", encoding="utf-8")
    with pytest.raises(ValueError, match="ADD"):
        reading.stages(path)
