"""What every model can do besides computing: load, save, count, resize, prune."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import keras
import tensorflow as tf

from camembert_dual.checkpoints.folder import save_checkpoint
from camembert_dual.checkpoints.loading import (
    LoadOptions,
    config_for_saving,
    is_foreign,
    warn_of_new_weights,
)
from camembert_dual.checkpoints.matching import LoadReport, match
from camembert_dual.checkpoints.saving import SaveOptions, arrays_of_state
from camembert_dual.common.arrays import Array
from camembert_dual.common.backends import PACKAGE
from camembert_dual.common.keywords import constructor_keywords, takes_others
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import rounded_up
from camembert_dual.parameters import Parameter
from camembert_dual.storage.publishing import publish
from camembert_dual.tf import layers, own_weights, saving, surgery
from camembert_dual.tf.filling import copy_into, dtype_of, on_device
from camembert_dual.tf.naming import places_of
from camembert_dual.tf.published import PublishedModel
from camembert_dual.tf.tensors import array_of

Model = TypeVar("Model", bound="PretrainedModel")


class PretrainedModel(PublishedModel):
    """The base of all models: a config, and its way to and from checkpoints.

    Args:
        config: The configuration; validated again here.
    """

    architecture: ClassVar[str | None] = None
    config: CamembertConfig
    load_report: LoadReport | None = None

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        config.validate()
        self.config = config

    def build(self, input_shape: Any = None) -> None:
        """Build the children that need no input; Keras builds others when it calls them."""
        for layer in self.layers:
            if not layer.built and type(layer).__module__.startswith(PACKAGE):
                layer.build()

    @classmethod
    def from_pretrained(
        cls: type[Model],
        pretrained_model_name_or_path: str | Path | None,
        *model_args: Any,
        **options: Any,
    ) -> Model:
        """Load a checkpoint: weights by their published names, strictly.

        Args:
            pretrained_model_name_or_path: Folder, bundled name or hub name; None if ``config`` and
                ``state_dict`` are given.
            *model_args: A config, as in ``config``; more arguments of the constructor.
            **options: ``config``, a configuration to use instead of the checkpoint's own, or where
                to read one; ``state_dict``, weights to use instead of the checkpoint's, by their
                published names; ``dtype`` or ``torch_dtype``, type or Keras
                dtype policy of the weights, ``"auto"`` for the file's own, Keras' global policy if
                None;
                ``ignore_mismatched_sizes``; ``output_loading_info``; ``device_map``,
                the one device to load onto;
                ``use_safetensors``, ``from_tf`` and ``variant`` for which of a folder's
                files; ``revision``, ``cache_dir``, ``token``, ``local_files_only``,
                ``force_download`` and ``subfolder`` for where it is; arguments of the constructor
                such as ``add_pooling_layer``; any other name overrides a value of the config.
                :data:`camembert_dual.checkpoints.loading.NEUTRAL` lists what changes nothing here.

        Returns:
            The model, or the model and the :class:`LoadReport`. A new task head is announced
            by one warning.

        Raises:
            FileNotFoundError: If there is no such checkpoint.
            ValueError: If an option is refused, or the checkpoint does not fit; one error names all
                missing, unknown and misshaped weights.
        """
        constructor = constructor_keywords(cls, PretrainedModel) - {"config", "dtype"}
        others = own_weights.is_users(cls) and takes_others(cls)
        chosen = LoadOptions.from_keywords(
            model_args, options, cls.config_class, constructor, others
        )
        arrays, config = chosen.open(pretrained_model_name_or_path, cls.architecture, array_of)
        dtype = dtype_of(chosen.dtype, arrays)
        with layers.uninitialised(), on_device(chosen.device):
            if own_weights.is_users(cls):
                model = own_weights.made(cls, config, dtype, chosen.positional, chosen.model)
            else:
                model = cls(config, *chosen.positional, dtype=dtype, **chosen.model)
        report = model.load_arrays(arrays, chosen.ignore_mismatched_sizes)
        model.initialise_weights((*report.missing, *report.mismatched))
        warn_of_new_weights(cls.__name__, report)
        return (model, report) if chosen.output_loading_info else model

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:
        """Write ``config.json`` and ``model.safetensors``, each whole or not at all.

        Args:
            save_directory: The folder, made if need be.
            **options: ``max_shard_size``, ``safe_serialization`` and ``variant``, see
                :func:`camembert_dual.checkpoints.folder.save_checkpoint`; ``is_main_process``,
                which writes nothing if False; ``state_dict``, weights to write instead of the
                model's; ``saved_model``, a
                SavedModel beside them; ``push_to_hub``, then those of
                :func:`camembert_dual.storage.publishing.publish`, too.

        Raises:
            OSError: If the folder cannot be written.
            ValueError: If an option is refused, or the model cannot be saved (a callable
                activation, a layer that its config does not have).
        """
        chosen = SaveOptions.from_keywords(save_directory, options)
        if not chosen.is_main_process:
            return
        arrays = self.to_arrays()
        if chosen.state_dict is not None:
            arrays = arrays_of_state(chosen.state_dict, self.expected_parameters(), array_of)
        name = type(self).__name__.removeprefix("TF")  # as PyTorch calls it
        config = config_for_saving(self.config, self.architecture, name)
        saving.export(self, chosen.saved_model)
        save_checkpoint(save_directory, config, arrays, **chosen.checkpoint)
        if chosen.publishing is not None:
            publish(self.save_pretrained, **chosen.publishing, **chosen.checkpoint)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Put the model into a repository of the hub.

        Args:
            repo_id: The repository, made if need be.
            **options: Those of :func:`camembert_dual.storage.publishing.publish`, and those of
                :meth:`save_pretrained`.

        Returns:
            The address of the commit.

        Raises:
            ImportError: If ``huggingface_hub`` is not installed.
            OSError: If the hub refuses it.
        """
        return publish(self.save_pretrained, repo_id, **options)

    def expected_parameters(self) -> tuple[Parameter, ...]:
        """The rows of the parameter table that are this model's weights, and a user's own."""
        return own_weights.expected_parameters(self)

    def load_arrays(
        self, arrays: Mapping[str, Array], ignore_mismatched_sizes: bool = False
    ) -> LoadReport:
        """Fill the weights from arrays by published name, in the torch layout.

        Args:
            arrays: Published name to array; read one at a time.
            ignore_mismatched_sizes: Whether a weight of another shape keeps its value.

        Returns:
            The report, also kept as ``load_report``.

        Raises:
            ValueError: If a weight is missing, unknown or misshaped.
        """
        expected = self.expected_parameters()
        dtype = self.variable_dtype
        pairs, report = match(
            arrays,
            expected,
            ignore_mismatched_sizes=ignore_mismatched_sizes,
            dtype=dtype,
            foreign=is_foreign(self.config),
        )
        weights = self.variables_by_name()
        for one in expected:
            if one.name in pairs:
                array = arrays[pairs[one.name]]
                copy_into(weights[one.name].value, array.T if one.transposed else array)
        self.load_report = report
        return report

    def initialise_weights(self, names: Sequence[str]) -> None:
        """Start matrices anew, at random values.

        Args:
            names: Their published names; vectors among them stay as they are.
        """
        weights = self.variables_by_name()
        for one in self.expected_parameters():
            if one.name in names and len(one.shape) == 2 and not one.own:
                padding_index = self.config.pad_token_id if one.padded else None
                weight = weights[one.name]
                start = layers.initialise(
                    weight.shape, weight.dtype, config=self.config, padding_index=padding_index
                )
                weight.assign(start)

    def to_arrays(self) -> dict[str, Array]:
        """The weights as numpy arrays by published name, in the torch layout.

        The low-rank adapters of Keras are merged into the weights that they are for.

        Raises:
            ValueError: If the model is not what its config says: a layer of another size or kind,
                one too many or too few.
        """
        weights = saving.weights_of(self)
        kind = tf.as_dtype(self.variable_dtype).as_numpy_dtype  # a merged weight may be wider
        arrays = {}
        for one in self.expected_parameters():
            array = array_of(weights[one.name])
            array = array if one.own else array.astype(kind, copy=False)
            arrays[one.name] = array.T if one.transposed else array
        return arrays

    def variables_by_name(self) -> dict[str, keras.Variable]:
        """The weights by their published names, without adapters."""
        return {name: place.variable for name, place in places_of(self).items()}

    def get_input_embeddings(self) -> keras.layers.Embedding:
        """The word embeddings."""
        embeddings: keras.layers.Embedding = surgery.backbone_of(self).embeddings.word_embeddings
        return embeddings

    def set_input_embeddings(self, embeddings: keras.layers.Layer) -> None:
        """Use a layer for the word embeddings; a tied LM head follows.

        Args:
            embeddings: A map of ids (...) to (..., D); built, with ``embeddings`` (V, D), if it is
                one of Keras'. With an argument ``reverse`` it maps (N, D) to (N, V) as well.

        Raises:
            ValueError: If its table has another shape; see ``resize_token_embeddings`` for that.
        """
        surgery.set_input_embeddings(self, embeddings)

    def get_output_embeddings(self) -> keras.layers.Embedding | None:
        """The LM head's decoder: the word embeddings if tied, called in reverse; or None."""
        head = getattr(self, "lm_head", None)
        if not hasattr(head, "decoder"):  # one of a user's own may be anything
            return None
        decoder: keras.layers.Embedding = head.decoder
        return self.get_input_embeddings() if decoder is None else decoder

    def set_output_embeddings(self, new_embeddings: keras.layers.Layer) -> None:
        """Use a layer for the LM head's decoder.

        Args:
            new_embeddings: A layer of V embeddings, as :meth:`set_input_embeddings` takes it.

        Raises:
            ValueError: If there is no LM head.
        """
        surgery.set_output_embeddings(self, new_embeddings)

    def resize_token_embeddings(
        self,
        new_num_tokens: int | None = None,
        pad_to_multiple_of: int | None = None,
        mean_initialised: bool = False,
    ) -> keras.layers.Embedding:
        """Grow or shrink the vocabulary; old rows, LM bias and tie stay, and the config follows.

        Args:
            new_num_tokens: Rows wanted; None for as many as there are.
            pad_to_multiple_of: What the number of rows is rounded up to a multiple of.
            mean_initialised: Whether new rows start at the mean of the old ones instead of at
                random.

        Returns:
            The word embedding table.

        Raises:
            ValueError: If a special token would lose its row, or rows cannot be rounded so.
        """
        rows = rounded_up(new_num_tokens or self.config.vocab_size, pad_to_multiple_of)
        surgery.resize_token_embeddings(self, rows, mean_initialised)
        return self.get_input_embeddings()

    def prune_heads(self, heads_to_prune: Mapping[int, Sequence[int]]) -> None:
        """Remove attention heads for good (Michel et al. 2019, https://arxiv.org/abs/1905.10650).

        Args:
            heads_to_prune: Layer number to the heads to remove, by their original numbers.

        Raises:
            ValueError: If a layer or head does not exist or none would be left.
        """
        surgery.prune_heads(self, heads_to_prune)
