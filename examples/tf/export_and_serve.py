"""Export a SavedModel, then answer from it with TensorFlow alone, as a server does."""

import tempfile

import tensorflow as tf

from camembert_dual import CamembertTokenizer, TFCamembertForMaskedLM
from camembert_dual.tf import export_saved_model


def main() -> None:
    tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
    with tempfile.TemporaryDirectory() as folder:
        version = f"{folder}/camembert/1"  # TensorFlow Serving serves the highest number
        export_saved_model(TFCamembertForMaskedLM.from_pretrained("camembert-tiny-fr"), version)
        served = tf.saved_model.load(version)
        print(f"signatures: {', '.join(sorted(served.signatures))}")
        ids = tokenizer("Le petit chat boit du <mask>.", return_tensors="np")["input_ids"]
        answer = served.signatures["int64"](input_ids=tf.constant(ids, tf.int64))
    row = tf.where(ids[0] == tokenizer.mask_token_id)[0, 0]
    best = tf.math.top_k(tf.nn.softmax(answer["logits"][0, row]), 5)
    for score, token in zip(best.values.numpy(), best.indices.numpy(), strict=True):
        print(f"{score:7.2%}  {tokenizer.decode([int(token)])}")


if __name__ == "__main__":
    main()
