"""API keys: made once, shown once, stored as a hash.

A key is ``id.secret``. The secret has 256 random bits, so one SHA-256 is as good as a slow hash;
those are for passwords. Revoked and expired keys stay listed, and their presence keeps the
service closed to whoever has none.
"""

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from answerable.index import AnswerableError

from ..checks import checked_principals
from ..errors import KeyNotFound, KeyOptionInvalid
from .database import ServiceDatabase

_MAX_NAME_CHARS = 100
_SECRET_BYTES = 32
_USED_EVERY = timedelta(minutes=1)  # last use is noted so often: a write costs a disk's turn
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_NO_SECRET = bytes(32)


class Scope(StrEnum):
    """What a key may be used for; ``admin`` holds the others."""

    ASK = "ask"
    INGEST = "ingest"
    METRICS = "metrics"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret; times are ISO 8601 in UTC.

    Attributes:
        principals: as whom it asks, beside the public.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    principals: tuple[str, ...]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None

    @property
    def is_valid(self) -> bool:
        """Say whether it opens anything now."""
        is_expired = self.expires_at is not None and self.expires_at <= _text(datetime.now(UTC))
        return self.revoked_at is None and not is_expired


class KeyStore:
    """The keys of one index."""

    def __init__(self, database: ServiceDatabase) -> None:
        """Keep them in the service's database."""
        self._database = database

    def create(
        self,
        name: str,
        scopes: Iterable[str],
        principals: Iterable[str] = (),
        expires: str | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; return it and the text to send, which cannot be had again.

        Args:
            name: for people, to tell keys apart.
            scopes: at least one of ``ask``, ``ingest``, ``metrics``, ``admin``.
            principals: as whom it asks, e.g. ``group:hr``.
            expires: after a span like ``12h``, ``90d`` or ``4w``; None for never.

        Raises:
            KeyOptionInvalid: the name, a scope or the span is none.
            PrincipalInvalid: a principal is not of the form ``group:hr``.
        """
        now = datetime.now(UTC)
        key = ApiKey(
            id=secrets.token_hex(6),
            name=_checked_name(name),
            scopes=_checked_scopes(scopes),
            principals=checked_principals(principals),
            created_at=_text(now),
            expires_at=_text(now + _checked_span(expires)) if expires else None,
            revoked_at=None,
            last_used_at=None,
        )
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO keys (id, name, secret_sha256, scopes, principals, created_at, "
                "expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    key.id,
                    key.name,
                    _hash(secret),
                    json.dumps(key.scopes),
                    json.dumps(key.principals),
                    key.created_at,
                    key.expires_at,
                ],
            )
        return key, f"{key.id}.{secret}"

    def all(self) -> list[ApiKey]:
        """Return all keys, revoked and expired ones too, oldest first."""
        if not self._database.exists:
            return []
        with self._database.reading() as db:
            rows = db.execute("SELECT * FROM keys ORDER BY created_at, id").fetchall()
        return [_key(row) for row in rows]

    def is_empty(self) -> bool:
        """Say whether no key was ever made."""
        if not self._database.exists:
            return True
        with self._database.reading() as db:
            return db.execute("SELECT 1 FROM keys LIMIT 1").fetchone() is None

    def revoke(self, key_id: str) -> ApiKey:
        """Make a key worthless from the next request on.

        Raises:
            KeyNotFound: there is none of that id.
        """
        with self._database.writing() as db:
            db.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                [_text(datetime.now(UTC)), key_id],
            )
            row = db.execute("SELECT * FROM keys WHERE id = ?", [key_id]).fetchone()
        if row is None:
            raise KeyNotFound(f"there is no key {key_id!r}: `answerable keys list` shows them")
        return _key(row)

    def find(self, presented: str) -> ApiKey | None:
        """Return the valid key that a text stands for, and note its use; None for any other.

        The secret is compared in constant time, with nothing's where there is no such key.
        """
        key_id, _, secret = presented.partition(".")
        if not key_id.isascii():
            return None
        with self._database.reading() as db:
            row = db.execute("SELECT * FROM keys WHERE id = ?", [key_id]).fetchone()
        is_right = hmac.compare_digest(_hash(secret), row["secret_sha256"] if row else _NO_SECRET)
        if row is None or not is_right:
            return None
        key = _key(row)
        if not key.is_valid:
            return None
        self._note_use(key)
        return key

    def _note_use(self, key: ApiKey) -> None:
        now = datetime.now(UTC)
        if key.last_used_at is not None and key.last_used_at > _text(now - _USED_EVERY):
            return
        # A full disk must not keep anybody from asking.
        with suppress(AnswerableError), self._database.writing() as db:
            db.execute("UPDATE keys SET last_used_at = ? WHERE id = ?", [_text(now), key.id])


def _key(row: sqlite3.Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        name=row["name"],
        scopes=tuple(Scope(scope) for scope in json.loads(row["scopes"])),
        principals=tuple(json.loads(row["principals"])),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _checked_name(name: str) -> str:
    if not name.isprintable() or not 0 < len(name.strip()) == len(name) <= _MAX_NAME_CHARS:
        raise KeyOptionInvalid(
            f"{name[:_MAX_NAME_CHARS]!r} is not a key's name: give 1 to {_MAX_NAME_CHARS} "
            "printable characters"
        )
    return name


def _checked_scopes(scopes: Iterable[str]) -> tuple[Scope, ...]:
    given = tuple(dict.fromkeys(scopes))
    known = [scope.value for scope in Scope]
    if not given or not set(given) <= set(known):
        raise KeyOptionInvalid(f"give a key at least one scope of {', '.join(known)}")
    return tuple(Scope(scope) for scope in given)


def _checked_span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise KeyOptionInvalid(f"{text[:40]!r} is not a span of time: write 12h, 90d or 4w")
    return int(match[1]) * _UNITS[match[2]]
