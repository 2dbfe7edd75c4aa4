"""sentence-transformers reads our folders, trains them, and makes the vectors that we make."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
    losses,
    models,
)

from camembert_dual import AutoTokenizer, CamembertModel
from camembert_dual.pipelines import embed, embedding_settings

NAME = "camembert-tiny-fr"
TEXTS = ["Le petit chat boit du lait.", "Il pleut.", "Où est la gare ?", "Oui " * 40, "Non."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    CamembertModel.from_pretrained(NAME).save_pretrained(folder)
    AutoTokenizer.from_pretrained(NAME).save_pretrained(folder)
    return folder


def sentence_model(folder, pooling="mean", normalize=True, length=16):
    words = models.Transformer(str(folder), max_seq_length=length)
    size = words.get_word_embedding_dimension()
    parts = [words, models.Pooling(size, pooling_mode=pooling)]
    return SentenceTransformer(
        modules=[*parts, *([models.Normalize()] if normalize else [])], device="cpu"
    )


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_a_folder_of_theirs_gives_the_same_vectors(folder, tmp_path, pooling, normalize):
    sentence_model(folder, pooling, normalize).save(str(tmp_path))
    expected = SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS)
    settings = embedding_settings(tmp_path)
    assert settings[:2] == (pooling, normalize)
    model = CamembertModel.from_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    length = settings.max_length or tokenizer.model_max_length
    assert length == 16
    found = embed(model, tokenizer, TEXTS, pooling=pooling, normalize=normalize, max_length=length)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


def test_a_folder_of_ours_is_trained_there_and_comes_back(folder, tmp_path):
    model = sentence_model(folder)
    before = model.encode(TEXTS)
    pairs = {"anchor": ["Il pleut.", "Bonjour."] * 4, "positive": ["La pluie.", "Salut !"] * 4}
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path / "run"),
        max_steps=3,
        per_device_train_batch_size=2,
        learning_rate=1e-3,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(pairs),
        loss=losses.MultipleNegativesRankingLoss(model),
    )
    trainer.train()
    model.eval().save(str(tmp_path / "trained"))
    expected = model.encode(TEXTS)
    assert np.abs(expected - before).max() > 1e-3
    trained = CamembertModel.from_pretrained(tmp_path / "trained")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "trained")
    found = embed(trained, tokenizer, TEXTS, normalize=True, max_length=16)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)
