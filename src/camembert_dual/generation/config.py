"""The options of ``generate``, checked, and the random numbers of sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig

SAMPLING = ("temperature", "top_k", "top_p")
BEAMS = ("length_penalty", "early_stopping")


@dataclass(frozen=True)
class GenerationOptions:
    """What ``generate`` does with the scores of the next token.

    Greedy by default; ``do_sample`` draws, ``num_beams`` searches. An option that would do nothing
    is refused.

    Attributes:
        max_new_tokens: How many tokens a row gets at most.
        do_sample: Whether tokens are drawn instead of taking the most probable one.
        temperature: Divides the scores before drawing; below 1 sharpens.
        top_k: Draw among the k most probable tokens only (Fan et al. 2018,
            https://arxiv.org/abs/1805.04833).
        top_p: Draw among the fewest most probable tokens that have this probability together
            (Holtzman et al. 2020, https://arxiv.org/abs/1904.09751).
        num_beams: Number of texts kept in beam search.
        length_penalty: Beam search compares log-probabilities divided by length to this power; the
            length counts the prompt's tokens and not the end token.
        early_stopping: True ends a row with ``num_beams`` ended texts; False, once the best open
            text would not beat them at its length; ``"never"``, once it could not at any length.
        eos_token_id: What ends a text: an id, several, or none (); the config's if None.
        pad_token_id: What fills a row after its end; the config's if None.
        seed: Makes draws repeatable, with the same texts in both frameworks.

    Raises:
        ValueError: If an option breaks its rule.
    """

    max_new_tokens: int = 20
    do_sample: bool = False
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    num_beams: int = 1
    length_penalty: float = 1.0
    early_stopping: bool | str = False
    eos_token_id: int | Sequence[int] | None = None
    pad_token_id: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_new_tokens", "num_beams", "top_k"):
            value = getattr(self, name)
            optional = name == "top_k" and value is None
            fits = optional or (_is_int(value) and value >= 1)
            require(fits, f"{name} must be an integer of at least 1", repr(value))
        for name, optional, high in (("temperature", False, np.inf), ("top_p", True, 1.0)):
            value = getattr(self, name)
            rule = f"{name} must be a positive number" + (" of at most 1" if optional else "")
            fits = _is_number(value) and 0 < value <= high and value < np.inf
            require(fits or (optional and value is None), rule, repr(value))
        fits = _is_number(self.length_penalty) and abs(self.length_penalty) < np.inf
        require(fits, "length_penalty must be a number", repr(self.length_penalty))
        fits = isinstance(self.early_stopping, bool) or self.early_stopping == "never"
        rule = "early_stopping must be True, False or 'never'"
        require(fits, rule, repr(self.early_stopping))
        fits = self.seed is None or (_is_int(self.seed) and self.seed >= 0)
        require(fits, "seed must be an integer of at least 0", repr(self.seed))
        self._refuse_the_useless()

    def _refuse_the_useless(self) -> None:
        rule = "num_beams above 1 does not go with do_sample"
        require(self.num_beams == 1 or not self.do_sample, rule, self.num_beams)
        for names, active, needed in (
            (SAMPLING, self.do_sample, "do_sample=True"),
            (BEAMS, self.num_beams > 1, "num_beams above 1"),
        ):
            default = {one.name: one.default for one in fields(self)}
            for name in names:
                value = getattr(self, name)
                require(active or value == default[name], f"{name} needs {needed}", repr(value))

    @classmethod
    def for_config(cls, config: CamembertConfig, given: Mapping[str, Any]) -> GenerationOptions:
        """Check the options of a call, and take the ids that it does not give from the config.

        Args:
            config: The model's configuration; read only.
            given: Options by name.

        Returns:
            The options, with ids.

        Raises:
            ValueError: If the model is no decoder, an option is unknown or breaks its rule.
        """
        rule = "generate needs a config with is_decoder=True, or attention is not causal"
        require(config.is_decoder, rule, config.is_decoder)
        names = tuple(one.name for one in fields(cls))
        unknown = [name for name in given if name not in names]
        rule = f"The options of generate are {', '.join(names)}"
        require(not unknown, rule, ", ".join(unknown))
        options = cls(**given)
        given_ids = {
            name: getattr(config, name)
            for name in ("eos_token_id", "pad_token_id")
            if getattr(options, name) is None
        }
        options = replace(options, **given_ids)
        options = replace(options, eos_token_id=options.ends)
        for name, ids in (("eos_token_id", options.ends), ("pad_token_id", (options.padding,))):
            fits = all(_is_int(one) and 0 <= one < config.vocab_size for one in ids)
            rule = f"{name} must be in [0, {config.vocab_size}) (vocab_size)"
            require(fits, rule, list(ids))
        return options

    @property
    def ends(self) -> tuple[int, ...]:
        """The ids that end a text."""
        ends = self.eos_token_id
        if ends is None:
            return ()
        return tuple(ends) if isinstance(ends, Sequence) else (ends,)

    @property
    def padding(self) -> int:
        """The id that fills an ended row."""
        return 0 if self.pad_token_id is None else self.pad_token_id

    @property
    def num_candidates(self) -> int:
        """Continuations of a row that are looked at: enough that ``num_beams`` do not end."""
        return max(2, 1 + len(self.ends)) * self.num_beams

    def uniforms(self, rows: int) -> npt.NDArray[np.float32]:
        """Draw a number in [0, 1) for each new token: (max_new_tokens, rows)."""
        random = np.random.default_rng(self.seed)
        return random.random((self.max_new_tokens, rows), dtype=np.float32)


def check_room(config: CamembertConfig, longest: int, max_new_tokens: int) -> None:
    """Check that the longest prompt and what it gets fit into the position table.

    Args:
        config: The model's configuration.
        longest: Tokens of the longest prompt, padding not counted.
        max_new_tokens: Tokens to add.

    Raises:
        ValueError: If they do not.
    """
    limit = config.max_sequence_length
    rule = (
        f"A prompt and max_new_tokens must have at most {limit} tokens together "
        "(max_position_embeddings - pad_token_id - 1)"
    )
    total = longest + max_new_tokens
    require(total <= limit, rule, f"{longest} + {max_new_tokens} = {total}")


def _is_int(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
