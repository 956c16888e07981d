// Checks of a blob. Knows no kernel. Every read stays within the bytes given.
#include "picovae/blob.hpp"

#include <bit>
#include <type_traits>

#include "picovae/classes.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"

namespace picovae {
namespace {

// What models can be. A board's build names the one layout that its kernels read
// (PICOVAE_ONLY_LAYOUT), and then has no code for what it could not run.
#if defined(PICOVAE_ONLY_LAYOUT)
constexpr Type type_of(const BlobHeader&) { return Type::kS8; }
constexpr Layout layout_of(const BlobHeader&) { return Layout::PICOVAE_ONLY_LAYOUT; }
#else
Type type_of(const BlobHeader& header) { return header.type; }
Layout layout_of(const BlobHeader& header) { return header.layout; }
#endif

std::span<const std::byte> bytes_of(const BlobHeader& header) {
  return {reinterpret_cast<const std::byte*>(&header), header.total_size};
}

std::size_t table_end(const BlobHeader& header) {
  return sizeof(BlobHeader) + header.section_count * sizeof(Section);
}

std::uint32_t header_checksum(const BlobHeader& header) {
  const auto bytes = std::span{reinterpret_cast<const std::byte*>(&header), table_end(header)};
  const std::uint32_t crc = crc32c(bytes.first(offsetof(BlobHeader, checksum)));
  return crc32c(bytes.subspan(sizeof(BlobHeader)), crc);
}

bool is_zero(std::span<const std::byte> bytes) {
  for (const std::byte b : bytes) {
    if (b != std::byte{0}) return false;
  }
  return true;
}

// Bytes that a section of this kind has for this layer; 0 where the model has no such section.
std::size_t section_size(const BlobHeader& header, SectionKind kind, const Dense& layer) {
  const bool integer = type_of(header) == Type::kS8;
  const std::size_t padded = round_up(layer.out, kOutputPad);
  switch (kind) {
    case SectionKind::kWeights:
      return packed_size(layout_of(header), type_of(header), layer.in, layer.out) *
             weight_size(type_of(header));
    case SectionKind::kBias:
      return padded * sizeof(std::int32_t);
    case SectionKind::kMultiplier:
      return integer ? padded * sizeof(std::uint16_t) : 0;
    case SectionKind::kRescale:
      return integer && layer.activation == Activation::kSoftplus ? padded * sizeof(std::int16_t)
                                                                  : 0;
    case SectionKind::kClasses:
      return 0;  // find_classes knows
    case SectionKind::kGolden:
      return integer ? golden_crc_offset(layer.in, layer.wide_input) + sizeof(std::uint32_t) : 0;
  }
  return 0;
}

bool has_layer(const BlobHeader& header, std::size_t layer) {
  return (header.parts & (layer < kDecoder0 ? kEncoderPart : kDecoderPart)) != 0;
}

// Points the layer's view at a section. False where that was done before.
bool attach(Dense& dense, SectionKind kind, const std::byte* start) {
  const auto set = [start](auto& pointer) {
    if (pointer != nullptr) return false;
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(start);
    return true;
  };
  switch (kind) {
    case SectionKind::kWeights:
      return set(dense.weights);
    case SectionKind::kBias:
      return set(dense.bias);
    case SectionKind::kMultiplier:
      return set(dense.multiplier);
    case SectionKind::kRescale:
      return set(dense.rescale);
    case SectionKind::kGolden:
    case SectionKind::kClasses:
      return true;  // found in the table by those who want it
  }
  return false;
}

Status check_fields(const BlobHeader& header) {
  if (header.type > Type::kBf16 || header.layout > Layout::kMve ||
      (header.layout != Layout::kHost && header.type != Type::kS8)) {
    return Status::kBadType;
  }
  if (header.parts == 0 || header.parts > (kEncoderPart | kDecoderPart)) return Status::kBadParts;
  if (!is_zero(std::as_bytes(std::span{header.reserved}))) return Status::kBadReserved;
  const auto& [pixels, hidden1, hidden2, latent] = header.dimensions;
  for (const int width : {int{pixels}, int{hidden1}, int{hidden2}, 2 * latent}) {
    if (width < 1 || width > int{kMaxWidth}) return Status::kBadDimensions;
  }
  if (header.type != type_of(header) || header.layout != layout_of(header)) {
    return Status::kUnsupportedKernel;
  }
  for (const auto& [pre, post] : header.shifts) {
    if (pre > kMaxPreShift || post > kMaxPostShift) return Status::kBadShift;
  }
  return Status::kOk;
}

// Where a section stands: within the blob, aligned, behind `end` of what comes before it.
Status check_place(const BlobHeader& header, const Section& section, std::size_t end) {
  if (section.offset % kBlobAlignment != 0) return Status::kMisalignedSection;
  if (section.offset > header.total_size || section.size > header.total_size - section.offset) {
    return Status::kSectionOutOfRange;
  }
  if (section.offset < end) return Status::kOverlappingSections;
  if (section.reserved != 0 || section.flags > kMaySkip) return Status::kBadReserved;
  return Status::kOk;
}

// True where all values are 1 to `highest`, which is a power of two less one. Without branches,
// since each boot looks at thousands.
bool are_legal(const std::uint16_t* values, std::size_t count, std::uint32_t highest) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t value = values[i];
    bits |= value | (value - 1);  // of 0 every bit
  }
  return bits <= highest;
}
static_assert(std::has_single_bit(kMaxMultiplier + 1u) && std::has_single_bit(kMaxRescale + 1u));

