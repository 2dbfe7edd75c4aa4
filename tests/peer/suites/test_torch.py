"""The published common tests of PyTorch models, and those of configurations, on our classes."""

import os
import unittest

from conftest import REFERENCE

os.environ["USE_TORCH"], os.environ["USE_TF"] = "1", "0"
if not REFERENCE:
    import shim

    shim.put_in_place("pt")

import torch
import transformers
from model_cases import TASKS, TinyModel
from published_tests.test_configuration_common import ConfigTester
from published_tests.test_modeling_common import ModelTesterMixin


class CamembertModelTest(ModelTesterMixin, unittest.TestCase):
    all_model_classes = tuple(getattr(transformers, f"Camembert{task}") for task in TASKS)
    all_generative_model_classes = (transformers.CamembertForCausalLM,)
    fx_compatible = True
    model_split_percents = (0.5, 0.8, 0.9)

    def setUp(self):
        torch.manual_seed(3)
        self.model_tester = TinyModel(self, transformers.CamembertConfig, torch.from_numpy)


class CamembertConfigTest(unittest.TestCase):
    def setUp(self):
        kind = transformers.CamembertConfig
        self.tester = ConfigTester(self, config_class=kind, hidden_size=36, num_attention_heads=4)


def _of(name):
    return lambda self: getattr(self.tester, name)()


# the tester has one method per rule; as tests of their own, the first failure hides no other
for name in vars(ConfigTester):
    if name.startswith(("create_and_test_", "check_")):
        words = name.removeprefix("create_and_").removeprefix("test_").removeprefix("check_")
        setattr(CamembertConfigTest, f"test_{words}", _of(name))
