"""What every model can do besides computing: load, save, count, resize, prune."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from torch import nn

from camembert_dual.checkpoints.folder import save_checkpoint
from camembert_dual.checkpoints.lazy_arrays import LazyArrays
from camembert_dual.checkpoints.loading import (
    LoadOptions,
    config_for_saving,
    is_foreign,
    warn_of_new_weights,
)
from camembert_dual.checkpoints.matching import LoadReport, match
from camembert_dual.checkpoints.saving import SaveOptions, arrays_of_state
from camembert_dual.common.arrays import Array
from camembert_dual.common.keywords import constructor_keywords, takes_others
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import rounded_up
from camembert_dual.parameters import Parameter
from camembert_dual.pt import attention_kernels, layers, own_weights, saving, surgery, tying
from camembert_dual.pt.filling import copy_into, dtype_of, on_device, set_computed
from camembert_dual.pt.published import PublishedModel
from camembert_dual.pt.tensors import array_of, tensor_of
from camembert_dual.storage.publishing import publish

Model = TypeVar("Model", bound="PretrainedModel")


class PretrainedModel(PublishedModel):
    """The base of all models: a config, and its way to and from checkpoints.

    Args:
        config: The configuration; validated again here.
    """

    architecture: ClassVar[str | None] = None
    config: CamembertConfig
    load_report: LoadReport | None = None

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        config.validate()
        self.config = config
        self.register_state_dict_post_hook(tying.leave_out_shared)
        self.register_load_state_dict_pre_hook(tying.refuse_wrapped)
        self.register_load_state_dict_post_hook(tying.take_up_shared)

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
                published names; ``dtype`` or ``torch_dtype``, type of the
                weights, ``"auto"`` for the file's own, float32 if None;
                ``ignore_mismatched_sizes``; ``output_loading_info``; ``device_map``,
                the one device to load onto;
                ``use_safetensors``, ``from_tf`` and ``variant`` for which of a folder's
                files; ``revision``, ``cache_dir``, ``token``, ``local_files_only``,
                ``force_download`` and ``subfolder`` for where it is; arguments of the constructor
                such as ``add_pooling_layer``; any other name overrides a value of the config.
                :data:`camembert_dual.checkpoints.loading.NEUTRAL` lists what changes nothing here.

        Returns:
            The model in evaluation mode, or the model and the :class:`LoadReport`. A new task head
            is announced by one warning.

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
                model = cls(config, *chosen.positional, **chosen.model).to(dtype=dtype)
        report = model.load_arrays(arrays, chosen.ignore_mismatched_sizes)
        model.initialise_weights((*report.missing, *report.mismatched))
        warn_of_new_weights(cls.__name__, report)
        model.eval()
        return (model, report) if chosen.output_loading_info else model  # type: ignore[return-value]

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:
        """Write ``config.json`` and ``model.safetensors``, each whole or not at all.

        Args:
            save_directory: The folder, made if need be.
            **options: ``max_shard_size``, ``safe_serialization`` and ``variant``, see
                :func:`camembert_dual.checkpoints.folder.save_checkpoint`; ``is_main_process``,
                which writes nothing if False; ``state_dict``, weights to write instead of the
                model's; ``saved_model`` (only False); ``push_to_hub``, then those of
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
        name = own_weights.class_of(type(self)).__name__
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
            ValueError: If a weight is missing, unknown or misshaped, or computed by something that
                cannot be asked for the value that gives it.
        """
        expected = self.expected_parameters()
        dtype = str(self.dtype).removeprefix("torch.")
        pairs, report = match(
            arrays,
            expected,
            ignore_mismatched_sizes=ignore_mismatched_sizes,
            dtype=dtype,
            foreign=is_foreign(self.config),
        )
        weights = {
            **dict(self.named_parameters(remove_duplicate=False)),
            **dict(self.named_buffers(remove_duplicate=False)),
        }
        for name, source in pairs.items():
            tensor = tensor_of(arrays[source])
            if name in weights:
                copy_into(weights[name], tensor, is_fresh=isinstance(arrays, LazyArrays))
            else:
                set_computed(self, name, tensor)
        self.load_report = report
        return report

    def initialise_weights(self, names: Sequence[str]) -> None:
        """Start matrices anew, at random values.

        Args:
            names: Their published names; vectors among them stay as they are.
        """
        weights = self.state_dict()
        for one in self.expected_parameters():
            if one.name in names and len(one.shape) == 2 and not one.own:
                padding_index = self.config.pad_token_id if one.padded else None
                weight = weights[one.name]
                start = layers.initialise(
                    weight.shape, weight.dtype, config=self.config, padding_index=padding_index
                )
                weight.copy_(start)

    def to_arrays(self) -> dict[str, Array]:
        """The weights as numpy arrays by published name, in the torch layout.

        Parametrised ones (weight norm, spectral norm, adapters) are what the forward uses.

        Raises:
            ValueError: If the model is not what its config says: a layer of another size or kind,
                one too many or too few.
        """
        return {name: array_of(weight) for name, weight in saving.weights_of(self).items()}

    def get_input_embeddings(self) -> nn.Embedding:
        """The word embeddings."""
        embeddings: nn.Embedding = surgery.backbone_of(self).embeddings.word_embeddings
        return embeddings

    def set_input_embeddings(self, embeddings: nn.Module) -> None:
        """Use a module for the word embeddings; a tied LM head follows.

        Args:
            embeddings: A map of ids (...) to (..., D), with a ``weight`` (V, D) where the LM head
                is tied.

        Raises:
            ValueError: If its weight has another shape; see ``resize_token_embeddings`` for that.
        """
        surgery.set_input_embeddings(self, embeddings)

    def get_output_embeddings(self) -> nn.Linear | None:
        """The LM head's decoder, a map of (..., D) to logits (..., V); None without LM head."""
        decoder: nn.Linear | None = getattr(getattr(self, "lm_head", None), "decoder", None)
        return decoder

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        """Use a module for the LM head's decoder; ``tie_weights`` ties it, if the config does.

        Args:
            new_embeddings: A map of (..., D) to logits (..., V), their bias included.

        Raises:
            ValueError: If there is no LM head.
        """
        surgery.set_output_embeddings(self, new_embeddings)

    def tie_weights(self) -> None:
        """Share the word embeddings with the LM head's decoder again, if the config ties them."""
        tying.tie(self)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """Move or convert the weights; on some ways PyTorch makes two of one that is shared."""
        super()._apply(fn, recurse)
        self.tie_weights()
        return self

    def resize_token_embeddings(
        self,
        new_num_tokens: int | None = None,
        pad_to_multiple_of: int | None = None,
        mean_initialised: bool = False,
    ) -> nn.Embedding:
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

    def set_attn_implementation(self, attn_implementation: str | None) -> None:
        """Attend in another way from now on; the numbers stay the same up to rounding.

        Args:
            attn_implementation: A value of the config's field of that name.

        Raises:
            ValueError: If it is none.
        """
        attention_kernels.choose(self.config, attn_implementation)
