"""What ``try_image.py`` runs inside: start the service, use it as a client does, end it.

The standard library alone: it runs in the image's own environment, as the image's user.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from typing import Any

URL = "http://127.0.0.1:8080"
START_S = 120
DOCUMENT = "# Opening hours\n\nThe workshop in Leith opens at eight on weekdays.\n"
QUESTION = "When does the workshop in Leith open?"


def main() -> None:
    """Try everything; a failed check ends it with a traceback."""
    image = json.loads(sys.argv[1])
    assert os.getuid() != 0
    assert not _can_write("/srv") and not _can_write("/etc"), "the root can be written to"
    service = subprocess.Popen(image["command"])
    try:
        _until_healthy(image["healthy"], service)
        _use()
        again = subprocess.run(image["healthy"], check=False).returncode
        assert again == 0, "it is not healthy after use"
    finally:
        service.send_signal(signal.SIGTERM)
    assert service.wait(60) == 0, "it does not end well on SIGTERM"
    print("healthy, takes in a document, answers, ends well; only /data and /tmp are written to")


def _until_healthy(command: list[str], service: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    while subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        assert service.poll() is None, "the service ended by itself"
        assert time.monotonic() < deadline, "it did not become healthy"
        time.sleep(0.5)


def _use() -> None:
    name, text = "hours.md", DOCUMENT
    job = _call("/v1/documents", {"name": name, "text": text})
    while job["state"] not in ("done", "failed"):
        time.sleep(0.2)
        job = _call(f"/v1/jobs/{job['id']}")
    assert job["state"] == "done", job
    answer = _call("/v1/ask", {"question": QUESTION})["answer"]
    assert answer and "eight" in answer["text"], answer
    assert DOCUMENT[answer["start"] : answer["end"]] == answer["text"]
    print("asked:", QUESTION, "->", answer["text"], flush=True)


def _call(path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def _can_write(folder: str) -> bool:
    try:
        open(f"{folder}/written", "w").close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
