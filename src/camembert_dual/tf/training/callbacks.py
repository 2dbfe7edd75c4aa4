"""Keras' callbacks by the names of ``transformers`` 4: metrics of one's own, uploads to the hub."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from camembert_dual.common.errors import require, shown
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.storage.publishing import publish
from camembert_dual.tf.keras_fit import SPAN

STRATEGIES = ("no", "epoch", "steps")
LEFT_OUT = ("loss", "past_key_values")  # of a model's outputs


class KerasMetricCallback(keras.callbacks.Callback):
    """Measures a model after each epoch by a function of NumPy arrays, which no graph holds.

    Args:
        metric_fn: Takes the pair (predictions, labels), each an array, or a dict of them where a
            model has several; gives numbers by name, which stand in the history of ``fit``.
        eval_dataset: Batches of inputs with labels; or arrays, of which batches are made.
        output_cols: The outputs that are predictions; all but the loss by default.
        label_cols: The inputs that are labels; found by default.
        batch_size: Examples of a batch, where arrays are given.
        predict_with_generate: Whether predictions are texts that the model writes.
        use_xla_generation: Whether these are written by XLA.
        generate_kwargs: Options of ``generate``.

    Raises:
        ValueError: If there are no labels, or no ``batch_size`` for arrays.
    """

    def __init__(
        self,
        metric_fn: Callable[[Any], Mapping[str, Any]],
        eval_dataset: Any,
        output_cols: Sequence[str] | None = None,
        label_cols: Sequence[str] | None = None,
        batch_size: int | None = None,
        predict_with_generate: bool = False,
        use_xla_generation: bool = False,
        generate_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(eval_dataset, tf.data.Dataset):
            rule = "batch_size must be given where eval_dataset is no tf.data.Dataset"
            require(batch_size is not None, rule, batch_size)
            eval_dataset = tf.data.Dataset.from_tensor_slices(eval_dataset).batch(batch_size)
        self.metric_fn, self.eval_dataset = metric_fn, eval_dataset
        self.output_cols = output_cols
        self.label_cols = label_names(eval_dataset.element_spec, label_cols)
        self.predict_with_generate = predict_with_generate
        self.use_xla_generation = use_xla_generation
        self.generate_kwargs = dict(generate_kwargs or {})
        self._write: Callable[..., Any] | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measure the model, and put the numbers among those of the epoch.

        Raises:
            TypeError: If ``metric_fn`` gives no numbers by name.
        """
        predictions, labels = [], []
        for batch in self.eval_dataset:
            inputs, given = batch if isinstance(batch, tuple) else (batch, None)
            predictions.append(self.predictions_of(inputs))
            chosen = given if self.label_cols is None else {n: inputs[n] for n in self.label_cols}
            labels.append(tf.nest.map_structure(np.asarray, chosen))
        measured = self.metric_fn((joined(predictions), joined(labels)))
        if not isinstance(measured, Mapping):
            raise TypeError(f"metric_fn must give numbers by name; received {shown(measured)}.")
        if logs is not None:
            logs.update(measured)

    def predictions_of(self, inputs: Any) -> Any:
        """The outputs of a batch, or the texts that the model writes on."""
        if self.predict_with_generate:
            named = inputs if isinstance(inputs, Mapping) else {"input_ids": inputs}
            options = {"attention_mask": named.get("attention_mask")} | self.generate_kwargs
            return np.asarray(self.writer()(named["input_ids"], **options))
        outputs = self.model.predict_on_batch(inputs)
        if not isinstance(outputs, Mapping):
            return tf.nest.map_structure(np.asarray, outputs)
        names = self.output_cols or [name for name in outputs if name not in LEFT_OUT]
        return {name: np.asarray(outputs[name]) for name in names}

    def writer(self) -> Callable[..., Any]:
        """What writes a text on."""
        if self._write is None:
            write = self.model.generate
            self._write = tf.function(write, jit_compile=True) if self.use_xla_generation else write
        return self._write


