"""Real French sentences, and a vocabulary of the published size that is trained on them."""

import io
from pathlib import Path

import numpy as np
import sentencepiece

from camembert_dual import AutoTokenizer, CamembertTokenizer

FILES = ("text_commonvoice_fr/modern.txt", "text_commonvoice_fr/literary.txt")


class Corpus:
    """Sentences of a folder of data, in an order that a seed decides, and their tokenizer."""

    def __init__(self, data: Path, models: Path) -> None:
        self.data = data
        lines = [one for name in FILES for one in (data / name).read_text("utf-8").splitlines()]
        lines = [line.strip() for line in lines if line.strip()]
        self.lines = [lines[one] for one in np.random.default_rng(0).permutation(len(lines))]
        self.tokenizer = AutoTokenizer.from_pretrained(models / "safetensors")

    def sentences(self, count: int, skip: int = 0) -> list[str]:
        """Some sentences, as often as need be where there are fewer."""
        repeated = self.lines * (1 + (skip + count) // len(self.lines))
        return repeated[skip : skip + count]

    def rows(self, lengths: list[int]) -> dict[str, np.ndarray]:
        """Rows of text of given lengths in tokens, padded to the longest: ids and mask."""
        ids = np.full((len(lengths), max(lengths)), self.tokenizer.pad_token_id)
        text = " ".join(self.sentences(sum(lengths) // 4 + 9))
        stream = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        for row, length in zip(ids, lengths, strict=True):
            row[0], row[length - 1] = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
            row[1 : length - 1], stream = stream[: length - 2], stream[length - 2 :]
        mask = np.arange(ids.shape[1])[None, :] < np.asarray(lengths)[:, None]
        return {"input_ids": ids, "attention_mask": mask.astype(np.int64)}

    def padded(self, texts: list[str]) -> dict[str, np.ndarray]:
        """Texts padded together, cut at the model's limit: ids and mask."""
        found = self.tokenizer(texts, padding=True, truncation=True, return_tensors="np")
        return {name: found[name].astype(np.int64) for name in ("input_ids", "attention_mask")}


def train_tokenizer(data: Path, pieces: int, folder: Path) -> None:
    """Write a CamemBERT tokenizer with a vocabulary of the data, of so many pieces at most."""
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        input=",".join(str(data / name) for name in FILES),
        model_writer=writer,
        vocab_size=pieces,
        hard_vocab_limit=False,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        minloglevel=2,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sentencepiece.bpe.model").write_bytes(writer.getvalue())
    CamembertTokenizer(folder / "sentencepiece.bpe.model").save_pretrained(folder)
