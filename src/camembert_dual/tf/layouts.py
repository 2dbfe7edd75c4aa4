"""How a model's weights may be cut over several devices, as data of Keras, and so cut."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow.experimental import dtensor

from camembert_dual.common.errors import require


def layout_map(
    model: Any, device_mesh: keras.distribution.DeviceMesh, axis: str = "model"
) -> keras.distribution.LayoutMap:
    """Say how ``keras.distribution`` may cut a model's weights.

    Each device gets some heads and a part of the wide half of each layer, as in Megatron-LM
    (Shoeybi et al. 2019, https://arxiv.org/abs/1909.08053); embeddings and heads of tasks stay
    whole.

    Args:
        model: A model of this package, or a layer or model around one.
        device_mesh: The devices.
        axis: The axis of the mesh over which weights are cut.

    Raises:
        ValueError: If the heads of a layer, or the wide half, cannot be cut into equal parts.
    """
    layer = r".*/layer_\d+/"
    parts = rf"({layer}(cross)?attention/self/(query|key|value)|{layer}intermediate/dense)"
    layouts = keras.distribution.LayoutMap(device_mesh)
    layouts[f"{parts}/kernel"] = (None, axis)
    layouts[f"{parts}/bias"] = (axis,)
    layouts[rf"{layer}((cross)?attention/)?output/dense/kernel"] = (axis, None)
    devices = device_mesh.shape[list(device_mesh.axis_names).index(axis)]
    for one in model._flatten_layers():
        heads, wide = getattr(one, "heads", None), getattr(one, "intermediate", None)
        count = len(heads) if heads is not None else wide.dense.units if wide is not None else 0
        rule = f"The heads of each layer and intermediate_size must be multiples of {devices}"
        require(count % devices == 0, rule, count)
    return layouts


def weights_on_devices(
    model: keras.Model, layouts: keras.distribution.LayoutMap, mesh: dtensor.Mesh
) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Lay a model's weights out over several devices, as ``model.stateless_call`` takes them.

    Keras on TensorFlow leaves variables where they are, whatever ``ModelParallel`` says; what it
    computes from weights that are cut is cut by TensorFlow itself.

    Args:
        model: A built model.
        layouts: What :func:`layout_map` gave.
        mesh: TensorFlow's own mesh of the same axes, by ``dtensor.create_mesh``.

    Returns:
        DTensors of the trainable variables, and of the others.
    """

    def laid_out(variable: keras.Variable) -> tf.Tensor:
        whole = dtensor.Layout.replicated(mesh, rank=len(variable.shape))
        value, found = dtensor.copy_to_mesh(variable.value, whole), layouts[variable.path]
        if found is None:
            return value
        axes = [dtensor.UNSHARDED if axis is None else axis for axis in found.axes]
        return dtensor.relayout(value, dtensor.Layout(axes, mesh))

    trainable, others = model.trainable_variables, model.non_trainable_variables
    return [laid_out(one) for one in trainable], [laid_out(one) for one in others]
