"""``transformers``' newest ``Trainer`` trains our models as its own."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from transformers import Trainer, TrainerCallback, TrainingArguments

from camembert_dual import (
    AutoTokenizer,
    CamembertForSequenceClassification,
    DataCollatorWithPadding,
)

NAME = "camembert-tiny-fr"
TEXTS = ("Quel beau film !", "Un ennui sans fin.", "Il pleut sur la ville.", "J'ai adoré.")


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(NAME)


@pytest.fixture(scope="module")
def rows(tokenizer):
    return [dict(tokenizer(TEXTS[i % 4] * (1 + i % 3)), labels=i % 2) for i in range(12)]


def new_model():
    torch.manual_seed(1)
    model = CamembertForSequenceClassification.from_pretrained(NAME, hidden_dropout_prob=0.1)
    return model.train()


class SaveConfig(TrainerCallback):
    """What the Trainer leaves out for models that are no subclasses of its own: the config."""

    def on_save(self, args, state, control, model=None, **more):
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        model.config.replaced(torch_dtype=model.dtype).save_pretrained(folder)


def trainer(folder, rows, tokenizer, model=None, **options):
    arguments = {
        "output_dir": str(folder),
        "per_device_train_batch_size": 2,
        "per_device_eval_batch_size": 5,
        "num_train_epochs": 2,
        "learning_rate": 1e-3,
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": 3,
        "save_strategy": "epoch",
        "eval_strategy": "epoch",
        **options,
    }
    return Trainer(
        model=new_model() if model is None else model,
        args=TrainingArguments(**arguments),
        train_dataset=rows,
        eval_dataset=rows[:7],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        callbacks=[SaveConfig()],
        compute_metrics=lambda p: {"accuracy": float((p[0].argmax(-1) == p[1]).mean())},
    )


def weights_of(model):
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def test_it_trains_evaluates_predicts_and_saves_a_folder_for_all(tmp_path, rows, tokenizer):
    run = trainer(tmp_path, rows, tokenizer, label_smoothing_factor=0.1)
    before = run.evaluate()["eval_loss"]
    run.train()
    scores = run.evaluate()
    assert scores["eval_loss"] < before
    predicted = run.predict(rows[:7])
    batch = DataCollatorWithPadding(tokenizer)(rows[:7])
    with torch.no_grad():
        expected = run.model.eval()(**batch).logits.numpy()
    # the Trainer rounds what it hands over to half precision
    np.testing.assert_allclose(predicted.predictions, expected, rtol=1e-3, atol=1e-4)
    folder = tmp_path / f"checkpoint-{run.state.global_step}"
    assert {"config.json", "model.safetensors"} <= {one.name for one in folder.iterdir()}
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    ours = CamembertForSequenceClassification.from_pretrained(folder)
    theirs = transformers.CamembertForSequenceClassification.from_pretrained(folder).eval()
    for one in (ours, theirs):
        with torch.no_grad():
            np.testing.assert_allclose(one(**inputs).logits, expected, rtol=0, atol=1e-5)
    assert AutoTokenizer.from_pretrained(folder)(TEXTS[0]) == tokenizer(TEXTS[0])


@pytest.mark.parametrize("reentrant", [None, False, True])
def test_gradient_checkpointing_changes_no_weight(tmp_path, rows, tokenizer, reentrant):
    options = {} if reentrant is None else {"use_reentrant": reentrant}
    results = []
    for checkpoints in (False, True):
        model = CamembertForSequenceClassification.from_pretrained(NAME).train()
        torch.manual_seed(2)
        for weight in model.classifier.parameters():
            torch.nn.init.normal_(weight, std=0.02)
        run = trainer(
            tmp_path,
            rows,
            tokenizer,
            model,
            max_steps=2,
            save_strategy="no",
            gradient_checkpointing=checkpoints,
            gradient_checkpointing_kwargs=options if checkpoints else None,
        )
        run.train()
        results.append(weights_of(model))
    for name, weight in results[0].items():
        torch.testing.assert_close(results[1][name], weight, rtol=0, atol=1e-6, msg=name)


def test_a_resumed_training_ends_as_one_that_was_not_interrupted(tmp_path, rows, tokenizer):
    whole = trainer(tmp_path / "whole", rows, tokenizer)
    whole.train()
    half = sorted((tmp_path / "whole").glob("checkpoint-*"), key=lambda one: one.stat().st_mtime)[0]
    rest = trainer(tmp_path / "rest", rows, tokenizer)
    rest.train(resume_from_checkpoint=str(half))
    for name, weight in whole.model.named_parameters():
        found = rest.model.get_parameter(name)
        torch.testing.assert_close(found, weight, rtol=0, atol=1e-6, msg=name)


def test_the_best_of_several_epochs_is_loaded_again(tmp_path, rows, tokenizer):
    run = trainer(
        tmp_path, rows, tokenizer, load_best_model_at_end=True, metric_for_best_model="eval_loss"
    )
    run.train()
    losses = [one["eval_loss"] for one in run.state.log_history if "eval_loss" in one]
    assert run.evaluate()["eval_loss"] == pytest.approx(min(losses), abs=1e-5)


def test_texts_are_grouped_by_length(tmp_path, rows, tokenizer):
    import inspect

    sampling = {"group_by_length": True}
    if "train_sampling_strategy" in inspect.signature(TrainingArguments).parameters:
        sampling = {"train_sampling_strategy": "group_by_length"}
    run = trainer(tmp_path, rows, tokenizer, max_steps=2, save_strategy="no", **sampling)
    assert run.train().global_step == 2
    assert type(run._get_train_sampler()).__name__ == "LengthGroupedSampler"
