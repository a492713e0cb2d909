"""Documents beside the handbook: two that disagree, a hostile one, and many small ones."""

import os
from pathlib import Path

CONFLICT = "How many days of sabbatical do curators receive?"
OLD = "# Sabbatical 2024\n\nCurators receive 25 days of sabbatical each year.\n"
NEW = "# Sabbatical 2026\n\nCurators receive 28 days of sabbatical each year.\n"

OWL = "\N{OWL}"
NIGHT = (
    f"# Night shift {OWL}\n\n{OWL * 3} The night keeper of the aviary is called Ottoline Finch. "
    f"The keys hang {OWL} behind the green door.\n"
)
WHO = "Who is the night keeper of the aviary?"

MARKUP = "<script>window.ran=1</script><img src=x onerror=window.ran=2>"
HOSTILE_NAME = "<img src=x onerror=window.ran=3>.md"
HOSTILE = (
    f"# Beacon {MARKUP}\n\n"
    f'The password of the beacon is <b onclick="window.ran=4">marmalade</b> {MARKUP} since spring.\n\n'
    "<style>body{display:none}</style><svg onload=window.ran=5></svg>"
    "[a link](javascript:window.ran=6)\n"
)
PASSWORD = "What is the password of the beacon?"

N_SMALL = 60


def write_documents(folder: Path) -> dict[str, Path]:
    """Write them; return the folder of each collection."""
    many = {f"bin-{n:02}": f"Bin {n} holds brass bolts of {n} mm.\n" for n in range(1, N_SMALL + 1)}
    collections = {
        "policies": {"old": OLD, "new": NEW},
        "aviary": {"night": NIGHT},
        "stock": many,
    }
    for collection, texts in collections.items():
        source = folder / collection
        source.mkdir()
        for day, (name, text) in enumerate(texts.items(), start=1):
            path = source / f"{name}.md"
            path.write_text(text, encoding="utf-8")
            os.utime(path, (86_400 * (20_000 + day),) * 2)
    return {collection: folder / collection for collection in collections}
