"""Against transformers 4.34.0: texts, scores and outputs of each way to search, by options."""

import numpy as np
import pytest
import torch
import transformers

import cases
import generation_oracle as oracle
import tree_pt as tree

LIMIT = 9
RECORDED = {
    "return_dict_in_generate": True,
    "output_scores": True,
    "output_attentions": True,
    "output_hidden_states": True,
}


@pytest.fixture(scope="module", params=["decoder", "decoder, relative_key"])
def both(request):
    """Ours and theirs.

    No padding is ever probable, as the peer numbers positions after it oddly; no encoder states,
    as its ``generate`` passes them over.
    """
    config = cases.config(request.param)
    arrays = cases.weights(config, oracle.TASK)
    arrays["lm_head.bias"][config.pad_token_id] = -1e3
    values = transformers.CamembertConfig(**config.to_dict())
    peer = transformers.CamembertForCausalLM(values).double().eval()
    states = {name: torch.tensor(array) for name, array in arrays.items()}
    states |= {"lm_head.decoder.bias": states["lm_head.bias"]}
    states["lm_head.decoder.weight"] = states["roberta.embeddings.word_embeddings.weight"]
    assert not peer.load_state_dict(states, strict=False).unexpected_keys
    return tree.new(oracle.TASK, config, arrays), peer


def answers(both, ends=(12,), **options):
    """What ours and theirs give for the same prompts."""
    ours, peer = both
    prompts = torch.tensor(cases.generator("peer", "prompts").integers(6, 101, (7, 4)))
    options = {"max_new_tokens": LIMIT, "eos_token_id": list(ends), **options}
    expected = peer.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        pad_token_id=ours.config.pad_token_id,
        **options,
    )
    return ours.generate(prompts, **options), expected


@pytest.mark.parametrize("ends", [(12,), (7, 12, 40)], ids=str)
def test_greedy_texts_are_those_of_the_peer(both, ends):
    np.testing.assert_array_equal(*(one.numpy() for one in answers(both, ends)))


@pytest.mark.parametrize("early", [False, True, "never"])
@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.5, -1.0])
@pytest.mark.parametrize("width", [2, 5])
def test_beam_search_gives_the_texts_of_the_peer(both, width, penalty, early):
    options = {"num_beams": width, "length_penalty": penalty, "early_stopping": early}
    np.testing.assert_array_equal(*(one.numpy() for one in answers(both, **options)))


@pytest.mark.parametrize("width", [3, 4])
def test_a_search_that_hardly_ends_gives_the_texts_of_the_peer(both, width):
    np.testing.assert_array_equal(*(one.numpy() for one in answers(both, (2,), num_beams=width)))


def test_a_beam_ends_in_its_own_end_where_the_peer_writes_the_first_of_all(both):
    usual, _ = answers(both, (2,), num_beams=3)
    words = set(usual[:, 5:].flatten().tolist()) - {both[0].config.pad_token_id}
    unusual = min(set(range(6, 101)) - words)
    ends = (unusual, *sorted(words))
    ours, theirs = answers(both, ends, num_beams=3)
    differs = ours != theirs
    assert differs.any()
    assert (theirs[differs] == ends[0]).all()
    assert set(ours[differs].tolist()) <= set(ends[1:])


MODES = {
    "greedy": {},
    "beams": {"num_beams": 3},
    "several beams": {"num_beams": 5, "num_return_sequences": 4},
    "contrast": {"penalty_alpha": 0.6, "top_k": 4},
}
OPTIONS = (
    {},
    {"min_length": 8},
    {"min_new_tokens": 6},
    {"repetition_penalty": 1.4},
    {"encoder_repetition_penalty": 1.3},
    {"no_repeat_ngram_size": 2},
    {"bad_words_ids": [[7], [8, 9], [52]]},
    {"sequence_bias": {(33,): 2.0, (52, 97): -3.0}},
    {"forced_bos_token_id": 9},
    {"forced_eos_token_id": 9},
    {"suppress_tokens": [12, 52, 80]},
    {"begin_suppress_tokens": [52, 12, 80]},
    {"forced_decoder_ids": [[5, 44], [7, 45]]},
    {"exponential_decay_length_penalty": (2, 1.3)},
    {"renormalize_logits": True},
    {"remove_invalid_values": True},
)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        (mode, options)
        for mode in MODES
        for options in OPTIONS
        # the peer takes the prompts for those of other rows where a row has several texts
        if "encoder_repetition_penalty" not in options or "beams" not in mode
    ],
    ids=str,
)
def test_each_option_gives_what_it_gives_in_the_peer(both, mode, options):
    ours, theirs = answers(both, **MODES[mode], **options, **RECORDED)
    assert type(ours).__name__ == type(theirs).__name__
    assert list(ours) == list(theirs)
    np.testing.assert_array_equal(ours.sequences, theirs.sequences)
    for name in ("attentions", "hidden_states"):
        for mine, other in zip(ours[name], theirs[name], strict=True):
            assert [one.shape for one in mine] == [one.shape for one in other]
    if mode in ("greedy", "contrast"):  # the peer's beams go other ways once a row has ended
        for mine, other in zip(ours.scores, theirs.scores, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-9)
    else:
        np.testing.assert_allclose(ours.sequences_scores, theirs.sequences_scores, atol=1e-5)
        np.testing.assert_array_equal(ours.beam_indices, theirs.beam_indices)
    beams = {"beam_indices": theirs.get("beam_indices")}
    np.testing.assert_allclose(
        both[0].compute_transition_scores(ours.sequences, ours.scores, ours.beam_indices)
        if "beam_indices" in ours
        else both[0].compute_transition_scores(ours.sequences, ours.scores),
        both[1].compute_transition_scores(theirs.sequences, theirs.scores, **beams),
        atol=1e-9,
    )


