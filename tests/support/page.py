"""Small local checkpoints that stand in for the hub's in the examples of the reference page."""

import contextlib
import warnings
from pathlib import Path

import numpy as np

import cases
from bundled.vocabulary import train_sentencepiece
from camembert_dual import CamembertConfig, CamembertTokenizer
from camembert_dual.checkpoints.folder import save_checkpoint

GREETING = "Hello, my dog is cute"
BLANK = "The capital of France is <mask>."
FILLED = "The capital of France is Paris."
PIZZA = "In Italy, pizza served in formal settings, such as at a restaurant, is presented unsliced."
ENDINGS = ("It is eaten with a fork and a knife.", "It is eaten while held in the hand.")
COMPANY = "HuggingFace is a company based in Paris and New York"
QUESTION = ("Who was Jim Henson?", "Jim Henson was a nice puppet")
SENTENCES = (GREETING, FILLED, PIZZA, *ENDINGS, COMPANY, *QUESTION, "Paris . Paris . Paris .")

# what each stands for, the class that wrote it, and its labels
BASE, EMOTION, ENTITIES, ANSWERS = "camembert-base", "emotion", "ner", "squad2"
STORED = {
    BASE: ("CamembertForMaskedLM", None),
    EMOTION: ("CamembertForSequenceClassification", ("anger", "joy", "optimism", "sadness")),
    ENTITIES: ("CamembertForTokenClassification", ("O", "MISC", "PER", "ORG", "LOC")),
    ANSWERS: ("CamembertForQuestionAnswering", None),
}


def write_checkpoints(folder: Path) -> dict[str, str]:
    """Write them all; give the path of each by its name."""
    model = train_sentencepiece(
        SENTENCES * 3, vocab_size=78, output=folder / "pieces.model", required_characters=""
    )
    tokenizer = CamembertTokenizer(model)
    for name, (task, labels) in STORED.items():
        config = CamembertConfig(
            vocab_size=len(tokenizer),
            hidden_size=24,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=35,
            max_position_embeddings=99,
            type_vocab_size=1,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            id2label=None if labels is None else dict(enumerate(labels)),
        )
        arrays = cases.weights(config, task)
        single = {key: array.astype(np.float32) for key, array in arrays.items()}
        save_checkpoint(folder / name, config, single)
        tokenizer.save_pretrained(folder / name)
    return {name: str(folder / name) for name in STORED}


@contextlib.contextmanager
def new_weights(*names: str):
    """Expect the one warning that these weights, by the start of their names, are new."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    (message,) = {str(one.message) for one in caught}
    listed = message.rpartition(": ")[2].rstrip(".").split(", ")
    assert "new, random weights" in message
    assert all(one.startswith(names) for one in listed)
    assert all(any(one.startswith(name) for one in listed) for name in names)
