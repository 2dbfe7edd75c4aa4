"""Who is told of each step of a search that Python runs: what is recorded, and who listens."""

from __future__ import annotations

from typing import Any

from camembert_dual.common.errors import require
from camembert_dual.generation.config import GenerationConfig


class Observer:
    """Keeps what ``generate`` is to return of each step, and passes tokens on as they come.

    Args:
        options: Which things are kept.
        streamer: What is told of new tokens, or None.

    Raises:
        ValueError: If beams are searched, whose tokens may be taken back, and something listens.
    """

    def __init__(self, options: GenerationConfig, streamer: Any = None) -> None:
        returned = options.return_dict_in_generate
        wanted = {
            "scores": options.output_scores,
            "attentions": options.output_attentions,
            "hidden_states": options.output_hidden_states,
        }
        self.kept: dict[str, list[Any]] = {
            name: [] for name, is_wanted in wanted.items() if returned and is_wanted
        }
        rule = "streamer must go with num_beams=1"
        require(streamer is None or options.num_beams == 1, rule, options.num_beams)
        self.streamer = streamer

    @property
    def is_needed(self) -> bool:
        """Whether anything is kept or told."""
        return bool(self.kept) or self.streamer is not None

    def saw(self, **step: Any) -> None:
        """Keep the scores, attentions and hidden states of a step."""
        for name, values in self.kept.items():
            values.append(step[name])

    def chose(self, tokens: Any) -> None:
        """Tell of new tokens (R,) or of the prompts (R, T), in memory."""
        if self.streamer is not None:
            self.streamer.put(tokens.cpu() if hasattr(tokens, "cpu") else tokens)

    def finished(self) -> dict[str, tuple[Any, ...]]:
        """Say that no token follows, and give what was kept."""
        if self.streamer is not None:
            self.streamer.end()
        return {name: tuple(values) for name, values in self.kept.items()}
