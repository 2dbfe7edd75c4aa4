"""The options of ``generate``, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from camembert_dual.common.errors import is_integer, is_number, require
from camembert_dual.config import CamembertConfig

SAMPLING = ("temperature", "top_k", "top_p")
BEAMS = ("length_penalty", "early_stopping")
INFINITE = float("inf")


class Rule(NamedTuple):
    """What an option must be.

    Attributes:
        name: The option.
        holds: Whether a value fits.
        text: The rule in words.
    """

    name: str
    holds: Callable[[Any], bool]
    text: str


RULES = (
    Rule("max_new_tokens", lambda value: is_integer(value, 1), "an integer of at least 1"),
    Rule("num_beams", lambda value: is_integer(value, 1), "an integer of at least 1"),
    Rule("top_k", lambda value: value is None or is_integer(value, 1), "an integer of at least 1"),
    Rule(
        "temperature",
        lambda value: is_number(value) and 0 < value < INFINITE,
        "a positive number",
    ),
    Rule(
        "top_p",
        lambda value: value is None or (is_number(value) and 0 < value <= 1),
        "a positive number of at most 1",
    ),
    Rule(
        "length_penalty",
        lambda value: is_number(value) and abs(value) < INFINITE,
        "a number",
    ),
    Rule(
        "early_stopping",
        lambda value: isinstance(value, bool) or value == "never",
        "True, False or 'never'",
    ),
    Rule("seed", lambda value: value is None or is_integer(value, 0), "an integer of at least 0"),
)


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
        generator: What draws the seed where none is given: a ``torch.Generator``, or a
            ``keras.random.SeedGenerator``; the framework's global generator if None, which
            ``torch.manual_seed`` and ``keras.utils.set_random_seed`` set.

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
    generator: Any = None

    def __post_init__(self) -> None:
        for rule in RULES:
            value = getattr(self, rule.name)
            require(rule.holds(value), f"{rule.name} must be {rule.text}", repr(value))
        self._refuse_the_useless()

    def _refuse_the_useless(self) -> None:
        rule = "seed and generator must not be given both"
        require(self.seed is None or self.generator is None, rule, self.seed)
        rule = "num_beams must be 1 with do_sample=True"
        require(self.num_beams == 1 or not self.do_sample, rule, self.num_beams)
        for names, active, needed in (
            (SAMPLING, self.do_sample, "do_sample=True"),
            (BEAMS, self.num_beams > 1, "num_beams above 1"),
        ):
            default = {one.name: one.default for one in fields(self)}
            for name in names:
                value = getattr(self, name)
                rule = f"{name} must go with {needed}"
                require(active or value == default[name], rule, repr(value))

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
        rule = "The config must have is_decoder=True to generate, or attention is not causal"
        require(config.is_decoder, rule, config.is_decoder)
        names = tuple(one.name for one in fields(cls))
        unknown = [name for name in given if name not in names]
        rule = f"The options of generate must be among {', '.join(names)}"
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
            fits = all(is_integer(one, 0) and one < config.vocab_size for one in ids)
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
