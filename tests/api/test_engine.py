"""The engine on a real index, with a hashing encoder and a scripted reader."""

import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from answerable.api import (
    EmptyQuestion,
    Engine,
    IngestReport,
    PrincipalInvalid,
    QuestionInvalid,
    QuestionTooLong,
    SearchHit,
    Settings,
    SettingsInvalid,
)
from answerable.index import (
    Filters,
    IndexNotFound,
    LocalIndex,
    ModelFolderInvalid,
    Passage,
    SourceNotFound,
    Vectors,
)
from answerable.reader import (
    ConfidenceModel,
    Prediction,
    Provenance,
    Reader,
    RetrievalEvidence,
    uncalibrated,
)
from tests.api.facts import READER_SHA256, FactReader, fact_engine
from tests.api.fakes import LEAVE, ScriptedReader, open_engine
from tests.fakes import HashEncoder


def test_answer_is_a_slice_of_the_stored_document(engine: Engine, index_folder: Path) -> None:
    """``document_text[start:end]`` is the answer, for a Markdown and for a CRLF file."""
    with LocalIndex.open(index_folder, HashEncoder()) as index:
        for question in ("Days at home?", "How long is parental leave?"):
            answer = engine.ask(question).answer
            assert answer is not None
            text = index.document(answer.document.id, Filters()).text
            assert text[answer.start : answer.end] == answer.text
            sentence_end = answer.sentence_start + len(answer.sentence)
            assert text[answer.sentence_start : sentence_end] == answer.sentence


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one_passage_is_refused(engine: Engine, count: int) -> None:
    """By search and ask alike, under our own rule and another's; None is the default."""
    said = f"is {count}: give 1 or more"
    with pytest.raises(SettingsInvalid, match=f"k {said}"):
        engine.search("Days at home?", k=count)
    for profile in (None, "hf"):
        with pytest.raises(SettingsInvalid, match=f"k {said}"):
            engine.ask("Days at home?", k=count, profile=profile)
        with pytest.raises(SettingsInvalid, match=f"n_best {said}"):
            engine.ask("Days at home?", n_best=count, profile=profile)
    with pytest.raises(SettingsInvalid, match=f"k {said}"):
        engine.examine("Days at home?", Filters(), k=count)
    assert len(engine.search("Days at home?", k=1).hits) == 1


def test_answer_says_where_it_stands(engine: Engine, handbook: Path) -> None:
    """The answer carries its sentence, its document, and its line."""
    answer = engine.ask("Who pays the desk allowance?").answer
    assert answer is not None
    assert answer.sentence == "A desk allowance of 400 euros is paid once."
    assert answer.document.uri == (handbook / "remote.md").as_uri()
    assert (answer.page, answer.line) == (None, 4)


def test_ask_names_its_models(engine: Engine) -> None:
    """A result names both models with the first digits of their hashes."""
    models = engine.ask("Days at home?").models
    encoder = HashEncoder()
    assert models.encoder == f"hash@{encoder.sha256[:12]}"
    assert models.reader == "scripted@5c5c5c5c5c5c"
    assert models.calibration == "by hand"


def test_unanswerable_question_abstains_with_evidence(engine: Engine) -> None:
    """Without an answer there is a reason, and the three nearest passages."""
    result = engine.ask("What is the capital of Mongolia?")
    assert (result.answer, result.abstained) == (None, True)
    assert result.reason == "no_answer_in_passages"
    assert len(result.nearest) == 3


def test_unsure_reader_abstains(index_folder: Path) -> None:
    """Below the probability asked for there is no answer, but there are candidates."""
    with open_engine(index_folder, reader=ScriptedReader(probability=0.6)) as engine:
        result = engine.ask("Days at home?", min_probability=0.8)
        assert (result.answer, result.reason) == (None, "low_confidence")
        assert [candidate.text for candidate in result.candidates] == ["three days per week"]
        assert engine.ask("Days at home?").answer is not None


def test_minimum_of_the_settings_is_the_default(index_folder: Path) -> None:
    """``min_probability`` of the settings holds unless the call gives one, zero included."""
    settings = Settings(min_probability=0.8)
    with open_engine(index_folder, settings, ScriptedReader(probability=0.6)) as engine:
        assert engine.ask("Days at home?").reason == "low_confidence"
        assert engine.ask("Days at home?", min_probability=0.0).answer is not None


def test_empty_index_has_no_passages(tmp_path: Path) -> None:
    """An empty index abstains because it holds nothing."""
    with open_engine(tmp_path / "empty") as engine:
        result = engine.ask("Anything?")
        assert (result.reason, result.candidates, result.nearest) == ("no_passages", (), ())


def test_quote_that_the_document_does_not_hold_is_not_given(index_folder: Path) -> None:
    """Offsets that do not cut the text out of the stored document are never answered."""
    with open_engine(index_folder, reader=ScriptedReader(shift=1)) as engine:
        result = engine.ask("Days at home?")
        assert (result.answer, result.candidates) == (None, ())
        assert result.reason == "no_answer_in_passages"


