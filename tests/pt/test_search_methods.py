"""The ways to search that ``transformers`` 4.34 has as methods in PyTorch alone."""

import numpy as np
import torch

import generation_oracle as oracle
import tree_pt
from camembert_dual import (
    BeamSearchScorer,
    ConstrainedBeamSearchScorer,
    HammingDiversityLogitsProcessor,
    MaxLengthCriteria,
    PhrasalConstraint,
    StoppingCriteriaList,
)

LIMIT = 4


def same(method, generated):
    np.testing.assert_array_equal(method.numpy(), generated.numpy())


def test_the_other_ways_of_beams_and_a_smaller_model_have_methods():
    model, ids = tree_pt.built(oracle.TASK, "decoder"), oracle.batch(oracle.PROMPTS, 1)["input_ids"]
    model.generation_config.eos_token_id = None
    length = ids.shape[1] + LIMIT
    stop = StoppingCriteriaList([MaxLengthCriteria(length)])
    several = torch.tensor(np.repeat(ids, 4, axis=0))
    ids = torch.tensor(ids)
    constraint = PhrasalConstraint([7, 9])
    scorer = ConstrainedBeamSearchScorer(len(ids), 4, [constraint], "cpu")
    found = model.constrained_beam_search(several, scorer, stopping_criteria=stop)
    same(found, model.generate(ids, constraints=[constraint], num_beams=4, max_length=length))

    scorer = BeamSearchScorer(len(ids), 4, "cpu", num_beam_groups=2, num_beam_hyps_to_keep=2)
    found = model.group_beam_search(
        several, scorer, [HammingDiversityLogitsProcessor(0.7, 4, 2)], stop
    )
    options = {"num_beams": 4, "num_beam_groups": 2, "num_return_sequences": 2}
    same(found, model.generate(ids, diversity_penalty=0.7, max_length=length, **options))

    found = model.beam_sample(several, BeamSearchScorer(len(ids), 4, "cpu"), None, stop, seed=5)
    given = {"do_sample": True, "top_k": 0, "num_beams": 4, "seed": 5}
    same(found, model.generate(ids, max_length=length, **given))
    found = model.assisted_decoding(ids[:1], assistant_model=model, stopping_criteria=stop)
    same(found, model.generate(ids[:1], max_length=length))
