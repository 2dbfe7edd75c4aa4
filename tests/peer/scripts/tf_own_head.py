"""A head of one's own in Keras, over the published base class and the encoder as its main layer."""

import sys

import numpy as np
import tensorflow as tf
from transformers import AutoTokenizer, CamembertConfig
from transformers.modeling_tf_outputs import TFSequenceClassifierOutput
from transformers.models.camembert.modeling_tf_camembert import (
    TFCamembertMainLayer,
    TFCamembertPreTrainedModel,
)

folder, output = sys.argv[1:]


class TFCamembertForTone(TFCamembertPreTrainedModel):
    def __init__(self, config, *inputs, **kwargs):
        super().__init__(config, *inputs, **kwargs)
        self.num_labels = config.num_labels
        self.roberta = TFCamembertMainLayer(config, add_pooling_layer=False, name="roberta")
        ones = tf.keras.initializers.Constant(0.02)
        self.dense = tf.keras.layers.Dense(
            11, activation="tanh", kernel_initializer=ones, name="dense"
        )
        self.tone = tf.keras.layers.Dense(config.num_labels, kernel_initializer=ones, name="tone")

    def call(self, input_ids=None, attention_mask=None, labels=None, training=False, **kwargs):
        outputs = self.roberta(input_ids, attention_mask=attention_mask, training=training)
        logits = self.tone(self.dense(outputs[0][:, 0, :]))
        loss = None if labels is None else self.hf_compute_loss(labels, logits)
        return TFSequenceClassifierOutput(loss=loss, logits=logits)

    def hf_compute_loss(self, labels, logits):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


config = CamembertConfig.from_pretrained(f"{folder}/base", num_labels=2)
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/base")
model = TFCamembertForTone.from_pretrained(f"{folder}/base", config=config)
texts = ["Le chat dort.", "Les prix ont augmenté.", "Quel beau ciel !"]
inputs = tokenizer(texts, padding=True, return_tensors="np")
outputs = model(inputs["input_ids"], attention_mask=inputs["attention_mask"])
print("logits", *outputs.logits.numpy().flatten().tolist())
optimizer = tf.keras.optimizers.Adam(1e-3)
labels = np.array([0, 1, 0], np.int32)
for _ in range(3):
    with tf.GradientTape() as tape:
        outputs = model(
            inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            labels=labels,
            training=True,
        )
        loss = tf.reduce_mean(outputs.loss)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    print("loss", float(loss))
model.save_pretrained(output)
again = TFCamembertForTone.from_pretrained(output)
after = again(inputs["input_ids"], attention_mask=inputs["attention_mask"])
print("again", *after.logits.numpy().flatten().tolist())
print("config", again.config.architectures[0], again.config.num_labels)
