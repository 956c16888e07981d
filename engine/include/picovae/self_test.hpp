// A device tests itself: the blob carries a golden input for each layer, and the CRC of what the
// layer has to make of it. That finds what no checksum of the file can: a kernel that computes
// wrongly on this core or with this compiler, and weights whose checksums were mended.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/blob.hpp"
#include "picovae/crc32c.hpp"
#include "picovae/kernels.hpp"
#include "picovae/layout.hpp"
#include "picovae/s4.hpp"
#include "picovae/shape.hpp"
#include "picovae/standard.hpp"
#include "picovae/status.h"

namespace picovae {

// Bytes of scratch that a row needs at least: a panel of s16 outputs.
inline constexpr std::size_t kSelfTestRowSize = kPanel * sizeof(std::int16_t);

namespace detail {
// Continues `crc` with `layer`'s outputs for x, `most` at a time. False if the rows, which all have
// the same input, differ.
//   scratch  [rows][most] outputs
//   most     a multiple of kPanel
inline bool add_outputs(Dense layer, Layout layout, DenseFn dense, const void* x,
                        std::byte* scratch, std::size_t most, std::size_t rows,
                        std::uint32_t& crc) {
  const std::size_t halves = halves_of_output(layout, layer);
  const std::size_t width = layer.activation == Activation::kIdentity ? sizeof(std::int16_t) : 1;
  for (std::size_t left = layer.out; left != 0; left -= layer.out) {
    layer.out = static_cast<std::uint16_t>(left < most ? left : most);
    dense(layer, x, 0, scratch, most, rows);
    const std::size_t size = layer.out * width;
    for (std::size_t row = 1; row < rows; ++row) {
      for (std::size_t i = 0; i < size; ++i) {
        if (scratch[row * most * width + i] != scratch[i]) return false;
      }
    }
    crc = crc32c({scratch, size}, crc);
    skip_outputs(layer, halves);
  }
  return true;
}
}  // namespace detail

// Runs the golden input of every layer that has one.
//   view      of an s8 model that open_blob accepted
//   dense     Kernels::s8 of the model's layout
//   scratch   [rows * row_size] bytes at a multiple of kArenaAlignment
//   row_size  kSelfTestRowSize or more: the more, the larger the pieces in which a layer is run
//   rows      1 or more: copies of an input that go through a kernel together
//   differs   out, if kWrongOutput is returned: the first layer that is wrong
// Returns kOk, kNoGolden or kWrongOutput.
PICOVAE_FOLDED Status self_test(const BlobView& view, DenseFn dense, std::byte* scratch,
                                std::size_t row_size, std::size_t rows, Layer& differs) {
  Status status = Status::kNoGolden;
  const std::size_t most = row_size / kSelfTestRowSize * kPanel;
  const auto* base = reinterpret_cast<const std::byte*>(view.header);
  for (const Section& section : sections(*view.header)) {
    if (section.kind != SectionKind::kGolden) continue;
    Dense layer = view.layers[section.layer];
    const std::byte* golden = base + section.offset;
    const auto* wanted = reinterpret_cast<const std::uint32_t*>(
        golden + golden_crc_offset(layer.in, layer.wide_input));
    const Activation last = section.layer == kDecoder2 ? Activation::kSigmoid : layer.activation;
    std::uint32_t crc = 0;
    bool rows_agree = true;
    for (const Activation activation : {Activation::kIdentity, last}) {
      layer.activation = activation;
      rows_agree = detail::add_outputs(layer, view.header->layout, dense, golden, scratch, most,
                                       rows, crc) &&
                   rows_agree;
    }
    if (!rows_agree || crc != *wanted) {
      differs = static_cast<Layer>(section.layer);
      return Status::kWrongOutput;
    }
    status = Status::kOk;
  }
  return status;
}

}  // namespace picovae
