"""Models as users write them, in TensorFlow."""

import keras
import tensorflow as tf

from camembert_dual.outputs import TokenClassifierOutput
from camembert_dual.tf import TFCamembertForTokenClassification, TFCamembertMainLayer
from camembert_dual.tf.pretrained import PretrainedModel

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@keras.saving.register_keras_serializable("tests")
class Tagger(PretrainedModel):
    """A classifier of tokens with layers of its own."""

    def __init__(self, config, width=5, **options):
        super().__init__(config, **options)
        self.roberta = TFCamembertMainLayer(config, add_pooling_layer=False, name="roberta")
        self.middle = keras.layers.Dense(width)
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5)
        self.heads = [keras.layers.Dense(config.num_labels) for _ in range(2)]

    def call(self, input_ids=None, attention_mask=None, labels=None, training=False):
        if isinstance(input_ids, dict):
            return self(**input_ids, training=training)
        states = self.roberta(input_ids, attention_mask=attention_mask, training=training)[0]
        middle = self.norm(self.middle(states))
        logits = self.heads[0](middle) - self.heads[1](middle)
        loss = None if labels is None else cross_entropy(labels, logits)
        return TokenClassifierOutput(loss=loss, logits=logits)


class Doubled(TFCamembertForTokenClassification):
    """A head of ours with another call: a layer more, and twice the loss."""

    def __init__(self, config, **options):
        super().__init__(config, **options)
        self.extra = keras.layers.Dense(config.num_labels)

    def call(self, input_ids=None, labels=None, **options):
        inputs = input_ids if isinstance(input_ids, dict) else {"input_ids": input_ids, **options}
        labels = inputs.pop("labels", labels)
        output = super().call(**inputs)
        output.logits = self.extra(output.logits)
        if labels is not None:
            output.loss = 2.0 * self.head_loss(labels, output.logits)
        return output


class Tripled(TFCamembertForTokenClassification):
    """A head of ours with another loss."""

    def head_loss(self, labels, logits, *reduction):
        return 3.0 * super().head_loss(labels, logits, *reduction)


class Quadrupled(TFCamembertForTokenClassification):
    """A head of ours with another loss, by the name that ``transformers`` gave it."""

    def hf_compute_loss(self, labels, logits):
        return 4.0 * super().hf_compute_loss(labels, logits)


def train(model, ids, labels):
    """One step of SGD; the loss."""
    optimizer = keras.optimizers.SGD(0.1)
    with tf.GradientTape() as tape:
        loss = model(tf.constant(ids), labels=tf.constant(labels)).loss
    weights = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
    return float(loss)
