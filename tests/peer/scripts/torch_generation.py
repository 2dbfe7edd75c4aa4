"""Text from the causal model: greedy, beams, groups of beams, a configuration of its own, a streamer."""

import sys

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LogitsProcessorList,
    MinLengthLogitsProcessor,
    StoppingCriteriaList,
    TextStreamer,
)

folder, output = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/decoder")
model = AutoModelForCausalLM.from_pretrained(f"{folder}/decoder").eval()
inputs = tokenizer(["Le chat", "La mer"], return_tensors="pt", add_special_tokens=False)


def show(name, ids):
    for row in ids.tolist():
        print(name, *row)


show("greedy", model.generate(**inputs, max_new_tokens=7, do_sample=False))
show("beams", model.generate(**inputs, max_length=11, num_beams=3, early_stopping=True))
config = GenerationConfig(
    max_new_tokens=6,
    num_beams=4,
    num_return_sequences=2,
    no_repeat_ngram_size=2,
    length_penalty=0.8,
    pad_token_id=tokenizer.pad_token_id,
    eos_token_id=tokenizer.eos_token_id,
)
show("config", model.generate(inputs.input_ids, generation_config=config))
config.save_pretrained(output)
print("saved", GenerationConfig.from_pretrained(output).num_beams)
groups = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.7}
show("groups", model.generate(**inputs, max_new_tokens=5, **groups))
found = model.generate(
    **inputs,
    max_new_tokens=5,
    repetition_penalty=1.3,
    bad_words_ids=[[7], [9, 11]],
    return_dict_in_generate=True,
    output_scores=True,
)
show("penalised", found.sequences)
scores = model.compute_transition_scores(found.sequences, found.scores, normalize_logits=True)
print("transitions", *scores.flatten().tolist())
processors = LogitsProcessorList(
    [MinLengthLogitsProcessor(8, eos_token_id=model.config.eos_token_id)]
)
show("processed", model.generate(**inputs, max_new_tokens=7, logits_processor=processors))


def three_new(input_ids, scores, **kwargs):
    return input_ids.shape[1] >= inputs.input_ids.shape[1] + 3


show(
    "stopped",
    model.generate(**inputs, max_new_tokens=9, stopping_criteria=StoppingCriteriaList([three_new])),
)
streamer = TextStreamer(tokenizer, skip_prompt=True)
model.generate(inputs.input_ids[:1], max_new_tokens=4, streamer=streamer)
torch.manual_seed(0)
sampled = model.generate(**inputs, do_sample=True, top_k=9, temperature=0.8, max_new_tokens=5)
print("sampled", *sampled.shape, bool((sampled[:, :5] == inputs.input_ids).all()))
