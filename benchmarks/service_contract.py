"""The service against its own OpenAPI document: schemathesis with every check and every phase.

    python benchmarks/service_contract.py [--cases 10000] [--seed 1] [--masked-model FOLDER]

Runs ``answerable serve`` over the example handbook, gives schemathesis the address of its
document, and keeps the summary as ``results/service_contract.json``. CASES is what all routes get
together by fuzzing; some have fewer values than that. Without a masked-language model, of any size,
``/v1/score`` only says that there is none. Needs the test packages.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from report import write_report
from running_service import call, running_service

from answerable.api import Engine
from answerable.api.http.database import ServiceDatabase
from answerable.api.http.keys import KeyStore

ROOT = Path(__file__).resolve().parent.parent
HANDBOOK = ROOT / "examples" / "handbook"
CONFIG = ROOT / "tests" / "api" / "http" / "schemathesis.toml"


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--masked-model", type=Path, help="folder that import-model made")
    arguments = parser.parse_args()
    os.environ.setdefault("ANSWERABLE_RATE_PER_MINUTE", "0")  # else nearly all would be 429
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        with Engine.open(index, create=True) as engine:
            engine.ingest([HANDBOOK])
        headers = _admin(index)
        options = ["--masked-model", str(arguments.masked_model)] if arguments.masked_model else []
        with running_service(index, *options) as (url, _):
            n_operations = sum(
                len(ways) for ways in call(f"{url}/openapi.json")[1]["paths"].values()
            )
            each = -(-arguments.cases // n_operations)
            code, output = _tested(url, each, arguments.seed, headers, folder)
            health = call(f"{url}/health/ready")
    counts = {
        name: int(n.replace(",", ""))
        for n, name in re.findall(r"([\d,]+) (generated|passed|failed|skipped|errors?)\b", output)
    }
    figures = {
        "schemathesis": version("schemathesis"),
        "seed": arguments.seed,
        "operations": n_operations,
        "examples_of_each": each,
        "has_masked_model": arguments.masked_model is not None,
        "exit_code": code,
        "counts": counts,
        "ready_afterwards": health == (200, {"status": "ok"}),
    }
    print(json.dumps(figures, indent=2))
    print(write_report("service_contract", figures))
    raise SystemExit(code)


def _admin(index: Path) -> str:
    """Make a key and return the header that carries it, so that access is tested too."""
    database = ServiceDatabase(index)
    _, text = KeyStore(database).create("contract", ["admin"])
    database.close()
    return f"Authorization: Bearer {text}"


def _tested(url: str, each: int, seed: int, header: str, folder: str) -> tuple[int, str]:
    """Return schemathesis's exit code and what it printed, which is shown as it comes."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG)]
    command += ["run", f"{url}/openapi.json", "--checks", "all", "--mode", "all"]
    command += ["--max-examples", str(each), "--seed", str(seed), "--continue-on-failure"]
    command += ["--request-timeout", "60", "--generation-database", "none", "--header", header]
    lines = []
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


if __name__ == "__main__":
    main()
