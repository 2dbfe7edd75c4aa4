"""Positions by hand, and the order of the inputs as the reference page has it."""

from typing import NamedTuple

from cases.configs import BARE, CAUSAL, CHOICE, MASKED, QUESTION, SEQUENCE, TOKEN


class Numbering(NamedTuple):
    """Ids of one row, the padding id, cached positions before it, and the positions wanted."""

    name: str
    pad: int
    ids: list[int]
    positions: list[int]
    past: int = 0

    def __str__(self) -> str:
        return self.name


NUMBERINGS = (
    Numbering("no padding", 1, [5, 11, 12, 6], [2, 3, 4, 5]),
    Numbering("right padding", 1, [5, 11, 6, 1, 1], [2, 3, 4, 1, 1]),
    Numbering("left padding", 1, [1, 1, 5, 11, 6], [1, 1, 2, 3, 4]),
    Numbering("inner padding", 1, [5, 1, 11, 1, 6], [2, 1, 3, 1, 4]),
    Numbering("all padding", 1, [1, 1, 1], [1, 1, 1]),
    Numbering("pad 0", 0, [7, 0, 8, 1, 0], [1, 0, 2, 3, 0]),
    Numbering("pad 5", 5, [5, 7, 1, 5, 8], [5, 6, 7, 5, 8]),
    Numbering("one token after a cache", 1, [9], [6], 4),
    Numbering("tokens and padding after a cache", 1, [9, 1, 8], [6, 1, 7], 4),
    Numbering("pad 0 after a cache", 0, [0, 9, 8], [0, 4, 5], 3),
)

SWITCHES = ["output_attentions", "output_hidden_states", "return_dict"]
TEXT = [
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "position_ids",
    "head_mask",
    "inputs_embeds",
]
STATES = ["encoder_hidden_states", "encoder_attention_mask"]
CACHE = ["past_key_values", "use_cache"]
PAGE_ORDER = {
    "pt": {
        BARE: [*TEXT, *STATES, *CACHE, *SWITCHES],
        CAUSAL: [*TEXT, *STATES, "labels", *CACHE, *SWITCHES],
        MASKED: [*TEXT, *STATES, "labels", *SWITCHES],
        SEQUENCE: [*TEXT, "labels", *SWITCHES],
        CHOICE: [
            "input_ids",
            "token_type_ids",
            "attention_mask",
            "labels",
            "position_ids",
            "head_mask",
            "inputs_embeds",
            *SWITCHES,
        ],
        TOKEN: [*TEXT, "labels", *SWITCHES],
        QUESTION: [*TEXT, "start_positions", "end_positions", *SWITCHES],
    },
    "tf": {
        BARE: [*TEXT, *STATES, *CACHE, *SWITCHES, "training"],
        CAUSAL: [*TEXT, *STATES, *CACHE, *SWITCHES, "labels", "training"],
        MASKED: [*TEXT, *SWITCHES, "labels", "training"],
        SEQUENCE: [*TEXT, *SWITCHES, "labels", "training"],
        CHOICE: [*TEXT, *SWITCHES, "labels", "training"],
        TOKEN: [*TEXT, *SWITCHES, "labels", "training"],
        QUESTION: [*TEXT, *SWITCHES, "start_positions", "end_positions", "training"],
    },
}
