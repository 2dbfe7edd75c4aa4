"""A small SentencePiece model trained here, and French with its traps, for tokenizer tests."""

import functools
import io
from pathlib import Path

import sentencepiece

SENTENCES = """
Le camembert est un fromage à pâte molle, fabriqué en Normandie avec du lait de vache.
J'aime le camembert ! Et toi, l'aimes-tu ? Aujourd'hui, il n'y en a plus.
Un été, les élèves de l'école sont allés à Sète : la mer était belle, le ciel très bleu.
« Où vas-tu ? » demanda-t-elle. « Nulle part », répondit-il en haussant les épaules.
La cour d'appel a jugé que l'article 1240 du code civil s'appliquait en l'espèce.
Son cœur battait ; sa sœur, à l'œuvre, ouvrit un œil, puis l'autre, et sourit.
Il était une fois, au fond d'une forêt, une petite maison où vivaient trois ours.
Les prix ont augmenté de 12,5 % en 2023, soit 1 234 567 euros de plus que prévu.
Noël approche... Les enfants attendent, attendent encore, et rien ne vient !!!
La garçonne reçut le garçon d'un geste las ; ça ne lui plaisait guère, hélas.
Paris, Lyon, Marseille, Toulouse et Nice sont les cinq plus grandes villes de France.
Qu'est-ce que c'est ? C'est l'histoire d'un homme qui tombe d'un immeuble de cinquante étages.
Le maïs, l'ambiguïté et la naïveté : voilà trois mots qui portent un tréma, dit le maître.
À peine fut-il entré que le tumulte cessa ; on n'entendait plus que la pluie sur le toit.
Nous étions partis de bonne heure, et le soir nous n'étions pas encore arrivés au village.
""".strip().splitlines()

FRAGMENTS = (
    *(
        "été",
        "e\u0301te\u0301",
        "c\u0327a",
        "ça",
        "nai\u0308f",
        "A\u030a",
        "s\u0323\u0307",
        "\u0300",
    ),
    *("cœur", "ﬁn", "ﬃ", "ß", "Ⅷ", "½", "ª", "№", "㎏", "ａｂ", "가", "\u1100\u1161", "漢字", "ñ"),
    *(" ", "  ", "\u00a0", "\u202f", "\u2009", "\u3000", "\t", "\n", "\r\n", "\x85", "\u2028"),
    *("'", "’", "ʼ", "«", "»", "…", "...", "!!!", "?", "-", "–", "—", "%", "1234", "12,5"),
    *("\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1eb\U0001f1f7", "\ufe0f"),
    *("\u200b", "\u200c", "\u200d", "\ufeff", "\u00ad", "\u2060", "\x00", "\x07", "\x1f", "\x7f"),
    *(
        "a",
        "aa",
        "aaaaaa",
        "le",
        "L",
        "l'été",
        "d’une",
        "aujourd'hui",
        "▁",
        "▁le",
        "<",
        "s>",
        "mask",
    ),
)
SPECIALS = ("<s>", "</s>", "<pad>", "<unk>", "<mask>", " <mask>", "<mask> ", "<s>NOTUSED")


@functools.cache
def model_bytes(vocab_size: int = 420, kind: str = "unigram") -> bytes:
    """A serialized model trained on the sentences above, with CamemBERT's three control ids."""
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 3),
        model_writer=writer,
        model_type=kind,
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    return writer.getvalue()


def write_model(folder: Path) -> Path:
    """The model as a file in ``folder``."""
    path = folder / "sentencepiece.bpe.model"
    path.write_bytes(model_bytes())
    return path
