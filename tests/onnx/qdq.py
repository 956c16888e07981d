"""What exporters usually make of an s8 model: floats between QuantizeLinear and DequantizeLinear ("QDQ"). The weights
and scales are those of the exact decoder.onnx, exactly; its integer arithmetic is not kept."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LOGIT_BITS = 7  # t of every layer of a decoder is Q8.7 (engine/FORMAT.md)
LATENT_BITS = 10


def shift_of(graph, constants, name):
    """How far the result of that name is shifted."""
    node = next((node for node in graph.node if node.output[0] == name), None)
    return int(constants[node.input[1]]).bit_length() - 1 if node is not None and node.op_type == "Div" else 0


def greatest_of(graph, constants, name):
    """Where the Clip whose result has that name ends."""
    return constants[next(node for node in graph.node if node.output[0] == name).input[2]]


def export(exact, path):
    """Writes the decoder of an exact one: z f32 -> pixels f32."""
    graph = onnx.load(exact).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes, initializers = [], []

    def constant(value):
        name = f"c{len(initializers)}"
        initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(kind, *inputs, output=None, **attributes):
        name = output or f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    one, zero = constant(np.float32(1)), constant(np.uint8(0))
    x = op("Mul", "z", constant(np.float32(1 << LATENT_BITS)))
    layers = sorted(name.removesuffix(".weight") for name in constants if name.endswith(".weight"))
    for layer in layers:
        pre, post = (shift_of(graph, constants, f"{layer}.{what}") for what in ("shifted", "unsaturated"))
        scale = (constants[f"{layer}.multiplier"] * 2.0 ** -(LOGIT_BITS + pre + post)).astype(np.float32)
        rounding = 2.0 ** (post - 1) if post else 0
        bias = ((constants[f"{layer}.bias"] - rounding) * 2.0 ** -(LOGIT_BITS + post)).astype(np.float32)
        weight = op("DequantizeLinear", constant(constants[f"{layer}.weight"]), constant(scale),
                    constant(np.zeros(len(scale), np.int8)), axis=1)
        x = op("Add", op("MatMul", x, weight), constant(bias))
        if f"{layer}.rescale" in constants:
            rescale = (constants[f"{layer}.rescale"] / 128).astype(np.float32)
            x = op("Clip", op("Mul", op("Softplus", x), constant(rescale)), constant(np.float32(0)),
                   constant(np.float32(greatest_of(graph, constants, f"{layer}.clipped"))))
            x = op("DequantizeLinear", op("QuantizeLinear", x, one, zero), one, zero)
    op("Sigmoid", x, output="pixels")
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width]) for name, width in
              (("z", constants[f"{layers[0]}.weight"].shape[0]), ("pixels", constants[f"{layers[-1]}.weight"].shape[1]))]
    onnx.save(helper.make_model(helper.make_graph(nodes, "qdq", shapes[:1], shapes[1:], initializers),
                                opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)


def decode(exact, path, z, run):
    """u8 pixels of z, in real units, by the QDQ export of the exact decoder."""
    export(exact, path)
    pixels = np.rint(255 * run(path, {"z": z})["pixels"]).astype(np.uint8)
    places = [numpy_helper.to_array(t) for t in onnx.load(exact).graph.initializer if t.name == "logits.places"]
    if not places:
        return pixels
    return np.pad(pixels, ((0, 0), (0, 1)))[:, places[0]]  # dead pixels are 0
