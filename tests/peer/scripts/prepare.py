"""Write the tiny checkpoints of the scripts: by this package, for both to read.

python prepare.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import cases
import tokenization_models
from camembert_dual import CamembertConfig, CamembertTokenizer, CamembertTokenizerFast
from camembert_dual.checkpoints.folder import save_checkpoint

ENTITIES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
# the class that wrote it, and values of its configuration
STORED = {
    "base": (cases.MASKED, {}),
    "pooled": (cases.BARE, {}),
    "classes": (cases.SEQUENCE, {"num_labels": 3}),
    "entities": (cases.TOKEN, {"id2label": dict(enumerate(ENTITIES))}),
    "answers": (cases.QUESTION, {"num_labels": 2}),
    "choices": (cases.CHOICE, {}),
    "decoder": (cases.CAUSAL, {"is_decoder": True}),
}


def main(folder: Path) -> None:
    """Write them all; no dropout, as two frameworks draw differently."""
    folder.mkdir(parents=True, exist_ok=True)
    model = tokenization_models.write_model(folder)
    slow = CamembertTokenizer(model, model_max_length=128)
    slow.save_pretrained(folder / "tokenizer")
    fast = CamembertTokenizerFast.from_pretrained(folder / "tokenizer")
    for name, (task, values) in STORED.items():
        config = CamembertConfig(
            vocab_size=len(slow),
            hidden_size=36,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=70,
            max_position_embeddings=131,
            type_vocab_size=1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=slow.pad_token_id,
            bos_token_id=slow.bos_token_id,
            eos_token_id=slow.eos_token_id,
            **values,
        )
        arrays = cases.weights(config, task)
        single = {key: array.astype(np.float32) for key, array in arrays.items()}
        save_checkpoint(folder / name, config, single)
        slow.save_pretrained(folder / name)
        fast.save_pretrained(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
