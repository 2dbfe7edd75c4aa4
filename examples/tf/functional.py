"""CamemBERT as one layer of a functional Keras model with two outputs, saved and loaded."""

import tempfile
from pathlib import Path

import keras
import numpy as np

from camembert_dual import CamembertTokenizer, TFCamembertModel


def main() -> None:
    tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
    backbone = TFCamembertModel.from_pretrained("camembert-tiny-fr", add_pooling_layer=False)
    backbone.trainable = False  # only the new layers learn
    inputs = {
        name: keras.Input((None,), dtype="int32", name=name)
        for name in ("input_ids", "attention_mask")
    }
    states = backbone(inputs).last_hidden_state  # (B, T, D)
    pooled = keras.layers.GlobalAveragePooling1D()(states, mask=inputs["attention_mask"])
    outputs = {
        "is_question": keras.layers.Dense(1, activation="sigmoid", name="is_question")(pooled),
        "number_of_words": keras.layers.Dense(1, name="number_of_words")(pooled),
    }
    model = keras.Model(inputs, outputs)
    model.compile("adam", loss={"is_question": "binary_crossentropy", "number_of_words": "mse"})
    texts = ["Où est le chat ?", "Le chat dort.", "Qui a mangé le pain ?", "Il pleut."]
    x = dict(tokenizer(texts, padding=True, return_tensors="np"))
    y = {
        "is_question": np.array([[float(text.endswith("?"))] for text in texts]),
        "number_of_words": np.array([[float(len(text.split()))] for text in texts]),
    }
    model.fit(x, y, epochs=3)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.saving.load_model(Path(folder) / "model.keras")
        same = all(np.array_equal(loaded.predict(x)[name], model.predict(x)[name]) for name in y)
    print(f"loaded model answers the same: {same}")


if __name__ == "__main__":
    main()
