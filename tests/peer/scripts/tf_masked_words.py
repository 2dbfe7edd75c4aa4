"""Continued pretraining in Keras: a custom loop with a tape, then words behind the mask."""

import math
import sys

import numpy as np
import tensorflow as tf
from transformers import (
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    TFAutoModelForMaskedLM,
    set_seed,
)

folder, output = sys.argv[1:]
set_seed(3)
texts = [
    "Le chat dort sur le tapis de la cuisine.",
    "Il était une fois, au fond d'une forêt, une petite maison.",
    "Nous étions partis de bonne heure, et le soir nous n'étions pas arrivés.",
]
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/base")
model = TFAutoModelForMaskedLM.from_pretrained(f"{folder}/base")
collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.3, return_tensors="tf")
drawn = collator([tokenizer(text) for text in texts])
print(
    "drawn", *drawn["input_ids"].shape, *sorted(drawn.keys()), int(tf.reduce_min(drawn["labels"]))
)

inputs = tokenizer(texts, padding=True, return_tensors="np", return_special_tokens_mask=True)
hidden = (np.arange(inputs["input_ids"].shape[1]) % 4 == 2) & (
    inputs.pop("special_tokens_mask") == 0
)
batch = dict(inputs)
batch["labels"] = np.where(hidden, inputs["input_ids"], -100)
batch["input_ids"] = np.where(hidden, tokenizer.mask_token_id, inputs["input_ids"])
optimizer = tf.keras.optimizers.Adam(1e-3)
for step in range(3):
    with tf.GradientTape() as tape:
        outputs = model(batch, training=True)
        loss = tf.reduce_mean(outputs.loss)
    gradients = tape.gradient(loss, model.trainable_variables)
    known = [(g, v) for g, v in zip(gradients, model.trainable_variables) if g is not None]
    optimizer.apply_gradients(known)
    print("perplexity", math.exp(float(loss)), len(model.trainable_variables) - len(known))

text = "Le chat dort sur le <mask>."
inputs = tokenizer(text, return_tensors="np")
token_logits = model(inputs).logits
mask_token_index = np.argwhere(inputs["input_ids"] == tokenizer.mask_token_id)[0, 1]
mask_token_logits = token_logits[0, mask_token_index, :]
top = tf.math.top_k(tf.nn.softmax(mask_token_logits), 4)
for token, value in zip(top.indices.numpy(), top.values.numpy()):
    print("fill", text.replace(tokenizer.mask_token, tokenizer.decode([token])), float(value))
