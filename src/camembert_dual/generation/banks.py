"""Which texts a constrained search goes on with: the best of each state of the constraints.

Post and Vilar 2018, https://arxiv.org/abs/1804.06609, with one constraint in progress at a time. A
step is a beam and the token that follows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from camembert_dual.generation.constraints import Constraint, ConstraintListState

Text = Sequence[int]
Step = tuple[int, int]
BANK = 100  # what a state further on is worth, in units of log-probability


def state_of(constraints: Sequence[Constraint], text: Text) -> ConstraintListState:
    """How far a text has come."""
    state = ConstraintListState(constraints)
    state.reset(text)
    return state


def forced_steps(
    constraints: Sequence[Constraint], texts: Sequence[Text], steps: Sequence[Step]
) -> list[Step]:
    """The steps that go on with a constraint, but for texts that other steps give already.

    Args:
        constraints: What each text must contain.
        texts: The text of each beam.
        steps: What is to be looked at in any case.
    """
    seen = {(*texts[beam], token) for beam, token in steps}
    forced = []
    for beam, text in enumerate(texts):
        for token in state_of(constraints, text).advance() or ():
            if (*text, token) not in seen:
                seen.add((*text, token))
                forced.append((beam, token))
    return forced


def next_steps(
    constraints: Sequence[Constraint],
    texts: Sequence[Text],
    steps: Sequence[Step],
    totals: Sequence[Sequence[float]],
) -> list[Step]:
    """Replace the steps of a row by as many, of which some go on with a constraint.

    Args:
        constraints: What each text must contain.
        texts: The text of each beam.
        steps: What follows without constraints, the best first.
        totals: For each beam and token the log-probability of the text that they give.
    """
    forced = forced_steps(constraints, texts, steps)
    if not forced:
        return list(steps)
    every = [*steps, *forced]
    scores = [float(totals[beam][token]) for beam, token in every]
    return [every[place] for place in best_steps(constraints, texts, every, scores, len(steps))]


def best_steps(
    constraints: Sequence[Constraint],
    texts: Sequence[Text],
    steps: Sequence[Step],
    scores: Sequence[float],
    count: int,
) -> list[int]:
    """Choose the best step of each state in turn, those furthest on first.

    Args:
        constraints: What each text must contain.
        texts: The text of each beam.
        steps: What may follow.
        scores: The log-probability of each text with its step.
        count: How many are chosen.

    Returns:
        The places of the chosen steps.
    """
    banks = [state_of(constraints, (*texts[beam], token)).get_bank() for beam, token in steps]
    worth = [BANK * bank + score for bank, score in zip(banks, scores, strict=True)]
    order = sorted(range(len(steps)), key=lambda place: -worth[place])
    ranks: list[tuple[int, int]] = []
    for turn, place in enumerate(order):
        is_same = turn > 0 and banks[place] == banks[order[turn - 1]]
        ranks.append((ranks[-1][0] + 1 if is_same else 0, turn))
    return [order[turn] for _, turn in sorted(ranks)[:count]]