// Walks the section table: every section in its place and of the size that its kind wants. Points
// the layers, whose sizes are known, at them. Apart from open_blob, boards need fewer bytes.
[[gnu::noinline]] Status check_sections(const BlobHeader& header,
                                        std::array<Dense, kLayerCount>& layers) {
  const std::byte* base = bytes_of(header).data();
  std::size_t end = table_end(header);
  for (const Section& section : sections(header)) {
    if (const Status status = check_place(header, section, end); status != Status::kOk) {
      return status;
    }
    end = section.offset + section.size;
    if (section.kind < SectionKind::kWeights || section.kind > SectionKind::kGolden) {
      if (section.flags != kMaySkip) return Status::kUnknownSection;
      continue;
    }
    if (section.layer >= kLayerCount || !has_layer(header, section.layer)) {
      return Status::kMisplacedSection;
    }
    Dense& layer = layers[section.layer];
    const std::size_t wanted = section_size(header, section.kind, layer);
    if (wanted == 0) return Status::kMisplacedSection;
    if (section.size != wanted) return Status::kBadSectionSize;
    if (!attach(layer, section.kind, base + section.offset)) return Status::kDuplicateSection;
    const bool multiplier = section.kind == SectionKind::kMultiplier;
    if ((multiplier || section.kind == SectionKind::kRescale) &&
        !are_legal(
            multiplier ? layer.multiplier : reinterpret_cast<const std::uint16_t*>(layer.rescale),
            layer.out, multiplier ? kMaxMultiplier : kMaxRescale)) {
      return Status::kBadScale;
    }
  }
  return Status::kOk;
}

// The smallest and the largest sum of an output that legal inputs can reach.
struct SumRange {
  std::int64_t lowest, highest;
};

// Walks an output's weights, padding and all. False where padding is not zero. Kernels rely on it:
// they read inputs beyond the last one, whatever these are. `range` is of s8 models alone.
bool walk_output(const BlobHeader& header, const Dense& layer, std::size_t output,
                 SumRange& range) {
  const std::size_t inputs = round_up(layer.in, input_pad(layout_of(header), type_of(header)));
  std::int32_t positive = 0;
  std::int32_t negative = 0;
  for (std::size_t input = 0; input < inputs; ++input) {
    const std::size_t index =
        packed_index(layout_of(header), type_of(header), layer.in, layer.out, output, input);
    std::int32_t weight;
    if (type_of(header) == Type::kS8) {
      weight = logical_weight(layout_of(header), output,
                              static_cast<const std::int8_t*>(layer.weights)[index]);
    } else if (weight_size(type_of(header)) == sizeof(std::uint16_t)) {
      weight = static_cast<const std::uint16_t*>(layer.weights)[index];
    } else {
      weight = static_cast<const std::int32_t*>(layer.weights)[index];  // its bits
    }
    if (output < layer.out && input < layer.in) {
      if (type_of(header) == Type::kS8) (weight < 0 ? negative : positive) += weight;
    } else if (weight != 0) {
      return false;
    }
  }
  range = {std::int64_t{negative} * kMaxActivation, std::int64_t{positive} * kMaxActivation};
  if (layer.wide_input) {
    range.highest = (std::int64_t{positive} - negative) * kMaxLatent;
    range.lowest = -range.highest;
  }
  return true;
}

bool fits_s32(std::int64_t v) { return static_cast<std::int32_t>(v) == v; }

// One output of an s8 layer: none of its sums can overflow.
Status check_arithmetic(const Dense& layer, std::size_t output, const SumRange& range) {
  const std::int64_t multiplier = layer.multiplier[output];
  const std::int64_t bias = static_cast<const std::int32_t*>(layer.bias)[output];
  for (const std::int64_t sum : {range.lowest, range.highest}) {
    if (!fits_s32(sum) || !fits_s32((sum >> layer.pre_shift) * multiplier + bias) ||
        (!layer.wide_input && (sum < -kMaxNarrowSum || sum > kMaxNarrowSum))) {
      return Status::kAccumulatorOverflow;
    }
  }
  return Status::kOk;
}