@pytest.mark.parametrize(("width", "groups"), [(4, 2), (6, 3), (4, 4)])
@pytest.mark.parametrize("options", [{}, {"repetition_penalty": 1.3}], ids=str)
def test_groups_of_beams_find_what_the_peer_finds(both, width, groups, options):
    """In single precision, as the peer mixes it into any other."""
    given = {"num_beams": width, "num_beam_groups": groups, "num_return_sequences": width}
    models = [model.float() for model in both]
    ours, theirs = answers(
        models,
        diversity_penalty=0.7,
        **given,
        **options,
        output_scores=True,
        return_dict_in_generate=True,
    )
    for model in both:
        model.double()
    np.testing.assert_array_equal(ours.sequences, theirs.sequences)
    np.testing.assert_allclose(ours.sequences_scores, theirs.sequences_scores, atol=1e-4)


WARPERS = (
    {},
    {"temperature": 0.6},
    {"top_k": 0},
    {"top_k": 7},
    {"top_p": 0.8},
    {"typical_p": 0.7},
    {"epsilon_cutoff": 0.01},
    {"eta_cutoff": 0.02},
    {"temperature": 1.7, "top_k": 30, "top_p": 0.9, "repetition_penalty": 1.2},
)


@pytest.mark.parametrize("options", WARPERS, ids=str)
@pytest.mark.parametrize("width", [1, 3])
def test_tokens_are_drawn_by_the_scores_that_the_peer_draws_by(both, width, options):
    """The first step, where nothing that was drawn differs yet."""
    options = {"do_sample": True, "num_beams": width, "max_new_tokens": 1, **options, **RECORDED}
    ours, theirs = answers(both, **options)
    assert type(ours).__name__ == type(theirs).__name__
    np.testing.assert_allclose(ours.scores[0], theirs.scores[0], atol=1e-9)


def test_the_help_of_a_smaller_model_changes_nothing_in_either(both):
    ours, peer = both
    config = cases.config("decoder")
    small = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK))
    for row in range(4):
        prompt = torch.tensor(cases.generator("peer", "prompts").integers(6, 101, (7, 4)))[[row]]
        given = {"max_new_tokens": 5, "eos_token_id": [12]}
        peer.max_assistant_tokens = 2  # more reach beyond the last position
        expected = peer.generate(prompt, pad_token_id=1, assistant_model=peer, **given)
        for helper in (ours, small):
            actual = ours.generate(prompt, assistant_model=helper, **given)
            np.testing.assert_array_equal(actual, expected)


def test_a_text_without_prompt_begins_as_in_the_peer(both):
    ours, peer = both
    given = {"max_new_tokens": LIMIT, "bos_token_id": 8, "eos_token_id": [12]}
    np.testing.assert_array_equal(ours.generate(**given), peer.generate(pad_token_id=1, **given))


def test_functions_of_the_users_take_part_as_in_the_peer(both):
    def calm(ids, scores):
        return scores * 0.5 - ids[:, -1:] / 50

    def full(ids, scores, **more):
        return bool((ids[:, -1] > 60).sum() > 2)

    for width in (1, 3):
        ours, theirs = answers(
            both,
            num_beams=width,
            logits_processor=transformers.LogitsProcessorList([calm]),
            stopping_criteria=transformers.StoppingCriteriaList([full]),
            prefix_allowed_tokens_fn=lambda row, ids: [12, 20 + row, *range(40, 101, 1 + row)],
        )
        # the peer writes an end after beams that were stopped, too
        np.testing.assert_array_equal(ours, theirs[:, : ours.shape[1]])
        assert (theirs[:, ours.shape[1] :] == 12).all()


FORCED = (
    [[33]],
    [[33, 52]],
    [[52, 97], [8, 9, 10]],
    [[[33, 34], [52]]],
    [[9], [[40, 41], [60, 61, 62], [7]]],
)


@pytest.mark.parametrize("forced", FORCED, ids=str)
@pytest.mark.parametrize(
    "options",
    [
        {"num_beams": 2},
        {"num_beams": 5},
        {"num_beams": 4, "num_return_sequences": 3},
        {"num_beams": 4, "length_penalty": 0.0, "early_stopping": True},
        {"num_beams": 3, "length_penalty": -1.0, "early_stopping": "never"},
        {"num_beams": 3, "repetition_penalty": 1.5, "min_length": 9},
    ],
    ids=str,
)
def test_a_constrained_search_finds_what_the_peer_finds(both, forced, options):
    np.testing.assert_array_equal(*answers(both, force_words_ids=forced, **options))


def test_a_constrained_search_scores_its_texts_as_the_peer(both):
    """Where all are complete: the peer fails on the rows of others."""
    kept = {"return_dict_in_generate": True, "output_scores": True}
    ours, theirs = answers(both, force_words_ids=[[33], [52]], num_beams=4, **kept)
    assert type(ours).__name__ == type(theirs).__name__
    np.testing.assert_array_equal(ours.sequences, theirs.sequences)
    np.testing.assert_allclose(ours.sequences_scores, theirs.sequences_scores, atol=1e-5)
    np.testing.assert_array_equal(ours.beam_indices, theirs.beam_indices)
