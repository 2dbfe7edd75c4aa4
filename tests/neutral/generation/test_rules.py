"""From options to the rules of a search: which apply, and with what."""

from camembert_dual import GenerationConfig
from camembert_dual.generation.modes import (
    Known,
    Processor,
    as_ids,
    criteria_of,
    processors_of,
    warpers_of,
)

KNOWN = Known(prompt="prompt", length=5, length_with_bos=6, max_length=17, begin=1.5)


def test_options_that_nobody_chose_ask_for_no_rule():
    options = GenerationConfig(eos_token_id=2)
    assert processors_of(options, KNOWN) == ()
    assert criteria_of(options, KNOWN) == ()
    assert warpers_of(options) == (
        Processor("TopKLogitsWarper", {"top_k": 50, "min_tokens_to_keep": 1}),
    )


def test_a_rule_knows_of_the_search_what_it_asks_for():
    options = GenerationConfig(
        eos_token_id=2,
        min_new_tokens=3,
        forced_eos_token_id=2,
        begin_suppress_tokens=[9],
        encoder_repetition_penalty=1.5,
        max_time=2.0,
    )
    rows = {row.name: row.arguments for row in processors_of(options, KNOWN)}
    assert rows["EncoderRepetitionPenaltyLogitsProcessor"]["encoder_input_ids"] == "prompt"
    assert rows["MinNewTokensLengthLogitsProcessor"]["prompt_length_to_skip"] == 5
    assert rows["ForcedEOSTokenLogitsProcessor"]["max_length"] == 17
    assert rows["SuppressTokensAtBeginLogitsProcessor"]["begin_index"] == 5
    (row,) = criteria_of(options, KNOWN)
    assert row == ("MaxTimeCriteria", {"max_time": 2.0, "initial_timestamp": 1.5})
    options.update(forced_bos_token_id=4, forced_decoder_ids=[[1, 8], [3, 9]])
    rows = {row.name: row.arguments for row in processors_of(options, KNOWN)}
    assert rows["SuppressTokensAtBeginLogitsProcessor"]["begin_index"] == 9


def test_users_rules_stand_before_normalisation():
    options = GenerationConfig(renormalize_logits=True, suppress_tokens=[4])
    rows = processors_of(options, KNOWN, users=[max, min])
    assert rows[1:3] == (max, min)
    assert [row.name for row in (rows[0], rows[3])] == [
        "SuppressTokensLogitsProcessor",
        "LogitNormalization",
    ]
    assert criteria_of(options, KNOWN, [max]) == (max,)


def test_without_an_end_no_rule_speaks_of_it():
    lengths = {"min_length": 9, "min_new_tokens": 4}
    decay = {"exponential_decay_length_penalty": (3, 1.5)}
    assert processors_of(GenerationConfig(**lengths, **decay), KNOWN) == ()
    assert as_ids(None) == ()
    assert as_ids(3) == (3,)
    assert as_ids([3, 4]) == (3, 4)


def test_guidance_is_no_row_as_the_model_reads_for_it():
    assert processors_of(GenerationConfig(guidance_scale=1.5), KNOWN) == ()
