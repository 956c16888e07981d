// verify_blob: that every byte of an open blob is what was written, and that no sum can overflow.
#include "blob_checks.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"
#include "picovae/ranges.hpp"
#include "picovae/s4.hpp"
#include "picovae/standard.hpp"

namespace picovae {
namespace {

// Layout and Weight (an s8, or the bits of another type) are constants below: the loop over all
// weights is most of what verification takes.

// Weights of an output that are not of 4 bits, where they are packed. What all of them have in
// common is found once: compilers that save bytes leave it in loops.
template <Layout kLayout, typename Weight>
class Row {
 public:
  Row(const Dense& layer, std::size_t output)
      : in_(layer.in),
        out_(layer.out),
        output_(output),
        first_(static_cast<const Weight*>(layer.weights) +
               (kHasS4 && layer.s4 ? 0 : index(output, 0))),
        offset_(kInteger ? stored_offset(kLayout, layer.high_input, output) : 0) {}

  std::int32_t operator[](std::size_t input) const {
    // Outputs of boards have their weights equally far apart; the last panel of a host may be
    // narrower.
    const std::size_t apart =
        kLayout == Layout::kHost ? index(output_, input) - index(output_, 0) : index(0, input);
    const Weight stored = first_[apart];
    return static_cast<std::int32_t>(stored) ^ offset_;
  }

 private:
  static constexpr bool kInteger = sizeof(Weight) == 1;

  std::size_t index(std::size_t output, std::size_t input) const {
    return packed_index(kLayout, kInteger ? Type::kS8 : Type::kF32, in_, out_, output, input);
  }

