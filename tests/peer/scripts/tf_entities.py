"""Named entities in Keras with the model's own loss, a warm-up with decay, and a collator."""

import sys

import numpy as np
import tensorflow as tf
from transformers import (
    AutoConfig,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    TFAutoModelForTokenClassification,
    create_optimizer,
    set_seed,
)

folder, output = sys.argv[1:]
set_seed(4)
label_list = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
sentences = [
    (
        ["Le", "chat", "de", "Marie", "Curie", "dort", "à", "Paris", "."],
        [0, 0, 0, 1, 2, 0, 0, 3, 0],
    ),
    (["Jean", "habite", "près", "de", "Mont", "Blanc", "."], [1, 0, 0, 0, 3, 4, 0]),
    (["Lyon", "et", "Marseille", "sont", "de", "grandes", "villes"], [3, 0, 3, 0, 0, 0, 0]),
    (["Madame", "Dupont", "boit", "du", "lait"], [1, 2, 0, 0, 0]),
]
config = AutoConfig.from_pretrained(f"{folder}/entities", num_labels=len(label_list))
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/entities", use_fast=True)
tokenized = tokenizer(
    [words for words, _ in sentences], max_length=32, truncation=True, is_split_into_words=True
)
tokenized["labels"] = [
    [-100 if word is None else tags[word] for word in tokenized.word_ids(i)]
    for i, (_, tags) in enumerate(sentences)
]
model = TFAutoModelForTokenClassification.from_pretrained(f"{folder}/entities", config=config)
model.resize_token_embeddings(len(tokenizer))
collate_fn = DataCollatorForTokenClassification(tokenizer=tokenizer, return_tensors="np")
rows = [{name: tokenized[name][i] for name in tokenized.keys()} for i in range(len(sentences))]
batch = {name: np.asarray(values) for name, values in collate_fn(rows).items()}
train = tf.data.Dataset.from_tensor_slices(batch).batch(2)
optimizer, lr_schedule = create_optimizer(
    init_lr=2e-3,
    num_train_steps=3 * len(train),
    num_warmup_steps=2,
    adam_beta1=0.9,
    adam_beta2=0.999,
    adam_epsilon=1e-5,
    weight_decay_rate=0.01,
)
print("rates", *[float(lr_schedule(step)) for step in range(6)])
model.compile(optimizer=optimizer, jit_compile=False)
history = model.fit(train, epochs=3, verbose=0)
print("loss", *history.history["loss"])
outputs = model({name: batch[name] for name in ("input_ids", "attention_mask")})
predictions = tf.math.argmax(outputs.logits, axis=-1).numpy()
for predicted, gold in zip(predictions, batch["labels"]):
    print("row", *[model.config.id2label[int(p)] for p, g in zip(predicted, gold) if g != -100])
loss = model(batch).loss
print("own loss", *tf.reshape(loss, -1).numpy().tolist())
model.config.id2label = dict(enumerate(label_list))
model.config.label2id = {name: number for number, name in enumerate(label_list)}
model.save_pretrained(output)
tokenizer.save_pretrained(output)
again = TFAutoModelForTokenClassification.from_pretrained(output)
text = tokenizer("Marie dort à Lyon.", return_tensors="tf")
print("again", again.config.id2label[3], *again(**text).logits.numpy().flatten().tolist())
