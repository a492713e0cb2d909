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
PDF_QUESTION = "Who repairs the looms?"
PDF_TEXT = "The smith of Portobello repairs the looms."
PAGE = f"BT /F1 12 Tf 72 700 Td ({PDF_TEXT}) Tj ET"
PDF = f"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources 5 0 R>>endobj
4 0 obj<</Length {len(PAGE)}>>stream
{PAGE}
endstream endobj
5 0 obj<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>endobj
trailer<</Root 1 0 R>>
%%EOF
""".encode()
FORM = (
    b'--leith\r\ncontent-disposition: form-data; name="file"; filename="looms.pdf"\r\n\r\n'
    + PDF
    + b"\r\n--leith--\r\n"
)


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
    print(
        "healthy, takes in a text and a PDF, answers, ends well; only /data and /tmp are written to"
    )


def _until_healthy(command: list[str], service: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    while subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        assert service.poll() is None, "the service ended by itself"
        assert time.monotonic() < deadline, "it did not become healthy"
        time.sleep(0.5)


def _use() -> None:
    text = json.dumps({"name": "hours.md", "text": DOCUMENT}).encode()
    _take_in(text, "application/json")
    _take_in(FORM, "multipart/form-data; boundary=leith")
    for question, document, word in (
        (QUESTION, DOCUMENT, "eight"),
        (PDF_QUESTION, PDF_TEXT, "smith"),
    ):
        answer = _call("/v1/ask", json.dumps({"question": question}).encode())["answer"]
        assert answer and word in answer["text"], answer
        assert document[answer["start"] : answer["end"]] == answer["text"]
        print("asked:", question, "->", answer["text"], flush=True)


def _take_in(body: bytes, kind: str) -> None:
    job = _call("/v1/documents", body, kind)
    while job["state"] not in ("done", "failed"):
        time.sleep(0.2)
        job = _call(f"/v1/jobs/{job['id']}")
    assert job["state"] == "done", job


def _call(path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
    request = urllib.request.Request(URL + path, body, {"content-type": kind})
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
