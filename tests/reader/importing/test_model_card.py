"""Model cards: what their heads say of licence and data, and nothing from what is no card."""

from pathlib import Path

import pytest

from answerable.reader.importing.model_card import ModelCard, read_model_card


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "---\nlicense: apache-2.0\ndatasets:\n- squad_v2\n---\n# A",
            ModelCard("Apache-2.0", "trained"),
        ),
        ("---\nlicense: mit\ndatasets: [rajpurkar/squad]\n---\n", ModelCard("MIT", "none")),
        ("---\ndatasets: [squad, newsqa]\n---\n", ModelCard()),
        ("---\ndatasets: [squad, squad_v2]\n---\n", ModelCard(None, "trained")),
        ("---\nlicense: [mit]\ndatasets: squad\n---\n", ModelCard()),
        ("---\nlicense: whatever I like\n---\n", ModelCard()),
        ("---\n{\n---\n", ModelCard()),
        ("---\n!!python/object/apply:os.system ['touch evil']\n---\n", ModelCard()),
        ("# only a title\n", ModelCard()),
        ("---\n- a list\n---\n", ModelCard()),
        (None, ModelCard()),
    ],
)
def test_what_a_card_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, expected: ModelCard
) -> None:
    """Known licences and SQuAD's versions are told; everything else is silence."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "README.md").write_text(text, encoding="utf-8")
    assert read_model_card(tmp_path) == expected
    assert not (tmp_path / "evil").exists()
