"""Small checkpoints for every task of the pipelines, with the bundled tokenizer."""

from pathlib import Path

import numpy as np

import cases
from camembert_dual import AutoTokenizer, CamembertConfig
from camembert_dual.checkpoints.folder import save_checkpoint

TOPICS = ("sport", "politique", "science", "culture", "météo")
NLI = ("contradiction", "neutral", "entailment")
ENTITIES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
# what each is for: its class, its labels, and values of its configuration
STORED = {
    "masked": ("CamembertForMaskedLM", None, {}),
    "topics": ("CamembertForSequenceClassification", TOPICS, {}),
    "several": (
        "CamembertForSequenceClassification",
        TOPICS,
        {"problem_type": "multi_label_classification"},
    ),
    "number": ("CamembertForSequenceClassification", ("note",), {}),
    "nli": ("CamembertForSequenceClassification", NLI, {}),
    "nli first": ("CamembertForSequenceClassification", NLI[::-1], {}),
    "entities": ("CamembertForTokenClassification", ENTITIES, {}),
    "answers": ("CamembertForQuestionAnswering", None, {}),
    "choices": ("CamembertForMultipleChoice", None, {}),
    "decoder": ("CamembertForCausalLM", None, {"is_decoder": True}),
}

TEXTS = (
    "Le petit chat dort sur la grande table de la cuisine.",
    "Oui.",
    "Marie Dupont habite à Paris depuis l'année 1998, dit-elle à l'Assemblée nationale.",
    "Il pleut aujourd’hui en Île-de-France : la météo annonce de l'orage € et du vent.",
)
MASKED = (
    "Paris est la <mask> de la France.",
    "Le <mask> dort sur la <mask> de la cuisine.",
    "Il a <mask> un livre.",
)
CONTEXT = " ".join(TEXTS)
QUESTION = "Où habite Marie ?"
LONG = " ".join(TEXTS * 6)


def write(folder: Path, *names: str) -> dict[str, str]:
    """Write some of them, or all; give the path of each by its name."""
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr")
    for name in names or STORED:
        task, labels, values = STORED[name]
        config = CamembertConfig(
            vocab_size=len(tokenizer),
            hidden_size=24,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=35,
            max_position_embeddings=514,
            type_vocab_size=1,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            id2label=None if labels is None else dict(enumerate(labels)),
            **values,
        )
        arrays = {
            key: (array * 4 if "classifier" in key or "qa_outputs" in key else array)
            for key, array in cases.weights(config, task).items()
        }
        single = {key: array.astype(np.float32) for key, array in arrays.items()}
        config = config.replaced(architectures=[task])
        save_checkpoint(folder / name, config, single)
        tokenizer.save_pretrained(folder / name)
    return {name: str(folder / name) for name in names or STORED}
