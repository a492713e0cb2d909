"""Filters as SQL: the one place where permission becomes a query.

Each filter is a rule: a table with one row for each thing it looks at, and what must hold of a
row. Whether one document passes, and which of all pass, are asked from the same rule. Values are
always bound, never part of the SQL.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..types import PUBLIC, Filters

Parameters = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows of ``table``, named ``c``, for which ``where`` holds; they name documents."""

    table: str
    column: str
    where: str
    parameters: Parameters

    @property
    def of_one(self) -> str:
        """SQL that is true of a document ``d`` with such a row."""
        return (
            f"EXISTS (SELECT 1 FROM {self.table} c WHERE c.{self.column} = d.id AND {self.where})"
        )

    @property
    def of_all(self) -> str:
        """SQL that selects the ids of all documents with such a row."""
        return f"SELECT c.{self.column} AS id FROM {self.table} c WHERE {self.where}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a document must pass.

    Attributes:
        whole: the rule as one condition.
        parts: the same as alternatives that many requests share, so that the documents of each
            are worth remembering; empty when they are not.
    """

    whole: Condition
    parts: tuple[Condition, ...]


EVERY_DOCUMENT = Condition("documents", "id", "1", ())


def rules(filters: Filters) -> list[Rule]:
    """Return what a document must pass, all of them; none for the owner without a filter."""
    found = []
    if filters.principals is not None:
        allowed = (PUBLIC, *filters.principals)
        found.append(_any_of("document_principals", "document_id", "principal", allowed))
    if filters.collections is not None:
        found.append(_any_of("documents", "id", "collection", filters.collections))
    if filters.media_types is not None:
        found.append(_any_of("documents", "id", "media_type", filters.media_types))
    if filters.document_ids is not None:
        named = _any_of("documents", "id", "id", filters.document_ids)
        found.append(Rule(named.whole, ()))
    if filters.since is not None:
        found.append(_only(Condition("documents", "id", "c.modified_at >= ?", (filters.since,))))
    if filters.until is not None:
        found.append(_only(Condition("documents", "id", "c.modified_at <= ?", (filters.until,))))
    found.extend(
        _only(
            Condition(
                "document_metadata",
                "document_id",
                "c.path = ? AND c.value = ?",
                (equal.path, equal.value),
            )
        )
        for equal in filters.metadata
    )
    return found


def permitted(filters: Filters) -> tuple[str, list[str | int]]:
    """Return the SQL condition on a document ``d`` that ``filters`` stand for, and its parameters."""
    wholes = [rule.whole for rule in rules(filters)]
    condition = " AND ".join(["1", *(whole.of_one for whole in wholes)])
    return condition, [value for whole in wholes for value in whole.parameters]


def _any_of(table: str, column: str, field: str, values: Sequence[str | int]) -> Rule:
    listed = f"c.{field} IN (SELECT value FROM json_each(?))"
    # One bound parameter however many values.
    whole = Condition(table, column, listed, (json.dumps(list(values)),))
    distinct = dict.fromkeys(values)
    return Rule(whole, tuple(Condition(table, column, f"c.{field} = ?", (v,)) for v in distinct))


def _only(condition: Condition) -> Rule:
    return Rule(condition, (condition,))
