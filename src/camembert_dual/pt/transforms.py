"""What PyTorch may be doing with a call beside computing it: trace, transform, differentiate."""

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad


def is_tracing() -> bool:
    """Whether ``torch.jit.trace`` is recording, which takes shapes for tensors."""
    return bool(torch.jit.is_tracing())  # type: ignore[attr-defined]


def has_values(tensor: Tensor) -> bool:
    """Whether a tensor is its numbers: nothing is compiled, traced or transformed.

    Under ``torch.vmap`` a tensor is one of many, a FakeTensor has a shape alone, a DTensor is in
    pieces, and what watches each step, as ``make_fx`` does, would watch the look, too.
    """
    if torch.compiler.is_compiling() or is_tracing():
        return False
    is_plain = type(tensor) in (Tensor, nn.Parameter)
    is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    return is_plain and not is_wrapped and torch._C._len_torch_dispatch_stack() == 0


def differentiates_anew() -> bool:
    """Whether ``torch.func`` or forward-mode differentiation is on, which few kernels know."""
    if torch.compiler.is_compiling():
        return False
    level = torch._C._functorch.maybe_current_level()
    return level is not None or forward_ad._current_level >= 0


def is_watched(model: nn.Module) -> bool:
    """Whether someone else sees the tensors between a model's parts, or has one compiled."""
    has_global = torch.nn.modules.module._has_any_global_hook()
    return has_global or any(map(_is_watched, model.modules()))


def _is_watched(part: nn.Module) -> bool:
    hooks = part._forward_hooks or part._forward_pre_hooks
    hooks = hooks or part._backward_hooks or part._backward_pre_hooks
    return bool(hooks) or part._compiled_call_impl is not None or "forward" in vars(part)
