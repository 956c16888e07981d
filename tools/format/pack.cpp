#include "tools/format/pack.hpp"

#include <Eigen/Core>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "picovae/classes.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/shape.hpp"
#include "tools/base/error.hpp"
#include "tools/format/class_gaussians.hpp"
#include "tools/format/golden.hpp"
#include "tools/format/layers.hpp"
#include "tools/format/names.hpp"
#include "tools/format/packed_weights.hpp"

namespace picovae::tools {
namespace {

// Sections in the order of the file. Finishing computes places and CRCs.
class BlobWriter {
 public:
  template <typename T>
  void add(SectionKind kind, std::size_t layer, const std::vector<T>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    // Who does not know golden sections or classes computes the same without them.
    const bool skip = kind == SectionKind::kGolden || kind == SectionKind::kClasses;
    const std::uint8_t flags = skip ? kMaySkip : 0;
    entries_.push_back({kind, static_cast<std::uint8_t>(layer), flags, 0, 0,
                        static_cast<std::uint32_t>(bytes.size()), crc32c(bytes)});
    contents_.emplace_back(bytes.begin(), bytes.end());
  }

  // Takes a header with type, layout, dimensions, parts, model_id, signatures and shifts.
  BlobBytes finish(BlobHeader header) {
    std::size_t end = sizeof(BlobHeader) + entries_.size() * sizeof(Section);
    for (Section& entry : entries_) {
      entry.offset = static_cast<std::uint32_t>(round_up(end, kBlobAlignment));
      end = entry.offset + entry.size;
    }
    header.magic = kBlobMagic;
    header.version = kBlobVersion;
    header.total_size = static_cast<std::uint32_t>(round_up(end, kBlobAlignment));
    header.section_count = static_cast<std::uint8_t>(entries_.size());

    const auto table = std::as_bytes(std::span(entries_));
    const auto header_bytes = std::as_bytes(std::span(&header, 1));
    header.checksum = crc32c(table, crc32c(header_bytes.first(offsetof(BlobHeader, checksum))));

    BlobBytes blob(header.total_size);
    std::byte* base = blob.bytes().data();
    std::memcpy(base, header_bytes.data(), header_bytes.size());
    std::memcpy(base + sizeof(BlobHeader), table.data(), table.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::memcpy(base + entries_[i].offset, contents_[i].data(), contents_[i].size());
    }
    check(blob, header.dimensions);
    return blob;
  }

 private:
  // What the engine would refuse on a board is refused here.
  static void check(const BlobBytes& blob, const Dimensions& dimensions) {
    BlobView view;
    Status status = open_blob(blob.bytes(), dimensions, view);
    if (status == Status::kOk) status = verify_blob(view);
    if (status != Status::kOk) fail("the model cannot be packed: {}", message(status));
  }

  std::vector<Section> entries_;
  std::vector<std::vector<std::byte>> contents_;
};

// The CRC-32C of everything that decides what a model computes, in logical order: for each layer
// weights [out][in], biases, then (s8) multipliers, rescales and shifts, without padding. Layers
// that a part lacks are left out, so a decoder alone is a model with an id of its own.
class ModelId {
 public:
  template <typename T>
  void add(const std::vector<T>& values) {
    crc_ = crc32c(std::as_bytes(std::span(values)), crc_);
  }
  std::uint32_t value() const { return crc_; }

