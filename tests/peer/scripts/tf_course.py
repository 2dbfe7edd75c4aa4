"""A course's chapters on models and on fine-tuning with Keras: compile, fit, predict."""

import sys

import numpy as np
import tensorflow as tf
from transformers import (
    AutoTokenizer,
    CamembertConfig,
    TFAutoModel,
    TFAutoModelForSequenceClassification,
    TFCamembertModel,
)

folder, output = sys.argv[1:]
checkpoint = f"{folder}/classes"
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
raw_inputs = ["J'attends ce cours depuis toujours.", "Je déteste cela !"]
inputs = tokenizer(raw_inputs, padding=True, truncation=True, return_tensors="tf")
print("inputs", *inputs["input_ids"].shape, *tf.reduce_sum(inputs["attention_mask"], 1).numpy())

model = TFAutoModel.from_pretrained(f"{folder}/pooled")
outputs = model(inputs)
print("hidden", *outputs.last_hidden_state.shape, float(tf.reduce_sum(outputs.last_hidden_state)))
print("pooled", *outputs.pooler_output[0, :4].numpy().tolist())

model = TFAutoModelForSequenceClassification.from_pretrained(checkpoint)
outputs = model(inputs)
predictions = tf.math.softmax(outputs.logits, axis=-1)
print("predictions", *predictions.numpy().flatten().tolist())

config = CamembertConfig(
    vocab_size=50, hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=30
)
fresh = TFCamembertModel(config)
print("fresh", fresh(tf.constant([[5, 7, 6]])).last_hidden_state.shape[-1])
fresh.save_pretrained(output)
print("again", TFCamembertModel.from_pretrained(output).config.hidden_size)

ids = tokenizer.convert_tokens_to_ids(tokenizer.tokenize("Utiliser un réseau est simple"))
print("ids", *ids)
print("logits", *model(tf.constant([ids])).logits[0].numpy().tolist())
batched = [[200, 200, 200], [200, 200, tokenizer.pad_token_id]]
attention_mask = [[1, 1, 1], [1, 1, 0]]
logits = model(tf.constant(batched), attention_mask=tf.constant(attention_mask)).logits
print("batched", *logits.numpy().flatten().tolist())

texts = ["Le chat dort.", "Quel film affreux !", "Un livre, sans plus.", "Je l'aime.", "Il pleut."]
labels = np.array([0, 1, 2, 0, 1])
encoded = dict(tokenizer(texts, padding=True, truncation=True, return_tensors="np"))
dataset = tf.data.Dataset.from_tensor_slices((encoded, labels)).batch(2)
num_train_steps = 3 * len(dataset)
lr_scheduler = tf.keras.optimizers.schedules.PolynomialDecay(
    initial_learning_rate=1e-3, end_learning_rate=0.0, decay_steps=num_train_steps
)
model.compile(
    optimizer=tf.keras.optimizers.Adam(learning_rate=lr_scheduler),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(dataset, epochs=3, validation_data=dataset, verbose=0)
for name in ("loss", "val_loss", "val_accuracy"):
    print(name, *history.history[name])
logits = model.predict(dataset, verbose=0)["logits"]
print("predicted", *logits.shape, *np.argmax(logits, axis=1), *logits.flatten().tolist())
