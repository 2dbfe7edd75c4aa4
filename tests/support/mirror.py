"""Both trees in one tongue: their statements with the words of either framework made the same.

Docstrings, annotations, imports and ``build`` are left out. What is left of a difference is what a
reader of one tree has to learn anew in the other.
"""

import ast
import difflib

# One word for what both frameworks have; a name is read without its module (torch.cat is cat).
MODULES = ("torch", "functional", "nn", "tf", "keras")
PLACES = (
    "nn",
    "functional",
    "math",
    "layers",
    "linalg",
    "autograd",
    "raw_ops",
)  # below a module: tf.nn.softmax
WORDS = {
    "cat": "concat",
    "constant": "tensor",
    "convert_to_tensor": "as_tensor",
    "expand_dims": "unsqueeze",
    "bool_": "bool",
    "arange": "range",
    "gather_nd": "gather",
    "repeat_interleave": "repeat",
    "topk": "top_k",
    "clamp": "clip",
    "clip_by_value": "clip",
    "reduce_sum": "sum",
    "reduce_mean": "mean",
    "reduce_any": "any",
    "reduce_all": "all",
    "reduce_max": "max",
    "reduce_min": "min",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "and_",
    "is_nan": "isnan",
    "permute": "transpose",
    "broadcast_to": "expand",
    "to": "cast",
    "Linear": "Dense",
    "out_features": "units",
    "in_features": "in_size",
    "num_embeddings": "input_dim",
    "LayerNorm": "LayerNormalization",
    "Parameter": "Variable",
    "Layer": "Module",
    "Model": "Module",
    "weights": "weight",
    "kernel": "weight",
    "embeddings": "weight",
    "projection": "output",  # a Keras layer has an output of its own
    "hf_compute_loss": "head_loss",  # transformers' name, which TensorFlow's classes have alone
    "CamembertMainLayer": "CamembertModel",  # the network is a layer of Keras' models
    "trainable": "requires_grad",
    "dim": "axis",
    "keepdim": "keepdims",
    "output_type": "dtype",
    "eps": "epsilon",
    "ndim": "rank",
    "view": "reshape",
}
# What is a method in PyTorch and a function in TensorFlow is a function here.
METHODS = {
    "all",
    "any",
    "argmax",
    "cast",
    "clip",
    "expand",
    "max",
    "mean",
    "min",
    "repeat",
    "reshape",
    "sum",
    "top_k",
    "transpose",
    "unsqueeze",
}
# Said to one framework alone: where a tensor lies; what a layer is called, and whether it trains.
SILENT = {"device", "name", "dtype", "training", "dtype_policy"}
LISTS = {"reshape", "transpose", "expand", "tile", "zeros", "ones"}  # take a list, or its parts
BARE = {"unstack", "ModuleList", "finfo", "numpy", "detach"}  # give what they take


