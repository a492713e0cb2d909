"""Word search with SQLite's FTS5: any string is safe, best BM25 first."""

from collections.abc import Sequence

from sqlite_utils import Database

from ..types import ScoredPassage

# A word of the title or a heading says more about a passage than one of its text.
TITLE_WEIGHT, HEADING_WEIGHT, TEXT_WEIGHT = 2.0, 2.0, 1.0
# BM25 visits every posting of every term: a pasted page must not become a query of thousands.
MAX_TERMS = 128

_SEARCH = f"""
SELECT p.id AS passage_id,
       -bm25(passages_fts, {TITLE_WEIGHT}, {HEADING_WEIGHT}, {TEXT_WEIGHT}) AS score
FROM passages_fts
JOIN passages p ON p.id = passages_fts.rowid
JOIN documents d ON d.id = p.document_id
WHERE passages_fts MATCH ? AND %s
ORDER BY score DESC, p.id
LIMIT ?
"""


def match_expression(terms: Sequence[str]) -> str:
    """Return an FTS5 query for passages with any of ``terms``; empty when there are none.

    Each term becomes a quoted string, so no term is ever read as FTS5 syntax; a term of several
    words ("e-mail") becomes a phrase.
    """
    distinct = dict.fromkeys(map(_plain, terms))
    quoted = [
        '"' + term.replace('"', '""') + '"' for term in distinct if any(map(str.isalnum, term))
    ]
    return " OR ".join(quoted[:MAX_TERMS])


def _plain(term: str) -> str:
    # FTS5 reads its query as a C string, and SQLite takes no lone surrogates.
    return term.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def lexical_search(
    db: Database, terms: Sequence[str], k: int, permitted: tuple[str, list[str]]
) -> list[ScoredPassage]:
    """Return the k best passages by BM25 that hold any of ``terms``.

    ``permitted`` is an SQL condition on documents ``d`` with its parameters.
    """
    expression = match_expression(terms)
    if not expression or k < 1:
        return []
    condition, parameters = permitted
    rows = db.query(_SEARCH % condition, [expression, *parameters, k])
    return [ScoredPassage(**row) for row in rows]
