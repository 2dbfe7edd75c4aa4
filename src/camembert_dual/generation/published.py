"""What scripts written for ``transformers`` 4.34 hand to ``generate``: rules as objects.

A rule on scores is called with the tokens (R, S) and the scores (R, V); a criterion with the same,
and answers whether the search ends.
"""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from camembert_dual.common.errors import is_integer, is_number, require
from camembert_dual.generation.modes import Processor
from camembert_dual.generation.option_rules import Rule, is_bias, is_words

VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
STEP = ("current_tokens", "beam_group_idx")  # what a group of beams tells its rules in each step


class LogitsProcessor:
    """A rule on scores; a subclass says it in ``__call__``."""

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Change the scores (R, V) of what follows the tokens (R, S)."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__.")


class LogitsWarper:
    """A rule on the scores that are drawn from; a subclass says it in ``__call__``."""

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Change the scores (R, V) of what follows the tokens (R, S)."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__.")


class LogitsProcessorList(list[Any]):
    """Rules on scores, one after the other."""

    def __call__(self, input_ids: Any, scores: Any, *length: Any, **step: Any) -> Any:
        """Change the scores by each rule.

        Args:
            input_ids: Tokens (R, S).
            scores: (R, V).
            *length: TensorFlow's rules also take the number of columns that are written.
            **step: What some rules ask for by name.

        Raises:
            ValueError: If a rule asks for a name that is not given.
        """
        for one in self:
            call = one if inspect.isroutine(one) else one.__call__
            others = list(inspect.signature(call).parameters.values())[2 + len(length) :]
            names = [other.name for other in others if other.kind not in VARIABLE]
            missing = ", ".join(name for name in names if name not in step)
            rule = f"{type(one).__name__} must be given all that it asks for"
            require(not missing, rule, missing)
            scores = one(input_ids, scores, *length, **{name: step[name] for name in names})
        return scores


class FunctionRule:
    """A rule that is a function of a tree, made with the function's own arguments."""

    function: ClassVar[Callable[..., Any]]
    arguments: ClassVar[inspect.Signature]
    row: Processor

    def __init__(self, *args: Any, **options: Any) -> None:
        bound = self.arguments.bind(*args, **options)
        bound.apply_defaults()
        check_arguments(bound.arguments)
        self.row = Processor(type(self).__name__.removeprefix("TF"), bound.arguments)
        vars(self).update(bound.arguments)


class TorchRule(FunctionRule):
    """The rule for PyTorch, where all columns of the tokens are written."""

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Change the scores (R, V) of what follows the tokens (R, S)."""
        length = None if input_ids is None else input_ids.shape[-1]
        return type(self).function(scores, input_ids, length, **self.row.arguments)


class GroupRule(FunctionRule):
    """A rule that also asks for what the earlier groups of beams took."""

    def __call__(
        self, input_ids: Any, scores: Any, current_tokens: Any, beam_group_idx: int
    ) -> Any:
        """Change the scores (R, V) of what follows the tokens (R, S)."""
        step = {"current_tokens": current_tokens, "beam_group_idx": beam_group_idx}
        return type(self).function(scores, input_ids, None, **self.row.arguments, **step)


class GraphRule(FunctionRule):
    """The rule for TensorFlow, which is told how many columns of the tokens are written."""

    def __call__(self, input_ids: Any, scores: Any, cur_len: Any) -> Any:
        """Change the scores (R, V) of what follows the first columns of the tokens (R, S)."""
        return type(self).function(scores, input_ids, cur_len, **self.row.arguments)


def rule_class(name: str, function: Callable[..., Any], module: str) -> type:
    """Make the class of a rule over its function.

    Args:
        name: Name of the class, which begins with ``TF`` for TensorFlow.
        function: Takes scores, tokens, length and what the class is made with.
        module: Where the class is found.
    """
    parameters = list(inspect.signature(function).parameters.values())[3:]
    own = [one for one in parameters if one.name not in STEP]
    rule: type = GraphRule if name.startswith("TF") else TorchRule
    rule = rule if own == parameters else GroupRule
    kind = LogitsWarper if name.endswith("Warper") else LogitsProcessor

    def make(self: FunctionRule, *args: Any, **options: Any) -> None:
        FunctionRule.__init__(self, *args, **options)

    # of the constructor alone: frameworks read the signature of a call from the object
    given = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    vars(make)["__signature__"] = inspect.Signature([given, *own])
    members = {
        "__doc__": function.__doc__,
        "__init__": make,
        "__module__": module,
        "arguments": inspect.Signature(own),
        "function": staticmethod(function),
    }
    return type(name, (rule, kind), members)


class StoppingCriteria:
    """What may end a search; a subclass says when in ``__call__``."""

    def __call__(self, input_ids: Any, scores: Any, **options: Any) -> bool:
        """Whether the search of the tokens (R, S) ends."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__.")


