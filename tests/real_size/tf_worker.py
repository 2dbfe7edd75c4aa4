"""One class of the TensorFlow tree at its real size: ``tf_worker.py CLASS SIZE FOLDER``."""

import math
import sys
from pathlib import Path

import bounds
import keras
import numpy as np
import tensorflow as tf
from measuring import run_steps

from camembert_dual import tf as tree
from camembert_dual.tf.export.saved_model import export_saved_model
from camembert_dual.tf.training.optimization import create_optimizer


class Worker:
    """The steps, and the model they share."""

    def __init__(self, architecture: str, size: str, folder: Path) -> None:
        self.architecture, self.folder = architecture, folder
        self.batch = bounds.sizes_of(size, architecture).batch
        self.config = bounds.config_of(size, architecture)

    def steps(self) -> dict:
        return {
            "load": self.load,
            "forward": self.forward,
            "generate": lambda: self.generate(1),
            "generate, beams": lambda: self.generate(bounds.BEAMS),
            "save": lambda: self.model.save_pretrained(self.folder / "saved-tf"),
            "SavedModel": lambda: export_saved_model(self.model, self.folder / "served"),
            "to .keras": lambda: self.model.save(self.folder / "model.keras"),
            "from .keras": self.load_keras,
            "train": self.train,
        }

    def use_once(self) -> None:
        """What the first use of a framework takes is not the model's."""
        batch, self.batch = self.batch, (1,) * (len(self.batch) - 1) + (2,)
        self.load("tiny")
        self.forward()
        del self.model
        self.batch = batch

    def load(self, name: str = "checkpoint") -> None:
        model = getattr(tree, f"TF{self.architecture}")
        self.model = model.from_pretrained(self.folder / name, is_decoder=self.config.is_decoder)

    def load_keras(self) -> None:
        del self.model
        self.model = keras.models.load_model(self.folder / "model.keras")

    def forward(self) -> None:
        self.model(**self.inputs())

    def generate(self, beams: int) -> None:
        prompts = np.random.default_rng(0).integers(7, self.config.vocab_size, bounds.PROMPT)
        texts = self.model.generate(
            prompts, num_beams=beams, max_new_tokens=bounds.NEW_TOKENS, eos_token_id=None
        )
        assert texts.shape[1] == bounds.PROMPT[1] + bounds.NEW_TOKENS

    def train(self) -> None:
        is_bare = self.architecture == "CamembertModel"
        # a graph takes long to trace: it is for the classes whose logits are wide
        self.model.compile(
            create_optimizer(1e-5, total_steps=9),
            loss="mse" if is_bare else None,
            run_eagerly=not self.architecture.endswith("LM"),
        )
        inputs = {**self.inputs(), **self.labels()}
        targets = tf.zeros((*self.batch, self.config.hidden_size)) if is_bare else None
        for _ in range(2):
            loss = self.model.train_on_batch(inputs, targets)
            assert math.isfinite(float(loss))

    def inputs(self) -> dict:
        vocabulary = self.model.config.vocab_size
        ids = np.random.default_rng(0).integers(7, vocabulary, self.batch)
        return {"input_ids": tf.constant(ids)}

    def labels(self) -> dict:
        task, rows = self.architecture.removeprefix("CamembertFor"), self.batch[:1]
        if task == "QuestionAnswering":
            return {name: tf.ones(rows, tf.int64) for name in ("start_positions", "end_positions")}
        if task in ("SequenceClassification", "MultipleChoice"):
            return {"labels": tf.ones(rows, tf.int64)}
        return {} if task == "CamembertModel" else {"labels": tf.ones(self.batch, tf.int64)}


def main(architecture: str, size: str, folder: str) -> None:
    keras.utils.disable_interactive_logging()
    tf.get_logger().setLevel("ERROR")
    worker = Worker(architecture, size, Path(folder))
    wanted = bounds.bounds_of(size, "tf", architecture)
    worker.use_once()
    run_steps({name: step for name, step in worker.steps().items() if name in wanted})


if __name__ == "__main__":
    main(*sys.argv[1:])
