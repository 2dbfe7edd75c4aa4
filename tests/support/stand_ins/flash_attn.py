"""The two functions of the package ``flash_attn`` 2 that are called, in plain steps.

It stands in where there is no GPU: an oracle of the interface (arguments, layouts, what becomes of
a row without keys), one row at a time, and none of the kernels. ``gpu_attention.py`` beside the
peers' tests runs the package itself.
"""

import math

import torch


def flash_attn_func(q, k, v, dropout_p=0.0):
    """(B, T, H, K) and (B, S, H, K) twice to (B, T, H, K)."""
    rows = zip(q, k, v, strict=True)
    return torch.stack([_attend(*row, dropout_p) for row in rows])


def flash_attn_varlen_func(
    q,
    k,
    v,
    cu_seqlens_q,
    cu_seqlens_k,
    max_seqlen_q,
    max_seqlen_k,
    dropout_p=0.0,
):
    """(all queries, H, K) and (all keys, H, K) twice to (all queries, H, K)."""
    assert cu_seqlens_q.dtype == cu_seqlens_k.dtype == torch.int32
    queries, keys = cu_seqlens_q.diff().tolist(), cu_seqlens_k.diff().tolist()
    assert (sum(queries), sum(keys), sum(keys)) == (len(q), len(k), len(v))
    for lengths, longest in ((queries, max_seqlen_q), (keys, max_seqlen_k)):
        assert isinstance(longest, int)
        assert max(lengths) <= longest
    rows = zip(q.split(queries), k.split(keys), v.split(keys), strict=True)
    return torch.cat([_attend(*row, dropout_p) for row in rows])


def _attend(q, k, v, dropout_p):
    scores = torch.einsum("thk,shk->hts", q, k) / math.sqrt(q.shape[-1])
    probabilities = torch.nan_to_num(torch.softmax(scores, dim=-1))  # no key: zeros
    dropped = torch.nn.functional.dropout(probabilities, dropout_p)
    return torch.einsum("hts,shk->thk", dropped, v)
