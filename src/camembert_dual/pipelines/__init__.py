"""A text to an answer, with a model of either tree."""

from camembert_dual.common.arrays import softmax as softmax
from camembert_dual.pipelines.embed import embed as embed
from camembert_dual.pipelines.engine import Pipeline as Pipeline
from camembert_dual.pipelines.filling import fill_mask as fill_mask
from camembert_dual.pipelines.pipeline import pipeline as pipeline
from camembert_dual.tasks.feature_extraction import EmbeddingSettings as EmbeddingSettings
from camembert_dual.tasks.feature_extraction import embedding_settings as embedding_settings

__all__ = [
    "EmbeddingSettings",
    "Pipeline",
    "embed",
    "embedding_settings",
    "fill_mask",
    "pipeline",
    "softmax",
]
