"""The table against the published names, written down independently in the cases."""

import pytest

import cases
from camembert_dual.common.model_names import ARCHITECTURES
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import HEAD_NAMES, NETWORKS, parameters


@pytest.mark.parametrize("config_name", cases.CONFIGS)
@pytest.mark.parametrize("task", cases.TASKS)
def test_the_table_holds_the_published_names_and_shapes(task, config_name):
    config = cases.config(config_name)
    expected = cases.published_shapes(config, task)
    assert {row.name: row.shape for row in parameters(config, task)} == expected


@pytest.mark.parametrize("pooler", [False, True])
@pytest.mark.parametrize("task", cases.TASKS)
def test_the_pooler_is_there_when_it_is_asked_for(task, pooler):
    config = cases.config()
    expected = cases.published_shapes(config, task, pooler)
    found = {row.name: row.shape for row in parameters(config, task, pooler=pooler)}
    assert found == expected


@pytest.mark.parametrize(("task", "config_name"), cases.LAYOUTS)
def test_names_and_paths_are_one_to_one(task, config_name):
    rows = parameters(cases.config(config_name), task)
    assert len({row.name for row in rows}) == len(rows)
    assert len({row.path for row in rows}) == len(rows)


def test_only_matrices_of_dense_layers_are_transposed():
    for task in cases.TASKS:
        for row in parameters(cases.config("everything"), task):
            assert row.transposed == row.path.endswith("/kernel")
            assert not row.transposed or len(row.shape) == 2


def test_the_tasks_are_the_seven_models():
    assert set(NETWORKS) == set(ARCHITECTURES) == set(cases.TASKS)


def test_the_names_of_heads_are_those_outside_the_backbone():
    config = cases.config("untied")
    names = {row.name for task in cases.HEADS for row in parameters(config, task)}
    assert {name for name in names if not name.startswith("roberta.")} == HEAD_NAMES


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="received 'CamembertForNothing'"):
        parameters(cases.config(), "CamembertForNothing")


def count(config, task, **options):
    total = 0
    for row in parameters(config, task, **options):
        size = 1
        for length in row.shape:
            size *= length
        total += size
    return total


# numbers of parameters calculated from the published configurations
BASE_ENCODER, BASE_POOLER, LARGE_ENCODER, LARGE_POOLER = (
    110_031_360,
    590_592,
    335_611_904,
    1_049_600,
)
BASE_LM_HEAD = 624_133


def test_the_published_base_model_has_its_number_of_parameters():
    config = CamembertConfig.camembert_base()
    assert count(config, cases.BARE, pooler=False) == BASE_ENCODER
    assert count(config, cases.BARE) == BASE_ENCODER + BASE_POOLER
    assert count(config, cases.MASKED) == BASE_ENCODER + BASE_LM_HEAD


def test_the_published_large_model_has_its_number_of_parameters():
    config = CamembertConfig.camembert_large()
    assert count(config, cases.BARE, pooler=False) == LARGE_ENCODER
    assert count(config, cases.BARE) == LARGE_ENCODER + LARGE_POOLER
