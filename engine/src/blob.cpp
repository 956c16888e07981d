// open_blob: the cheap checks of every boot. Every read stays within the bytes given.
#include "picovae/blob.hpp"
#include "picovae/standard.hpp"

#include "blob_checks.hpp"
#include "picovae/classes.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "picovae/thresholds.hpp"

namespace picovae {
namespace {

std::uint32_t header_checksum(const BlobHeader& header) {
  const auto bytes = span{reinterpret_cast<const std::byte*>(&header), table_end(header)};
  const std::uint32_t crc = crc32c(bytes.first(offsetof(BlobHeader, checksum)));
  return crc32c(bytes.subspan(sizeof(BlobHeader)), crc);
}

Status check_fields(const BlobHeader& header) {
  if (header.type > Type::kBf16 || header.layout > Layout::kMve ||
      (header.layout != Layout::kHost && header.type != Type::kS8)) {
    return Status::kBadType;
  }
  if (header.parts == 0 || header.parts > (kEncoderPart | kDecoderPart)) return Status::kBadParts;
  const std::size_t known =
      header.version == 1 ? offsetof(BlobHeader, dead_inputs) : offsetof(BlobHeader, reserved);
  const bool high = header.greatest != 0;
  if (high && (header.type != Type::kS8 || header.greatest <= kMaxActivation)) {
    return Status::kBadReserved;
  }
  const span fields{reinterpret_cast<const std::byte*>(&header), offsetof(BlobHeader, checksum)};
  if (!is_zero(fields.subspan(known)) || header.relu > 1) return Status::kBadReserved;
  const Dimensions& d = header.dimensions;
  const std::uint16_t pixels = d.pixels;
  for (const int width : {int{pixels}, int{d.hidden1}, int{d.inner()}, 2 * d.latent}) {
    if (width < 1 || width > int{kMaxWidth}) return Status::kBadDimensions;
  }
  if (header.columns != 0 && pixels % header.columns != 0) return Status::kBadDimensions;
  if (header.dead_inputs >= pixels || header.dead_outputs >= pixels) return Status::kBadLivePixels;
  if (header.type != type_of(header) || header.layout != layout_of(header)) {
    return Status::kUnsupportedKernel;
  }
  if (is_relu(hidden_activation(header)) != (header.relu != 0)) return Status::kWrongActivation;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const auto& [pre, post] = header.shifts[i];
    // A shifted bias makes up for shifted inputs only if nothing of their sum is cut off.
    const int most_pre = high && has_hidden_input(i) ? 0 : kMaxPreShift;
    if (pre > most_pre || post > kMaxPostShift) return Status::kBadShift;
  }
  return Status::kOk;
}

// A section's place: within the blob, aligned, not before `end`, where the previous one ends.
Status check_place(const BlobHeader& header, const Section& section, std::size_t end) {
  if (section.offset % kBlobAlignment != 0) return Status::kMisalignedSection;
  if (section.offset > header.total_size || section.size > header.total_size - section.offset) {
    return Status::kSectionOutOfRange;
  }
  if (section.offset < end) return Status::kOverlappingSections;
  if (section.reserved != 0 || section.flags > kMaySkip) return Status::kBadReserved;
  return Status::kOk;
}

// True if all values are 1 to `highest`, a power of two minus 1. Without branches, since each boot
// checks thousands.
bool are_legal(span<const std::uint16_t> values, std::uint32_t highest) {
  std::uint32_t bits = 0;
  for (const std::uint32_t value : values) bits |= value | (value - 1);  // of 0 every bit
  return bits <= highest;
}
static_assert((kMaxMultiplier & (kMaxMultiplier + 1)) == 0 &&
              (kMaxRescale & (kMaxRescale + 1)) == 0);

// Points `data`, of a layer's view, at a section.
template <typename T>
Status attach(const T*& data, std::size_t size, const Section& section, const std::byte* start) {
  if (section.size != size) return Status::kBadSectionSize;
  if (data != nullptr) return Status::kDuplicateSection;
  data = reinterpret_cast<const T*>(start);
  return Status::kOk;
}

// True for the kinds that every reader knows.
bool is_of_layer(SectionKind kind) {
  return (kind >= SectionKind::kWeights && kind <= SectionKind::kGolden) ||
         kind == SectionKind::kLive || (kHasS4 && kind == SectionKind::kWeights4);
}

// The live pixels of one end of the model: runs over all pixels, as many of them dead as the header
// says.
//   live    the end's
//   pixels  of an image
//   dead    of them
//   logits  of dead pixels: of a decoder as many, of an encoder none
Status check_live(const Section& section, const std::byte* start, std::size_t pixels,
                  std::size_t dead, std::size_t logits, LivePixels& live) {
  const LivePixels found{reinterpret_cast<const std::uint16_t*>(start)};
  if (dead == 0) return Status::kMisplacedSection;
  if (section.size < sizeof(std::uint16_t)) return Status::kBadSectionSize;
  const Status status =
      attach(live.section, live_section_size(found.run_count(), logits), section, start);
  if (status != Status::kOk) return status;
  for (const LiveRun run : detail::runs_of(found)) {
    pixels -= run.dead + run.live;
    dead -= run.dead;
  }
  return pixels == 0 && dead == 0 ? Status::kOk : Status::kBadLivePixels;
}

// A section of a layer: its kind, its size and its scales. Points the layer at it.
Status check_section(const BlobHeader& header, const Section& section, BlobView& view) {
  Dense& layer = view.layers[section.layer];
  const std::byte* start = bytes_of(header).data() + section.offset;
  const std::size_t outputs = round_up(layer.out, kOutputPad);
  if (section.kind == SectionKind::kWeights) {
    const std::size_t count = packed_size(layout_of(header), type_of(header), layer.in, layer.out);
    return attach(layer.weights, count * weight_size(type_of(header)), section, start);
  }
  if (section.kind == SectionKind::kBias) {
    const std::size_t rows = bias_rows(layout_of(header), layer.high_input);
    return attach(layer.bias, rows * outputs * sizeof(std::int32_t), section, start);
  }
  if (type_of(header) != Type::kS8) return Status::kMisplacedSection;
  if (kHasS4 && section.kind == SectionKind::kWeights4) {
    if (section.layer < kDecoder0) return Status::kMisplacedSection;
    layer.s4 = true;
    return attach(layer.weights, s4_size(layout_of(header), layer.in, layer.out), section, start);
  }
  if (section.kind == SectionKind::kGolden) {
    const std::size_t size = golden_crc_offset(layer.in, layer.wide_input) + sizeof(std::uint32_t);
    return section.size == size ? Status::kOk : Status::kBadSectionSize;
  }
  if (section.kind == SectionKind::kLive) {
    const std::size_t pixels = header.dimensions.pixels;
    if (section.layer == kDecoder2) {
      const std::size_t dead = header.dead_outputs;
      return check_live(section, start, pixels, dead, dead, view.outputs);
    }
    if (section.layer != kEncoder0) return Status::kMisplacedSection;
    return check_live(section, start, pixels, header.dead_inputs, 0, view.inputs);
  }
  const bool multiplier = section.kind == SectionKind::kMultiplier;
  if (!multiplier && !is_hidden(layer.activation)) return Status::kMisplacedSection;
  const Status status =
      multiplier ? attach(layer.multiplier, outputs * sizeof(std::uint16_t), section, start)
                 : attach(layer.rescale, outputs * sizeof(std::int16_t), section, start);
  if (status != Status::kOk) return status;
  const auto* scales = reinterpret_cast<const std::uint16_t*>(start);
  const bool legal = are_legal({scales, layer.out}, multiplier ? kMaxMultiplier : kMaxRescale);
  return legal ? Status::kOk : Status::kBadScale;
}

// Walks the section table. Not inlined: boards need fewer bytes for it apart from open_blob.
[[gnu::noinline]] Status check_sections(const BlobHeader& header, BlobView& view) {
  std::size_t end = table_end(header);
  for (const Section& section : sections(header)) {
    Status status = check_place(header, section, end);
    if (status != Status::kOk) return status;
    end = section.offset + section.size;
    if (!is_of_layer(section.kind)) {
      if (section.flags != kMaySkip) return Status::kUnknownSection;
      continue;
    }
    if (section.layer >= kLayerCount || !has_part_of(header.parts, section.layer) ||
        view.layers[section.layer].out == 0) {
      return Status::kMisplacedSection;
    }
    status = check_section(header, section, view);
    if (status != Status::kOk) return status;
  }
  return Status::kOk;
}

}  // namespace

