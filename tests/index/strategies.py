"""Random documents, filters and queries of few words, so that they meet often."""

from hypothesis import strategies as st

from answerable.index import Filters, MetadataEquals, NewDocument
from tests.index.samples import new_document

WORDS = ("pay", "pays", "leave", "Büro", "the", "of", "cat", "2024", "notice", "period", "日本")
PRINCIPALS = ("public", "user:ann", "user:bob", "group:hr")
COLLECTIONS = ("default", "hr", "it")
MEDIA_TYPES = ("text/plain", "text/html")
TIMES = tuple(f"20{year}-01-01T00:00:00+00:00" for year in range(20, 25))
VALUES = ("Ann", "Bob", 2024, True, None, ["a", "b"])

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
metadata = st.dictionaries(
    st.sampled_from(("author", "year", "tags")),
    st.one_of(st.sampled_from(VALUES), st.fixed_dictionaries({"name": st.sampled_from(VALUES)})),
    max_size=2,
)


@st.composite
def documents(draw: st.DrawFn) -> NewDocument:
    """Draw a document; few addresses, so that some replace others."""
    return new_document(
        draw(st.sampled_from([f"file:///{name}" for name in "abcdefgh"])),
        draw(st.lists(texts, min_size=0, max_size=4)),
        title=draw(texts),
        collection=draw(st.sampled_from(COLLECTIONS)),
        principals=tuple(draw(st.lists(st.sampled_from(PRINCIPALS), max_size=2))),
        media_type=draw(st.sampled_from(MEDIA_TYPES)),
        modified_at=draw(st.sampled_from((None, *TIMES))),
        metadata=draw(metadata),
    )


batches = st.lists(documents(), max_size=4, unique_by=lambda d: (d.collection, d.uri))
queries = st.lists(st.sampled_from((*WORDS, "unknown", "cat-notice")), max_size=5)
askers = st.none() | st.lists(st.sampled_from(PRINCIPALS[1:]), max_size=2).map(tuple)
equalities = st.builds(
    MetadataEquals,
    st.sampled_from(("author", "author.name", "year", "tags", "' OR 1=1 --")),
    st.sampled_from(("Ann", "2024", "true", "null", "a", "b", "'; DROP TABLE documents; --")),
)


def _some(values: tuple[object, ...]) -> st.SearchStrategy[object]:
    return st.none() | st.lists(st.sampled_from(values), max_size=2).map(tuple)


filters = st.builds(
    Filters,
    collections=_some((*COLLECTIONS, "none")),
    document_ids=_some((1, 2, 3, 5, 99)),
    media_types=_some(MEDIA_TYPES),
    since=st.none() | st.sampled_from(TIMES),
    until=st.none() | st.sampled_from(TIMES),
    metadata=st.lists(equalities, max_size=1).map(tuple),
    principals=askers,
) | st.builds(Filters, principals=askers)
