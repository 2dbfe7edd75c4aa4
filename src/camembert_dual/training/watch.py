"""What follows each step of a run, in both frameworks: the bar, the state on disk, Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

import numpy as np
from tqdm import tqdm

from camembert_dual.training import run_state
from camembert_dual.training.run_state import Progress, deferred_interrupt
from camembert_dual.training.steps import Plan

AfterEpoch = Callable[[Progress], bool]  # judges the model; tells whether the run goes on
SMOOTHING = 0.99  # of the loss that the bar shows


class Watch:
    """Watches over the steps that a run has left; a context, in which Ctrl-C waits.

    Args:
        plan: The run.
        progress: How far it is.
        save: Writes the state of the run.
        after_epoch: Judges the model after each epoch.
    """

    def __init__(
        self,
        plan: Plan,
        progress: Progress,
        save: Callable[[Progress], None],
        after_epoch: AfterEpoch,
    ) -> None:
        self.plan, self.save, self.after_epoch = plan, save, after_epoch
        self.losses, self.seconds = progress.losses.tolist(), progress.seconds
        self.average: float | None = None

    def __enter__(self) -> Watch:
        self.began = time.monotonic() - self.seconds
        done = len(self.losses)
        self.bar = tqdm(total=self.plan.total, initial=done, unit="step", smoothing=0.05)
        self.deferral: AbstractContextManager[Callable[[], bool]] = deferred_interrupt()
        self.is_interrupted = self.deferral.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()
        self.deferral.__exit__(kind, error, trace)

    @property
    def progress(self) -> Progress:
        """How far the run is."""
        return Progress(len(self.losses), self.seconds, np.array(self.losses))

    def after(self, loss: float) -> bool:
        """Do what follows a step, and tell whether the run goes on.

        Args:
            loss: The loss of the step.

        Raises:
            KeyboardInterrupt: If Ctrl-C was pressed; the state is then kept.
            OSError: If the state cannot be written.
        """
        self.losses.append(loss)
        self.seconds = time.monotonic() - self.began
        self.average = loss if self.average is None else smoothed(self.average, loss)
        self.bar.set_postfix(loss=f"{self.average:.3f}", refresh=False)
        self.bar.update()
        done, plan = len(self.losses), self.plan
        ends_epoch = plan.per_epoch > 0 and done % plan.per_epoch == 0
        goes_on = self.after_epoch(self.progress) if ends_epoch else True
        is_due = ends_epoch or done == plan.total or done % run_state.STATE_EVERY == 0
        if is_due or self.is_interrupted():
            self.save(self.progress)
        if self.is_interrupted():
            raise KeyboardInterrupt
        return goes_on and done < plan.total


def smoothed(average: float, loss: float) -> float:
    """The running mean of the losses."""
    return SMOOTHING * average + (1 - SMOOTHING) * loss