 private:
  std::uint32_t crc_ = 0;
};

bool has_layer(std::uint8_t parts, std::size_t layer) {
  return (parts & (layer < kDecoder0 ? kEncoderPart : kDecoderPart)) != 0;
}

std::vector<std::uint16_t> to_f16(const std::vector<float>& weights, std::size_t layer) {
  std::vector<std::uint16_t> result;
  for (const float weight : weights) {
    const Eigen::half half(weight);
    if (!Eigen::numext::isfinite(half)) {
      fail("{}: weight {} is too large for f16; take bf16", kLayerNames[layer], weight);
    }
    result.push_back(Eigen::numext::bit_cast<std::uint16_t>(half));
  }
  return result;
}

std::vector<std::uint16_t> to_bf16(const std::vector<float>& weights) {
  std::vector<std::uint16_t> result;
  for (const float weight : weights) {
    result.push_back(Eigen::numext::bit_cast<std::uint16_t>(Eigen::bfloat16(weight)));
  }
  return result;
}

// A layer whose vectors do not fit its sizes would be read beyond its end.
void check_layer(const QuantizedLayer& layer, LayerSize size, std::size_t index) {
  const bool rescaled = layer_activation(index) == Activation::kSoftplus;
  if (layer.in != size.in || layer.out != size.out || layer.weight.size() != layer.in * layer.out ||
      layer.bias.size() != layer.out || layer.multiplier.size() != layer.out ||
      layer.rescale.size() != (rescaled ? layer.out : 0)) {
    fail("the model cannot be packed: its layer {} does not fit the shape", index);
  }
}

}  // namespace

BlobBytes pack_float(const Network& network, Type type) {
  BlobHeader header{};
  header.type = type;
  header.layout = Layout::kHost;
  header.dimensions = dimensions_of(network);
  header.parts = kEncoderPart | kDecoderPart;

  BlobWriter writer;
  ModelId id;
  const auto layers = engine_layers(network);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const DenseWeights& layer = layers[i];
    const auto add = [&](const auto& weight) {
      id.add(weight);
      id.add(layer.bias);
      writer.add(SectionKind::kWeights, i,
                 packed_weights(header.layout, type, layer.in, layer.out, weight));
    };
    if (type == Type::kF32) {
      add(layer.weight);
    } else {
      add(type == Type::kF16 ? to_f16(layer.weight, i) : to_bf16(layer.weight));
    }
  }
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    writer.add(SectionKind::kBias, i, padded_outputs(layers[i].bias));
  }
  if (!network.classes.empty()) {
    writer.add(SectionKind::kClasses, kDecoder0, class_section(network.classes));
  }
  header.model_id = id.value();
  return writer.finish(header);
}

std::uint32_t model_id(const QuantizedNetwork& network, std::uint8_t parts) {
  ModelId id;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(parts, i)) continue;
    const QuantizedLayer& layer = network.layers[i];
    id.add(layer.weight);
    id.add(layer.bias);
    id.add(layer.multiplier);
    id.add(layer.rescale);
    id.add(std::vector<std::uint8_t>{layer.pre_shift, layer.post_shift});
  }
  return id.value();
}

Signatures signatures_of(const BlobView& view) {
  Signatures signatures{view.header->signature, view.header->signature_reconstruct};
  ClassPriors priors;
  if (find_classes(view, priors) == Status::kOk) signatures.classes = priors.header->signature;
  return signatures;
}

BlobBytes pack_s8(const QuantizedNetwork& network, Layout layout, std::uint8_t parts,
                  Signatures signatures) {
  BlobHeader header{};
  header.type = Type::kS8;
  header.layout = layout;
  header.dimensions = network.dimensions;
  header.parts = parts;
  if (has_layer(parts, kDecoder0)) {
    header.signature = signatures.generated;
    if (has_layer(parts, kEncoder0)) header.signature_reconstruct = signatures.reconstructed;
  }

  BlobWriter writer;
  const auto sizes = layer_sizes(network.dimensions);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(parts, i)) continue;
    const QuantizedLayer& layer = network.layers[i];
    check_layer(layer, sizes[i], i);
    header.shifts[i] = {layer.pre_shift, layer.post_shift};
    writer.add(SectionKind::kWeights, i,
               packed_weights(layout, header.type, layer.in, layer.out, layer.weight));
  }
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(parts, i)) continue;
    const QuantizedLayer& layer = network.layers[i];
    writer.add(SectionKind::kBias, i, padded_outputs(layer.bias));
    writer.add(SectionKind::kMultiplier, i, padded_outputs(layer.multiplier));
    if (!layer.rescale.empty()) writer.add(SectionKind::kRescale, i, padded_outputs(layer.rescale));
  }
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(parts, i)) continue;
    writer.add(SectionKind::kGolden, i, golden_section(network.layers[i], static_cast<Layer>(i)));
  }
  if (has_layer(parts, kDecoder0) && !network.classes.empty()) {
    std::vector<std::byte> classes = network.classes;
    std::memcpy(classes.data() + offsetof(ClassHeader, signature), &signatures.classes,
                sizeof signatures.classes);
    writer.add(SectionKind::kClasses, kDecoder0, classes);
  }
  header.model_id = model_id(network, parts);
  return writer.finish(header);
}

}  // namespace picovae::tools
