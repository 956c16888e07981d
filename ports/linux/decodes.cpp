// picovae_decodes MODEL: decodes while bench/count_instructions.c counts, with every ISA of this
// build that the processor runs: a line for each of them and each batch, with the counts before a
// decode, after it, and after two more.
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

#include "model_file.hpp"
#include "picovae/kernels.hpp"
#include "picovae/vae.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;

Vae<ModelShape, Integer> vae;

template <std::size_t Batch>
bool decode(int times) {
  static DecoderArena<ModelShape, Integer, Batch> arena;
  static std::array<std::int16_t, Batch * ModelShape::kLatent> z;
  static std::array<std::uint8_t, Batch * ModelShape::kPixels> pixels;
  bool ok = true;
  for (; times != 0; --times) {
    ok = vae.decode(z.data(), pixels.data(), arena, Batch) == Status::kOk && ok;
  }
  return ok;
}

// The plugin writes the count at this point of the output.
void mark() {
  std::fflush(stdout);
  static_cast<void>(getppid());
}

template <std::size_t Batch>
bool count(const Kernels& kernels) {
  if (!decode<Batch>(1)) return false;
  std::printf("%s %zu", kernels.name, Batch);
  mark();
  const bool once = decode<Batch>(1);
  mark();
  const bool twice = decode<Batch>(2);
  mark();
  std::printf("\n");
  return once && twice;
}

bool count_all(const Kernels& kernels, std::span<const std::byte> model) {
  return vae.open(model, kernels) == Status::kOk && count<1>(kernels) && count<8>(kernels);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s MODEL\n", argv[0]);
    return 2;
  }
  const ModelFile model(argv[1]);
  for (const Kernels* kernels : built_kernels()) {
    if (machine_runs(kernels->isa) && !count_all(*kernels, model.all())) {
      std::fprintf(stderr, "%s: no s8 model of this program's shape\n", argv[1]);
      return 1;
    }
  }
  return 0;
}
