"""What ``model.quantize`` of Keras costs and saves: masked tokens found, sizes, times, memory.

    python benchmarks/quantized_keras.py TEXT [--model camembert-tiny-fr] [--lines 600]

TEXT has a paragraph a line; the lines taken are spread over it. Each way runs in a process of its
own, since memory that was once used is counted for good.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import masked_words

WAYS = ("float32", "int8", "int8 weights", "int4", "float8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path, help="a paragraph a line")
    parser.add_argument("--model", default="camembert-tiny-fr", help="default camembert-tiny-fr")
    parser.add_argument("--lines", type=int, default=600, help="how many; default 600")
    parser.add_argument("--way", choices=WAYS, help="one way, in this process; default all")
    arguments = parser.parse_args()
    if arguments.way:
        measure(arguments)
        return
    for way in WAYS:
        words = [sys.executable, *sys.argv, "--way", way]
        subprocess.run(words, stderr=subprocess.DEVNULL, check=True)


def measure(arguments: argparse.Namespace) -> None:
    """Print what one way measures."""
    import keras
    import tensorflow as tf

    from camembert_dual import AutoTokenizer, TFCamembertForMaskedLM

    def seconds(call, *inputs):
        start = time.perf_counter()
        call(*inputs)
        return time.perf_counter() - start

    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = TFCamembertForMaskedLM.from_pretrained(arguments.model)
    loaded, taken = peak(), 0.0
    if arguments.way == "int8 weights":
        config = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
        taken = seconds(lambda: model.quantize(config=config))
    elif arguments.way != "float32":
        taken = seconds(model.quantize, arguments.way)
    grown = peak() - loaded
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        size = path.stat().st_size / 1e6
        seconds(keras.saving.load_model, path)
    spec = tf.TensorSpec([None, None], tf.int32)
    call = tf.function(lambda ids, mask: model(ids, mask).logits, input_signature=[spec, spec])
    ids = tf.random.uniform((8, 128), 7, model.config.vocab_size, tf.int32)
    call(ids, tf.ones_like(ids))
    step = min(seconds(call, ids, tf.ones_like(ids)) for _ in range(5))
    lines = masked_words.paragraphs(arguments.text, arguments.lines)
    result = masked_words.score(
        lambda given: call(given["input_ids"], given["attention_mask"]).numpy(), tokenizer, lines
    )
    print(
        f"{arguments.way:13} {size:6.1f} MB file  quantize {taken:4.1f} s, +{grown:4.0f} MB at peak"
        f"  {step * 1e3:6.0f} ms for 8 x 128  {masked_words.told(result)}",
        flush=True,
    )


def peak() -> float:
    """The most memory that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