def test_document_removed_while_reading_is_not_quoted(index_folder: Path) -> None:
    """A document that goes between retrieval and quoting takes its answer with it."""

    class RemovingReader(ScriptedReader):
        def read(
            self,
            question: str,
            passages: Sequence[Passage],
            *,
            priors: Sequence[float] | None = None,
            evidence: Sequence[RetrievalEvidence] | None = None,
            n_best: int = 5,
            min_probability: float | None = None,
            max_error: float | None = None,
        ) -> Prediction:
            with open_engine(index_folder) as other:
                other.remove({passage.document_id for passage in passages})
            return super().read(question, passages, n_best=n_best, min_probability=min_probability)

    with open_engine(index_folder, reader=RemovingReader()) as engine:
        result = engine.ask("Days at home?")
        assert (result.answer, result.candidates) == (None, ())
        assert result.nearest != ()


@pytest.mark.parametrize("principals", [(), ("public",), ("group:sales", "user:ann")])
def test_forbidden_document_is_never_seen(engine: Engine, principals: tuple[str, ...]) -> None:
    """Who may not see a document gets neither answer, candidate nor nearest passage from it."""
    result = engine.ask("What is the salary of the director?", principals=principals)
    assert result.answer is None
    assert result.candidates == ()
    assert all("salaries" not in passage.document.uri for passage in result.nearest)


@pytest.mark.parametrize("principals", [None, ("group:hr",)])
def test_permitted_document_answers(engine: Engine, principals: tuple[str, ...] | None) -> None:
    """The owner at a terminal and a member of the group see it."""
    answer = engine.ask("What is the salary of the director?", principals=principals).answer
    assert answer is not None
    assert answer.text == "90,000 pounds"


@pytest.mark.parametrize("principal", ["", "ann", "user:", "user:a b", "group:hr,it", "user:\x1b["])
def test_bad_principal_is_refused(engine: Engine, principal: str) -> None:
    """A principal of another form is an error, when asking and when ingesting."""
    with pytest.raises(PrincipalInvalid, match="user:ann"):
        engine.ask("Days at home?", principals=[principal])
    with pytest.raises(PrincipalInvalid, match="user:ann"):
        engine.ingest([], principals=[principal])


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ("", EmptyQuestion),
        (" \t\n", EmptyQuestion),
        ("x" * 1_000_000, QuestionTooLong),
        ("caf\udce9?", QuestionInvalid),
    ],
    ids=["empty", "white space", "1 MB", "not UTF-8"],
)
def test_bad_question_is_refused(
    engine: Engine, question: str, error: type[QuestionInvalid]
) -> None:
    """A question that cannot be looked for is one short line, for ask and search."""
    for call in (engine.ask, engine.search):
        with pytest.raises(error) as raised:
            call(question)
        assert len(str(raised.value)) < 100


def test_question_limit_is_a_setting(index_folder: Path) -> None:
    """A question of exactly the limit passes, one code point more does not."""
    with open_engine(index_folder, Settings(max_question_chars=5)) as engine:
        assert engine.ask("home?").answer is not None
        with pytest.raises(QuestionTooLong):
            engine.ask("homes?")


def test_search_ranks_passages(engine: Engine) -> None:
    """Search returns at most k hits with their place and both channels' ranks."""
    result = engine.search("parental leave", k=1)
    (hit,) = result.hits
    assert hit.text == LEAVE[hit.start : hit.end]
    assert hit.dense is not None
    assert hit.lexical is not None
    assert (hit.dense.rank, hit.lexical.rank) == (1, 1)


