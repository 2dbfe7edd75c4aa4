"""Gradients of single texts and a compiled model, with PyTorch's own transforms."""

import torch
from torch.func import functional_call, grad, vmap

from camembert_dual import AutoTokenizer, CamembertForSequenceClassification

TEXTS = ["Quel beau film !", "Un ennui sans fin.", "J'ai adoré."]
LABELS = torch.tensor([1, 0, 1])


def main() -> None:
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr")
    model = CamembertForSequenceClassification.from_pretrained("camembert-tiny-fr")
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    ids, mask = batch["input_ids"], batch["attention_mask"]

    def loss(weights, one_ids, one_mask, label):
        inputs = (one_ids[None], one_mask[None])
        return functional_call(model, weights, inputs, {"labels": label[None]}).loss

    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    of_each = vmap(grad(loss), in_dims=(None, 0, 0, 0))(weights, ids, mask, LABELS)
    model(ids, mask, labels=LABELS).loss.backward()
    same = all(
        torch.allclose(of_each[name].mean(dim=0), weight.grad, atol=1e-5)
        for name, weight in model.named_parameters()
    )
    print(f"the mean of the texts' gradients is the batch's: {same}")
    compiled = torch.compile(model, backend="aot_eager", dynamic=True)
    with torch.no_grad():
        is_same = torch.allclose(compiled(ids, mask).logits, model(ids, mask).logits, atol=1e-5)
    print(f"the compiled model answers the same: {is_same}")


if __name__ == "__main__":
    main()
