"""What a request may be narrowed to, and the checks that make index filters of it.

Everything here comes from outside: names, dates and metadata paths are checked and bounded, and
reach the database only as values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from answerable.index import Filters, MetadataEquals, MetadataInvalid, checked_path, value_text

from .checks import checked_collection, checked_principals
from .errors import FilterInvalid

MAX_VALUES = 100
MAX_DOCUMENTS = 10_000
MAX_MEDIA_TYPE_CHARS = 200
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """What a search is narrowed to; a document must pass all that is given.

    Attributes:
        collections: it is in one of these.
        documents: ids; it is one of these.
        media_types: it is of one of these, e.g. ``application/pdf``.
        since: changed on that day or later: ``2024-05-01``, or a time ``2024-05-01T12:00:00Z``.
        until: changed on that day or earlier, or at that second or earlier.
        metadata: path to value; all must hold, e.g. ``{"author": "Ann", "dept.name": "HR"}``.
    """

    collections: Sequence[str] | None = None
    documents: Sequence[int] | None = None
    media_types: Sequence[str] | None = None
    since: str | None = None
    until: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def checked_filters(
    given: SearchFilters | None, collection: str | None, principals: Iterable[str] | None
) -> Filters:
    """Return a request's filters as the index takes them.

    Args:
        given: what the request names; None for nothing.
        collection: one collection, a short way to say it; both must hold if both are given.
        principals: who asks; None lifts the permission check.

    Raises:
        CollectionInvalid: a collection is not a name.
        PrincipalInvalid: a principal is not of the form ``group:hr``.
        FilterInvalid: another filter cannot hold, or there are too many values.
    """
    given = given or SearchFilters()
    collections = _several("collections", given.collections, MAX_VALUES)
    if collections is not None:
        collections = tuple(checked_collection(name) for name in collections)
    if collection is not None:
        one = (checked_collection(collection),)
        collections = one if collections is None or collection in collections else ()
    since, until = _moment("since", given.since, time.min), _moment("until", given.until, time.max)
    if since is not None and until is not None and since > until:
        raise FilterInvalid(f"since {given.since} is later than until {given.until}: swap them")
    return Filters(
        collections=collections,
        document_ids=_ids(_several("documents", given.documents, MAX_DOCUMENTS)),
        media_types=_media_types(_several("media_types", given.media_types, MAX_VALUES)),
        since=since,
        until=until,
        metadata=_equals(given.metadata),
        principals=None if principals is None else checked_principals(principals),
    )


def metadata_of(pairs: Iterable[str]) -> dict[str, Any]:
    """Return ``KEY=VALUE`` texts as a metadata object: dots nest, a key given twice is a list.

    Raises:
        FilterInvalid: one has no ``=``, or the same key is a value and an object.
        MetadataInvalid: a key is not a path of names, or a value is too long.
    """
    made: dict[str, Any] = {}
    for pair in pairs:
        path, value = _key_and_value(pair)
        *outer, last = path.split(".")
        inside = made
        for key in outer:
            inside = inside.setdefault(key, {})
            if not isinstance(inside, dict):
                raise FilterInvalid(f"metadata key {path!r}: {key!r} has a value already")
        if isinstance(inside.get(last), dict):
            raise FilterInvalid(f"metadata key {path!r} holds other keys already")
        before = inside.get(last)
        if before is None:
            inside[last] = value
        else:
            inside[last] = [*before, value] if isinstance(before, list) else [before, value]
    return made


def where_of(pairs: Iterable[str]) -> dict[str, str]:
    """Return ``KEY=VALUE`` texts as the metadata that documents must have.

    Raises:
        FilterInvalid: one has no ``=``, or a key is given twice.
        MetadataInvalid: as ``metadata_of``.
    """
    made: dict[str, str] = {}
    for pair in pairs:
        path, value = _key_and_value(pair)
        if path in made:
            raise FilterInvalid(f"the metadata key {path!r} is given twice: name it once")
        made[path] = value
    return made


def _key_and_value(pair: str) -> tuple[str, str]:
    path, equals, value = pair.partition("=")
    if not equals:
        raise FilterInvalid(f"{pair!r} is not of the form KEY=VALUE, as in author=Ann")
    return checked_path(path), value_text(value)


def _several(name: str, values: Sequence[Any] | None, most: int) -> tuple[Any, ...] | None:
    if values is None:
        return None
    if not values:
        raise FilterInvalid(f"the filter {name} is empty: name at least one, or leave it out")
    if len(values) > most:
        raise FilterInvalid(f"the filter {name} has {len(values):,} values; at most {most:,}")
    return tuple(dict.fromkeys(values))


def _ids(values: tuple[int, ...] | None) -> tuple[int, ...] | None:
    for value in values or ():
        if not 0 < value <= _LARGEST_ID:
            raise FilterInvalid(f"{value} is not the id of a document")
    return values


def _media_types(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for value in values or ():
        if not value.isprintable() or not 0 < len(value) <= MAX_MEDIA_TYPE_CHARS:
            raise FilterInvalid(f"{value[:80]!r} is not a media type, such as text/html")
    return values


def _equals(metadata: Mapping[str, Any]) -> tuple[MetadataEquals, ...]:
    if len(metadata) > MAX_VALUES:
        raise FilterInvalid(f"the filter metadata has more than {MAX_VALUES} keys")
    try:
        return tuple(
            MetadataEquals(checked_path(path), value_text(value))
            for path, value in metadata.items()
        )
    except MetadataInvalid as exc:
        raise FilterInvalid(str(exc)) from exc


def _moment(name: str, text: str | None, of_day: time) -> str | None:
    """Return a day's first or last second, or a time, in UTC as documents store theirs."""
    if text is None:
        return None
    try:
        if len(text) == len("2024-05-01"):
            moment = datetime.combine(date.fromisoformat(text), of_day)
        else:
            moment = datetime.fromisoformat(text)
        # A time without a zone is in UTC, as those that results show.
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as exc:
        raise FilterInvalid(
            f"{name} {text[:40]!r} is not a date: write 2024-05-01 or 2024-05-01T12:00:00Z"
        ) from exc
    return moment.isoformat(timespec="seconds")
