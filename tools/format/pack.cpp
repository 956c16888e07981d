#include "tools/format/pack.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/classes.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "picovae/shape.hpp"
#include "tools/base/error.hpp"
#include "tools/format/class_gaussians.hpp"
#include "tools/format/live_section.hpp"
#include "tools/format/packed_layer.hpp"
#include "tools/format/threshold_section.hpp"

namespace picovae::tools {
namespace {

// The CRC-32C of everything that decides what a model computes, in logical order: for each layer
// weights [out][in], biases, then (s8) multipliers, rescales and shifts, without padding; then what
// is live of both ends, and ReLU. Layers that a part lacks are left out, so a decoder alone has
// another id.
class ModelId {
 public:
  template <typename Values>
  void add(const Values& values) {
    crc_ = crc32c(std::as_bytes(std::span(values)), crc_);
  }
  // That of hidden layers: nothing of softplus, which older models have.
  void add(Activation hidden) {
    if (is_relu(hidden)) add(std::array{std::uint8_t{1}});
  }
  std::uint32_t value() const { return crc_; }

 private:
  std::uint32_t crc_ = 0;
};

// The nearest values of a 16-bit type, as bits.
//   Half  Eigen::half or Eigen::bfloat16
template <typename Half>
std::vector<std::uint16_t> to_halves(const std::vector<float>& weights, Type type,
                                     std::size_t layer) {
  std::vector<std::uint16_t> halves;
  for (const float weight : weights) {
    const Half half(weight);
    if (!Eigen::numext::isfinite(half)) {
      fail("{}: weight {} is too large for {}; take {}", kLayerNames[layer], weight,
           type_name(type), type == Type::kF16 ? "bf16" : "f32");
    }
    halves.push_back(Eigen::numext::bit_cast<std::uint16_t>(half));
  }
  return halves;
}

// Fails if the vectors of a layer do not fit its sizes: they would be read beyond their ends.
void check_layer(const QuantizedLayer& layer, LayerSize size, std::size_t index) {
  const bool rescaled = is_hidden_layer(index);
  if (layer.in != size.in || layer.out != size.out || layer.weight.size() != layer.in * layer.out ||
      layer.bias.size() != layer.out || layer.multiplier.size() != layer.out ||
      layer.rescale.size() != (rescaled ? layer.out : 0) ||
      (!layer.scale.empty() && layer.scale.size() != s4_groups(layer.in) * layer.out)) {
    fail("the model cannot be packed: its layer {} does not fit the shape", index);
  }
}

// The s8 weights that those of 4 bits stand for, and their scales.
std::vector<std::int8_t> logical_s4_weights(const Dense& dense, Layout layout) {
  std::vector<std::int8_t> weights;
  for (std::size_t output = 0; output < dense.out; ++output) {
    for (std::size_t input = 0; input < dense.in; ++input) {
      const S4Weight weight = s4_weight(layout, dense.weights, dense.in, output, input);
      weights.push_back(static_cast<std::int8_t>(weight.q * weight.scale));
    }
  }
  return weights;
}
std::vector<std::uint8_t> scales_of(const Dense& dense, Layout layout) {
  std::vector<std::uint8_t> scales;
  for (std::size_t output = 0; dense.s4 && output < dense.out; ++output) {
    for (std::size_t input = 0; input < dense.in; input += kS4Group) {
      const S4Weight weight = s4_weight(layout, dense.weights, dense.in, output, input);
      scales.push_back(static_cast<std::uint8_t>(weight.scale));
    }
  }
  return scales;
}

std::vector<std::int8_t> logical_weights(const Dense& dense, Layout layout) {
  if (dense.s4) return logical_s4_weights(dense, layout);
  const auto* packed = static_cast<const std::int8_t*>(dense.weights);
  std::vector<std::int8_t> weights(std::size_t{dense.in} * dense.out);
  for (std::size_t output = 0; output < dense.out; ++output) {
    for (std::size_t input = 0; input < dense.in; ++input) {
      weights[output * dense.in + input] = logical_weight(
          layout, dense.high_input, output,
          packed[packed_index(layout, Type::kS8, dense.in, dense.out, output, input)]);
    }
  }
  return weights;
}

// Fails if the masks do not fit the model: packing would not say what is live.
void check_masks(const QuantizedNetwork& network) {
  const LiveMasks& live = network.live;
  for (const auto& mask : {live.inputs, live.outputs}) {
    if (!mask.empty() && mask.size() != network.dimensions.pixels) {
      fail("the model cannot be packed: a mask of live pixels does not fit the shape");
    }
  }
  if (live.dead_logits.size() != LiveMasks::dead(live.outputs)) {
    fail("the model cannot be packed: not every dead pixel has a logit");
  }
}

template <typename T>
std::vector<T> values(const void* from, std::size_t count) {
  if (from == nullptr) return {};
  const T* first = static_cast<const T*>(from);
  return {first, first + count};
}

}  // namespace

BlobBytes pack_float(const Network& network, Type type) {
  BlobHeader header{};
  header.type = type;
  header.layout = Layout::kHost;
  header.dimensions = dimensions_of(network);
  header.columns = static_cast<std::uint16_t>(network.columns);
  header.relu = is_relu(network.activation) ? 1 : 0;
  header.parts = kEncoderPart | kDecoderPart;

  BlobWriter writer;
  ModelId id;
  const auto layers = engine_layers(network);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(header, i)) continue;
    const DenseWeights& layer = layers[i];
    const auto add = [&](const auto& values) {
      using Weight = typename std::decay_t<decltype(values)>::value_type;
      id.add(values);
      writer.add(SectionKind::kWeights, i,
                 PackedLayer<Weight, float>(header.layout, layer.in, layer.out, values).weights);
    };
    if (type == Type::kF32) add(layer.weight);
    if (type == Type::kF16) add(to_halves<Eigen::half>(layer.weight, type, i));
    if (type == Type::kBf16) add(to_halves<Eigen::bfloat16>(layer.weight, type, i));
    id.add(layer.bias);
  }
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(header, i)) continue;
    std::vector<float> bias = layers[i].bias;
    bias.resize(round_up(bias.size(), kOutputPad));
    writer.add(SectionKind::kBias, i, bias);
  }
  if (!network.classes.empty()) {
    writer.add(SectionKind::kClasses, kDecoder0, class_section(network.classes));
  }
  id.add(network.activation);
  header.model_id = id.value();
  return writer.finish(header);
}

