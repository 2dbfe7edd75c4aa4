"""One class of the PyTorch tree at its real size: ``pt_worker.py CLASS SIZE FOLDER``."""

import math
import sys
from pathlib import Path

import bounds
import torch
from measuring import run_steps

from camembert_dual import pt
from camembert_dual.pt.training.optimization import create_optimizer


class Worker:
    """The steps, and the model they share."""

    def __init__(self, architecture: str, size: str, folder: Path) -> None:
        self.architecture, self.folder = architecture, folder
        self.batch = bounds.sizes_of(size, architecture).batch
        self.config = bounds.config_of(size, architecture)

    def steps(self) -> dict:
        return {
            "load": self.load,
            "forward": self.forward,
            "generate": lambda: self.generate(1),
            "generate, beams": lambda: self.generate(bounds.BEAMS),
            "save": lambda: self.model.save_pretrained(self.folder / "saved-pt"),
            "train": self.train,
        }

    def use_once(self) -> None:
        """What the first use of a framework takes is not the model's."""
        batch, self.batch = self.batch, (1,) * (len(self.batch) - 1) + (2,)
        self.load("tiny")
        self.forward()
        del self.model
        self.batch = batch

    def load(self, name: str = "checkpoint") -> None:
        model = getattr(pt, self.architecture)
        self.model = model.from_pretrained(self.folder / name, is_decoder=self.config.is_decoder)

    def forward(self) -> None:
        with torch.inference_mode():
            self.model(**self.inputs())

    def generate(self, beams: int) -> None:
        prompts = torch.randint(7, self.config.vocab_size, bounds.PROMPT)
        texts = self.model.generate(
            prompts, num_beams=beams, max_new_tokens=bounds.NEW_TOKENS, eos_token_id=None
        )
        assert texts.shape[1] == bounds.PROMPT[1] + bounds.NEW_TOKENS

    def train(self) -> None:
        self.model.train()
        optimizer, schedule = create_optimizer(self.model, 1e-5, total_steps=9)
        inputs = {**self.inputs(), **self.labels()}
        for _ in range(2):
            output = self.model(**inputs)
            # the bare model has no loss of its own
            loss = output.loss if "loss" in output else output.last_hidden_state.square().mean()
            assert math.isfinite(loss.item())
            loss.backward()
            del output, loss
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()

    def inputs(self) -> dict:
        vocabulary = self.model.config.vocab_size
        return {"input_ids": torch.randint(7, vocabulary, self.batch)}

    def labels(self) -> dict:
        task, rows = self.architecture.removeprefix("CamembertFor"), self.batch[:1]
        if task == "QuestionAnswering":
            return {name: torch.ones(rows).long() for name in ("start_positions", "end_positions")}
        if task in ("SequenceClassification", "MultipleChoice"):
            return {"labels": torch.ones(rows).long()}
        return {} if task == "CamembertModel" else {"labels": torch.ones(self.batch).long()}


def main(architecture: str, size: str, folder: str) -> None:
    worker = Worker(architecture, size, Path(folder))
    wanted = bounds.bounds_of(size, "pt", architecture)
    worker.use_once()
    run_steps({name: step for name, step in worker.steps().items() if name in wanted})


if __name__ == "__main__":
    main(*sys.argv[1:])