Status check_layer(const BlobHeader& header, const Dense& layer) {
  const std::size_t outputs = packed_size(layout_of(header), type_of(header), layer.in, layer.out) /
                              round_up(layer.in, input_pad(layout_of(header), type_of(header)));
  for (std::size_t output = 0; output < outputs; ++output) {
    SumRange range;
    if (!walk_output(header, layer, output, range)) return Status::kBadPadding;
    if (output >= layer.out || type_of(header) != Type::kS8) continue;
    if (const Status status = check_arithmetic(layer, output, range); status != Status::kOk) {
      return status;
    }
  }
  const std::size_t more = round_up(layer.out, kOutputPad) - layer.out;
  const auto ends_in_zeros = [&](const void* values, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(values);
    return values == nullptr || is_zero({bytes + layer.out * size, more * size});
  };
  return ends_in_zeros(layer.bias, sizeof(std::int32_t)) &&
                 ends_in_zeros(layer.multiplier, sizeof(std::uint16_t)) &&
                 ends_in_zeros(layer.rescale, sizeof(std::int16_t))
             ? Status::kOk
             : Status::kBadPadding;
}

}  // namespace

std::span<const Section> sections(const BlobHeader& header) {
  return {reinterpret_cast<const Section*>(&header + 1), header.section_count};
}

Status read_header(std::span<const std::byte> bytes, const BlobHeader*& result) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kBlobAlignment != 0) {
    return Status::kMisaligned;
  }
  if (bytes.size() < sizeof(BlobHeader)) return Status::kTruncated;
  const auto& header = *reinterpret_cast<const BlobHeader*>(bytes.data());
  if (header.magic != kBlobMagic) return Status::kBadMagic;
  if (header.version != kBlobVersion) return Status::kUnknownVersion;
  if (header.total_size > bytes.size()) return Status::kTruncated;
  if (header.total_size < table_end(header)) return Status::kBadTable;
  if (header.checksum != header_checksum(header)) return Status::kBadHeaderChecksum;
  if (const Status status = check_fields(header); status != Status::kOk) return status;
  result = &header;
  return Status::kOk;
}

Status open_blob(std::span<const std::byte> bytes, const Dimensions& dimensions, BlobView& view) {
  const BlobHeader* header = nullptr;
  if (const Status status = read_header(bytes, header); status != Status::kOk) return status;
  if (header->dimensions != dimensions) return Status::kWrongShape;

  BlobView result;
  result.header = header;
  const auto sizes = layer_sizes(dimensions);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    Dense& layer = result.layers[i];
    layer.in = sizes[i].in;
    layer.out = sizes[i].out;
    layer.pre_shift = header->shifts[i][0];
    layer.post_shift = header->shifts[i][1];
    layer.wide_input = has_wide_input(i);
    layer.activation = layer_activation(i);
  }
  if (const Status status = check_sections(*header, result.layers); status != Status::kOk) {
    return status;
  }
  const bool integer = type_of(*header) == Type::kS8;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(*header, i)) continue;
    const Dense& layer = result.layers[i];
    const bool rescaled = integer && layer.activation == Activation::kSoftplus;
    if (layer.weights == nullptr || layer.bias == nullptr ||
        (integer && layer.multiplier == nullptr) || (rescaled && layer.rescale == nullptr)) {
      return Status::kMissingSection;
    }
  }
#if !defined(PICOVAE_ONLY_LAYOUT)  // boards leave this to those that draw a class
  ClassPriors classes;
  const Status status = find_classes(result, classes);
  if (status != Status::kOk && status != Status::kNoClasses) return status;
#endif
  view = result;
  return Status::kOk;
}

Status verify_blob(const BlobView& view) {
  if (view.header == nullptr) return Status::kNotOpen;
  const BlobHeader& header = *view.header;
  const std::span<const std::byte> bytes = bytes_of(header);
  std::size_t end = table_end(header);
  for (const Section& section : sections(header)) {
    if (!is_zero(bytes.subspan(end, section.offset - end))) return Status::kBadPadding;
    if (crc32c(bytes.subspan(section.offset, section.size)) != section.checksum) {
      return Status::kBadSectionChecksum;
    }
    end = section.offset + section.size;
  }
  if (!is_zero(bytes.subspan(end))) return Status::kBadPadding;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(header, i)) continue;
    if (const Status status = check_layer(header, view.layers[i]); status != Status::kOk) {
      return status;
    }
  }
  return Status::kOk;
}

}  // namespace picovae
