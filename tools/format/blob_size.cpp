#include "tools/format/blob_size.hpp"

#include <cstdint>

#include "picovae/layout.hpp"
#include "picovae/live.hpp"

namespace picovae::tools {
namespace {

// Adds up sections as BlobWriter lays them out.
class Sections {
 public:
  void add(std::size_t bytes) {
    bytes_ += round_up(bytes, kBlobAlignment);
    ++count_;
  }
  std::size_t total() const {
    return round_up(sizeof(BlobHeader) + count_ * sizeof(Section), kBlobAlignment) + bytes_;
  }

 private:
  std::size_t bytes_ = 0, count_ = 0;
};

}  // namespace

std::size_t s8_blob_size(const BlobHeader& header, const SectionCounts& counts) {
  Sections sections;
  const auto sizes = layer_sizes(header);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (!has_layer(header, i)) continue;
    const LayerSize size = sizes[i];
    const std::size_t outputs = round_up(size.out, kOutputPad);
    sections.add(packed_size(header.layout, Type::kS8, size.in, size.out));
    const bool high_input = header.greatest != 0 && has_hidden_input(i);
    sections.add(bias_rows(header.layout, high_input) * outputs * sizeof(std::int32_t));
    sections.add(outputs * sizeof(std::uint16_t));  // multiplier
    if (is_hidden_layer(i)) sections.add(outputs * sizeof(std::int16_t));
    sections.add(golden_crc_offset(size.in, has_wide_input(i)) + sizeof(std::uint32_t));
  }
  if (header.dead_inputs != 0) sections.add(live_section_size(counts.input_runs, 0));
  if (header.dead_outputs != 0) {
    sections.add(live_section_size(counts.output_runs, header.dead_outputs));
  }
  if (counts.class_bytes != 0) sections.add(counts.class_bytes);
  return sections.total();
}

}  // namespace picovae::tools