class PushToHubCallback(keras.callbacks.Callback):
    """Saves a model while it is trained, and puts it into a repository of the hub.

    Args:
        output_dir: The folder that is written and uploaded.
        save_strategy: ``"epoch"``, ``"steps"``, or ``"no"`` for the end alone, at which it is
            saved in any case.
        save_steps: Steps between two saves under ``"steps"``.
        tokenizer: Is saved beside the model.
        hub_model_id: The repository; named after the folder by default.
        hub_token: Access token of the hub; None for the one that is logged in.
        checkpoint: Whether the state of the optimiser is saved, too, under ``"epoch"``.
        **model_card_args: Accepted; a repository's README.md is its owner's to write.

    Raises:
        ValueError: If options contradict each other.
    """

    def __init__(
        self,
        output_dir: str | Path,
        save_strategy: str = "epoch",
        save_steps: int | None = None,
        tokenizer: Any = None,
        hub_model_id: str | None = None,
        hub_token: str | None = None,
        checkpoint: bool = False,
        **model_card_args: Any,
    ) -> None:
        super().__init__()
        word = str(getattr(save_strategy, "value", save_strategy)).lower()
        require(word in STRATEGIES, f"save_strategy must be one of {', '.join(STRATEGIES)}", word)
        rule = "save_strategy must be 'epoch' where checkpoint is True"
        require(word == "epoch" or not checkpoint, rule, word)
        counts = word != "steps" or (isinstance(save_steps, int) and save_steps > 0)
        rule = "save_steps must be a whole number of at least 1 under 'steps'"
        require(counts, rule, save_steps)
        self.output_dir, self.save_strategy, self.save_steps = Path(output_dir), word, save_steps
        self.tokenizer, self.checkpoint = tokenizer, checkpoint
        self.hub_model_id = hub_model_id or self.output_dir.absolute().name
        self.hub_token = hub_token

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Save after so many steps."""
        if self.save_strategy == "steps" and self.save_steps and not (batch + 1) % self.save_steps:
            self.save(f"Training in progress, step {batch + 1}")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Save after an epoch."""
        if self.save_strategy == "epoch":
            self.save(f"Training in progress, epoch {epoch + 1}")

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Save what came out."""
        self.save("End of training")

    def save(self, message: str) -> None:
        """Write the folder and upload it."""
        self.model.save_pretrained(self.output_dir)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(self.output_dir)
        if self.checkpoint:
            self.model.save(self.output_dir / "checkpoint.keras")
        copy = partial(shutil.copytree, self.output_dir, dirs_exist_ok=True)
        publish(copy, self.hub_model_id, commit_message=message, token=self.hub_token)


def label_names(spec: Any, given: Sequence[str] | None) -> list[str] | None:
    """The inputs that are labels; None where they stand beside the inputs.

    Raises:
        ValueError: If there are none.
    """
    apart = isinstance(spec, tuple) and len(spec) == 2
    inputs = spec[0] if apart else spec
    names = set(inputs) if isinstance(inputs, Mapping) else set()
    if given is not None:
        unknown = sorted(set(given) - names)
        require(not unknown, "label_cols must be inputs of eval_dataset", ", ".join(unknown))
        return list(given)
    if apart:
        return None
    found = ["labels"] if "labels" in names else list(SPAN) if names >= set(SPAN) else []
    require(found, "eval_dataset must have labels, or label_cols name them", shown(sorted(names)))
    return found


def joined(batches: Sequence[Any]) -> Any:
    """Batches of arrays as one; a dict or list of one field is that field."""
    if isinstance(batches[0], Mapping):
        fields = {name: joined_rows([one[name] for one in batches]) for name in batches[0]}
        return next(iter(fields.values())) if len(fields) == 1 else fields
    if isinstance(batches[0], list | tuple):
        parts = [joined_rows(part) for part in zip(*batches, strict=True)]
        return parts[0] if len(parts) == 1 else parts
    return joined_rows(batches)


def joined_rows(batches: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of batches under each other; shorter ones end in -100."""
    if batches[0].ndim < 2:
        return np.concatenate(batches)
    longest = max(batch.shape[1] for batch in batches)
    rest = [(0, 0)] * (batches[0].ndim - 2)
    grown = [
        np.pad(batch, [(0, 0), (0, longest - batch.shape[1]), *rest], constant_values=IGNORE_INDEX)
        for batch in batches
    ]
    return np.concatenate(grown)