Status read_header(span<const std::byte> bytes, const BlobHeader*& result) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kBlobAlignment != 0) {
    return Status::kMisaligned;
  }
  if (bytes.size() < sizeof(BlobHeader)) return Status::kTruncated;
  const auto& header = *reinterpret_cast<const BlobHeader*>(bytes.data());
  if (header.magic != kBlobMagic) return Status::kBadMagic;
  if (header.version == 0 || header.version > kBlobVersion) return Status::kUnknownVersion;
  if (header.total_size > bytes.size()) return Status::kTruncated;
  if (header.total_size < table_end(header)) return Status::kBadTable;
  if (header.checksum != header_checksum(header)) return Status::kBadHeaderChecksum;
  if (const Status status = check_fields(header); status != Status::kOk) return status;
  result = &header;
  return Status::kOk;
}

Status open_blob(span<const std::byte> bytes, BlobView& view) {
  const BlobHeader* header = nullptr;
  if (const Status status = read_header(bytes, header); status != Status::kOk) return status;

  BlobView result;
  result.header = header;
  const auto sizes = layer_sizes(*header);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    Dense& layer = result.layers[i];
    layer.in = sizes[i].in;
    layer.out = sizes[i].out;
    layer.pre_shift = header->shifts[i][0];
    layer.post_shift = header->shifts[i][1];
    layer.wide_input = has_wide_input(i);
    layer.high_input = header->greatest != 0 && has_hidden_input(i);
    layer.activation = layer_activation(i, hidden_activation(*header));
    layer.greatest = greatest_activation(*header);
    layer.shifted = static_cast<std::uint16_t>(round_up(layer.out, kOutputPad));
  }
  if (const Status status = check_sections(*header, result); status != Status::kOk) {
    return status;
  }
  if (result.inputs.all() != (header->dead_inputs == 0) ||
      result.outputs.all() != (header->dead_outputs == 0)) {
    return Status::kMissingSection;
  }
  const bool integer = type_of(*header) == Type::kS8;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const Dense& layer = result.layers[i];
    if (!has_part_of(header->parts, i) || layer.out == 0) continue;
    const bool rescaled = integer && is_hidden(layer.activation);
    if (layer.weights == nullptr || layer.bias == nullptr ||
        (integer && layer.multiplier == nullptr) || (rescaled && layer.rescale == nullptr)) {
      return Status::kMissingSection;
    }
  }
#if !defined(PICOVAE_ONLY_LAYOUT)  // boards check sections where they use them, and draw dead
                                   // pixels as 0 anyway
  for (std::size_t i = 0; i < header->dead_outputs; ++i) {
    if (result.outputs.dead_logits()[i] > kDeadLogit) return Status::kBadLivePixels;
  }
  ClassPriors classes;
  Status status = find_classes(result, classes);
  if (status != Status::kOk && status != Status::kNoClasses) return status;
  Thresholds thresholds;
  status = find_thresholds(result, thresholds);
  if (status != Status::kOk && status != Status::kNoThresholds) return status;
#endif
  view = result;
  return Status::kOk;
}

}  // namespace picovae
