"""The options of ``generate``: an object with the published names, and ``generation_config.json``.

The names, defaults and the file are those of ``transformers`` 4.34.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camembert_dual.common.errors import require
from camembert_dual.generation.option_rules import check_values, warn_of_idle
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import GENERATION_CONFIG
from camembert_dual.storage.json_files import json_text, read_json
from camembert_dual.storage.locate import locate, take_hub_options

DERIVED = "_from_model_config"  # the key of a file that says that nobody chose its values
_UNWRITTEN = ("_commit_hash", "_original_object_hash", "_origin")


class GenerationConfig:
    """What ``generate`` does with the scores of the next token.

    Greedy by default; ``do_sample`` draws, ``num_beams`` searches. Attributes may be set later;
    values are checked here and again in each call. Names that are not listed are kept as they are.

    Attributes:
        max_length: Most tokens of a text with its prompt; None for what the positions hold.
        max_new_tokens: Most tokens after the prompt, which goes before ``max_length``.
        min_length: A text shorter than this with its prompt does not end.
        min_new_tokens: The same without its prompt.
        early_stopping: Of beams. True ends a row with ``num_beams`` ended texts; False, once the
            best open text would not beat them at its length; ``"never"``, once it could not at any.
        max_time: Seconds after which the search stops.
        do_sample: Whether tokens are drawn.
        num_beams: Number of texts kept in beam search; 1 for none.
        num_beam_groups: Groups of beams that are kept different (Vijayakumar et al. 2016,
            https://arxiv.org/abs/1610.02424).
        penalty_alpha: Weight of the likeness to earlier tokens in contrastive search (Su et al.
            2022, https://arxiv.org/abs/2202.06417), with ``top_k`` candidates.
        use_cache: Whether keys and values are kept, or the whole text is read in each step.
        temperature: Divides the scores before drawing; below 1 sharpens.
        top_k: Draw among the k most probable tokens (Fan et al. 2018,
            https://arxiv.org/abs/1805.04833); 0 for all.
        top_p: Draw among the fewest most probable tokens that have this probability together
            (Holtzman et al. 2020, https://arxiv.org/abs/1904.09751).
        typical_p: Draw among the tokens whose surprise is near the expected one (Meister et al.
            2022, https://arxiv.org/abs/2202.00666).
        epsilon_cutoff: Draw among tokens at least as probable.
        eta_cutoff: The same with a bound that falls with the entropy (Hewitt et al. 2022,
            https://arxiv.org/abs/2210.15191).
        diversity_penalty: Taken from tokens that an earlier group of beams took in this step.
        repetition_penalty: Divides the scores of tokens that were there (Keskar et al. 2019,
            https://arxiv.org/abs/1909.05858).
        encoder_repetition_penalty: The inverse for tokens of the prompt.
        length_penalty: Beam search compares log-probabilities divided by length to this power; the
            length counts the prompt's tokens and not the end token.
        no_repeat_ngram_size: So many tokens in a row come once.
        bad_words_ids: Tokens that never follow each other.
        force_words_ids: Tokens, or alternatives of them, that every text must have.
        renormalize_logits: Whether the scores become log-probabilities again at the end.
        constraints: What every text must have, as objects.
        forced_bos_token_id: The first token of all.
        forced_eos_token_id: The token at ``max_length``.
        remove_invalid_values: Whether NaN and infinite scores are replaced.
        exponential_decay_length_penalty: A step and a factor by which ending becomes likelier.
        suppress_tokens: Tokens that never come.
        begin_suppress_tokens: Tokens that do not come first.
        forced_decoder_ids: Pairs of a position and the token there.
        sequence_bias: Tokens in a row to what is added to the score of the last one.
        guidance_scale: Weight of the scores under the prompt against those without it.
        low_memory: Whether contrastive search reads its candidates one after the other.
        num_return_sequences: Texts for each prompt.
        output_attentions: Whether the attentions of each step are returned.
        output_hidden_states: Whether the hidden states of each step are returned.
        output_scores: Whether the processed scores of each step are returned.
        return_dict_in_generate: Whether an output object is returned instead of the tokens.
        pad_token_id: What fills a row after its end.
        bos_token_id: What a text begins with that has no prompt.
        eos_token_id: What ends a text: an id, several, or none.
        encoder_no_repeat_ngram_size: So many tokens in a row of the prompt do not come again.
        decoder_start_token_id: Kept for models that have an encoder of their own.
        generation_kwargs: Kept.

    Raises:
        ValueError: If an option breaks its rule.
    """

    max_length: int | None = 20
    max_new_tokens: int | None = None
    min_length: int | None = 0
    min_new_tokens: int | None = None
    early_stopping: bool | str = False
    max_time: float | None = None
    do_sample: bool = False
    num_beams: int = 1
    num_beam_groups: int = 1
    penalty_alpha: float | None = None
    use_cache: bool = True
    temperature: float | None = 1.0
    top_k: int | None = 50
    top_p: float | None = 1.0
    typical_p: float | None = 1.0
    epsilon_cutoff: float = 0.0
    eta_cutoff: float = 0.0
    diversity_penalty: float = 0.0
    repetition_penalty: float = 1.0
    encoder_repetition_penalty: float = 1.0
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    bad_words_ids: Any = None
    force_words_ids: Any = None
    renormalize_logits: bool = False
    constraints: Any = None
    forced_bos_token_id: int | None = None
    forced_eos_token_id: Any = None
    remove_invalid_values: bool = False
    exponential_decay_length_penalty: Any = None
    suppress_tokens: Any = None
    begin_suppress_tokens: Any = None
    forced_decoder_ids: Any = None
    sequence_bias: Any = None
    guidance_scale: float | None = None
    low_memory: bool | None = None
    num_return_sequences: int = 1
    output_attentions: bool = False
    output_hidden_states: bool = False
    output_scores: bool = False
    return_dict_in_generate: bool = False
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: Any = None
    encoder_no_repeat_ngram_size: int = 0
    decoder_start_token_id: Any = None
    generation_kwargs: Any

    def __init__(self, **options: Any) -> None:
        self._from_model_config = bool(options.pop(DERIVED, False))
        vars(self).update(copy.deepcopy(DEFAULTS))
        for name, value in options.items():
            if name not in _UNWRITTEN:
                setattr(self, name, value)
        self._origin: dict[str, Any] = {}
        self.validate()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GenerationConfig) and self._choices() == other._choices()

    def __hash__(self) -> int:
        return hash(repr(sorted(self._choices().items())))

    def __repr__(self) -> str:
        shown = {name: value for name, value in self.to_diff_dict().items() if name != DERIVED}
        return f"{type(self).__name__} {json_text(_writable(shown)).strip()}"

    def _choices(self) -> dict[str, Any]:
        """The options, without where they come from."""
        hidden = (*_UNWRITTEN, DERIVED, "transformers_version")
        return {name: value for name, value in vars(self).items() if name not in hidden}

    def validate(self, is_init: bool = False) -> None:
        """Check every option, and warn of those that do nothing.

        Args:
            is_init: Accepted for compatibility.

        Raises:
            ValueError: If an option breaks its rule.
        """
        check_values(self, DEFAULTS)
        warn_of_idle(self, DEFAULTS, stacklevel=4)

    def update(self, **options: Any) -> dict[str, Any]:
        """Set the options that there are, and give back the others."""
        known = vars(self)
        for name, value in options.items():
            if name in known:
                setattr(self, name, value)
        return {name: value for name, value in options.items() if name not in known}

    @property
    def is_derived(self) -> bool:
        """Whether the options are still those that a model's config gave."""
        return self._from_model_config and self._origin == self._choices()

    @classmethod
    def from_model_config(cls, model_config: Any) -> GenerationConfig:
        """Take the options that a model's configuration says.

        Args:
            model_config: A :class:`CamembertConfig`; keys of its file that it does not know count.
        """
        said = {**getattr(model_config, "extra", {}), **vars(model_config)}
        options = {name: copy.deepcopy(said[name]) for name in DEFAULTS if name in said}
        made = cls(**{DERIVED: True}, **options)
        made._origin = copy.deepcopy(made._choices())
        return made

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], **options: Any) -> Any:
        """Read the keys of a ``generation_config.json``.

        Args:
            values: The keys.
            **options: Values that replace them; with ``return_unused_kwargs`` those that are no
                options are given back.

        Returns:
            The options, or they and what was not used.

        Raises:
            ValueError: If an option breaks its rule.
        """
        gives_back = options.pop("return_unused_kwargs", False)
        made = cls(**{**values, **{name: options[name] for name in options if name in DEFAULTS}})
        unused = made.update(**options)
        made._origin = copy.deepcopy(made._choices())
        return (made, unused) if gives_back else made

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name: str | Path,
        config_file_name: str | None = None,
        **options: Any,
    ) -> Any:
        """Read ``generation_config.json`` of a folder or a hub repository.

        Args:
            pretrained_model_name: Folder, bundled name or hub name.
            config_file_name: Another name of the file.
            **options: ``revision``, ``cache_dir``, ``token``, ``local_files_only`` for the hub; the
                rest as in :meth:`from_dict`.

        Raises:
            FileNotFoundError: If there is no such checkpoint or file.
            ValueError: If the file is not JSON, or an option breaks its rule.
        """
        where = take_hub_options(options)
        file = config_file_name or GENERATION_CONFIG
        path = locate(pretrained_model_name, filenames=(file,), **where)
        return cls.from_dict(read_json(path if path.is_file() else path / file), **options)

    def save_pretrained(
        self,
        save_directory: str | Path,
        config_file_name: str | None = None,
        push_to_hub: bool = False,
        **options: Any,
    ) -> None:
        """Write ``generation_config.json`` into a folder, made if need be, whole or not at all.

        Args:
            save_directory: The folder.
            config_file_name: Another name of the file.
            push_to_hub: Only False.
            **options: Accepted; those of a hub.

        Raises:
            ValueError: If an option breaks its rule, or no file can hold it.
        """
        rule = "push_to_hub must be False (push the model instead)"
        require(not push_to_hub, rule, push_to_hub)
        self.validate()
        text = self.to_json_string()
        Path(save_directory).mkdir(parents=True, exist_ok=True)
        write_atomically(
            Path(save_directory) / (config_file_name or GENERATION_CONFIG), text.encode()
        )

    def to_dict(self) -> dict[str, Any]:
        """All options."""
        kept = {name: value for name, value in vars(self).items() if name not in _UNWRITTEN}
        if not self._from_model_config:
            del kept[DERIVED]
        return copy.deepcopy(kept)

    def to_diff_dict(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        values = self.to_dict()
        return {name: values[name] for name in values if values[name] != DEFAULTS.get(name)}

    def to_json_string(self, use_diff: bool = True, ignore_metadata: bool = False) -> str:
        """The text of a file.

        Args:
            use_diff: Whether only what differs from the defaults is written.
            ignore_metadata: Whether to leave out where the options come from.

        Raises:
            ValueError: If no file can hold an option.
        """
        values = self.to_diff_dict() if use_diff else self.to_dict()
        if ignore_metadata:
            for name in (DERIVED, "transformers_version"):
                values.pop(name, None)
        for name, value in values.items():
            try:
                json.dumps(value)
            except TypeError:
                rule = f"{name} must be what JSON can hold to be saved"
                raise ValueError(f"{rule}; received {type(value).__name__}.") from None
        return json_text(values)

    def to_json_file(self, json_file_path: str | Path, use_diff: bool = True) -> None:
        """Write the options to a file, whole or not at all."""
        write_atomically(Path(json_file_path), self.to_json_string(use_diff).encode())


DEFAULTS: dict[str, Any] = {
    name: getattr(GenerationConfig, name, {}) for name in vars(GenerationConfig)["__annotations__"]
}


def _writable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of which each can be shown as JSON."""
    return {name: json.loads(json.dumps(value, default=repr)) for name, value in values.items()}
