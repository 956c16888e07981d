// verify_blob: that every byte of an open blob is what was written, and that no sum can overflow.
#include "blob_checks.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"
#include "picovae/ranges.hpp"
#include "picovae/s4.hpp"

namespace picovae {
namespace {

// A packed weight: the value of an s8, the bits of another type.
std::int32_t weight_at(const BlobHeader& header, const Dense& layer, std::size_t output,
                       std::size_t input) {
  if (kHasS4 && layer.s4) {
    const S4Weight weight = s4_weight(layout_of(header), layer.weights, layer.in, output, input);
    return output < layer.out ? weight.q * weight.scale : weight.q;
  }
  const std::size_t index =
      packed_index(layout_of(header), type_of(header), layer.in, layer.out, output, input);
  if (type_of(header) == Type::kS8) {
    return logical_weight(layout_of(header), output,
                          static_cast<const std::int8_t*>(layer.weights)[index]);
  }
  if (weight_size(type_of(header)) == sizeof(std::uint16_t)) {
    return static_cast<const std::uint16_t*>(layer.weights)[index];
  }
  return static_cast<const std::int32_t*>(layer.weights)[index];
}

// Of an s4 layer's output: its scales are legal, and those of padding zero.
Status check_scales(const BlobHeader& header, const Dense& layer, std::size_t output) {
  const auto* packed = static_cast<const std::uint8_t*>(layer.weights);
  for (std::size_t group = 0; group < s4_groups(layer.in); ++group) {
    const bool zero =
        s4_half_byte(packed, s4_scale_index(layout_of(header), layer.in, output, group)) == 0;
    if (zero != (output >= layer.out)) return zero ? Status::kBadScale : Status::kBadPadding;
  }
  return Status::kOk;
}

// One output, padding and all. Kernels read inputs up to the padding, so its weights must be 0. The
// sums of an s8 output must stay within their limits. Not inlined: the loop needs the registers.
[[gnu::noinline]] Status check_output(const BlobHeader& header, const Dense& layer,
                                      std::size_t output) {
  const bool integer = type_of(header) == Type::kS8;
  const std::size_t inputs = round_up(layer.in, input_pad(layout_of(header), type_of(header)));
  if (kHasS4 && layer.s4) {
    const Status status = check_scales(header, layer, output);
    if (status != Status::kOk) return status;
  }
  std::int32_t positive = 0;
  std::int32_t negative = 0;
  for (std::size_t input = 0; input < inputs; ++input) {
    const std::int32_t weight = weight_at(header, layer, output, input);
    if (output < layer.out && input < layer.in) {
      if (integer) (weight < 0 ? negative : positive) += weight;
    } else if (weight != 0) {
      return Status::kBadPadding;
    }
  }
  if (!integer || output >= layer.out) return Status::kOk;
  const SumRange sum = sum_range(positive, negative, layer.wide_input);
  const SumRange scaled = scaled_range(sum, layer.pre_shift, layer.multiplier[output],
                                       static_cast<const std::int32_t*>(layer.bias)[output]);
  return sum.is_within(sum_limits(layer.wide_input)) && scaled.is_within(kScaledLimits)
             ? Status::kOk
             : Status::kAccumulatorOverflow;
}

Status check_layer(const BlobHeader& header, const Dense& layer) {
  const std::size_t outputs = round_up(layer.out, output_pad(layout_of(header)));
  for (std::size_t output = 0; output < outputs; ++output) {
    const Status status = check_output(header, layer, output);
    if (status != Status::kOk) return status;
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
    if (!has_layer(header.parts, i)) continue;
    if (const Status status = check_layer(header, view.layers[i]); status != Status::kOk) {
      return status;
    }
  }
  return Status::kOk;
}

}  // namespace picovae
