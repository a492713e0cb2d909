"""Try the Dockerfile without Docker: perform its steps, then run what it makes.

    python tools/try_image.py [--keep FOLDER]

Each stage gets a root folder of its own, with this machine's programs in place of the base image's
and this Python as its ``python``; every step is read from the Dockerfile and run there. Then what
CMD says runs as USER, on a read-only root with /data and /tmp alone to write to, in a network that
has only itself, with the environment of docker-compose.yml: it must become healthy by HEALTHCHECK,
take in a text and a PDF file, answer from them, end well on SIGTERM, and have written nowhere else.

Linux only; it needs root, or user namespaces with ``newuidmap`` (Debian: uidmap).
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import dockerfile
import yaml

ROOT = Path(__file__).resolve().parent.parent
PYTHON = Path(sys.base_prefix)
TRIAL = Path(__file__).resolve().parent / "image_trial.py"
PATH = "/base/bin:/usr/local/bin:/usr/bin:/usr/sbin"  # /base/bin/python is this machine's
LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
# Where this machine's pip finds packages is no part of the image, but its steps need it.
PIP_FILES = ("/etc/pip.conf",)


def main() -> None:
    """Build, run, and say how it went; the exit code tells."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="image-") as temporary:
        folder = (arguments.keep or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # the image's user looks through it
        built: dict[str, Path] = {}
        for number, stage in enumerate(dockerfile.stages(ROOT / "Dockerfile")):
            root = folder / (stage.name or f"stage-{number}")
            print(f"== FROM {stage.image}: {root.name}", flush=True)
            _build(stage, root, built)
            built[stage.name or str(number)] = root
        print(f"built in {time.monotonic() - started:.0f} s", flush=True)
        _run(stage, root)
    print(f"the image's steps and its service work: {time.monotonic() - started:.0f} s in all")


def _build(stage: dockerfile.Stage, root: Path, built: dict[str, Path]) -> None:
    """Perform a stage's steps in an empty root."""
    _prepare(root)
    environment = {"PATH": PATH}
    working = "/"
    for step in stage.instructions:
        if step.name in ("RUN", "COPY", "WORKDIR", "USER"):
            print(f"-- {step.name} {step.value}", flush=True)
        if step.name == "ENV":
            for word in step.words:
                name, value = word.split("=", 1)
                environment[name] = value.replace("$PATH", environment["PATH"])
        elif step.name == "WORKDIR":
            working = step.value
            (root / working.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif step.name == "COPY":
            _copy(step, root, working, built)
        elif step.name == "RUN":
            _inside(root, ["/bin/sh", "-ec", step.value], working, environment)


def _prepare(root: Path) -> None:
    """Make a root that has a base image's folders, and copies of what steps may change."""
    for name in ("base/bin", "usr", "etc", "proc", "dev", "tmp"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "base" / "bin" / "python").symlink_to(PYTHON / "bin" / "python3")
    for name in LINKS:
        if Path("/", name).is_symlink():
            (root / name).symlink_to(Path("/", name).readlink())
    for name in ("passwd", "group", "nsswitch.conf", "login.defs", "resolv.conf", "hosts"):
        if Path("/etc", name).exists():
            shutil.copy(Path("/etc", name), root / "etc" / name)
    for name in ("shadow", "gshadow"):
        (root / "etc" / name).touch(mode=0o640)
    for name in ("ssl", "alternatives", "ld.so.cache"):
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(
                source,
                root / "etc" / name,
                symlinks=True,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("private"),
            )
        elif source.exists():
            shutil.copy(source, root / "etc" / name)


def _copy(step: dockerfile.Instruction, root: Path, working: str, built: dict[str, Path]) -> None:
    words = step.words
    target = root / (Path(working) / words[-1]).as_posix().lstrip("/")
    if words[0].startswith("--from="):
        source = built[words[0].removeprefix("--from=")] / words[1].lstrip("/")
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        return
    for name in words[:-1]:
        wanted = [
            path
            for path in dockerfile.context_files(ROOT)
            if name == "." or path == Path(name) or Path(name) in path.parents
        ]
        if not wanted:
            raise SystemExit(f"COPY {name}: .dockerignore leaves nothing of it")
        for path in wanted:
            placed = target / (path if name == "." else path.name)
            placed.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, placed)


def _run(stage: dockerfile.Stage, root: Path) -> None:
    """Run the service as its user, and let the trial use it from inside."""
    user, health, command = (stage.last(name) for name in ("USER", "HEALTHCHECK", "CMD"))
    volume, place = stage.last("VOLUME"), stage.last("WORKDIR")
    assert user and health and command and volume and place
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["answerable"]
    environment = {"PATH": PATH}
    for name, value in stage.environment().items():
        environment[name] = value.replace("$PATH", environment["PATH"])
    environment |= {str(name): str(value) for name, value in service["environment"].items()}
    entry = next(
        line.split(":")
        for line in (root / "etc" / "passwd").read_text().splitlines()
        if line.startswith(f"{user.value}:")
    )
    if entry[2] == "0":
        raise SystemExit("the image's service runs as root")
    _, _, healthy = health.value.partition("CMD ")
    said = json.dumps({"command": command.words, "healthy": json.loads(healthy)})
    shutil.copy(TRIAL, root / "usr-trial.py")
    before = _listing(root)
    _inside(
        root,
        [
            "setpriv",
            f"--reuid={entry[2]}",
            f"--regid={entry[3]}",
            "--clear-groups",
            "--no-new-privs",
            "--bounding-set=-all",
            "--inh-caps=-all",
            "python",
            "/usr-trial.py",
            said,
        ],
        place.value,
        environment,
        writable={volume.value: ""} | dict(map(_tmpfs, service["tmpfs"])),
        is_alone=True,
    )
    written = sorted(set(_listing(root)) ^ set(before))
    if written:
        raise SystemExit(f"written outside {volume.value} and /tmp: {written[:5]}")


def _tmpfs(mount: str) -> tuple[str, str]:
    """Return the folder and the options of one of a service's ``tmpfs``, with Docker's own."""
    folder, _, options = mount.partition(":")
    return folder, f",noexec,nosuid,nodev,{options}"


def _listing(root: Path) -> list[tuple[str, int, int]]:
    """Return every file of a root but those in the folders that may be written to."""
    return [
        (str(path.relative_to(root)), path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in root.rglob("*")
        if path.relative_to(root).parts[0] not in ("data", "tmp", "dev", "proc", "usr")
        and not path.is_dir()
    ]


def _inside(
    root: Path,
    command: list[str],
    working: str,
    environment: dict[str, str],
    *,
    writable: Mapping[str, str] | None = None,
    is_alone: bool = False,
) -> None:
    """Run a command in a root.

    Args:
        root: to run in.
        command: to run.
        working: folder.
        environment: all of it.
        writable: folders and their mount options; with it, everything else is read-only.
        is_alone: without a network but its own loopback, and without this machine's settings.
    """
    mounts = []
    for place in ["/usr"] if PYTHON.is_relative_to("/usr") else ["/usr", str(PYTHON)]:
        at = shlex.quote(f"{root}{place}")
        mounts.append(f"mkdir -p {at} && mount --bind {shlex.quote(place)} {at}")
        mounts.append(f"mount -o remount,ro,bind {at}")  # no step may change this machine
    mounts += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
    if not is_alone:
        environment = {**_of_pip(), **environment}
        for name in _pip_places():
            mounts.append(f"mkdir -p {root}{name.parent}")
            made = "mkdir -p" if name.is_dir() else "touch"
            mounts.append(f"{made} {root}{name} && mount --bind {name} {root}{name}")
    if writable:
        mounts.append(f"mount --rbind {root} {root} && mount -o remount,ro,bind {root}")
        # As Docker does for a volume: owned as the folder of the image is.
        mounts += [
            f"mount -t tmpfs -o mode=$(stat -c %a {root}{name}),uid=$(stat -c %u {root}{name})"
            f"{options} tmpfs {root}{name}"
            for name, options in writable.items()
        ]
    script = [*mounts, "ip link set lo up" if is_alone else "true"]
    quoted = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    inner = f"cd {shlex.quote(working)} && exec {shlex.join(command)}"
    script.append(f"exec chroot {root} /usr/bin/env -i {quoted} /bin/sh -c {shlex.quote(inner)}")
    spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    spaces += ["--net"] if is_alone else []
    spaces += [] if os.geteuid() == 0 else ["--user", "--map-root-user", "--map-auto"]
    done = subprocess.run([*spaces, "/bin/sh", "-ec", "\n".join(script)], check=False)
    if done.returncode:
        raise SystemExit(f"failed ({done.returncode}): {shlex.join(command)[:200]}")


def _of_pip() -> dict[str, str]:
    """Return the variables that tell pip where packages are."""
    names = ("PIP_", "SSL_CERT", "HTTPS_PROXY", "https_proxy", "REQUESTS_CA")
    return {name: value for name, value in os.environ.items() if name.startswith(names)}


def _pip_places() -> list[Path]:
    """Return the files and folders of this machine that pip's settings name."""
    places = [Path(name) for name in PIP_FILES if Path(name).exists()]
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    for word in listed.replace("'", " ").replace("file://", " ").split():
        path = Path(word)
        top = Path(*path.parts[:2])
        if path.is_absolute() and path.exists() and top not in (Path("/usr"), Path("/etc")):
            places.append(path)
    return list(dict.fromkeys(places))


if __name__ == "__main__":
    main()
