"""The encoder as a layer of a functional Keras model with inputs of one's own beside the text."""

import sys

import numpy as np
import tensorflow as tf
from transformers import AutoTokenizer, TFCamembertModel

folder, output = sys.argv[1:]
MAX_LEN = 16
texts = ["Le chat dort.", "Les prix ont augmenté.", "Il pleut sur la ville.", "Je l'aime."]
prices = np.array([[0.5, 1.0], [2.0, 0.1], [0.3, 0.3], [1.5, 0.9]], np.float32)
labels = np.array([0, 1, 1, 0])
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/base")
encoded = tokenizer(
    texts, max_length=MAX_LEN, padding="max_length", truncation=True, return_tensors="np"
)


def build():
    input_ids = tf.keras.Input(shape=(MAX_LEN,), name="input_ids", dtype="int32")
    attention_mask = tf.keras.Input(shape=(MAX_LEN,), name="attention_mask", dtype="int32")
    price = tf.keras.Input(shape=(2,), name="price")
    transformer = TFCamembertModel.from_pretrained(f"{folder}/pooled")
    for layer in transformer.layers:
        layer.trainable = True
    sequence = transformer([input_ids, attention_mask])[0]
    first = sequence[:, 0, :]
    pooled = tf.keras.layers.GlobalAveragePooling1D()(sequence)
    x = tf.keras.layers.Concatenate()([first, pooled, price])
    ones = tf.keras.initializers.Constant
    x = tf.keras.layers.Dense(7, activation="relu", kernel_initializer=ones(0.01))(x)
    x = tf.keras.layers.Dropout(0.0)(x)
    x = tf.keras.layers.Dense(2, activation="softmax", kernel_initializer=ones(0.02))(x)
    return tf.keras.Model(inputs=[input_ids, attention_mask, price], outputs=x)


model = build()
model.compile(
    optimizer=tf.keras.optimizers.Adam(1e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
inputs = {
    "input_ids": encoded["input_ids"],
    "attention_mask": encoded["attention_mask"],
    "price": prices,
}
print("before", *model.predict(inputs, verbose=0).flatten().tolist())
history = model.fit(inputs, labels, batch_size=2, epochs=2, shuffle=False, verbose=0)
print("loss", *history.history["loss"], *history.history["accuracy"])
print("after", *model.predict(inputs, verbose=0).flatten().tolist())
weights = f"{output}/own.weights.h5"
model.save_weights(weights)
again = build()
again.load_weights(weights)
print("again", *again.predict(inputs, verbose=0).flatten().tolist())
print("variables", len(model.trainable_variables))
