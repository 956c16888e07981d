// A model's bytes and the views into them. FORMAT.md describes every byte; nothing is copied,
// parsed or relocated, so a blob is used straight from flash or from a mapped file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/live.hpp"
#include "picovae/ranges.hpp"
#include "picovae/shape.hpp"
#include "picovae/standard.hpp"
#include "picovae/status.h"

namespace picovae {

static_assert(kIsLittleEndian, "a blob is little-endian and used in place");

inline constexpr std::array<char, 4> kBlobMagic = {'P', 'V', 'A', 'E'};
inline constexpr std::uint16_t kBlobVersion = 2;   // written; version 1 is read as well
inline constexpr std::size_t kBlobAlignment = 64;  // of the blob and of every section in it

enum Part : std::uint8_t { kEncoderPart = 1, kDecoderPart = 2 };

struct BlobHeader {
  std::array<char, 4> magic;
  std::uint16_t version;
  Type type;
  Layout layout;
  Dimensions dimensions;
  std::uint32_t total_size;  // bytes, header and all; a flash partition may be larger
  std::uint32_t model_id;    // CRC-32C of all parameters in logical order: the same in every layout
  std::uint32_t signature;   // of the digits generated with seed 1; 0 if the type is not s8
  std::uint32_t signature_reconstruct;  // of reconstructions of those digits; 0 without an encoder
  std::uint8_t parts;                   // Part bits
  std::uint8_t section_count;
  std::array<std::array<std::uint8_t, 2>, kLayerCount> shifts;  // s8: {pre, post} of each layer
  // From here on all is zero in version 1.
  std::uint16_t dead_inputs;             // s8: pixels that the encoder does not read (live.hpp)
  std::uint16_t dead_outputs;            // s8: pixels that the decoder does not compute
  std::uint16_t columns;                 // of an image; 0 if not known
  std::uint32_t signature_scores;        // of the scores of those digits; 0 without either half
  std::uint8_t relu;                     // hidden layers have 0 softplus, 1 ReLU
  std::uint8_t greatest;                 // s8: of hidden activations, if above kMaxActivation; or 0
  std::array<std::uint8_t, 2> reserved;  // zero
  std::uint32_t checksum;  // CRC-32C of the header before this field, then of the section table
};
static_assert(sizeof(BlobHeader) == 64);

// Sizes of a model's layers: of live pixels alone.
constexpr std::array<LayerSize, kLayerCount> layer_sizes(const BlobHeader& header) {
  auto sizes = layer_sizes(header.dimensions);
  sizes[kEncoder0].in = static_cast<std::uint16_t>(sizes[kEncoder0].in - header.dead_inputs);
  sizes[kDecoder2].out = static_cast<std::uint16_t>(sizes[kDecoder2].out - header.dead_outputs);
  return sizes;
}

// Of an s8 model's hidden activations.
constexpr std::uint8_t greatest_activation(const BlobHeader& header) {
  return header.greatest == 0 ? static_cast<std::uint8_t>(kMaxActivation) : header.greatest;
}

enum class SectionKind : std::uint8_t {
  kWeights = 1,     // of the model's type, packed (layout.hpp)
  kBias = 2,        // f32 or s32 [round_up(out, kOutputPad)], but see bias_rows
  kMultiplier = 3,  // u16 [round_up(out, kOutputPad)], s8 only
  kRescale = 4,     // s16 [round_up(out, kOutputPad)], hidden layers of s8 only
  kGolden = 5,      // s8 only, may be missing: an input, and the CRC of what comes of it
  kClasses = 6,     // of the decoder's first layer, may be missing: classes.hpp
  kLive = 7,        // of the layers at both ends, if pixels are dead: live.hpp
  kThresholds = 8,  // of the decoder's last layer, may be missing: thresholds.hpp
  kWeights4 = 9,    // in place of kWeights, in the decoder of an s8 model: s4.hpp
};
inline constexpr std::uint8_t kMaySkip =
    1;  // Section::flags: who does not know the kind passes over it

struct Section {
  SectionKind kind;
  std::uint8_t layer;
  std::uint8_t flags;
  std::uint8_t reserved;   // zero
  std::uint32_t offset;    // from the start of the blob, a multiple of kBlobAlignment
  std::uint32_t size;      // bytes
  std::uint32_t checksum;  // CRC-32C
};
static_assert(sizeof(Section) == 16);

// Whether a model with these Part bits has the layer's half.
constexpr bool has_part_of(std::uint8_t parts, std::size_t layer) {
  return (parts & (layer < kDecoder0 ? kEncoderPart : kDecoderPart)) != 0;
}

// Whether a model of these dimensions and Part bits has the layer.
constexpr bool has_layer(Dimensions d, std::uint8_t parts, std::size_t layer) {
  return has_layer(d, layer) && has_part_of(parts, layer);
}
constexpr bool has_layer(const BlobHeader& header, std::size_t layer) {
  return has_layer(header.dimensions, header.parts, layer);
}

// True if the layer's input is the s16 latent vector.
constexpr bool has_wide_input(std::size_t layer) { return layer == kDecoder0; }

// True if the layer's inputs are the activations of another.
constexpr bool has_hidden_input(std::size_t layer) {
  return layer != kEncoder0 && layer != kDecoder0;
}

// In Layout::kHost, layers with inputs above kMaxActivation have biases for inputs less kInputShift
// as well, behind the others.
constexpr std::size_t bias_rows(Layout layout, bool high_input) {
  return layout == Layout::kHost && high_input ? 2 : 1;
}

// Whether the layer's outputs are hidden units: neither the encoder's heads nor logits.
constexpr bool is_hidden_layer(std::size_t layer) {
  return layer != kEncoderHeads && layer != kDecoder2;
}

// The activation that a layer has in a model whose hidden ones have `hidden`; decoder.2 is the
// identity there (its logits), and callers that want pixels ask for the sigmoid.
constexpr Activation layer_activation(std::size_t layer, Activation hidden) {
  return is_hidden_layer(layer) ? hidden : Activation::kIdentity;
}

// The activation of the hidden layers; on boards a constant.
constexpr Activation hidden_activation(const BlobHeader& header) {
  const bool relu = kHasSoftplus && kHasRelu ? header.relu != 0 : kHasRelu;
  return relu ? Activation::kRelu : Activation::kSoftplus;
}

// A golden section is the layer's input, u8 or s16 [round_up(in, kMveVector)], then, from here on,
// the u32 CRC-32C of its outputs in logical order: first [out] s16 before the activation, then
// [out] as the activation gives them (u8; of decoder.2 pixels; of the encoder's heads s16 again).
constexpr std::size_t golden_crc_offset(std::size_t in, bool wide_input) {
  return round_up(in, kMveVector) * (wide_input ? sizeof(std::int16_t) : 1);
}

// Typed pointers into a checked blob. Valid as long as the bytes are.
struct BlobView {
  const BlobHeader* header = nullptr;
  std::array<Dense, kLayerCount> layers{};  // weights null of one that is missing
  LivePixels inputs, outputs;

  bool has(Part part) const { return header != nullptr && (header->parts & part) != 0; }
};

// The cheap check, for every boot: magic, version, header CRC, dimensions, every offset and size,
// alignment, shifts, multipliers and rescales. Whatever it accepts is memory-safe to run. Fills
// `view` if it returns kOk.
//   bytes  at least the blob's total size; more may follow (a flash partition)
Status open_blob(span<const std::byte> bytes, BlobView& view);

// The header alone, if it is sound: for tools that describe models.
Status read_header(span<const std::byte> bytes, const BlobHeader*& header);

// The table behind the header.
inline span<const Section> sections(const BlobHeader& header) {
  return {reinterpret_cast<const Section*>(&header + 1), header.section_count};
}

// The thorough check of an open view: the CRC of every section, zero padding between sections and
// within them, and that no row's sums can leave the range the kernels rely on. Whatever it accepts
// is what was written.
Status verify_blob(const BlobView& view);

}  // namespace picovae
