"""A folder of ours as the transformer of a spaCy pipeline, by spacy-curated-transformers."""

import numpy as np
import pytest
import spacy
import torch
from spacy.training import Example
from spacy.util import registry

from camembert_dual import AutoTokenizer, CamembertModel

NAME = "camembert-tiny-fr"
TEXT = "Le petit chat boit du lait."
CURATED = "spacy-curated-transformers"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spacy") / "model"
    CamembertModel.from_pretrained(NAME).save_pretrained(folder)
    AutoTokenizer.from_pretrained(NAME).save_pretrained(folder)
    return folder


def settings(config):
    sizes = {
        "hidden_width": config.hidden_size,
        "intermediate_width": config.intermediate_size,
        "num_attention_heads": config.num_attention_heads,
        "num_hidden_layers": config.num_hidden_layers,
        "max_position_embeddings": config.max_position_embeddings,
        "type_vocab_size": config.type_vocab_size,
        "vocab_size": config.vocab_size,
        "padding_idx": config.pad_token_id,
    }
    parts = {
        "piece_encoder": {"@architectures": f"{CURATED}.CamembertSentencepieceEncoder.v1"},
        "with_spans": {
            "@architectures": f"{CURATED}.WithStridedSpans.v1",
            "stride": 96,
            "window": 128,
        },
    }
    return {"model": {"@architectures": f"{CURATED}.CamembertTransformer.v1", **sizes, **parts}}


def test_a_pipeline_computes_the_states_of_our_model(folder):
    model = CamembertModel.from_pretrained(folder).eval()
    pipeline = spacy.blank("fr")
    pipe = pipeline.add_pipe("curated_transformer", config=settings(model.config))
    sample = [Example.from_dict(pipeline.make_doc(TEXT), {})]
    loaders = {
        f"{name}_loader": registry.get("model_loaders", f"{CURATED}.{kind}.v1")(name=str(folder))
        for name, kind in (
            ("encoder", "HFTransformerEncoderLoader"),
            ("piecer", "HFPieceEncoderLoader"),
        )
    }
    pipe.initialize(lambda: sample, nlp=pipeline, **loaders)
    document = pipeline(TEXT)
    words = [token.text for token in document]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(words, is_split_into_words=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**batch).last_hidden_state[0, 1:-1].numpy()
    found = document._.trf_data.all_outputs[-1].data
    assert len(words) > 5
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
