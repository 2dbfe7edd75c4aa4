"""The published tests of RoBERTa, of ``generate``, collators and schedules, for TensorFlow."""

import os

from conftest import REFERENCE

os.environ["USE_TORCH"], os.environ["USE_TF"] = "0", "1"
if not REFERENCE:
    import shim

    shim.put_in_place("tf")

import repository

globals().update(
    repository.cases(
        "tf",
        {
            "models.roberta.test_modeling_tf_roberta": ("TFRobertaModelTest",),
            "generation.test_tf_utils": ("UtilsFunctionsTest",),
            "generation.test_tf_logits_process": ("TFLogitsProcessorTest",),
            "optimization.test_optimization_tf": ("OptimizationFTest",),
            "trainer.test_data_collator": ("TFDataCollatorIntegrationTest",),
        },
    )
)
