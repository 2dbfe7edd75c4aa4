"""A tiny model's configuration and inputs, as the common tests ask a model tester for them.

Sizes are odd where the architecture lets them be, and no two are the same.
"""

import numpy as np

TASKS = (
    *("ForCausalLM", "ForMaskedLM", "Model", "ForSequenceClassification"),
    *("ForTokenClassification", "ForMultipleChoice", "ForQuestionAnswering"),
)


class TinyModel:
    """What the common test classes call a model tester."""

    batch_size = 5
    seq_length = 7
    num_choices = 3
    vocab_size = 99
    hidden_size = 36
    num_hidden_layers = 2
    num_attention_heads = 4
    intermediate_size = 37
    type_vocab_size = 2
    num_labels = 6
    is_training = True
    use_labels = True
    scope = None

    def __init__(self, parent, config_class, to_tensor):
        self.parent = parent
        self.config_class = config_class
        self.to_tensor = to_tensor

    def get_config(self):
        names = "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size"
        sizes = {name: getattr(self, name) for name in names.split()}
        return self.config_class(
            **sizes,
            hidden_act="gelu",
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1,
            max_position_embeddings=24,
            type_vocab_size=self.type_vocab_size,
            initializer_range=0.02,
        )

    def prepare_config_and_inputs_for_common(self):
        generator = np.random.default_rng(self.seq_length)
        shape = (self.batch_size, self.seq_length)
        mask = np.ones(shape, np.int64)
        mask[::2, -2:] = 0
        inputs = {
            "input_ids": generator.integers(5, self.vocab_size, shape),
            "token_type_ids": generator.integers(0, self.type_vocab_size, shape),
            "attention_mask": mask,
        }
        return self.get_config(), {name: self.to_tensor(one) for name, one in inputs.items()}