class MaxLengthCriteria(StoppingCriteria):
    """Ends at so many tokens with the prompt.

    Args:
        max_length: Most tokens.
        max_position_embeddings: Accepted for compatibility; ``generate`` refuses what does not fit.
    """

    def __init__(self, max_length: int, max_position_embeddings: int | None = None) -> None:
        self.max_length = max_length
        self.max_position_embeddings = max_position_embeddings

    def __call__(self, input_ids: Any, scores: Any, **options: Any) -> bool:
        """Whether the search of the tokens (R, S) ends."""
        return bool(input_ids.shape[-1] >= self.max_length)


class MaxNewTokensCriteria(MaxLengthCriteria):
    """Ends at so many tokens after the prompt.

    Args:
        start_length: Tokens of the prompt.
        max_new_tokens: Most tokens after it.
    """

    def __init__(self, start_length: int, max_new_tokens: int) -> None:
        super().__init__(start_length + max_new_tokens)
        advice = f"MaxNewTokensCriteria is now MaxLengthCriteria(max_length={self.max_length})."
        warnings.warn(advice, FutureWarning, stacklevel=2)
        self.start_length = start_length
        self.max_new_tokens = max_new_tokens


class MaxTimeCriteria(StoppingCriteria):
    """Ends so many seconds after a moment.

    Args:
        max_time: The seconds.
        initial_timestamp: The moment in seconds since 1970; now if None.
    """

    def __init__(self, max_time: float, initial_timestamp: float | None = None) -> None:
        self.max_time = max_time
        self.initial_timestamp = time.time() if initial_timestamp is None else initial_timestamp

    def __call__(self, input_ids: Any, scores: Any, **options: Any) -> bool:
        """Whether the search of the tokens (R, S) ends."""
        return time.time() - self.initial_timestamp > self.max_time


class StoppingCriteriaList(list[Any]):
    """Criteria, any of which ends the search."""

    def __call__(self, input_ids: Any, scores: Any, **options: Any) -> bool:
        """Whether the search of the tokens (R, S) ends."""
        return any(one(input_ids, scores, **options) for one in self)

    @property
    def max_length(self) -> int | None:
        """Most tokens that a criterion among these allows, or None if none counts them."""
        counts = [one.max_length for one in self if isinstance(one, MaxLengthCriteria)]
        return counts[0] if counts else None


def _is_whole(smallest: int) -> Callable[[Any], bool]:
    return lambda value: is_integer(value, smallest)


ARGUMENTS = (
    Rule(
        "an integer of at least 1",
        _is_whole(1),
        ("top_k", "min_tokens_to_keep", "ngram_size", "encoder_ngram_size"),
    ),
    Rule("an integer of at least 2", _is_whole(2), ("num_beams", "num_beam_groups")),
    Rule(
        "an integer of at least 0",
        _is_whole(0),
        ("min_length", "min_new_tokens", "prompt_length_to_skip"),
    ),
    Rule(
        "a positive number",
        lambda value: is_number(value) and value > 0,
        ("temperature", "penalty", "diversity_penalty"),
    ),
    Rule("a number in [0, 1]", lambda value: is_number(value) and 0 <= value <= 1, ("top_p",)),
    Rule(
        "a number between 0 and 1",
        lambda value: is_number(value) and 0 < value < 1,
        ("mass", "epsilon"),
    ),
    Rule(
        "a dict of tuples of ids to numbers, not empty",
        lambda value: is_bias(value) and len(value) > 0,
        ("sequence_bias",),
    ),
    Rule("a list of lists of ids, none of them empty", is_words, ("bad_words_ids",)),
)


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Check what a rule is made with.

    Raises:
        ValueError: If an argument breaks its rule.
    """
    groups = arguments.get("num_beam_groups")
    for rule in ARGUMENTS:
        for name in rule.names:
            # the beams of a prefix's function may be one
            applies = name in arguments and (name != "num_beams" or groups is not None)
            holds = not applies or rule.holds(arguments[name])
            require(holds, f"{name} must be {rule.text}", repr(arguments.get(name)))
    rule_text = "num_beam_groups must be at most num_beams"
    require(groups is None or groups <= arguments["num_beams"], rule_text, groups)