BlobBytes pack_s8(const QuantizedNetwork& network, Layout layout, std::uint8_t parts,
                  Signatures signatures) {
  BlobHeader header{};
  header.type = Type::kS8;
  header.layout = layout;
  header.dimensions = network.dimensions;
  header.relu = is_relu(network.activation) ? 1 : 0;
  header.parts = parts;
  header.model_id = model_id(network, parts);
  if ((parts & kDecoderPart) != 0) {
    header.signature = signatures.generated;
    if ((parts & kEncoderPart) != 0) {
      header.signature_reconstruct = signatures.reconstructed;
      header.signature_scores = signatures.scores;
    }
  }
  header.columns = static_cast<std::uint16_t>(network.columns);
  const std::uint8_t greatest = network.greatest();
  if (greatest > kMaxActivation) header.greatest = greatest;
  check_masks(network);
  const LiveMasks& live = network.live;
  if ((parts & kEncoderPart) != 0) {
    header.dead_inputs = static_cast<std::uint16_t>(LiveMasks::dead(live.inputs));
  }
  if ((parts & kDecoderPart) != 0) {
    header.dead_outputs = static_cast<std::uint16_t>(LiveMasks::dead(live.outputs));
  }

  struct Entry {
    Layer index;
    S8Layer layer;
  };
  std::vector<Entry> entries;
  const auto sizes = layer_sizes(header);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(network.dimensions, parts, i)) continue;
    const QuantizedLayer& layer = network.layers[i];
    check_layer(layer, sizes[i], i);
    if (layer.greatest != greatest) {
      fail("the model cannot be packed: its layers differ in their greatest activation");
    }
    header.shifts[i] = {layer.pre_shift, layer.post_shift};
    const auto index = static_cast<Layer>(i);
    entries.push_back({index, pack_layer(layer, index, network.activation, layout)});
  }
  BlobWriter writer;
  for (const auto& [index, layer] : entries) {
    const QuantizedLayer& logical = network.layers[index];
    if (logical.scale.empty()) {
      writer.add(SectionKind::kWeights, index, layer.weights);
    } else {
      writer.add(SectionKind::kWeights4, index, pack_s4(logical, layout));
    }
  }
  for (const auto& [index, layer] : entries) {
    writer.add(SectionKind::kBias, index, layer.bias);
    writer.add(SectionKind::kMultiplier, index, layer.multiplier);
    if (is_hidden_layer(index)) writer.add(SectionKind::kRescale, index, layer.rescale);
  }
  if (header.dead_inputs != 0) {
    writer.add(SectionKind::kLive, kEncoder0, live_section(live.inputs, {}));
  }
  if (header.dead_outputs != 0) {
    writer.add(SectionKind::kLive, kDecoder2, live_section(live.outputs, live.dead_logits));
  }
  for (const auto& [index, layer] : entries) {
    writer.add(SectionKind::kGolden, index,
               golden_section(network.layers[index], index, network.activation));
  }
  if ((parts & kDecoderPart) != 0 && !network.classes.empty()) {
    std::vector<std::byte> classes = network.classes;
    std::memcpy(classes.data() + offsetof(ClassHeader, signature), &signatures.classes,
                sizeof signatures.classes);
    writer.add(SectionKind::kClasses, kDecoder0, classes);
  }
  if (parts == (kEncoderPart | kDecoderPart) && !network.thresholds.empty()) {
    writer.add(SectionKind::kThresholds, kDecoder2, network.thresholds);
  }
  return writer.finish(header);
}

