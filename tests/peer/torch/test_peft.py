"""peft's adapters around our models: trained, kept, taken up again and merged."""

import pytest
import torch
from peft import (
    IA3Config,
    LoraConfig,
    PeftModel,
    PrefixTuningConfig,
    PromptEncoderConfig,
    PromptTuningConfig,
    TaskType,
    get_peft_model,
)

from camembert_dual import (
    CamembertForCausalLM,
    CamembertForQuestionAnswering,
    CamembertForSequenceClassification,
    CamembertForTokenClassification,
)

NAME = "camembert-tiny-fr"
IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 6]])
MASK = torch.ones_like(IDS)
SPAN = {"start_positions": torch.tensor([0, 1]), "end_positions": torch.tensor([1, 2])}
TASKS = {
    TaskType.SEQ_CLS: (CamembertForSequenceClassification, {"labels": torch.tensor([0, 1])}),
    TaskType.TOKEN_CLS: (CamembertForTokenClassification, {"labels": IDS % 2}),
    TaskType.QUESTION_ANS: (CamembertForQuestionAnswering, SPAN),
    TaskType.CAUSAL_LM: (CamembertForCausalLM, {"labels": IDS}),
}
QUERIES = {"target_modules": ["query", "value"]}


def base_of(task):
    torch.manual_seed(0)
    options = {"is_decoder": True} if task == TaskType.CAUSAL_LM else {}
    return TASKS[task][0].from_pretrained(NAME, **options)


def scores(model):
    with torch.no_grad():
        return model(input_ids=IDS, attention_mask=MASK)[0]


def trained(task, settings):
    """An adapter after two steps, in evaluation; nothing but the adapter has changed."""
    model = get_peft_model(base_of(task), settings)
    frozen = {n: w.clone() for n, w in model.named_parameters() if not w.requires_grad}
    assert 0 < len(frozen) < len(list(model.parameters()))
    free = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.SGD(free, lr=0.5)
    model.train()
    for _ in range(2):
        model(input_ids=IDS, attention_mask=MASK, **TASKS[task][1]).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    for name, weight in frozen.items():
        assert torch.equal(model.get_parameter(name), weight), name
    return model.eval()


LORAS = {
    **{f"LoRA, {task.value}": (task, LoraConfig(task_type=task, **QUERIES)) for task in TASKS},
    **{
        f"LoRA, {name}": (
            TaskType.TOKEN_CLS,
            LoraConfig(task_type=TaskType.TOKEN_CLS, target_modules=[f"{name}_embeddings"]),
        )
        for name in ("word", "position", "token_type")
    },
    "LoRA, all layers": (
        TaskType.SEQ_CLS,
        LoraConfig(task_type=TaskType.SEQ_CLS, target_modules="all-linear"),
    ),
    "LoRA, the head whole": (
        TaskType.SEQ_CLS,
        LoraConfig(task_type=TaskType.SEQ_CLS, modules_to_save=["classifier"], **QUERIES),
    ),
    "DoRA": (TaskType.SEQ_CLS, LoraConfig(task_type=TaskType.SEQ_CLS, use_dora=True, **QUERIES)),
    "IA3": (
        TaskType.TOKEN_CLS,
        IA3Config(
            task_type=TaskType.TOKEN_CLS,
            target_modules=["key", "value", "intermediate.dense"],
            feedforward_modules=["intermediate.dense"],
        ),
    ),
}


@pytest.mark.parametrize(("task", "settings"), LORAS.values(), ids=LORAS)
def test_an_adapter_is_kept_taken_up_and_merged(task, settings, tmp_path):
    model = trained(task, settings)
    expected = scores(model)
    assert (expected - scores(base_of(task))).abs().max() > 1e-3
    model.save_pretrained(tmp_path / "adapter")
    again = PeftModel.from_pretrained(base_of(task), tmp_path / "adapter").eval()
    torch.testing.assert_close(scores(again), expected, rtol=0, atol=1e-6)
    merged = model.merge_and_unload()
    torch.testing.assert_close(scores(merged), expected, rtol=0, atol=1e-4)
    merged.save_pretrained(tmp_path / "merged")
    loaded = type(merged).from_pretrained(tmp_path / "merged")
    torch.testing.assert_close(scores(loaded), expected, rtol=0, atol=1e-4)


PROMPTS = {
    f"{kind.__name__}, {task.value}": (task, kind(task_type=task, num_virtual_tokens=3, **more))
    for kind, more, tasks in (
        # peft gives token labels as they are, so that they are fewer than the tokens
        (PromptTuningConfig, {}, (TaskType.SEQ_CLS, TaskType.QUESTION_ANS, TaskType.CAUSAL_LM)),
        (PromptEncoderConfig, {"encoder_hidden_size": 8}, (TaskType.SEQ_CLS, TaskType.CAUSAL_LM)),
        (PrefixTuningConfig, {}, (TaskType.CAUSAL_LM,)),  # only a decoder takes a cache
    )
    for task in tasks
}


@pytest.mark.parametrize(("task", "settings"), PROMPTS.values(), ids=PROMPTS)
def test_virtual_tokens_are_learnt_kept_and_taken_up(task, settings, tmp_path):
    model = trained(task, settings)
    expected = scores(model)
    model.save_pretrained(tmp_path)
    again = PeftModel.from_pretrained(base_of(task), tmp_path).eval()
    torch.testing.assert_close(scores(again), expected, rtol=0, atol=1e-6)
    if task == TaskType.CAUSAL_LM:
        found = model.generate(input_ids=IDS, attention_mask=MASK, max_new_tokens=3)
        assert torch.equal(found[:, :4], IDS)
        assert found.shape == (2, 7)


def test_a_decoder_with_an_adapter_generates_what_the_merged_one_does():
    model = trained(*LORAS["LoRA, CAUSAL_LM"])
    found = model.generate(input_ids=IDS, attention_mask=MASK, max_new_tokens=5)
    merged = model.merge_and_unload()
    assert torch.equal(found, merged.generate(IDS, attention_mask=MASK, max_new_tokens=5))
