"""What each step may hold in memory, from sizes alone.

Letters: B batch, T length, D hidden, F intermediate, H heads, N layers, V vocabulary. W is the
bytes of the weights, E those of the largest one (the word embeddings). Numbers are float32.

=================  ==============================================================================
load, save         W + E: the model, and one weight on its way
SavedModel         W + E: TensorFlow reads its variables where they are
to .keras          3 W + E: Keras makes the file in memory, then a copy of it for the archive
from .keras        3 W + E: Keras reads the file in chunks, then joins them
forward            W + logits + two layers' values + the cache that a decoder returns
generate           W + the beams' cache twice (old and grown) + their logits five times
train              W + two moments (2 W) + the larger of
                   - gradients (W) + logits three times (themselves, their log-softmax, their
                     gradient) + the values that all layers keep, embeddings and head as one more
                   - gradients (W) + those shortened by clipping (W), half as many again in flight
                     between the two, and the step of one (E)
inspect, convert   2 E: one weight on its way, in both layouts
=================  ==============================================================================

To each comes what a framework takes for itself, whatever the model: ``OWN``; and ``GRAPH`` for each
layer of each graph that TensorFlow has traced by then, with the copies that it optimises. ``KEPT``
is for what was freed and not given back yet.
"""

import math
from typing import NamedTuple

from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import parameters

FLOAT = 4
GB = 10**9
BEAMS, PROMPT, NEW_TOKENS = 4, (2, 16), 10
BATCHES = {
    "CamembertForMaskedLM": (8, 128),
    "CamembertForCausalLM": (8, 128),
    "CamembertForMultipleChoice": (2, 2, 32),
}
SMALL_BATCH = (2, 32)
# pools of threads, kernels made at the first use; the reader of h5 files in "neutral"
OWN = {"pt": 0.2 * GB, "tf": 0.5 * GB, "neutral": 0.1 * GB}
KEPT = 1.08  # times what is in use: pages that allocators do not give back at once
GRAPH = 0.01 * GB
# two for each search (its prompt, its steps), four for the signatures of a SavedModel; a gradient's
# is three times as large
GRAPHS = {"generate": 2, "generate, beams": 4, "SavedModel": 4, "to .keras": 4, "from .keras": 4}
TRAINING_GRAPHS = {"CamembertForCausalLM": 4 + 3, "CamembertForMaskedLM": 4 + 3}


class Sizes(NamedTuple):
    """A class at its real size: configuration, weights, batch."""

    config: CamembertConfig
    weights: int
    largest: int
    batch: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """B x T."""
        return math.prod(self.batch)


def config_of(size: str, architecture: str) -> CamembertConfig:
    """The published configuration, as the class needs it."""
    make = {"base": CamembertConfig.camembert_base, "large": CamembertConfig.camembert_large}[size]
    return make(is_decoder=architecture == "CamembertForCausalLM")


def sizes_of(size: str, architecture: str) -> Sizes:
    """The sizes of a class of the published model."""
    config = config_of(size, architecture)
    weights = [FLOAT * math.prod(one.shape) for one in parameters(config, architecture)]
    return Sizes(config, sum(weights), max(weights), BATCHES.get(architecture, SMALL_BATCH))


def logits(sizes: Sizes, architecture: str) -> int:
    """B x T x V numbers for a language model; what other heads give is nothing beside the rest."""
    is_wide = architecture.endswith("LM")
    return FLOAT * sizes.tokens * sizes.config.vocab_size if is_wide else 0


def layer_values(sizes: Sizes) -> int:
    """What one layer computes from B x T x D numbers and a gradient needs again.

    In widths of D: query, key, value, context, and of each of the two residual blocks the product,
    its sum with the residual and the normalised sum; two dropouts' masks count as one. In widths of
    F: before and after the activation. H x T x T scores: probabilities, dropout's mask, and what it
    left.
    """
    config = sizes.config
    widths = 11 * config.hidden_size + 2 * config.intermediate_size
    scores = 3 * config.num_attention_heads * sizes.batch[-1]
    return FLOAT * sizes.tokens * (widths + scores)


def states(config: CamembertConfig) -> int:
    """Keys and values of one token in all layers."""
    return FLOAT * 2 * config.num_hidden_layers * config.hidden_size


def store(sizes: Sizes, copies: int = 1) -> float:
    """The weights so many times, and one of them on its way."""
    return copies * sizes.weights + sizes.largest


def forward(sizes: Sizes, architecture: str) -> float:
    """No gradient, so no layer's values outlive the next layer."""
    cache = states(sizes.config) * sizes.tokens if sizes.config.is_decoder else 0
    return sizes.weights + logits(sizes, architecture) + 2 * layer_values(sizes) + cache


def train(sizes: Sizes, architecture: str) -> float:
    """The second step of AdamW, when the moments are there from the beginning."""
    layers = (sizes.config.num_hidden_layers + 1) * layer_values(sizes)
    backward = sizes.weights + 3 * logits(sizes, architecture) + layers
    update = 2.5 * sizes.weights + sizes.largest
    return 3 * sizes.weights + max(backward, update)


def generate(sizes: Sizes, beams: int) -> float:
    """Prompts of B x T tokens continued by each of the beams."""
    config, (rows, length) = sizes.config, PROMPT
    cache = states(config) * (length + NEW_TOKENS)
    return sizes.weights + rows * beams * (2 * cache + 5 * FLOAT * config.vocab_size)


def bounds_of(size: str, tree: str, architecture: str) -> dict[str, float]:
    """The bound of each step in bytes, by the step's name, in the order in which they are taken."""
    if tree == "neutral":
        sizes = sizes_of(size, "CamembertForMaskedLM")
        steps = dict.fromkeys(("inspect", "to tf-h5", "and back"), 2.0 * sizes.largest)
        return {step: KEPT * (bytes_ + OWN[tree]) for step, bytes_ in steps.items()}
    sizes = sizes_of(size, architecture)
    steps = {"load": store(sizes), "forward": forward(sizes, architecture)}
    if architecture == "CamembertForCausalLM":
        steps |= {"generate": generate(sizes, 1), "generate, beams": generate(sizes, BEAMS)}
    if architecture == "CamembertForMaskedLM":
        steps["save"] = store(sizes)
        if tree == "tf":
            steps["SavedModel"] = store(sizes)
            steps |= dict.fromkeys(("to .keras", "from .keras"), store(sizes, 3))
    steps["train"] = train(sizes, architecture)
    if tree == "tf":
        graphs = GRAPHS | {"train": TRAINING_GRAPHS.get(architecture, 0)}
        layer = GRAPH * sizes.config.num_hidden_layers
        steps = {step: bytes_ + layer * graphs.get(step, 0) for step, bytes_ in steps.items()}
    return {step: KEPT * (bytes_ + OWN[tree]) for step, bytes_ in steps.items()}