  std::size_t in_, out_, output_;
  const Weight* first_;
  std::int32_t offset_;
};

// What a weight of 4 bits stands for; in outputs of padding, whose scales are 0, the weight.
template <Layout kLayout>
std::int32_t s4_weight_at(const Dense& layer, std::size_t output, std::size_t input) {
  const S4Weight weight = s4_weight(kLayout, layer.weights, layer.in, output, input);
  return output < layer.out ? weight.q * weight.scale : weight.q;
}

// Of an s4 layer's output: its scales are legal, and those of padding zero.
template <Layout kLayout>
Status check_scales(const Dense& layer, std::size_t output) {
  const auto* packed = static_cast<const std::uint8_t*>(layer.weights);
  for (std::size_t group = 0; group < s4_groups(layer.in); ++group) {
    const bool zero = s4_half_byte(packed, s4_scale_index(kLayout, layer.in, output, group)) == 0;
    if (zero != (output >= layer.out)) return zero ? Status::kBadScale : Status::kBadPadding;
  }
  return Status::kOk;
}

// Whether the weights of an output of a layer with high_input are within their bounds. Its padding
// is zero. Weights of a group are as far apart in every group: not found one by one, since boards
// check hundreds of thousands.
template <Layout kLayout>
[[gnu::noinline]] bool groups_hold(const Dense& layer, std::size_t output) {
  const auto apart = [](std::size_t input) {
    return packed_index(kLayout, Type::kS8, kInputPad, output_pad(kLayout), 0, input);
  };
  constexpr std::size_t kApart[kInputPad] = {0, apart(1), apart(2), apart(3)};
  const auto* packed = static_cast<const std::int8_t*>(layer.weights);
  const std::int32_t offset = stored_offset(kLayout, true, output);
  const GroupBounds whole(layer.greatest, kInputPad);
  const GroupBounds last(layer.greatest, (layer.in - 1u) % kInputPad + 1);
  for (std::size_t first = 0; first < layer.in; first += kInputPad) {
    std::int32_t weights[kInputPad];
    if (kHasS4 && layer.s4) {
      for (std::size_t i = 0; i < kInputPad; ++i) {
        const S4Weight weight = s4_weight(kLayout, layer.weights, layer.in, output, first + i);
        weights[i] = weight.q * weight.scale;
      }
    } else {
      const std::size_t at = packed_index(kLayout, Type::kS8, layer.in, layer.out, output, first);
      for (std::size_t i = 0; i < kInputPad; ++i) {
        weights[i] = packed[at + kApart[i]] ^ offset;
      }
    }
    const bool is_last = layer.in - first <= kInputPad;
    if (!(is_last ? last : whole).hold(weights)) return false;
  }
  return true;
}

// One output, padding and all. Kernels read inputs up to the padding, so its weights must be 0. The
// sums of an s8 output must stay within their limits. Not inlined: the loop needs the registers.
// Nor calls anything there, if it can be helped.
template <Layout kLayout, typename Weight>
[[gnu::noinline, gnu::flatten]] Status check_output(const Dense& layer, std::size_t output) {
  constexpr bool kInteger = sizeof(Weight) == 1;
  const bool s4 = kHasS4 && kInteger && layer.s4;
  if (s4) {
    const Status status = check_scales<kLayout>(layer, output);
    if (status != Status::kOk) return status;
  }
  const std::size_t padding = output < layer.out ? layer.in : 0;  // the first input of it
  const std::size_t inputs =
      round_up(layer.in, input_pad(kLayout, kInteger ? Type::kS8 : Type::kF32));
  const Row<kLayout, Weight> row(layer, output);
  std::int32_t positive = 0;
  std::int32_t negative = 0;
  for (std::size_t input = kInteger ? 0 : padding; input < inputs; ++input) {
    const std::int32_t weight = s4 ? s4_weight_at<kLayout>(layer, output, input) : row[input];
    if (input < padding) {  // no branch on the sign, which no processor predicts
      positive += weight > 0 ? weight : 0;
      negative += weight < 0 ? weight : 0;
    } else if (weight != 0) {
      return Status::kBadPadding;
    }
  }
  if (!kInteger || output >= layer.out) return Status::kOk;
  const SumRange sum = sum_range(positive, negative, layer.wide_input, greatest_input(layer));
  const std::int32_t bias = static_cast<const std::int32_t*>(layer.bias)[output];
  const SumRange scaled = scaled_range(sum, layer.pre_shift, layer.multiplier[output], bias);
  if (!sum.is_within(sum_limits(layer.wide_input)) || !scaled.is_within(kScaledLimits)) {
    return Status::kAccumulatorOverflow;
  }
  if (!layer.high_input) return Status::kOk;
  if (!groups_hold<kLayout>(layer, output)) return Status::kAccumulatorOverflow;
  if (bias_rows(kLayout, true) == 1) return Status::kOk;
  const std::int32_t shifted = static_cast<const std::int32_t*>(layer.bias)[layer.shifted + output];
  return shifted == shifted_bias(bias, positive + negative, layer.multiplier[output])
             ? Status::kOk
             : Status::kBadScale;
}

using CheckOutput = Status (*)(const Dense& layer, std::size_t output);

CheckOutput check_output_of(const BlobHeader& header) {
  if (type_of(header) == Type::kS8) {
    const Layout layout = layout_of(header);
    return layout == Layout::kCortexM ? check_output<Layout::kCortexM, std::int8_t>
           : layout == Layout::kMve   ? check_output<Layout::kMve, std::int8_t>
                                      : check_output<Layout::kHost, std::int8_t>;
  }
  return weight_size(type_of(header)) == sizeof(std::uint16_t)
             ? check_output<Layout::kHost, std::uint16_t>
             : check_output<Layout::kHost, std::uint32_t>;
}

Status check_layer(const BlobHeader& header, const Dense& layer) {
  const CheckOutput check_output = check_output_of(header);
  const std::size_t outputs = round_up(layer.out, output_pad(layout_of(header)));
  for (std::size_t output = 0; output < outputs; ++output) {
    const Status status = check_output(layer, output);
    if (status != Status::kOk) return status;
  }
  const std::size_t more = round_up(layer.out, kOutputPad) - layer.out;
  const auto ends_in_zeros = [&](const void* values, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(values);
    return values == nullptr || is_zero({bytes + layer.out * size, more * size});
  };
  const auto* bias = static_cast<const std::int32_t*>(layer.bias);
  const bool shifted = bias_rows(layout_of(header), layer.high_input) == 2;
  return ends_in_zeros(bias, sizeof(std::int32_t)) &&
                 (!shifted || ends_in_zeros(bias + layer.shifted, sizeof(std::int32_t))) &&
                 ends_in_zeros(layer.multiplier, sizeof(std::uint16_t)) &&
                 ends_in_zeros(layer.rescale, sizeof(std::int16_t))
             ? Status::kOk
             : Status::kBadPadding;
}

// Whether a golden input is one that its layer can get: of others nothing is proven about the sums.
template <typename X>
Status check_golden(const X* golden, std::size_t in, std::size_t padded, std::int32_t least,
                    std::int32_t greatest) {
  for (std::size_t i = 0; i < in; ++i) {
    if (golden[i] < least || golden[i] > greatest) return Status::kBadGolden;
  }
  for (std::size_t i = in; i < padded; ++i) {
    if (golden[i] != 0) return Status::kBadPadding;
  }
  return Status::kOk;
}

Status check_golden(const Dense& layer, const std::byte* golden) {
  const std::size_t padded = round_up(layer.in, kMveVector);
  return layer.wide_input ? check_golden(reinterpret_cast<const std::int16_t*>(golden), layer.in,
                                         padded, -kMaxLatent, kMaxLatent)
                          : check_golden(reinterpret_cast<const std::uint8_t*>(golden), layer.in,
                                         padded, 0, greatest_input(layer));
}

}  // namespace

Status verify_blob(const BlobView& view) {
  if (view.header == nullptr) return Status::kNotOpen;
  const BlobHeader& header = *view.header;
  const span<const std::byte> bytes = bytes_of(header);
  std::size_t end = table_end(header);
  for (const Section& section : sections(header)) {
    if (!is_zero(bytes.subspan(end, section.offset - end))) return Status::kBadPadding;
    if (crc32c(bytes.subspan(section.offset, section.size)) != section.checksum) {
      return Status::kBadSectionChecksum;
    }
    if (section.kind == SectionKind::kGolden) {
      const Status status = check_golden(view.layers[section.layer], bytes.data() + section.offset);
      if (status != Status::kOk) return status;
    }
    end = section.offset + section.size;
  }
  if (!is_zero(bytes.subspan(end))) return Status::kBadPadding;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (view.layers[i].weights == nullptr) continue;  // there is no such layer
    if (const Status status = check_layer(header, view.layers[i]); status != Status::kOk) {
      return status;
    }
  }
  return Status::kOk;
}

}  // namespace picovae
