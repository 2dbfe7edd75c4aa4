"""Classifier-free guidance: each word is chosen for what its prompt adds to another prompt."""

from typing import Any

import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.generation.calls import Users
from camembert_dual.generation.config import GenerationConfig
from camembert_dual.generation.published import LogitsProcessor
from camembert_dual.tf.checks import as_tensor
from camembert_dual.tf.generation.cache import repeat_rows


class UnbatchedClassifierFreeGuidanceLogitsProcessor(LogitsProcessor):
    """Leads scores away from those under other prompts (Sanchez et al. 2023, arXiv:2306.17806).

    In each step the model reads the other prompts with what the texts have got, as they are by now:
    so beams may change their places.

    Args:
        guidance_scale: Weight of the difference; 1 changes nothing, 0 takes the other prompts.
        model: The model.
        unconditional_ids: The other prompts (B, U); the last token of each prompt if None.
        unconditional_attention_mask: Which of their tokens count (B, U); all if None.
        use_cache: Accepted; nothing is kept.
    """

    def __init__(
        self,
        guidance_scale: float,
        model: Any,
        unconditional_ids: tf.Tensor | None = None,
        unconditional_attention_mask: tf.Tensor | None = None,
        use_cache: bool = True,
    ) -> None:
        self.guidance_scale = guidance_scale
        self.model = model
        self.ids = unconditional_ids
        self.mask = unconditional_attention_mask
        self.start: int | None = None  # columns of the prompts, which the first call shows

    def __call__(self, input_ids: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        """Change the scores (R, V) of what follows the tokens (R, S)."""
        self.start = input_ids.shape[1] if self.start is None else self.start
        with_prompt = tf.nn.log_softmax(scores, axis=-1)
        without = tf.nn.log_softmax(tf.cast(self.logits_of(input_ids), scores.dtype), axis=-1)
        return without + self.guidance_scale * (with_prompt - without)

    def logits_of(self, input_ids: tf.Tensor) -> tf.Tensor:
        """The model's logits (R, V) where the other prompts stand before the texts (R, S).

        Raises:
            ValueError: If there are neither other prompts nor tokens of the prompts.
        """
        start = self.start or 0
        first = input_ids[:, max(start - 1, 0) : start] if self.ids is None else self.ids
        rule = "guidance_scale must go with input_ids or negative_prompt_ids"
        require(first.shape[1] > 0, rule, "neither")
        mask = tf.ones_like(first) if self.mask is None else self.mask
        times, new = input_ids.shape[0] // first.shape[0], input_ids[:, start:]
        first, mask = repeat_rows(first, times), repeat_rows(mask, times)
        ids = tf.concat([tf.cast(first, new.dtype), new], axis=1)
        mask = tf.concat([tf.cast(mask, new.dtype), tf.ones_like(new)], axis=1)
        logits: tf.Tensor = self.model(ids, attention_mask=mask).logits
        return logits[:, -1]


def guided(model: Any, options: GenerationConfig, users: Users) -> Users:
    """Let a guide take part in a search, if the options ask for one."""
    scale = options.guidance_scale
    if scale is None or scale == 1:
        return users
    ids, mask = users.negative_prompt_ids, users.negative_prompt_attention_mask
    guide = UnbatchedClassifierFreeGuidanceLogitsProcessor(
        scale, model, as_tensor(ids), as_tensor(mask)
    )
    return users._replace(guide=guide)