class Tongue(ast.NodeTransformer):
    """Rewrites a module of a tree by the tables above, and by the few rules of its methods."""

    def visit_Name(self, node):
        name = node.id.removeprefix("TF") if node.id.startswith("TFCamembert") else node.id
        return ast.Name(WORDS.get(name, name), node.ctx)

    def visit_Attribute(self, node):
        word = WORDS.get(node.attr, node.attr)
        owner = node.value
        while isinstance(owner, ast.Attribute) and owner.attr in PLACES:
            owner = owner.value
        if isinstance(owner, ast.Name) and owner.id in MODULES:
            return ast.Name(word, node.ctx)
        if ast.unparse(node) == "self.training":  # Keras hands it to a call
            return ast.Name("training", node.ctx)
        if word == "value":  # of a Keras variable
            return self.visit(node.value)
        return ast.Attribute(self.visit(node.value), word, node.ctx)

    def visit_BinOp(self, node):
        node = self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            return called("matmul", node.left, node.right)
        return node

    def visit_Call(self, node):
        call = self.generic_visit(node)
        for one in call.keywords:
            one.arg = WORDS.get(one.arg, one.arg)
        call.keywords = [one for one in call.keywords if one.arg not in SILENT]
        call.args = [one for one in call.args if getattr(one, "attr", "") != "device"]
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name in METHODS | BARE and isinstance(call.func, ast.Attribute):
            call = called(name, call.func.value, *call.args, keywords=call.keywords)
        if name in LISTS and len(call.args) == 2 and isinstance(call.args[1], ast.List | ast.Tuple):
            call.args[1:] = call.args[1].elts
        if name in BARE and len(call.args) == 1:
            return call.args[0]
        return self.in_other_words(name, call)

    def in_other_words(self, name, call):
        """What one framework says by a function and the other by something else."""
        first, *others = call.args or [None]
        if name == "shape" and not others:
            return ast.Attribute(first, "shape", ast.Load())
        if name == "size_of":
            return ast.Subscript(ast.Attribute(first, "shape", ast.Load()), *others, ast.Load())
        if name == "len" and getattr(first, "attr", "") == "shape":
            return ast.Attribute(first.value, "rank", ast.Load())
        if name == "gather" and len(others) == 1 and not call.keywords:
            return ast.Subscript(first, *others, ast.Load())
        if name == "isinstance" and getattr(others[0], "id", "") == "Tensor":
            return called("is_tensor", first)
        if name == "matmul" and call.keywords:  # transpose_b=True
            flipped = called("transpose", others[0], ast.Constant(-1), ast.Constant(-2))
            return called("matmul", first, flipped)
        return call

    def visit_Expr(self, node):
        return None if ast.unparse(node) == "self.build()" else self.generic_visit(node)

    def visit_Assign(self, node):
        silent = ast.unparse(node) == "dtype = self.dtype_policy"
        return None if silent else self.generic_visit(node)

    def visit_arg(self, node):
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node):
        if node.value is None:
            return None
        return self.visit(ast.Assign([node.target], node.value, lineno=node.lineno))

    def visit_FunctionDef(self, node):
        if node.name == "build" and "self" in [one.arg for one in node.args.args]:
            return None  # a Keras layer makes its weights apart from its constructor
        node.name = "forward" if node.name == "call" else node.name
        node.returns = None
        self.silence(node.args)
        node.body = without_docstring(node.body)
        return self.generic_visit(node)

    @staticmethod
    def silence(arguments):
        """Leave silent arguments out of a signature."""
        plain = arguments.args
        defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
        kept = [
            (one, default)
            for one, default in zip(plain, defaults, strict=True)
            if one.arg not in SILENT
        ]
        arguments.args = [one for one, _ in kept]
        arguments.defaults = [default for _, default in kept if default is not None]
        kept = [
            (one, default)
            for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if one.arg not in SILENT
        ]
        arguments.kwonlyargs = [one for one, _ in kept]
        arguments.kw_defaults = [default for _, default in kept]

    def visit_ClassDef(self, node):
        name = node.name.removeprefix("TF")
        node.name = WORDS.get(name, name)
        node.decorator_list = []  # Keras is told of a class that it will load
        node.body = without_docstring(node.body)
        if node.name.startswith("Camembert"):  # the page orders their arguments in two ways
            for method in node.body:
                if getattr(method, "name", "") in ("forward", "call"):
                    method.args.args.sort(key=lambda one: one.arg)
        return self.generic_visit(node)

    def visit_Import(self, node):
        return None

    visit_ImportFrom = visit_Import


def called(name, *args, keywords=()):
    """A call of a function."""
    return ast.Call(ast.Name(name, ast.Load()), list(args), list(keywords))


def without_docstring(body):
    """The statements of a body but its docstring."""
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return (body[1:] or [ast.Pass()]) if documented else body


def lines(source):
    """The statements of a file in the tongue of both trees, one a line."""
    module = ast.parse(source)
    module.body = without_docstring(module.body)
    return ast.unparse(ast.fix_missing_locations(Tongue().visit(module))).splitlines()


def differences(pt, tf):
    """The lines of one tree only: ``-`` in PyTorch's, ``+`` in TensorFlow's."""
    return [line for line in difflib.ndiff(lines(pt), lines(tf)) if line[0] in "-+"]
