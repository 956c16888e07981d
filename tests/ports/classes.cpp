// Firmware: draws ten digits of every class, and compares their CRC-32C with the one in the model.
//   ports/run.sh --program tests/ports/classes.cpp --model FILE [BOARD...]
#include <array>
#include <cstdint>
#include <span>

#include "picovae/crc32c.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;

Vae<ModelShape, Integer> vae;
DecoderArena<ModelShape, Integer> arena;
std::array<std::uint8_t, ModelShape::kPixels> pixels;

Status sign(std::uint32_t& crc) {
  for (const std::uint8_t label : vae.classes()) {
    for (std::uint32_t digit = 0; digit < kClassSignatureDigits; ++digit) {
      const Status status = vae.generate_class(/*seed=*/1, label, digit, pixels.data(), arena);
      if (status != Status::kOk) return status;
      crc = crc32c(std::as_bytes(std::span(pixels)), crc);
    }
  }
  return Status::kOk;
}

}  // namespace

int picovae_program() {
  ClassPriors priors;
  std::uint32_t crc = 0;
  Status status = vae.open(port::model(), PICOVAE_KERNELS);
  if (status == Status::kOk) status = vae.verify();
  if (status == Status::kOk) status = find_classes(vae.view(), priors);
  if (status == Status::kOk) status = sign(crc);
  if (status != Status::kOk) {
    port::write_decimal("failed: status ", static_cast<std::uint32_t>(status));
    return 1;
  }
  port::write_decimal("classes ", priors.header->classes);
  port::write_hexadecimal("signature_classes ", crc);
  if (crc == priors.header->signature) return 0;
  port::write("failed: another signature than the model's\n");
  return 1;
}
