"""The operators that exported models have, as ONNX defines them (opset 13), in NumPy: slow and plain."""
import numpy as np
import onnx
from onnx import numpy_helper


def truncated(a, b):
    """Integer division without what is behind the point."""
    return np.sign(a) * np.sign(b) * (np.abs(a.astype(np.int64)) // np.abs(b.astype(np.int64)))


OPERATORS = {
    "Add": lambda a, b: a + b,
    "BitShift": lambda a, b, direction: a >> b if direction == b"RIGHT" else a << b,
    "Cast": lambda a, to: a.astype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[to]),
    "Clip": lambda a, low, high: np.clip(a, low, high),
    "Div": lambda a, b: truncated(a, b).astype(a.dtype),
    "Gather": lambda data, index, axis: np.take(data, index, axis=axis),
    "Gemm": lambda x, weight, bias, transB: x @ (weight.T if transB else weight) + bias,
    "MatMul": lambda a, b: a @ b,
    "MatMulInteger": lambda a, b: a.astype(np.int32) @ b.astype(np.int32),
    "Mod": lambda a, b: np.mod(a, b),
    "Mul": lambda a, b: a * b,
    "Pad": lambda a, pads: np.pad(a, pads.reshape(2, -1).T),
    "Sigmoid": lambda a: np.exp(-np.logaddexp(0, -a)).astype(a.dtype),
    "Relu": lambda a: np.maximum(a, 0),
    "Softplus": lambda a: np.logaddexp(np.zeros_like(a), a),
    "Split": lambda a, parts, axis: np.split(a, np.cumsum(parts)[:-1], axis),
    "Sub": lambda a, b: a - b,
}


def attribute(proto):
    return proto.s if proto.type == onnx.AttributeProto.STRING else proto.i


def run(path, inputs):
    """The outputs of an ONNX file, {name: array}, for the arrays of `inputs`. Fails if a tensor has not the type and
    shape that the file says."""
    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    told = {info.name: info.type.tensor_type for info in [*graph.input, *graph.output, *graph.value_info]}
    free = {}

    def keep(name, value):
        shape = [free.setdefault(d.dim_param, n) if d.dim_param else d.dim_value
                 for d, n in zip(told[name].shape.dim, value.shape)]
        kind = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[told[name].elem_type]
        assert (value.dtype, list(value.shape)) == (kind, shape), (name, value.dtype, value.shape, kind, shape)
        values[name] = value

    for name, value in inputs.items():
        keep(name, value)
    for node in graph.node:
        result = OPERATORS[node.op_type](*(values[name] for name in node.input),
                                         **{a.name: attribute(a) for a in node.attribute})
        for name, value in zip(node.output, result if len(node.output) > 1 else [result]):
            keep(name, value)
    return {info.name: values[info.name] for info in graph.output}
