"""Collators and schedules against transformers 4.34 as a black box."""

import importlib
from functools import partial

import numpy as np
import pytest
import torch
import transformers

import camembert_dual
from tokenization_models import SENTENCES, write_model

SCHEDULES = [
    ("get_constant_schedule", ()),
    ("get_constant_schedule_with_warmup", (3,)),
    ("get_constant_schedule_with_warmup", (0,)),
    ("get_linear_schedule_with_warmup", (3, 17)),
    ("get_linear_schedule_with_warmup", (0, 5)),
    ("get_linear_schedule_with_warmup", (9, 4)),
    ("get_linear_schedule_with_warmup", (7, 7)),
    ("get_cosine_schedule_with_warmup", (3, 17)),
    ("get_cosine_schedule_with_warmup", (3, 17, 1.75)),
    ("get_cosine_with_hard_restarts_schedule_with_warmup", (3, 17)),
    ("get_cosine_with_hard_restarts_schedule_with_warmup", (3, 17, 4)),
    ("get_polynomial_decay_schedule_with_warmup", (3, 17)),
    ("get_polynomial_decay_schedule_with_warmup", (0, 17, 0.01, 2.0)),
    ("get_inverse_sqrt_schedule", (3,)),
    ("get_inverse_sqrt_schedule", (3, 11)),
]
NAMES = [one.value for one in transformers.SchedulerType]


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    camembert_dual.CamembertTokenizer(write_model(folder)).save_pretrained(folder)
    ours = camembert_dual.CamembertTokenizerFast.from_pretrained(folder)
    return ours, transformers.CamembertTokenizer(str(folder / "sentencepiece.bpe.model"))


def rates(make, *arguments):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.25)
    schedule = make(optimizer, *arguments)
    found = []
    for _ in range(25):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize(("name", "arguments"), SCHEDULES)
def test_schedules_give_the_same_rates(name, arguments):
    ours, theirs = (rates(getattr(one, name), *arguments) for one in (camembert_dual, transformers))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


def test_names_of_schedules_are_the_same_and_mean_the_same():
    assert [one.value for one in camembert_dual.SchedulerType] == NAMES
    for name in NAMES[:-1]:
        ours, theirs = (
            rates(partial(one.get_scheduler, name), 3, 17) for one in (camembert_dual, transformers)
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


def same(ours, theirs, names=None):
    assert set(names or theirs) <= set(ours)
    for name in names or theirs:
        assert ours[name].dtype == theirs[name].dtype
        np.testing.assert_array_equal(ours[name], theirs[name])


@pytest.mark.parametrize("kind", ["pt", "np"])
@pytest.mark.parametrize(
    "label", [{}, {"label": 3}, {"label": 0.5}, {"label_ids": [1, 4]}, {"labels": [2, 5]}]
)
def test_equal_rows_become_the_same_tensors(kind, label):
    rows = [{"input_ids": [5, 8 + n, 6], "text": "non", "none": None, **label} for n in range(3)]
    same(
        camembert_dual.default_data_collator(rows, kind),
        transformers.default_data_collator(rows, kind),
    )
    same(
        camembert_dual.DefaultDataCollator(kind)(rows), transformers.DefaultDataCollator(kind)(rows)
    )


@pytest.mark.parametrize("options", [{}, {"pad_to_multiple_of": 8}])
@pytest.mark.parametrize("label", [{}, {"label": 1}, {"label": 0.25}])
def test_padded_rows_become_the_same_tensors(tokenizers, options, label):
    ours, theirs = (
        package.DataCollatorWithPadding(tokenizer, **options)(
            [{**tokenizer(text), **label} for text in SENTENCES]
        )
        for package, tokenizer in zip((camembert_dual, transformers), tokenizers, strict=True)
    )
    same(ours, theirs)


@pytest.mark.parametrize("field", ["label", "labels"])
@pytest.mark.parametrize("pad", [-100, -1])
def test_labels_of_tokens_become_the_same_tensors(tokenizers, field, pad):
    found = []
    for package, tokenizer in zip((camembert_dual, transformers), tokenizers, strict=True):
        rows = [dict(tokenizer(text)) for text in SENTENCES]
        for row in rows:
            row[field] = [place % 3 for place in range(len(row["input_ids"]))]
        collate = package.DataCollatorForTokenClassification(tokenizer, label_pad_token_id=pad)
        found.append(collate(rows))
    same(*found)


def test_causal_batches_are_the_same(tokenizers):
    ours, theirs = (
        package.DataCollatorForLanguageModeling(tokenizer, mlm=False)(
            [tokenizer(text) for text in SENTENCES]
        )
        for package, tokenizer in zip((camembert_dual, transformers), tokenizers, strict=True)
    )
    same(ours, theirs)


def test_masked_batches_have_the_same_form(tokenizers):
    ours, theirs = (
        package.DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.5)(
            [tokenizer(text) for text in SENTENCES]
        )
        for package, tokenizer in zip((camembert_dual, transformers), tokenizers, strict=True)
    )
    assert set(ours) == set(theirs)
    for name, values in theirs.items():
        assert (ours[name].dtype, ours[name].shape) == (values.dtype, values.shape)
    same(ours, theirs, ["attention_mask"])


@pytest.mark.parametrize("name", ["CamembertConfig", "RobertaConfig", "XLMRobertaConfig"])
def test_configurations_have_the_same_defaults(name):
    ours, theirs = getattr(camembert_dual, name)(), getattr(transformers, name)()
    for key, value in ours.to_dict().items():
        assert getattr(theirs, key) == value, key


def test_our_names_are_theirs():
    modules = ["modeling_outputs", "modeling_tf_outputs", "generation", "tokenization_utils_base"]
    for family in ("camembert", "roberta", "xlm_roberta"):
        modules += [f"models.{family}.modeling_{prefix}{family}" for prefix in ("", "tf_")]
    found = (importlib.import_module(f"transformers.{module}") for module in modules)
    known = set(dir(transformers)).union(*map(dir, found))
    assert set(camembert_dual.__all__) <= known


@pytest.mark.parametrize(
    "options", [{}, {"weight_decay": 0.2, "eps": 1e-3}, {"correct_bias": False}]
)
def test_adamw_takes_the_same_steps(options):
    weights = [torch.nn.Parameter(torch.linspace(-1, 1, 7).double()) for _ in range(2)]
    ours = camembert_dual.AdamW([weights[0]], lr=0.01, **options)
    theirs = transformers.AdamW([weights[1]], lr=0.01, **options)
    for step in range(5):
        for weight, optimizer in zip(weights, (ours, theirs), strict=True):
            weight.grad = torch.linspace(-2, 3, 7).double() * (step - 1)
            optimizer.step()
        torch.testing.assert_close(*weights, rtol=1e-12, atol=1e-15)
