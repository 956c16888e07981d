// picovae_decodes MODEL: decodes while bench/count_instructions.c counts, with every ISA of this
// build that the processor runs: a line for each, with the counts before a decode, after it, and
// after two more.
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>

#include "model_file.hpp"
#include "picovae/kernels.hpp"
#include "picovae/vae.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;

Vae<ModelShape, Integer> vae;
DecoderArena<ModelShape, Integer> arena;
std::array<std::int16_t, ModelShape::kLatent> z;
std::array<std::uint8_t, ModelShape::kPixels> pixels;

bool decode(int times) {
  bool ok = true;
  for (; times != 0; --times) ok = vae.decode(z.data(), pixels.data(), arena) == Status::kOk && ok;
  return ok;
}

// The plugin writes the count at this point of the output.
void mark() {
  std::fflush(stdout);
  static_cast<void>(getppid());
}

bool count(const Kernels& kernels, std::span<const std::byte> model) {
  if (vae.open(model, kernels) != Status::kOk || !decode(1)) return false;
  std::printf("%s", kernels.name);
  mark();
  const bool once = decode(1);
  mark();
  const bool twice = decode(2);
  mark();
  std::printf("\n");
  return once && twice;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s MODEL\n", argv[0]);
    return 2;
  }
  const ModelFile model(argv[1]);
  for (const Kernels* kernels : built_kernels()) {
    if (machine_runs(kernels->isa) && !count(*kernels, model.all())) {
      std::fprintf(stderr, "%s: no s8 model of this program's shape\n", argv[1]);
      return 1;
    }
  }
  return 0;
}
