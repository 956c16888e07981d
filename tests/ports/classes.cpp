// Firmware: draws ten digits of every class, and compares their CRC-32C with the one in the model.
//   ports/run.sh --program tests/ports/classes.cpp --model FILE [BOARD...]
#include <array>
#include <cstdint>
#include <span>

#include "picovae/signature.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;

Vae<ModelShape, Integer> vae;
DecoderArena<ModelShape, Integer> arena;
std::array<std::uint8_t, ModelShape::kPixels> pixels;

}  // namespace

int picovae_program() {
  ClassPriors priors;
  Signatures signatures;
  Status status = vae.open(port::model(), PICOVAE_KERNELS);
  if (status == Status::kOk) status = vae.verify();
  if (status == Status::kOk) status = find_classes(vae.view(), priors);
  if (status == Status::kOk) status = sign_classes(vae, arena, pixels.data(), signatures);
  if (status != Status::kOk) {
    port::write_decimal("failed: status ", static_cast<std::uint32_t>(status));
    return 1;
  }
  port::write_decimal("classes ", priors.header->classes);
  port::write_hexadecimal("signature_classes ", signatures.classes);
  if (signatures.classes == priors.header->signature) return 0;
  port::write("failed: another signature than the model's\n");
  return 1;
}
