// Firmware: the engine refuses the model once its header names the other activation of hidden
// layers, and takes it again as it was.
//   ports/run.sh --program tests/ports/activation.cpp [BOARD...]
#include <array>
#include <cstddef>
#include <span>

#include "picovae/crc32c.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

namespace picovae {
namespace {

constexpr std::size_t kBeginning = 4096;  // of the model: header, table and more

alignas(kBlobAlignment) std::array<std::byte, kBeginning> copy;

// What open_blob says of the beginning of a model with that activation: nothing that comes later
// is read before it refuses.
Status status_of(bool relu) {
  auto& header = *reinterpret_cast<BlobHeader*>(copy.data());
  header.relu = relu ? 1 : 0;
  const std::size_t table = header.section_count * sizeof(Section);
  const std::span<const std::byte> bytes = copy;
  header.checksum = crc32c(bytes.subspan(sizeof(BlobHeader), table),
                           crc32c(bytes.first(offsetof(BlobHeader, checksum))));
  BlobView view;
  return open_blob({copy.data(), header.total_size}, view);
}

}  // namespace

int check_activation() {
  const auto model = port::model();
  for (std::size_t i = 0; i < kBeginning && i < model.size(); ++i) copy[i] = model[i];
  if ((reinterpret_cast<const BlobHeader*>(model.data())->relu != 0) != kHasRelu) {
    port::write("the model has another activation than the engine\n");
    return 1;
  }
  const Status other = status_of(!kHasRelu);
  port::write_decimal("status ", static_cast<std::uint32_t>(other));
  if (other != Status::kWrongActivation) return 1;
  Vae<Shape<PICOVAE_SHAPE>, Integer> vae;
  return vae.open(model, PICOVAE_KERNELS) == Status::kOk ? 0 : 1;
}

}  // namespace picovae

int picovae_program() { return picovae::check_activation(); }
