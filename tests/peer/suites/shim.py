"""Our objects under the names of transformers 4.34, for its own tests to find them there.

The tests import names from ``transformers``; each that this package has is put in its place, as a
user's changed import line would. What the tests ask for beside names (which class is a model for
which task, the output classes of ``generate``) comes from the tables below.
"""

import importlib
import sys
import types

import camembert_dual
from camembert_dual.common.model_names import (
    ARCHITECTURES,
    CAUSAL_LM,
    MASKED_LM,
    MODEL,
    MULTIPLE_CHOICE,
    QUESTION_ANSWERING,
    SEQUENCE_CLASSIFICATION,
    TOKEN_CLASSIFICATION,
    class_name,
)
from camembert_dual.common.public_names import PUBLIC

# what the tests take from elsewhere than the top: the module of transformers, our name
ELSEWHERE = (
    ("transformers.utils.generic", "ModelOutput"),
    ("transformers.tokenization_utils", "AddedToken"),
)
MAPPINGS = {
    "MODEL_MAPPING": (MODEL,),
    "MODEL_FOR_PRETRAINING_MAPPING": (MASKED_LM,),
    "MODEL_FOR_CAUSAL_LM_MAPPING": (CAUSAL_LM,),
    "MODEL_FOR_MASKED_LM_MAPPING": (MASKED_LM,),
    "MODEL_FOR_MULTIPLE_CHOICE_MAPPING": (MULTIPLE_CHOICE,),
    "MODEL_FOR_QUESTION_ANSWERING_MAPPING": (QUESTION_ANSWERING,),
    "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING": (SEQUENCE_CLASSIFICATION,),
    "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING": (TOKEN_CLASSIFICATION,),
    # tasks that a CamemBERT has no class for
    "MODEL_FOR_DOCUMENT_QUESTION_ANSWERING_MAPPING": (),
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING": (),
    "MODEL_FOR_MASKED_IMAGE_MODELING_MAPPING": (),
    "MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING": (),
    "MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING": (),
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING": (),
    "MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING": (),
}
GENERATE_OUTPUTS = (
    *("BeamSampleDecoderOnlyOutput", "BeamSearchDecoderOnlyOutput"),
    *("GreedySearchDecoderOnlyOutput", "SampleDecoderOnlyOutput"),
    *("ContrastiveSearchDecoderOnlyOutput",),
)
ENCODER_DECODER_OUTPUTS = (
    *("BeamSampleEncoderDecoderOutput", "BeamSearchEncoderDecoderOutput"),
    *("GreedySearchEncoderDecoderOutput", "SampleEncoderDecoderOutput"),
)
# the published tree's names of classes that no model here makes
ABSENT = {"tf": ("TFSharedEmbeddings",), "pt": ()}
PREFIXES = {"pt": "", "tf": "TF"}
# modules that the tests take names from; those of Keras 2 cannot be imported
STAND_INS = {
    "pt": ("transformers.models.roberta.modeling_roberta",),
    "tf": ("transformers.models.roberta.modeling_tf_roberta",),
}
# names there that nothing here has: lists of the hub's, a layer
WITHOUT = {
    "ROBERTA_PRETRAINED_MODEL_ARCHIVE_LIST": [],
    "TF_ROBERTA_PRETRAINED_MODEL_ARCHIVE_LIST": [],
    "RobertaEmbeddings": None,
    "create_position_ids_from_input_ids": None,
}


def model_classes(backend: str) -> tuple[type, ...]:
    """Our classes of a tree, as a user imports them."""
    return tuple(getattr(camembert_dual, class_name(one, backend)) for one in ARCHITECTURES)


def put_in_place(backend: str) -> None:
    """Let ``from transformers import …`` give our objects, those of one framework among them."""
    import transformers

    generation = importlib.import_module("transformers.generation")
    own = [name for name, home in PUBLIC.items() if home.backend in ("", backend)]
    for name in own:
        setattr(transformers, name, getattr(camembert_dual, name))
        if name in dir(generation):
            setattr(generation, name, getattr(camembert_dual, name))
    for module in STAND_INS[backend]:
        names = {**WITHOUT, **{name: getattr(camembert_dual, name) for name in own}}
        sys.modules[module] = types.ModuleType(module)
        vars(sys.modules[module]).update(names)
    for module, name in ELSEWHERE:
        setattr(importlib.import_module(module), name, getattr(camembert_dual, name))
    encode_as_old_library()
    prefix = PREFIXES[backend]
    config = camembert_dual.CamembertConfig
    for name, architectures in MAPPINGS.items():
        classes = [getattr(camembert_dual, class_name(one, backend)) for one in architectures]
        mapping = {config: classes[0]} if classes else {}
        setattr(transformers, f"{prefix and 'TF_'}{name}", mapping)
    for name in ABSENT[backend]:
        setattr(transformers, name, type(name, (), {}))
    for name in (*GENERATE_OUTPUTS, *ENCODER_DECODER_OUTPUTS):
        ours = getattr(camembert_dual, prefix + name, type(prefix + name, (), {}))
        setattr(generation, prefix + name, ours)


def encode_as_old_library() -> None:
    """Let our tokenizers run on the library of 4.34's time, which lacks a quicker way to encode."""
    segmenter = importlib.import_module("camembert_dual.tokenization.tokenizers_segmenter")

    def encode(self, texts, unk_id=None):
        found = self._run(self.library.encode_batch, texts)
        return segmenter.from_lists([one.ids for one in found])

    segmenter.TokenizersSegmenter.encode = encode
