"""Each runnable example of the reference page, in PyTorch, on small local checkpoints."""

import math

import pytest
import torch

import page
from camembert_dual import (
    AutoConfig,
    AutoTokenizer,
    CamembertConfig,
    CamembertForCausalLM,
    CamembertForMaskedLM,
    CamembertForMultipleChoice,
    CamembertForQuestionAnswering,
    CamembertForSequenceClassification,
    CamembertForTokenClassification,
    CamembertModel,
)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return page.write_checkpoints(tmp_path_factory.mktemp("checkpoints"))


def tokenize(path, *texts, **options):
    tokenizer = AutoTokenizer.from_pretrained(path)
    return tokenizer, tokenizer(*texts, return_tensors="pt", **options)


def assert_loss(loss):
    assert loss.shape == ()
    assert math.isfinite(loss.item())


def configuration(checkpoints):
    small = CamembertConfig(num_hidden_layers=1)  # the page builds twelve, to no other end
    model = CamembertModel(small)
    assert model.config is small
    assert (CamembertConfig().num_hidden_layers, model.config.vocab_size) == (12, 30522)


def bare_model(checkpoints):
    _, inputs = tokenize(checkpoints[page.BASE], page.GREETING)
    with page.new_weights("pooler"):
        model = CamembertModel.from_pretrained(checkpoints[page.BASE])
    last_hidden_states = model(**inputs).last_hidden_state
    assert last_hidden_states.shape == (*inputs.input_ids.shape, 24)
    assert torch.equal(model(inputs).last_hidden_state, last_hidden_states)


def causal_language_model(checkpoints):
    tokenizer, inputs = tokenize(checkpoints[page.BASE], page.GREETING)
    config = AutoConfig.from_pretrained(checkpoints[page.BASE])
    config.is_decoder = True
    model = CamembertForCausalLM.from_pretrained(checkpoints[page.BASE], config=config)
    prediction_logits = model(**inputs).logits
    assert prediction_logits.shape == (*inputs.input_ids.shape, len(tokenizer))


def masked_language_model(checkpoints):
    tokenizer, inputs = tokenize(checkpoints[page.BASE], page.BLANK)
    model = CamembertForMaskedLM.from_pretrained(checkpoints[page.BASE])
    with torch.no_grad():
        logits = model(**inputs).logits
    is_mask = inputs.input_ids == tokenizer.mask_token_id
    mask_token_index = is_mask[0].nonzero(as_tuple=True)[0]
    predicted_token_id = logits[0, mask_token_index].argmax(axis=-1)
    assert isinstance(tokenizer.decode(predicted_token_id), str)
    labels = tokenizer(page.FILLED, return_tensors="pt")["input_ids"]
    loss = model(**inputs, labels=torch.where(is_mask, labels, -100)).loss
    expected = -logits[0, mask_token_index[0]].log_softmax(-1)[labels[is_mask][0]]
    assert_loss(loss)
    torch.testing.assert_close(loss.detach(), expected)


def sequence_classification(checkpoints):
    _, inputs = tokenize(checkpoints[page.EMOTION], page.GREETING)
    model = CamembertForSequenceClassification.from_pretrained(checkpoints[page.EMOTION])
    with torch.no_grad():
        logits = model(**inputs).logits
    assert logits.shape == (1, 4)
    labels = page.STORED[page.EMOTION][1]
    assert model.config.id2label[logits.argmax().item()] in labels
    model = CamembertForSequenceClassification.from_pretrained(
        checkpoints[page.EMOTION], num_labels=len(model.config.id2label)
    )
    assert tuple(model.config.id2label.values()) == labels
    assert_loss(model(**inputs, labels=torch.tensor([1])).loss)


def multi_label_classification(checkpoints):
    _, inputs = tokenize(checkpoints[page.EMOTION], page.GREETING)
    path, problem = checkpoints[page.EMOTION], "multi_label_classification"
    model = CamembertForSequenceClassification.from_pretrained(path, problem_type=problem)
    with torch.no_grad():
        logits = model(**inputs).logits
    is_present = torch.sigmoid(logits).squeeze(dim=0) > 0.5
    predicted_class_ids = torch.arange(0, logits.shape[-1])[is_present]
    assert 0 < len(predicted_class_ids) < 4
    num_labels = len(model.config.id2label)
    model = CamembertForSequenceClassification.from_pretrained(
        path, num_labels=num_labels, problem_type=problem
    )
    one_hot = torch.nn.functional.one_hot(predicted_class_ids[None, :].clone(), num_labels)
    labels = torch.sum(one_hot, dim=1).to(torch.float)
    loss = model(**inputs, labels=labels).loss
    assert_loss(loss)
    assert loss < math.log(2)  # labels that are the model's own answers


def multiple_choice(checkpoints):
    _, encoding = tokenize(
        checkpoints[page.BASE], [page.PIZZA, page.PIZZA], list(page.ENDINGS), padding=True
    )
    with page.new_weights("classifier", "roberta.pooler"):
        model = CamembertForMultipleChoice.from_pretrained(checkpoints[page.BASE])
    labels = torch.tensor(0).unsqueeze(0)
    outputs = model(**{name: v.unsqueeze(0) for name, v in encoding.items()}, labels=labels)
    assert_loss(outputs.loss)
    assert outputs.logits.shape == (1, 2)


def token_classification(checkpoints):
    _, inputs = tokenize(checkpoints[page.ENTITIES], page.COMPANY, add_special_tokens=False)
    model = CamembertForTokenClassification.from_pretrained(checkpoints[page.ENTITIES])
    with torch.no_grad():
        logits = model(**inputs).logits
    predicted_token_class_ids = logits.argmax(-1)
    classes = [model.config.id2label[t.item()] for t in predicted_token_class_ids[0]]
    assert len(classes) == inputs.input_ids.shape[1]
    assert set(classes) <= set(page.STORED[page.ENTITIES][1])
    assert_loss(model(**inputs, labels=predicted_token_class_ids).loss)


def question_answering(checkpoints):
    tokenizer, inputs = tokenize(checkpoints[page.ANSWERS], *page.QUESTION)
    model = CamembertForQuestionAnswering.from_pretrained(checkpoints[page.ANSWERS])
    with torch.no_grad():
        outputs = model(**inputs)
    assert outputs.start_logits.shape == outputs.end_logits.shape == inputs.input_ids.shape
    start, end = outputs.start_logits.argmax(), outputs.end_logits.argmax()
    answer = tokenizer.decode(inputs.input_ids[0, start : end + 1], skip_special_tokens=True)
    assert isinstance(answer, str)
    assert inputs.input_ids.shape[1] > 15  # or the positions below would be passed over
    positions = {"start_positions": torch.tensor([14]), "end_positions": torch.tensor([15])}
    assert_loss(model(**inputs, **positions).loss)


EXAMPLES = (
    configuration,
    bare_model,
    causal_language_model,
    masked_language_model,
    sequence_classification,
    multi_label_classification,
    multiple_choice,
    token_classification,
    question_answering,
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
def test_an_example_of_the_page_runs(example, checkpoints):
    example(checkpoints)
