"""Tokenizers in the wild: pickled, copied, shared by threads, forked, spawned, and fed oddities."""

import copy
import multiprocessing
import pickle
import subprocess
import sys
import threading

import pytest

from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast, TokenizerFast
from tokenization_models import SENTENCES, write_model

CLASSES = [CamembertTokenizer, CamembertTokenizerFast]


@pytest.fixture(params=CLASSES)
def orphan(request, tmp_path):
    """A tokenizer whose source file is gone."""
    path = write_model(tmp_path)
    tokenizer = request.param(path)
    path.unlink()
    return tokenizer


MANY = SENTENCES * 4  # enough for the library to start threads of its own


def count(tokenizer):
    return [len(row) for row in tokenizer(MANY).input_ids]


def test_copies_work_after_the_source_file_is_gone(orphan, tmp_path):
    orphan.add_tokens("fromagerie")
    text = "la fromagerie <mask>"
    for again in (pickle.loads(pickle.dumps(orphan)), copy.deepcopy(orphan), copy.copy(orphan)):
        assert again(text) == orphan(text)
        assert again.get_vocab() == orphan.get_vocab()
    copy.deepcopy(orphan).add_tokens("crèmerie")
    assert "crèmerie" not in orphan.get_vocab()
    orphan.save_pretrained(tmp_path / "saved")
    assert type(orphan).from_pretrained(tmp_path / "saved")(text) == orphan(text)


def test_sampling_settings_survive_pickling(tmp_path):
    options = {"enable_sampling": True, "nbest_size": -1, "alpha": 0.1}
    tokenizer = CamembertTokenizer(write_model(tmp_path), sp_model_kwargs=options)
    again = pickle.loads(pickle.dumps(tokenizer))
    assert len({tuple(again(SENTENCES[0]).input_ids) for _ in range(20)}) > 1


def test_a_generic_tokenizer_pickles(orphan, tmp_path):
    orphan.save_pretrained(tmp_path)
    generic = TokenizerFast(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").unlink()
    assert pickle.loads(pickle.dumps(generic))(SENTENCES) == generic(SENTENCES)


def test_threads_may_share_one(orphan):
    expected = orphan(MANY)
    wrong = []

    def work():
        for _ in range(20):
            encoding = orphan(MANY)
            if encoding != expected or encoding.tokens(3) != expected.tokens(3):
                wrong.append(encoding)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("kind", ["own", "generic"])
def test_threads_may_share_one_while_another_adds_tokens(orphan, tmp_path, kind):
    """Each answer is right for the tokens of before, or of after, or the call says "again"."""
    tokenizer = orphan
    if kind == "generic":
        orphan.save_pretrained(tmp_path)
        tokenizer = TokenizerFast(tmp_path / "tokenizer.json")
    names = [f"<new{number}>" for number in range(300)]
    texts = [*SENTENCES, *(f"le {name} chat" for name in names[::30])]
    before = [tokenizer(text).input_ids for text in texts]
    later = copy.deepcopy(tokenizer)
    later.add_tokens(names)
    after = [later(text).input_ids for text in texts]
    wrong, done, size = [], threading.Event(), len(tokenizer)

    def read():
        while not done.is_set():
            encoding = tokenizer(texts)
            for row, ids in enumerate(encoding.input_ids):
                if ids not in (before[row], after[row]):
                    wrong.append((texts[row], ids))
            try:
                if encoding[0].ids != encoding.input_ids[0]:
                    wrong.append("alignment")
            except ValueError as error:
                if "encode again" not in str(error):
                    wrong.append(error)
            tokenizer.decode(encoding.input_ids[-1], skip_special_tokens=True)
            tokenizer.get_vocab()

    def work():
        try:
            read()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    adders = [
        threading.Thread(target=lambda part=part: [tokenizer.add_tokens(one) for one in part])
        for part in (names, names)
    ]
    for thread in adders:
        thread.start()
    for thread in adders:
        thread.join()
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong[:3]
    assert sorted(tokenizer.convert_tokens_to_ids(names)) == list(range(size, size + len(names)))
    assert [tokenizer(text).input_ids for text in SENTENCES] == before[: len(SENTENCES)]


def test_forked_and_spawned_workers_may_use_it(orphan):
    """Each in a process of its own, as pytest's may hold threads that must not be forked."""
    program = (
        "import multiprocessing, pickle, sys\n"
        "def count(t): return [len(row) for row in t(TEXTS).input_ids]\n"
        f"TEXTS = {MANY!r}\n"
        "if __name__ == '__main__':\n"
        f"    tokenizer = pickle.loads(bytes.fromhex({pickle.dumps(orphan).hex()!r}))\n"
        "    expected = count(tokenizer)\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "        assert pool.map(count, [tokenizer] * 3) == [expected] * 3\n"
        "    print(expected)\n"
    )
    done = subprocess.run(
        [sys.executable, "-"], input=program, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == str(count(orphan)), done.stderr
    assert not done.stderr
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(count, [orphan]) == [count(orphan)]


def test_ten_megabytes_are_encoded_whole(tmp_path):
    tokenizer = CamembertTokenizer(write_model(tmp_path))
    line = " ".join(SENTENCES)
    text = " ".join([line] * (10_000_000 // len(line.encode())))
    ids = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    assert ids == [piece + 4 if piece else 3 for piece in tokenizer.sp_model.encode(text)]
    assert tokenizer(text, truncation=True).input_ids == [5, *ids[:510], 6]
    assert tokenizer("x" * 100_000, verbose=False).input_ids[-1] == 6


@pytest.mark.parametrize("text", ["\ud800", "le \udfff chat", "a\ud83d"])
def test_lone_surrogates_are_refused_with_their_place(orphan, text):
    for call in (orphan, orphan.tokenize, lambda one: orphan([one, "le"])):
        with pytest.raises(ValueError, match=r"lone surrogates; received .* at character"):
            call(text)


def test_nul_and_control_characters_are_no_end_of_text(orphan):
    ids = orphan("le\x00chat\x1a fin", add_special_tokens=False)
    assert orphan.decode(ids.input_ids).endswith("fin")


def test_importing_tokenizers_imports_no_framework():
    program = (
        "import sys, camembert_dual.tokenization\n"
        "print({'torch', 'tensorflow', 'keras', 'google.protobuf'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize(
    ("kind", "module", "message"),
    [
        (
            "pt",
            "torch",
            r'return_tensors="pt" needs PyTorch: pip install "camembert-dual\[torch\]"',
        ),
        ("tf", "tensorflow", r'needs TensorFlow: pip install "camembert-dual\[tensorflow\]"'),
    ],
)
def test_a_missing_framework_is_named(orphan, monkeypatch, kind, module, message):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"camembert_dual.{kind}.tensors", raising=False)
    with pytest.raises(ImportError, match=message):
        orphan("le", return_tensors=kind)