QuantizedNetwork unpack_s8(const BlobView& view, const std::string& name) {
  QuantizedNetwork network;
  network.dimensions = view.header->dimensions;
  network.activation = hidden_activation(*view.header);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const Dense& dense = view.layers[i];
    if (dense.weights == nullptr) continue;
    network.layers[i] = {.in = dense.in,
                         .out = dense.out,
                         .weight = logical_weights(dense, view.header->layout),
                         .bias = values<std::int32_t>(dense.bias, dense.out),
                         .multiplier = values<std::uint16_t>(dense.multiplier, dense.out),
                         .rescale = values<std::int16_t>(dense.rescale, dense.out),
                         .pre_shift = dense.pre_shift,
                         .post_shift = dense.post_shift,
                         .scale = scales_of(dense, view.header->layout),
                         .greatest = dense.greatest};
  }
  network.live.inputs = live_mask(view.inputs);
  network.live.outputs = live_mask(view.outputs);
  if (!view.outputs.all()) {
    network.live.dead_logits =
        values<std::int16_t>(view.outputs.dead_logits(), view.header->dead_outputs);
  }
  network.columns = view.header->columns;
  network.classes = class_section(view);
  network.thresholds = threshold_section(view);
  if (const std::uint32_t id = model_id(network, view.header->parts); id != view.header->model_id) {
    fail(
        "{}: its parameters have model id {:08x}, its header says {:08x}: it was changed; "
        "quantize the model again",
        name, id, view.header->model_id);
  }
  return network;
}

std::uint32_t model_id(const QuantizedNetwork& network, std::uint8_t parts) {
  ModelId id;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(network.dimensions, parts, i)) continue;
    const QuantizedLayer& layer = network.layers[i];
    id.add(layer.weight);
    id.add(layer.bias);
    id.add(layer.multiplier);
    id.add(layer.rescale);
    id.add(std::array{layer.pre_shift, layer.post_shift});
  }
  if (network.greatest() > kMaxActivation) id.add(std::array{network.greatest()});
  if ((parts & kEncoderPart) != 0) id.add(network.live.inputs);
  if ((parts & kDecoderPart) != 0) {
    id.add(network.live.outputs);
    id.add(network.live.dead_logits);
  }
  id.add(network.activation);
  return id.value();
}

BlobBytes parse_blob(std::span<const std::byte> bytes, const std::string& name) {
  if (starts_as_blob(bytes)) {
    BlobBytes blob{bytes};
    check_blob(blob.bytes(), name);
    return blob;
  }
  return pack_float(parse_network(bytes, name));
}

BlobBytes load_blob(const std::filesystem::path& path) {
  return parse_blob(read_model(path), path.string());
}

}  // namespace picovae::tools
