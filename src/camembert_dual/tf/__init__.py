"""The TensorFlow tree, on Keras 3: the same files and words as ``camembert_dual.pt``."""

from camembert_dual.common.backends import absent

try:
    import keras
    import tensorflow  # noqa: F401
except ModuleNotFoundError as error:
    raise absent("tf", error) from None

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "camembert_dual's TF classes need Keras on TensorFlow (KERAS_BACKEND=tensorflow); received "
        f"the {keras.backend.backend()} backend."
    )

from camembert_dual.tf.bare_model import TFCamembertModel
from camembert_dual.tf.export.litert import export_litert
from camembert_dual.tf.export.pooling import SentencePooling
from camembert_dual.tf.export.saved_model import export_saved_model
from camembert_dual.tf.export.tokenizer_layer import TFCamembertTokenizer
from camembert_dual.tf.export.warm_up import write_warm_up
from camembert_dual.tf.language_models import TFCamembertForCausalLM, TFCamembertForMaskedLM
from camembert_dual.tf.layouts import layout_map, weights_on_devices
from camembert_dual.tf.lora import enable_lora, load_adapter, save_adapter
from camembert_dual.tf.model import TFCamembertMainLayer
from camembert_dual.tf.old_weights import load_old_weights
from camembert_dual.tf.tensors import register_outputs
from camembert_dual.tf.text_classifiers import (
    TFCamembertForMultipleChoice,
    TFCamembertForSequenceClassification,
)
from camembert_dual.tf.token_classifiers import (
    TFCamembertForQuestionAnswering,
    TFCamembertForTokenClassification,
)
from camembert_dual.tf.training.metrics import LabelAccuracy, Perplexity, SpanExactMatch
from camembert_dual.tf.training.optimization import create_optimizer

register_outputs()

__all__ = [
    "LabelAccuracy",
    "Perplexity",
    "SentencePooling",
    "SpanExactMatch",
    "TFCamembertForCausalLM",
    "TFCamembertForMaskedLM",
    "TFCamembertForMultipleChoice",
    "TFCamembertForQuestionAnswering",
    "TFCamembertForSequenceClassification",
    "TFCamembertForTokenClassification",
    "TFCamembertMainLayer",
    "TFCamembertModel",
    "TFCamembertTokenizer",
    "create_optimizer",
    "enable_lora",
    "export_litert",
    "export_saved_model",
    "layout_map",
    "load_adapter",
    "load_old_weights",
    "save_adapter",
    "weights_on_devices",
    "write_warm_up",
]
