"""Models as users write them, in PyTorch."""

import torch
from torch import nn

from camembert_dual.outputs import TokenClassifierOutput
from camembert_dual.pt import CamembertForTokenClassification, CamembertModel
from camembert_dual.pt.pretrained import PretrainedModel


class Tagger(PretrainedModel):
    """A classifier of tokens with layers of its own."""

    def __init__(self, config, width=5):
        super().__init__(config)
        self.roberta = CamembertModel(config, add_pooling_layer=False)
        self.middle = nn.Linear(config.hidden_size, width)
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleList([nn.Linear(width, config.num_labels) for _ in range(2)])
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, labels=None):
        states = self.roberta(input_ids, attention_mask=attention_mask)[0]
        middle = self.norm(self.middle(states))
        logits = self.heads[0](middle) - self.heads[1](middle)
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return TokenClassifierOutput(loss=loss, logits=logits)


class Doubled(CamembertForTokenClassification):
    """A head of ours with another call: a layer more, and twice the loss."""

    def __init__(self, config):
        super().__init__(config)
        self.extra = nn.Linear(config.num_labels, config.num_labels)

    def forward(self, *args, labels=None, **options):
        output = super().forward(*args, **options)
        output.logits = self.extra(output.logits)
        if labels is not None:
            output.loss = 2.0 * self.head_loss(labels, output.logits)
        return output


class Tripled(CamembertForTokenClassification):
    """A head of ours with another loss."""

    def head_loss(self, labels, logits, *reduction):
        return 3.0 * super().head_loss(labels, logits, *reduction)


def train(model, ids, labels):
    """One step of SGD; the loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = model(torch.tensor(ids), labels=torch.tensor(labels)).loss
    loss.backward()
    optimizer.step()
    return float(loss.detach())


class OwnDecoder(PretrainedModel):
    """A language model whose decoder is tied by its user."""

    def __init__(self, config):
        super().__init__(config)
        self.roberta = CamembertModel(config, add_pooling_layer=False)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size)
        self.post_init()

    def get_output_embeddings(self):
        return self.lm_head

    def forward(self, input_ids):
        return self.lm_head(self.roberta(input_ids)[0])
