"""Lightning fits, keeps and takes up a module around a model of ours."""

import lightning
import pytest
import torch
from torch.utils.data import DataLoader

from camembert_dual import (
    AutoTokenizer,
    CamembertForSequenceClassification,
    DataCollatorWithPadding,
    get_linear_schedule_with_warmup,
)

NAME = "camembert-tiny-fr"
TEXTS = ("Quel beau film !", "Un ennui sans fin.", "Il pleut sur la ville.", "J'ai adoré.")


class Classifier(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = CamembertForSequenceClassification.from_pretrained(NAME)

    def training_step(self, batch, index):
        loss = self.model(**batch).loss
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", self.model(**batch).loss)

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3)
        schedule = get_linear_schedule_with_warmup(optimizer, 1, 12)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


@pytest.fixture(scope="module")
def loader():
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    rows = [dict(tokenizer(TEXTS[i % 4] * (1 + i % 3)), labels=i % 2) for i in range(12)]
    return DataLoader(rows, batch_size=4, collate_fn=DataCollatorWithPadding(tokenizer))


def trainer(folder, epochs):
    return lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        gradient_clip_val=1.0,
    )


def new():
    lightning.seed_everything(3, verbose=False)
    return Classifier()


def test_a_fit_that_is_resumed_ends_as_one_that_was_not_interrupted(loader, tmp_path):
    whole = new()
    run = trainer(tmp_path / "whole", 2)
    run.fit(whole, loader, loader)
    assert run.callback_metrics["val_loss"] < 0.8
    half = new()
    run = trainer(tmp_path / "half", 1)
    run.fit(half, loader, loader)
    kept = run.checkpoint_callback.best_model_path
    rest = new()
    trainer(tmp_path / "half", 2).fit(rest, loader, loader, ckpt_path=kept)
    for name, weight in whole.named_parameters():
        torch.testing.assert_close(rest.get_parameter(name), weight, rtol=0, atol=1e-6, msg=name)


def test_a_checkpoint_of_theirs_becomes_a_folder_of_ours(loader, tmp_path):
    module = new()
    run = trainer(tmp_path, 1)
    run.fit(module, loader, loader)
    path = run.checkpoint_callback.best_model_path
    loaded = Classifier.load_from_checkpoint(path, weights_only=False)
    loaded.model.save_pretrained(tmp_path / "folder")
    twin = CamembertForSequenceClassification.from_pretrained(tmp_path / "folder")
    batch = next(iter(loader))
    with torch.no_grad():
        found, expected = twin(**batch).logits, module.model.eval()(**batch).logits
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    state = torch.load(path, weights_only=False)
    with pytest.raises(ValueError, match="as this one does under 'state_dict'"):
        twin.load_state_dict(state)
    with pytest.raises(ValueError, match=r"\(take 'model\.' off"):
        twin.load_state_dict(state["state_dict"])
