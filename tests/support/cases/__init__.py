"""The test matrix, once for both trees: configs, weights, inputs, labels. It imports no framework.

Sizes are small and differ, so that a swapped axis cannot pass:

    B 2 rows, H 3 heads, C 4 choices, L 5 labels, S 6 encoder states, T 7 tokens, K 8 head size,
    D 24 = H K hidden, F 35 intermediate, V 101 words, P 19 positions; 2 layers, 2 token types,
    4 cached positions
"""

from cases.calls import *  # noqa: F403
from cases.configs import *  # noqa: F403
from cases.pages import *  # noqa: F403
from cases.published import *  # noqa: F403
from cases.texts import *  # noqa: F403
from cases.training import *  # noqa: F403
