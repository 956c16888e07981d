// Functions of the engine as a prover takes them: of numbers, and with names that C has. llvm_z3.py
// reads what clang makes of this file; nothing here runs.
#include <cstdint>

// A call, so that what calls it can be proven for whatever it returns.
namespace picovae {
[[gnu::noinline]] constexpr std::int32_t sigma_from_logvar(std::int32_t logvar);
}  // namespace picovae

#include "engine/src/blob.cpp"
#include "picovae/latent.hpp"
#include "picovae/ranges.hpp"
#include "requantize.hpp"

using namespace picovae;

extern "C" {

// ---- The integer contract

std::int32_t rescale_entry(std::int32_t sum, std::uint32_t multiplier, std::int32_t bias,
                           std::int32_t pre, std::int32_t post) {
  return rescale_sum(sum, multiplier, bias, pre, post);
}
std::int32_t requantize_entry(std::int32_t sum, std::uint32_t multiplier, std::int32_t bias,
                              std::int32_t pre, std::int32_t post) {
  return requantize(sum, multiplier, bias, pre, post);
}
std::int32_t lesser_entry(std::int32_t a, std::int32_t b) { return lesser(a, b); }
std::int32_t greater_entry(std::int32_t a, std::int32_t b) { return greater(a, b); }
std::int32_t hidden_entry(std::int32_t value, std::int32_t rescale, std::int32_t greatest) {
  return hidden_u8(value, rescale, greatest);
}
std::int32_t reparameterize_entry(std::int32_t mu, std::int32_t logvar, std::int32_t eps) {
  return LatentMath<Integer>::reparameterize(static_cast<std::int16_t>(mu),
                                             static_cast<std::int16_t>(logvar),
                                             static_cast<std::int16_t>(eps));
}

// ---- Ranges

// What check_output (verify.cpp) asks of an output's sums.
bool sums_hold_entry(std::int32_t positive, std::int32_t negative, bool wide, std::int32_t greatest,
                     std::int32_t pre, std::int32_t multiplier, std::int32_t bias) {
  const SumRange sum = sum_range(positive, negative, wide, greatest);
  const SumRange scaled = scaled_range(sum, pre, multiplier, bias);
  return sum.is_within(sum_limits(wide)) && scaled.is_within(kScaledLimits);
}
std::int32_t shifted_bias_entry(std::int32_t bias, std::int32_t weights, std::uint32_t multiplier) {
  return shifted_bias(bias, weights, multiplier);
}
bool group_holds_entry(std::int32_t greatest, std::int32_t inputs, std::int32_t w0, std::int32_t w1,
                       std::int32_t w2, std::int32_t w3) {
  return GroupBounds(greatest, static_cast<std::size_t>(inputs)).hold({w0, w1, w2, w3});
}

// ---- Places

// 0 if the section may be there.
std::int32_t place_entry(std::uint32_t total_size, std::uint32_t offset, std::uint32_t size,
                         std::uint8_t flags, std::uint8_t reserved, std::size_t end) {
  BlobHeader header{};
  header.total_size = total_size;
  Section section{};
  section.offset = offset;
  section.size = size;
  section.flags = flags;
  section.reserved = reserved;
  return static_cast<std::int32_t>(check_place(header, section, end));
}
std::size_t table_end_entry(std::uint8_t sections) {
  BlobHeader header{};
  header.section_count = sections;
  return table_end(header);
}
std::size_t packed_size_entry(std::uint8_t layout, std::uint8_t type, std::size_t in,
                              std::size_t out) {
  return packed_size(Layout{layout}, Type{type}, in, out);
}
std::size_t packed_index_entry(std::uint8_t layout, std::uint8_t type, std::size_t in,
                               std::size_t out, std::size_t output, std::size_t input) {
  return packed_index(Layout{layout}, Type{type}, in, out, output, input);
}

}  // extern "C"
