"""What scripts written for ``transformers`` 4 ask of a model besides its output."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from camembert_dual.common.errors import require
from camembert_dual.common.model_names import CAUSAL_LM, class_name
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import BACKBONE
from camembert_dual.pt.torch_model import TorchModel


class PublishedModel(TorchModel):
    """A model with the names and counts by which scripts know it.

    Attributes:
        config_class: The class of its config.
        base_model_prefix: The attribute that holds the network of a model with a head.
        main_input_name: The input that says how many tokens a batch has.
        model_tags: Words about it, for the hub; see :meth:`add_model_tags`.
    """

    config: CamembertConfig
    config_class: ClassVar[type[CamembertConfig]] = CamembertConfig
    base_model_prefix: ClassVar[str] = BACKBONE
    main_input_name: ClassVar[str] = "input_ids"
    supports_gradient_checkpointing: ClassVar[bool] = True
    model_tags: Sequence[str] = ()
    _keys_to_ignore_on_load_missing: ClassVar[Sequence[str] | None] = None
    _keys_to_ignore_on_load_unexpected: ClassVar[Sequence[str] | None] = None

    @property
    def framework(self) -> str:
        """The framework, as ``return_tensors`` of a tokenizer calls it."""
        return "pt"

    @property
    def name_or_path(self) -> str:
        """Where the config was read, or an empty text."""
        return str(self.config.name_or_path)

    def num_parameters(self, only_trainable: bool = False, exclude_embeddings: bool = False) -> int:
        """Count the numbers in all weights, each weight once.

        Args:
            only_trainable: Whether frozen weights are passed over.
            exclude_embeddings: Whether tables of embeddings are passed over.
        """
        tables = [one.weight for one in self.modules() if isinstance(one, nn.Embedding)]
        passed = {id(one) for one in tables} if exclude_embeddings else set()
        kept = [one for one in self.parameters() if id(one) not in passed]
        return sum(one.numel() for one in kept if one.requires_grad or not only_trainable)

    @classmethod
    def can_generate(cls) -> bool:
        """Whether texts can be continued: whether the class prepares its inputs for that."""
        return hasattr(cls, "prepare_inputs_for_generation")

    def generate(self, *args: Any, **options: Any) -> Any:
        """Refuse to continue texts, without a head that says which token comes next.

        Raises:
            TypeError: Always; the causal language model has a way of its own.
        """
        name = class_name(CAUSAL_LM, self.framework)
        text = f"generate must be called of {name}, which predicts the next token"
        raise TypeError(f"{text}; received {type(self).__name__}.")

    def estimate_tokens(self, input_dict: Mapping[str, Any]) -> int:
        """Count the tokens of a batch, padding included; 0 if it has no ids."""
        ids = input_dict.get(self.main_input_name)
        return 0 if ids is None else int(ids.numel())

    def floating_point_ops(
        self, input_dict: Mapping[str, Any], exclude_embeddings: bool = True
    ) -> int:
        """Estimate the operations of a step: 6 for each token and weight (Kaplan et al. 2020)."""
        count = self.num_parameters(exclude_embeddings=exclude_embeddings)
        return 6 * self.estimate_tokens(input_dict) * count

    def get_head_mask(
        self,
        head_mask: Tensor | None,
        num_hidden_layers: int,
        is_attention_chunked: bool = False,
    ) -> Any:
        """Spread factors of heads over layers and attention probabilities.

        Args:
            head_mask: (H,) or (N, H); None for none.
            num_hidden_layers: N.
            is_attention_chunked: Whether an axis more is wanted.

        Returns:
            (N, 1, H, 1, 1), or None for each layer.
        """
        if head_mask is None:
            return [None] * num_hidden_layers
        if head_mask.ndim == 1:
            head_mask = head_mask.expand(num_hidden_layers, -1)
        spread = head_mask[:, None, :, None, None].to(self.dtype)
        return spread.unsqueeze(-1) if is_attention_chunked else spread

    def gradient_checkpointing_enable(
        self, gradient_checkpointing_kwargs: Mapping[str, Any] | None = None
    ) -> None:
        """Keep only each layer's input in training and compute the rest again for the gradient.

        Args:
            gradient_checkpointing_kwargs: Options of ``torch.utils.checkpoint``, of which
                ``use_reentrant`` is False if it is not said.
        """
        for encoder in self._encoders():
            encoder.gradient_checkpointing = True
            encoder.checkpoint_options = dict(gradient_checkpointing_kwargs or {})

    def activation_checkpointing_enable(
        self,
        activation_checkpointing_kwargs: Mapping[str, Any] | None = None,
        every_n_layers: int = 1,
        offload: bool = False,
    ) -> None:
        """The same, by the name and with the options that ``transformers`` 5 calls it with.

        Raises:
            ValueError: If not every layer, or what is kept of it elsewhere, is asked for.
        """
        rule = "Checkpointing must be of every layer, with its input where it is"
        asked = f"every_n_layers={every_n_layers}, offload={offload}"
        require((every_n_layers, offload) == (1, False), rule, asked)
        self.gradient_checkpointing_enable(activation_checkpointing_kwargs)

    def gradient_checkpointing_disable(self) -> None:
        """Keep all intermediate values in training."""
        for encoder in self._encoders():
            encoder.gradient_checkpointing = False

    @property
    def is_gradient_checkpointing(self) -> bool:
        """Whether intermediate values are computed again."""
        return any(encoder.gradient_checkpointing for encoder in self._encoders())

    def _encoders(self) -> Iterator[Any]:
        """The stacks of layers, of which a user's model may have several."""
        return (one for one in self.modules() if hasattr(one, "gradient_checkpointing"))

    def add_model_tags(self, tags: Sequence[str] | str) -> None:
        """Add words about the model, which ``push_to_hub`` tells the hub."""
        added = [tags] if isinstance(tags, str) else tags
        self.model_tags = [*self.model_tags, *(one for one in added if one not in self.model_tags)]
