"""Which passages filters permit, at a million of them: remembered, and never older than the index.

The documents of each condition (those of one group, of one collection) are read once and then
kept in step by ``document_changes``: each line of that log names a document to look at again. All
of it happens inside the caller's read transaction, so a set is exactly that of its snapshot, and
a permission withdrawn before the snapshot is in effect.
"""

import json
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from ..types import Filters
from .cache import LimitedCache, cache_key
from .database import last_number
from .lexical import View
from .rules import EVERY_DOCUMENT, Condition, rules
from .subsets import Subset
from .word_index import Part, Snapshot

Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# What is remembered at most; a set of 600,000 documents takes 5 MB.
MAX_BYTES = 64 * 1024 * 1024
# More documents changed than this, and a set is read anew: looking at each costs more.
MAX_CHANGED = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    """Documents as of change number ``seq``."""

    seq: int
    ids: Ids


@dataclass(frozen=True, slots=True)
class _Permitted:
    """The passages that filters permit, for one snapshot and one state of the documents.

    Attributes:
        document_seq: number of the last change of documents; 0 where none matters.
        snapshot: its number.
        subsets: one for each part of the snapshot; removed passages are in none.
        ids: (n,) int64 ascending; None when nothing but what was removed is left out.
    """

    document_seq: int
    snapshot: int
    subsets: tuple[Subset, ...]
    ids: Ids | None

    @property
    def n_bytes(self) -> int:
        """Return what is held in memory at most."""
        n_bytes = sum(subset.n_bytes for subset in self.subsets)
        return n_bytes + (0 if self.ids is None else self.ids.nbytes)


class Visibility:
    """Finds the passages that filters permit; safe to use from any thread."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._documents = DocumentSets()
        self._known: LimitedCache[_Permitted] = LimitedCache(MAX_BYTES)

    def views(self, db: Database, snapshot: Snapshot, filters: Filters) -> list[View]:
        """Return each part of the words as a request sees it.

        Args:
            db: inside a read transaction.
            snapshot: of the same transaction.
            filters: of the request.
        """
        wanted = self._permitted(db, snapshot, filters)
        seen = self._permitted(db, snapshot, Filters(principals=filters.principals))
        return list(map(View, snapshot.parts, seen.subsets, wanted.subsets))

    def passage_ids(self, db: Database, snapshot: Snapshot, filters: Filters) -> Ids | None:
        """Return the ids of all passages permitted, ascending; None when that is every passage."""
        return self._permitted(db, snapshot, filters).ids

    def _permitted(self, db: Database, snapshot: Snapshot, filters: Filters) -> _Permitted:
        seq = last_number(db, "document_changes") if rules(filters) else 0
        key = cache_key(filters)
        known = self._known.get(key)
        if known is not None and (known.document_seq, known.snapshot) == (seq, snapshot.number):
            return known
        documents = self._documents.permitted(db, filters)
        subsets = []
        for part in snapshot.parts:
            mask = part.alive
            if documents is not None:
                allowed = documents[part.segment.document_ids]
                mask = allowed if mask is None else mask & allowed
            subsets.append(Subset(len(part.segment), mask))
        ids = None
        if documents is not None:
            pairs = zip(snapshot.parts, subsets, strict=True)
            ids = np.concatenate([np.empty(0, np.int64), *starmap(_ids_of, pairs)])
        found = _Permitted(seq, snapshot.number, tuple(subsets), ids)
        self._known.put(key, found, found.n_bytes)
        return found


class DocumentSets:
    """Finds the documents that filters permit; safe to use from any thread."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: LimitedCache[_Known] = LimitedCache(MAX_BYTES)

    def permitted(self, db: Database, filters: Filters) -> Mask | None:
        """Return which documents pass, by id, as ``db`` sees them; None when all do.

        Args:
            db: inside a read transaction.
            filters: of the request.
        """
        found = rules(filters)
        if not found:
            return None
        seq = last_number(db, "document_changes")
        passes = np.ones(last_number(db, "documents") + 1, dtype=np.bool_)
        for rule in found:
            passing = np.zeros(len(passes), dtype=np.bool_)
            for part in rule.parts:
                passing[self._documents(db, seq, part)] = True
            if not rule.parts:
                passing[_read(db, rule.whole)] = True
            passes &= passing
        everything = self._documents(db, seq, EVERY_DOCUMENT)
        return None if passes[everything].all() else passes

    def _documents(self, db: Database, seq: int, condition: Condition) -> Ids:
        """Return the ids that ``condition`` holds for, from memory where that is up to date."""
        key = cache_key(condition)
        known = self._known.get(key)
        if known is not None and known.seq == seq:
            return known.ids
        changed = None if known is None else _changed_after(db, known.seq, seq)
        if known is None or changed is None:
            ids = _read(db, condition)
        else:
            kept = known.ids[~np.isin(known.ids, changed)]
            ids = np.union1d(kept, _read(db, condition, changed))
        # What a reader of an older snapshot leaves here is a step back, but never wrong.
        self._known.put(key, _Known(seq, ids), ids.nbytes)
        return ids


def _ids_of(part: Part, subset: Subset) -> Ids:
    """Return the ids of a part's passages; leaves no list behind that the cache does not count."""
    ids = part.segment.passage_ids
    if subset.is_sparse:
        return ids[subset.members]
    return ids if subset.mask is None else ids[subset.mask]


def _changed_after(db: Database, known_seq: int, seq: int) -> Ids | None:
    """Return the documents changed after ``known_seq``; None when that cannot or need not be told."""
    if not 0 <= seq - known_seq <= MAX_CHANGED:
        return None
    query = "SELECT document_id FROM document_changes WHERE seq > ?"
    rows = db.execute(query, [known_seq]).fetchall()
    if len(rows) != seq - known_seq:  # older lines were trimmed
        return None
    return np.unique(np.array(rows, dtype=np.int64).reshape(-1))


def _read(db: Database, condition: Condition, among: Ids | None = None) -> Ids:
    query, parameters = condition.of_all, list(condition.parameters)
    if among is not None:
        query += f" AND c.{condition.column} IN (SELECT value FROM json_each(?))"
        parameters.append(json.dumps(among.tolist()))
    # One text of all ids: a row each takes three times as long to come out of SQLite.
    (ids,) = db.execute(f"SELECT group_concat(id) FROM ({query})", parameters).fetchone()
    return np.sort(np.fromstring(ids, dtype=np.int64, sep=",")) if ids else np.empty(0, np.int64)
