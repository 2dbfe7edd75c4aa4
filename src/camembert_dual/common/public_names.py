"""The public names of the package: for each, the module that has it and what it is called there.

Those of CamemBERT are this package's own; the others are the names by which scripts written for
``transformers`` 4 ask for the same objects.
"""

from __future__ import annotations

from typing import NamedTuple

from camembert_dual.common.backends import BACKENDS
from camembert_dual.common.model_names import (
    ARCHITECTURES,
    FAMILIES,
    FAMILY,
    MASKED_LM,
    auto_name,
    class_name,
    family_name,
)


class Home(NamedTuple):
    """Where a public name comes from.

    Attributes:
        module: Module below the package, or below the tree; empty for the tree itself.
        name: What it is called there.
        backend: A key of ``BACKENDS`` for what needs its framework; empty for anything else.
    """

    module: str
    name: str
    backend: str = ""


def _same(module: str, *names: str, backend: str = "") -> dict[str, Home]:
    """Names that are public as their module calls them."""
    return {name: Home(module, name, backend) for name in names}


_OWN = {
    **_same("auto", "AutoConfig", "AutoTokenizer"),
    **_same("config", "CamembertConfig"),
    **_same("generation.config", "GenerationConfig"),
    **_same("pipelines", "Pipeline", "pipeline"),
    **_same("tokenization", "CamembertTokenizer", "CamembertTokenizerFast"),
    **_same(
        "tokenization.roberta",
        "RobertaTokenizer",
        "RobertaTokenizerFast",
        "XLMRobertaTokenizer",
        "XLMRobertaTokenizerFast",
    ),
}
_MODELS = {
    family_name(architecture, backend, family): Home("", class_name(architecture, backend), backend)
    for family in FAMILIES
    for backend in BACKENDS
    for architecture in ARCHITECTURES
}
_AUTO_MODELS = {
    name: Home("auto", name)
    for backend in BACKENDS
    for name in (auto_name(architecture, backend) for architecture in ARCHITECTURES)
}
_WORD_MODELS = {  # what a CamemBERT is trained by has two older names
    f"{BACKENDS[backend].prefix}AutoModel{name}": Home("auto", auto_name(MASKED_LM, backend))
    for backend in BACKENDS
    for name in ("ForPreTraining", "WithLMHead")
}
_BASES = {
    f"{BACKENDS[backend].prefix}{family}PreTrainedModel": Home(
        "pretrained", "PretrainedModel", backend
    )
    for backend in BACKENDS
    for family in ("", *FAMILIES)
}
_LAYERS = {f"TF{family}MainLayer": Home("", f"TF{FAMILY}MainLayer", "tf") for family in FAMILIES}
_HEADS = {
    f"{BACKENDS[backend].prefix}{family}ClassificationHead": Home(
        "heads", "ClassificationHead", backend
    )
    for backend in BACKENDS
    for family in FAMILIES
}
_MAPPINGS = _same(
    "auto_mappings",
    "CONFIG_MAPPING",
    *(
        f"{prefix}MODEL{task}_MAPPING"
        for prefix in ("", "TF_")
        for task in (
            "",
            *("_FOR_CAUSAL_LM", "_FOR_MASKED_LM", "_FOR_SEQUENCE_CLASSIFICATION"),
            *("_FOR_MULTIPLE_CHOICE", "_FOR_TOKEN_CLASSIFICATION", "_FOR_QUESTION_ANSWERING"),
        )
    ),
)
_WORD_MAPPINGS = {
    f"{prefix}MODEL_{name}_MAPPING": Home("auto_mappings", f"{prefix}MODEL_FOR_MASKED_LM_MAPPING")
    for prefix in ("", "TF_")
    for name in ("FOR_PRETRAINING", "WITH_LM_HEAD")
}
_FILES = {
    "CONFIG_NAME": Home("storage.file_names", "CONFIG"),
    "TF2_WEIGHTS_NAME": Home("storage.file_names", "TF_H5"),
    "WEIGHTS_NAME": Home("storage.file_names", "TORCH_BIN"),
}
_CONFIGS = {
    **_same("pretrained_config", "PretrainedConfig"),
    **_same("config_families", "RobertaConfig", "XLMRobertaConfig"),
}
_TOKENIZERS = _same(
    "tokenization.published",
    "AddedToken",
    "BatchEncoding",
    "CharSpan",
    "PaddingStrategy",
    "PreTrainedTokenizer",
    "PreTrainedTokenizerBase",
    "PreTrainedTokenizerFast",
    "SpecialTokensMixin",
    "TensorType",
    "TokenSpan",
    "TruncationStrategy",
)
_OUTPUT_NAMES = (
    "BaseModelOutput",
    "BaseModelOutputWithPast",
    "BaseModelOutputWithPastAndCrossAttentions",
    "BaseModelOutputWithPooling",
    "BaseModelOutputWithPoolingAndCrossAttentions",
    "CausalLMOutput",
    "CausalLMOutputWithCrossAttentions",
    "CausalLMOutputWithPast",
    "MaskedLMOutput",
    "MultipleChoiceModelOutput",
    "QuestionAnsweringModelOutput",
    "SequenceClassifierOutput",
    "TokenClassifierOutput",
)
_OUTPUTS = {
    **_same("modeling_outputs", "ModelOutput", *_OUTPUT_NAMES),
    **_same("modeling_tf_outputs", *(f"TF{name}" for name in _OUTPUT_NAMES)),
}
_GENERATED = {
    f"{BACKENDS[backend].prefix}{kind}DecoderOnlyOutput": Home(
        "generation.outputs", f"{kind}DecoderOnlyOutput"
    )
    for backend in BACKENDS
    for kind in ("BeamSample", "BeamSearch", "ContrastiveSearch", "GreedySearch", "Sample")
}
_COLLATORS = _same(
    "training.data_collators",
    "DataCollatorForLanguageModeling",
    "DataCollatorForTokenClassification",
    "DataCollatorForWholeWordMask",
    "DataCollatorWithPadding",
    "DefaultDataCollator",
    "default_data_collator",
)
_TRAINING = {
    **_same("common.backends", "is_tf_available", "is_torch_available"),
    **_same("training.evaluation", "EvalPrediction"),
    **_same("training.seeding", "enable_full_determinism", "set_seed"),
    **_same("training.published_schedules", "SchedulerType"),
    **_same(
        "training.schedules",
        "get_constant_schedule",
        "get_constant_schedule_with_warmup",
        "get_cosine_schedule_with_warmup",
        "get_cosine_with_hard_restarts_schedule_with_warmup",
        "get_inverse_sqrt_schedule",
        "get_linear_schedule_with_warmup",
        "get_polynomial_decay_schedule_with_warmup",
        "get_scheduler",
        backend="pt",
    ),
    **_same("training.adamw", "AdamW", backend="pt"),
    **_same(
        "training.warmup",
        "AdamWeightDecay",
        "GradientAccumulator",
        "WarmUp",
        "create_optimizer",
        backend="tf",
    ),
    **_same("training.callbacks", "KerasMetricCallback", "PushToHubCallback", backend="tf"),
}
_RULES_OF_BOTH = (
    "ForceTokensLogitsProcessor",
    "ForcedBOSTokenLogitsProcessor",
    "ForcedEOSTokenLogitsProcessor",
    "MinLengthLogitsProcessor",
    "NoBadWordsLogitsProcessor",
    "NoRepeatNGramLogitsProcessor",
    "RepetitionPenaltyLogitsProcessor",
    "SuppressTokensAtBeginLogitsProcessor",
    "SuppressTokensLogitsProcessor",
    "TemperatureLogitsWarper",
    "TopKLogitsWarper",
    "TopPLogitsWarper",
)
_RULES = {
    **_same(
        "generation.constraints",
        "Constraint",
        "ConstraintListState",
        "DisjunctiveConstraint",
        "PhrasalConstraint",
    ),
    **_same(
        "generation.beam_scorers", "BeamScorer", "BeamSearchScorer", "ConstrainedBeamSearchScorer"
    ),
    **_same(
        "generation.guidance",
        "UnbatchedClassifierFreeGuidanceLogitsProcessor",
        backend="pt",
    ),
    "top_k_top_p_filtering": Home("generation.warpers", "top_k_top_p", "pt"),
    "tf_top_k_top_p_filtering": Home("generation.warpers", "top_k_top_p", "tf"),
    **_same("generation.streamers", "TextIteratorStreamer", "TextStreamer"),
    **_same(
        "generation.published",
        "LogitsProcessor",
        "LogitsProcessorList",
        "LogitsWarper",
        "MaxLengthCriteria",
        "MaxNewTokensCriteria",
        "MaxTimeCriteria",
        "StoppingCriteria",
        "StoppingCriteriaList",
    ),
    **{
        f"TF{name}": Home("generation.published", name)
        for name in ("LogitsProcessor", "LogitsProcessorList", "LogitsWarper")
    },
    **_same(
        "generation.published",
        *_RULES_OF_BOTH,
        "EncoderNoRepeatNGramLogitsProcessor",
        "EncoderRepetitionPenaltyLogitsProcessor",
        "EpsilonLogitsWarper",
        "EtaLogitsWarper",
        "ExponentialDecayLengthPenalty",
        "HammingDiversityLogitsProcessor",
        "InfNanRemoveLogitsProcessor",
        "LogitNormalization",
        "MinNewTokensLengthLogitsProcessor",
        "PrefixConstrainedLogitsProcessor",
        "SequenceBiasLogitsProcessor",
        "TypicalLogitsWarper",
        backend="pt",
    ),
    **_same("generation.published", *(f"TF{name}" for name in _RULES_OF_BOTH), backend="tf"),
}
PUBLIC: dict[str, Home] = {
    **_OWN,
    **_MODELS,
    **_AUTO_MODELS,
    **_WORD_MODELS,
    **_BASES,
    **_LAYERS,
    **_HEADS,
    **_MAPPINGS,
    **_WORD_MAPPINGS,
    **_FILES,
    **_CONFIGS,
    **_TOKENIZERS,
    **_OUTPUTS,
    **_GENERATED,
    **_COLLATORS,
    **_TRAINING,
    **_RULES,
}