def test_lexical_search_needs_no_model(index_folder: Path) -> None:
    """Neither status nor a lexical search loads a model."""

    class NoModel(HashEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            raise AssertionError("the encoder was used")

    def no_reader() -> Reader:
        raise AssertionError("the reader was loaded")

    encoder = NoModel()
    index = LocalIndex.open(index_folder, encoder)
    with Engine(index, encoder, no_reader, Settings(index=index_folder)) as engine:
        assert engine.search("parental leave", mode="lexical").hits
        assert engine.status().documents == 4


def test_reader_is_loaded_once_by_many_threads(index_folder: Path) -> None:
    """Threads that ask at the same time share one reader."""
    loaded: list[int] = []

    def load() -> Reader:
        loaded.append(1)
        return ScriptedReader()

    encoder = HashEncoder()
    index = LocalIndex.open(index_folder, encoder)
    with Engine(index, encoder, load, Settings(index=index_folder)) as engine:
        answers: list[str] = []

        def ask() -> None:
            answer = engine.ask("Days at home?").answer
            answers.append(answer.text if answer else "")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["three days per week"] * 8
    assert loaded == [1]


def test_ingest_skips_what_is_unchanged(engine: Engine, handbook: Path) -> None:
    """A second ingest of the same files does nothing; a changed file is updated."""
    assert engine.ingest([handbook]) == IngestReport(unchanged=3)
    (handbook / "leave.txt").write_text("Parental leave lasts 16 weeks, unpaid.\n")
    report = engine.ingest([handbook])
    assert (report.updated, report.unchanged) == (1, 2)


def test_ingest_of_a_missing_path_names_it(engine: Engine, tmp_path: Path) -> None:
    """A path that does not exist is an error with its name."""
    with pytest.raises(SourceNotFound, match="nowhere"):
        engine.ingest([tmp_path / "nowhere"])


def test_collections_are_asked_apart(engine: Engine, tmp_path: Path) -> None:
    """A question to one collection gets nothing from another."""
    plan = tmp_path / "plan.txt"
    plan.write_text("In 2030 you work from home never.\n", encoding="utf-8")
    engine.ingest([plan], collection="plans")
    assert engine.status().collections == ("default", "plans")
    hits = engine.search("home", collection="plans").hits
    assert {hit.document.uri for hit in hits} == {plan.as_uri()}
    assert engine.ask("Days at home?", collection="plans").answer is None


def test_status_counts(engine: Engine, index_folder: Path) -> None:
    """Status tells documents, passages, and the model that made the index."""
    status = engine.status()
    assert (status.index, status.documents) == (str(index_folder), 4)
    assert status.passages >= status.documents
    assert status.encoder.startswith("hash@")


def test_remove_takes_a_folder_a_file_a_uri_and_an_id(engine: Engine, handbook: Path) -> None:
    """Each way to name a document removes it; what matches nothing is reported."""
    by_name = {Path(hit.document.uri).name: hit.document for hit in _all_hits(engine)}
    for target in (
        str(handbook / "leave.txt"),
        by_name["remote.md"].uri,
        str(by_name["salaries.txt"].id),
    ):
        assert len(engine.remove([target]).removed) == 1
    report = engine.remove([handbook, "nowhere.txt", "file:///nowhere", "999"])
    assert [Path(document.uri).name for document in report.removed] == ["hostile.txt"]
    assert report.not_found == ("nowhere.txt", "file:///nowhere", "999")
    assert engine.status().documents == 0


def test_remove_of_what_names_nothing(engine: Engine, tmp_path: Path) -> None:
    """Endless digits, a circle of links and no path at all match nothing, in plain words."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    targets = ["9" * 5000, "0", str(tmp_path / "a" / "file.txt"), "a\x00b", "\ud800"]
    report = engine.remove(targets)
    assert (report.removed, report.not_found) == ((), tuple(targets))


def test_remove_spares_a_folder_of_a_longer_name(engine: Engine, handbook: Path) -> None:
    """Removing ``handbook`` leaves ``handbook-2`` alone."""
    other = handbook.with_name("handbook-2")
    other.mkdir()
    (other / "note.txt").write_text("Closed on Monday.\n", encoding="utf-8")
    engine.ingest([other])
    engine.remove([handbook])
    assert [hit.document.uri for hit in engine.search("closed monday", k=1).hits] == [
        (other / "note.txt").as_uri()
    ]


def _all_hits(engine: Engine) -> tuple[SearchHit, ...]:
    return engine.search("home leave code salary", k=100, mode="dense").hits


def test_open_without_an_index_says_how_to_make_one(tmp_path: Path) -> None:
    """Opening a folder without an index is an error that names the command."""
    with pytest.raises(IndexNotFound, match="answerable ingest"):
        LocalIndex.open(tmp_path / "nowhere", HashEncoder())


def test_open_with_a_bad_encoder_folder_names_it(tmp_path: Path) -> None:
    """An encoder folder without a manifest is refused before the index is touched."""
    with pytest.raises(ModelFolderInvalid, match=r"manifest\.json"):
        Engine.open(tmp_path / "index", Settings(encoder=tmp_path), create=True)
    assert not (tmp_path / "index").exists()


def test_an_answer_and_its_models_are_of_one_calibration(tmp_path: Path) -> None:
    """Though another is stored while the question is read, which the next question has."""

    class Meanwhile(FactReader):
        def with_confidence(self, confidence: ConfidenceModel) -> "Meanwhile":
            return Meanwhile(confidence)

        def read(self, question: str, passages: Sequence[Passage], **options: Any) -> Prediction:
            prediction = super().read(question, passages, **options)
            engine.reader.use(next(following))
            return prediction

    with fact_engine(tmp_path / "index") as facts:
        engine = Engine(facts.index, facts.encoder, Meanwhile, facts.settings)
        target = engine.reader.target()
        provenance = Provenance("", 60, "2026-01-01", **asdict(target))
        named = [
            replace(uncalibrated(READER_SHA256), provenance=replace(provenance, fitted_on=name))
            for name in ("first", "second", "third")
        ]
        engine.reader.use(named[0])
        following = iter(named[1:])
        calibrations = [engine.ask("What is fact 7?").models.calibration for _ in range(2)]
    assert calibrations == [model.name for model in named[:2]]
