"""Extractive questions in Keras: positions among the inputs, the model's own loss, predict, the best span."""

import sys

import numpy as np
import tensorflow as tf
from transformers import AutoTokenizer, TFCamembertForQuestionAnswering

folder, output = sys.argv[1:]
context = "Le camembert est un fromage à pâte molle, fabriqué en Normandie avec du lait de vache."
questions = ["Où est-il fabriqué ?", "Avec quoi est-il fabriqué ?", "Qu'est-ce que le camembert ?"]
answers = ["Normandie", "du lait de vache", "un fromage"]
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/answers")
encodings = tokenizer(
    questions,
    [context] * 3,
    padding=True,
    truncation="only_second",
    max_length=80,
    return_tensors="np",
)
starts, ends = [], []
for i, answer in enumerate(answers):
    first = context.index(answer)
    starts.append(encodings.char_to_token(i, first, sequence_index=1))
    ends.append(encodings.char_to_token(i, first + len(answer) - 1, sequence_index=1))
print("positions", *starts, *ends)
features = {key: encodings[key] for key in ["input_ids", "attention_mask"]}
train = tf.data.Dataset.from_tensor_slices(
    {**features, "start_positions": np.array(starts), "end_positions": np.array(ends)}
).batch(2)
model = TFCamembertForQuestionAnswering.from_pretrained(f"{folder}/answers")
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=1e-3, epsilon=1e-5))
history = model.fit(train, epochs=3, verbose=0)
print("loss", *history.history["loss"])
outputs = model.predict(tf.data.Dataset.from_tensor_slices(features).batch(2), verbose=0)
start = tf.nn.softmax(outputs["start_logits"]).numpy()
end = tf.nn.softmax(outputs["end_logits"]).numpy()
for i, question in enumerate(questions):
    first, last = int(start[i].argmax()), int(end[i].argmax())
    text = tokenizer.decode(features["input_ids"][i, first : last + 1], skip_special_tokens=True)
    print("answer", first, last, text, float(start[i].max()), float(end[i].max()))
