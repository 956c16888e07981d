// picovae_signatures MODEL SELECTED [ISA]: computes the signatures of an s8 model
// (engine/FORMAT.md) with every ISA of this build that the processor runs, or with ISA alone.
// Succeeds if all equal those in the model and the engine selects SELECTED by itself.
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>

#include "model_file.hpp"
#include "picovae/kernels.hpp"
#include "picovae/signature.hpp"
#include "picovae/vae.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;
constexpr std::size_t kBatch = 10;  // some kernels have another path for many rows than for one

template <std::size_t Batch>
bool signs_as_model(const Vae<ModelShape, Integer>& vae, const char* isa) {
  static Arena<ModelShape, Integer, Batch> arena;
  static std::array<std::uint8_t, Batch * ModelShape::kPixels> pixels;
  static std::array<Score, Batch> scores;
  const bool reconstructs = vae.view().has(kEncoderPart);
  Signatures found;
  if (sign_digits(vae, arena, pixels.data(), found) != Status::kOk ||
      sign_classes(vae, arena, pixels.data(), found) != Status::kOk) {
    return false;
  }
  if (reconstructs && sign_scores(vae, arena, pixels.data(), scores.data(), found) != Status::kOk) {
    return false;
  }
  const bool equal = agree(found, signatures_of(vae.view()));
  std::printf("%-8s batch %2zu  signature %08" PRIx32, isa, Batch, found.generated);
  if (reconstructs) {
    std::printf("  signature_reconstruct %08" PRIx32, found.reconstructed);
    std::printf("  signature_scores %08" PRIx32, found.scores);
  }
  if (!vae.classes().empty()) std::printf("  signature_classes %08" PRIx32, found.classes);
  std::printf("  %s\n", equal ? "ok" : "NOT THE MODEL'S");
  return equal;
}

bool check(const Kernels& kernels, std::span<const std::byte> model) {
  Vae<ModelShape, Integer> vae;
  Status status = vae.open(model, kernels);
  if (status == Status::kOk) status = vae.verify();
  const BlobHeader* header = nullptr;
  if (status == Status::kWrongShape && read_header(model, header) == Status::kOk) {
    constexpr Dimensions built = ModelShape::kDimensions;
    const Dimensions is = header->dimensions;
    std::printf("the model's shape is %d,%d,%d,%d, this program's %d,%d,%d,%d\n", is.pixels,
                is.hidden1, is.hidden2, is.latent, built.pixels, built.hidden1, built.hidden2,
                built.latent);
    return false;
  }
  if (status != Status::kOk) {
    std::printf("%s: %s\n", kernels.name, message(status));
    return false;
  }
  const bool one = signs_as_model<1>(vae, kernels.name);
  if (kernels.isa == Isa::kScalar) return one;  // slow, and the same for any number of rows
  return signs_as_model<kBatch>(vae, kernels.name) && one;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: %s MODEL SELECTED [ISA]\n", argv[0]);
    return 2;
  }
  const ModelFile model(argv[1]);
  if (model.all().empty()) {
    std::fprintf(stderr, "%s: cannot read %s\n", argv[0], argv[1]);
    return 2;
  }
  const char* selected = select_kernels().name;
  bool ok = std::strcmp(selected, argv[2]) == 0;
  if (!ok) std::printf("selected %s, expected %s\n", selected, argv[2]);
  bool any = false;
  for (const Kernels* kernels : built_kernels()) {
    if (!machine_runs(kernels->isa)) continue;
    if (argc == 4 && std::strcmp(kernels->name, argv[3]) != 0) continue;
    any = true;
    ok = check(*kernels, model.all()) && ok;
  }
  if (!any) std::printf("this processor does not run %s\n", argv[3]);
  return ok && any ? 0 : 1;
}
