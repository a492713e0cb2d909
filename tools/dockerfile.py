"""Reading a Dockerfile: its stages and instructions, and which files a COPY takes.

It knows what this repository's own Dockerfile uses, and refuses the rest instead of guessing.
"""

import fnmatch
import json
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KNOWN = {
    "CMD",
    "COPY",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "RUN",
    "USER",
    "VOLUME",
    "WORKDIR",
}
_FROM = re.compile(r"(?P<image>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, continued lines joined: ``RUN`` and what follows it."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """Return its words, whether written as JSON or as in a shell."""
        if self.value.startswith("["):
            return [str(word) for word in json.loads(self.value)]
        return shlex.split(self.value)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next."""

    image: str
    name: str | None
    instructions: tuple[Instruction, ...]

    def last(self, name: str) -> Instruction | None:
        """Return the instruction of that name that counts."""
        found = [one for one in self.instructions if one.name == name]
        return found[-1] if found else None

    def environment(self) -> dict[str, str]:
        """Return what ENV sets, in order; ``$PATH`` is filled in by whoever runs it."""
        pairs = [word for one in self.instructions if one.name == "ENV" for word in one.words]
        return dict(pair.split("=", 1) for pair in pairs)


def stages(path: Path) -> list[Stage]:
    """Read a Dockerfile.

    Raises:
        ValueError: it has an instruction that is not known here.
    """
    found: list[tuple[re.Match[str], list[Instruction]]] = []
    for instruction in _instructions(path.read_text(encoding="utf-8")):
        if instruction.name not in KNOWN:
            raise ValueError(f"{path}: {instruction.name} is not known here: teach it")
        if instruction.name == "FROM":
            match = _FROM.fullmatch(instruction.value)
            assert match is not None, instruction
            found.append((match, []))
        else:
            found[-1][1].append(instruction)
    return [Stage(match["image"], match["name"], tuple(steps)) for match, steps in found]


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    for line in joined.splitlines():
        if line.strip():
            name, _, value = line.strip().partition(" ")
            yield Instruction(name.upper(), value.strip())


def context_files(root: Path) -> list[Path]:
    """Return the files of a build context that ``.dockerignore`` leaves in it, relative."""
    rules = [
        line.strip()
        for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    found = []
    for folder, names, files in os.walk(root):
        relative = Path(folder).relative_to(root)
        names[:] = [name for name in names if name != ".git"]
        found += [relative / name for name in files if not _is_ignored(relative / name, rules)]
    return sorted(found)


def _is_ignored(path: Path, rules: list[str]) -> bool:
    """Apply the rules in order: the last that matches the path, or a folder above it, counts."""
    candidates = [str(path), *(str(parent) for parent in path.parents if str(parent) != ".")]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        if any(_matches(candidate, pattern) for candidate in candidates):
            ignored = not rule.startswith("!")
    return ignored


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatchcase(part, pattern[3:]) for part in path.split("/"))
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)
