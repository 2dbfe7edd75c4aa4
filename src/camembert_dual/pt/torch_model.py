"""What scripts for PyTorch ask of a model: its start, its place and bytes, additive masks."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.pt.initialising import initialise, start
from camembert_dual.pt.masks import causal_mask
from camembert_dual.pt.reordered import optimized

DUMMY_IDS = ((7, 6, 0, 0, 1), (1, 2, 3, 0, 0), (0, 0, 0, 4, 5))

Kind = TypeVar("Kind", bound="TorchModel")


class TorchModel(nn.Module):
    """A module with a place, a type and a size."""

    config: CamembertConfig
    base_model_prefix: ClassVar[str]
    is_parallelizable: ClassVar[bool] = False
    _tied_weights_keys: ClassVar[Sequence[str] | None] = None

    @property
    def dummy_inputs(self) -> dict[str, Tensor]:
        """A small batch that every model takes."""
        return {"input_ids": torch.tensor(DUMMY_IDS)}

    def post_init(self) -> None:
        """Start the own layers of a user's model: the last line of its constructor."""
        self.init_weights()

    def init_weights(self) -> None:
        """Start the own layers of a user's model, by :meth:`_init_weights`, and tie the weights."""
        initialise(self)
        model: Any = self
        model.tie_weights()

    def _init_weights(self, module: nn.Module) -> None:
        """Start one of a user's own layers; a class may have its own way.

        Matrices are normal, with the config's range, vectors zero, normalisations one and zero.
        """
        start(module, self.config.initializer_range)

    @property
    def base_model(self) -> nn.Module:
        """The network below the head; the model itself if it has none."""
        found: nn.Module = getattr(self, self.base_model_prefix, self)
        return found

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights."""
        return next(self.parameters()).dtype

    def get_memory_footprint(self, return_buffers: bool = True) -> int:
        """Count the bytes of all weights, each weight once.

        Args:
            return_buffers: Whether buffers are counted, too.
        """
        tensors = [*self.parameters(), *(self.buffers() if return_buffers else ())]
        return sum(one.numel() * one.element_size() for one in tensors)

    def optimize_for_inference(self: Kind) -> Kind:
        """A copy that answers faster on a CPU, and can be neither trained nor saved.

        The weights of its dense layers are a second time in memory, in the order of the processor's
        products; the others it shares with this model. Their type stays: of a model in bfloat16
        the products are, too.

        Raises:
            ValueError: If the model is not on a CPU, or PyTorch was built without oneDNN.
        """
        fast: Kind = optimized(self)
        return fast

    def enable_input_require_grads(self) -> None:
        """Let gradients reach the word embeddings' output, though their table is frozen."""

        def require_grads(module: nn.Module, args: Any, output: Tensor) -> None:
            output.requires_grad_(True)

        self.disable_input_require_grads()
        model: Any = self
        embeddings = model.get_input_embeddings()
        self._require_grads_hook = embeddings.register_forward_hook(require_grads)

    def disable_input_require_grads(self) -> None:
        """Undo :meth:`enable_input_require_grads`."""
        hook = vars(self).pop("_require_grads_hook", None)
        if hook is not None:
            hook.remove()

    def get_extended_attention_mask(
        self,
        attention_mask: Tensor,
        input_shape: Sequence[int],
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> Tensor:
        """Turn a mask into what is added to attention scores, causal for decoders.

        Args:
            attention_mask: (B, S), or (B, T, S) for each query.
            input_shape: (B, T).
            device: Passed over; the mask's own is used.
            dtype: Type of the result; the model's if None.

        Returns:
            (B, 1, 1 or T, S), 0 to attend and the least number of the type not to.

        Raises:
            ValueError: If the mask is of another rank.
        """
        mask = with_head_axis(attention_mask)
        if self.config.is_decoder and attention_mask.ndim == 2:
            mask = mask * causal_mask(input_shape[1], mask.shape[-1], mask.device)
        return additive(mask, dtype or self.dtype)

    def invert_attention_mask(self, encoder_attention_mask: Tensor) -> Tensor:
        """Turn a mask of encoder states into what is added to the scores of cross-attention.

        Args:
            encoder_attention_mask: (B, S) or (B, T, S).

        Raises:
            ValueError: If the mask is of another rank.
        """
        return additive(with_head_axis(encoder_attention_mask), self.dtype)


def with_head_axis(mask: Tensor) -> Tensor:
    """Give a mask (B, S) or (B, T, S) an axis for the heads: (B, 1, 1 or T, S)."""
    rule = "attention_mask must be of shape (batch, keys) or (batch, queries, keys)"
    require(mask.ndim in (2, 3), rule, tuple(mask.shape))
    return mask[:, None] if mask.ndim == 3 else mask[:, None, None]


def additive(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """What is added to scores for a mask: 0 for 1, the least number of the type for 0."""
    return (1.0 - mask.to(dtype)) * torch.finfo(dtype).min
