"""What every text must contain, as machines that are fed its tokens one by one.

The names and answers are those of ``transformers`` 4.34. The search that obeys them: Hokamp and Liu
2017, https://arxiv.org/abs/1704.07138; its banks: Post and Vilar 2018,
https://arxiv.org/abs/1804.06609.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from camembert_dual.common.errors import is_integer, require
from camembert_dual.generation.option_rules import is_ids, is_words

Progress = tuple[bool, bool, bool]  # whether a token went on, completed, or broke a constraint
MOST_STEPS = 10_000  # of a constraint that is tested


class Constraint(ABC):
    """Something that every text must contain.

    A subclass has ``seqlen``, the most tokens that it takes, and calls this constructor last, which
    walks through it once.

    Raises:
        ValueError: If what advances the constraint does not, or never completes it.
    """

    seqlen: int
    completed: bool

    def __init__(self) -> None:
        self.test()

    def test(self) -> None:
        """Walk from the beginning to the end, with a reset after the first step.

        Raises:
            ValueError: If what advances the constraint does not, or never completes it.
        """
        for step in range(MOST_STEPS):
            if step == 1:
                self.reset()
            found = self.advance()
            token = found[0] if isinstance(found, list) else found
            require(self.does_advance(token), "advance must give what does_advance takes", token)
            if self.update(token)[1]:
                rest = self.remaining()
                require(rest == 0, "remaining must be 0 when a constraint is complete", rest)
                return
        require(False, "update must complete a constraint in the end", f"{MOST_STEPS} steps")

    @abstractmethod
    def advance(self) -> Any:
        """The token, or the list of tokens, that would go on; None at the end."""

    @abstractmethod
    def does_advance(self, token_id: int) -> bool:
        """Whether a token would go on."""

    @abstractmethod
    def update(self, token_id: int) -> Progress:
        """Take a token: whether it went on, whether that is the end, whether it broke it all."""

    @abstractmethod
    def reset(self) -> None:
        """Begin anew."""

    @abstractmethod
    def remaining(self) -> int:
        """How many tokens are missing."""

    @abstractmethod
    def copy(self, stateful: bool = False) -> Constraint:
        """The same constraint, where it stands if ``stateful``, or at its beginning."""


class DisjunctiveConstraint(Constraint):
    """One of several phrases.

    Args:
        nested_token_ids: The phrases, a list of tokens each.

    Raises:
        ValueError: If that is something else, or a phrase begins with another one.
    """

    def __init__(self, nested_token_ids: Sequence[Sequence[int]]) -> None:
        rule = "nested_token_ids must be a list of lists of ids, none of them empty"
        require(is_words(nested_token_ids) and len(nested_token_ids) > 0, rule, nested_token_ids)
        phrases = sorted(map(tuple, nested_token_ids))  # beginnings stand before what they begin
        clashes = any(right[: len(left)] == left for left, right in pairwise(phrases))
        rule = "nested_token_ids must not begin with each other"
        require(not clashes, rule, nested_token_ids)
        self.token_ids = nested_token_ids
        self.seqlen = max(map(len, nested_token_ids))
        self.current_seq: list[int] = []
        self.completed = False

    def advance(self) -> list[int] | None:
        """The tokens that would go on, in the order of the phrases; None at the end."""
        step = len(self.current_seq)
        begun = [list(one) for one in self.token_ids if list(one[:step]) == self.current_seq]
        return list(dict.fromkeys(one[step] for one in begun if len(one) > step)) or None

    def does_advance(self, token_id: int) -> bool:
        """Whether a token would go on."""
        check_token(token_id)
        return token_id in (self.advance() or ())

    def update(self, token_id: int) -> Progress:
        """Take a token: whether it went on, whether that is the end, whether it broke it all."""
        goes_on = self.does_advance(token_id)
        if goes_on:
            self.current_seq.append(token_id)
        else:
            self.reset()
        self.completed = self.advance() is None
        return goes_on, self.completed, not goes_on

    def reset(self) -> None:
        """Begin anew."""
        self.completed = False
        self.current_seq = []

    def remaining(self) -> int:
        """How many tokens are missing of the longest phrase; 0 at the end of any."""
        return 0 if self.completed else self.seqlen - len(self.current_seq)

    def copy(self, stateful: bool = False) -> DisjunctiveConstraint:
        """The same constraint, where it stands if ``stateful``, or at its beginning."""
        other = DisjunctiveConstraint(self.token_ids)
        if stateful:
            other.current_seq = list(self.current_seq)
            other.completed = self.completed
        return other


class PhrasalConstraint(Constraint):
    """Tokens one after the other.

    Args:
        token_ids: The tokens.

    Raises:
        ValueError: If that is no list of ids, or empty.
    """

    def __init__(self, token_ids: Sequence[int]) -> None:
        rule = "token_ids must be a list of ids, not empty"
        require(is_ids(token_ids) and len(token_ids) > 0, rule, token_ids)
        self.token_ids = token_ids
        self.seqlen = len(token_ids)
        self.fulfilled_idx = -1  # the last token that is there
        self.completed = False

    def advance(self) -> int | None:
        """The token that would go on; None at the end."""
        return None if self.completed else self.token_ids[self.fulfilled_idx + 1]

    def does_advance(self, token_id: int) -> bool:
        """Whether a token would go on."""
        check_token(token_id)
        return token_id == self.advance()

    def update(self, token_id: int) -> Progress:
        """Take a token: whether it went on, whether that is the end, whether it broke it all."""
        goes_on = self.does_advance(token_id)
        if goes_on:
            self.fulfilled_idx += 1
            self.completed = self.remaining() == 0
        else:
            self.reset()
        return goes_on, self.completed, not goes_on

    def reset(self) -> None:
        """Begin anew."""
        self.completed = False
        self.fulfilled_idx = -1

    def remaining(self) -> int:
        """How many tokens are missing."""
        return self.seqlen - (self.fulfilled_idx + 1)

    def copy(self, stateful: bool = False) -> PhrasalConstraint:
        """The same constraint, where it stands if ``stateful``, or at its beginning."""
        other = PhrasalConstraint(self.token_ids)
        if stateful:
            other.fulfilled_idx = self.fulfilled_idx
            other.completed = self.completed
        return other


class ConstraintListState:
    """How far a text has come with several constraints, of which one is in progress at a time.

    Args:
        constraints: The constraints, which are left as they are.
    """

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        self.constraints = constraints
        self.max_seqlen = max(one.seqlen for one in constraints)
        self.n_constraints = len(constraints)
        self.init_state()

    def init_state(self) -> None:
        """Begin anew."""
        self.completed = False
        self.complete_constraints: list[Constraint] = []
        self.inprogress_constraint: Constraint | None = None
        self.pending_constraints = [one.copy(stateful=False) for one in self.constraints]

    def get_bank(self) -> int:
        """A number that grows with what is done."""
        done = len(self.complete_constraints) * self.max_seqlen
        if self.inprogress_constraint is None:
            return done
        return done + self.max_seqlen - self.inprogress_constraint.remaining()

    def advance(self) -> list[int] | None:
        """The tokens that would go on; None at the end."""
        current = self.inprogress_constraint
        tokens: list[int] = []
        for one in self.pending_constraints if current is None else (current,):
            found = one.advance()
            tokens += [] if found is None else found if isinstance(found, list) else [found]
        return tokens or None

    def reset(self, token_ids: Sequence[int] | None) -> None:
        """Begin anew, and take tokens until all is complete."""
        self.init_state()
        for token in token_ids or ():
            if self.completed:
                return
            self.add(token)

    def add(self, token_id: int) -> tuple[bool, bool]:
        """Take a token: whether it completed a constraint, or all are; and whether it went on.

        A token that breaks the constraint in progress is not tried on the others.
        """
        check_token(token_id)
        if self.completed:
            return True, False
        current = self.inprogress_constraint
        if current is None:
            current = next(
                (one for one in self.pending_constraints if one.does_advance(token_id)), None
            )
            if current is None:
                return False, False
            self.pending_constraints.remove(current)
        goes_on, completes, breaks = current.update(token_id)
        self.inprogress_constraint = None if completes or breaks else current
        if completes:
            self.complete_constraints.append(current)
        elif breaks:
            self.pending_constraints.append(current.copy(stateful=False))
        open_ones = self.pending_constraints or self.inprogress_constraint
        self.completed = not open_ones
        return completes, goes_on

    def copy(self, stateful: bool = True) -> ConstraintListState:
        """The same constraints, where they stand if ``stateful``, or at their beginning."""
        other = ConstraintListState(self.constraints)
        if stateful:
            current = self.inprogress_constraint
            other.completed = self.completed
            other.complete_constraints = [one.copy(True) for one in self.complete_constraints]
            other.inprogress_constraint = None if current is None else current.copy(True)
            other.pending_constraints = [one.copy() for one in self.pending_constraints]
        return other


def constraints_of(constraints: Any, force_words_ids: Any) -> list[Constraint]:
    """The constraints of a search: its own, and one for each forced phrase or list of phrases."""
    return [
        *(constraints or ()),
        *(
            DisjunctiveConstraint(one) if is_words(one) else PhrasalConstraint(one)
            for one in force_words_ids or ()
        ),
    ]


def check_token(token_id: object) -> None:
    """Check that a token is one.

    Raises:
        ValueError: If it is no integer.
    """
    require(is_integer(token_id), "token_id must be an integer", repr(token_id))
