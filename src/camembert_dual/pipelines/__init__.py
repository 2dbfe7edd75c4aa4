"""A text to an answer, with a model of either tree."""

from camembert_dual.common.arrays import softmax as softmax
from camembert_dual.pipelines.pipeline import fill_mask as fill_mask

__all__ = ["fill_mask", "softmax"]
