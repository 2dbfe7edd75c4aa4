"""The published tests of RoBERTa, ``generate``, tokenizers, collators, schedules, for PyTorch."""

import os

from conftest import REFERENCE

os.environ["USE_TORCH"], os.environ["USE_TF"] = "1", "0"
if not REFERENCE:
    import shim

    shim.put_in_place("pt")

import repository

globals().update(
    repository.cases(
        "pt",
        {
            "models.roberta.test_modeling_roberta": ("RobertaModelTest",),
            "models.roberta.test_tokenization_roberta": ("RobertaTokenizationTest",),
            "models.camembert.test_tokenization_camembert": ("CamembertTokenizationTest",),
            "models.xlm_roberta.test_tokenization_xlm_roberta": ("XLMRobertaTokenizationTest",),
            "generation.test_utils": ("UtilsFunctionsTest",),
            "generation.test_logits_process": ("LogitsProcessorTest",),
            "generation.test_stopping_criteria": ("StoppingCriteriaTestCase",),
            "generation.test_beam_search": ("BeamSearchTest", "ConstrainedBeamSearchTest"),
            "generation.test_beam_constraints": ("ConstraintTest",),
            "generation.test_configuration_utils": ("GenerationConfigTest",),
            "optimization.test_optimization": ("OptimizationTest", "ScheduleInitTest"),
            "trainer.test_data_collator": (
                "DataCollatorIntegrationTest",
                "NumpyDataCollatorIntegrationTest",
            ),
            "tokenization.test_tokenization_utils": ("TokenizerUtilsTest",),
        },
    )
)
