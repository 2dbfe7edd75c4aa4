"""The published common tests of TensorFlow models, on our classes under Keras 3.

The published TensorFlow classes themselves need Keras 2, so they are not here; nothing of theirs is
imported, and the names that the tests ask for are ours.
"""

import os
import unittest

from conftest import REFERENCE

os.environ["USE_TORCH"], os.environ["USE_TF"] = "0", "1"
if not REFERENCE:
    import shim

    shim.put_in_place("tf")

import tensorflow as tf
import transformers
from model_cases import TASKS, TinyModel
from published_tests.test_modeling_tf_common import TFModelTesterMixin


def _to_tensor(values):
    return tf.constant(values, tf.int32)


class TFCamembertModelTest(TFModelTesterMixin, unittest.TestCase):
    all_model_classes = tuple(getattr(transformers, f"TFCamembert{task}") for task in TASKS)
    all_generative_model_classes = (transformers.TFCamembertForCausalLM,)
    # the published test of these classes turns it off as well: it reads ops of a Keras 2 graph
    test_onnx = False

    def setUp(self):
        tf.random.set_seed(3)
        self.model_tester = TinyModel(self, transformers.CamembertConfig, _to_tensor)
