// picovae_signatures MODEL ISA: computes the signatures of an s8 model (engine/FORMAT.md) with
// every ISA of this build that the processor runs. Succeeds if all equal those that stand in the
// model and the engine by itself selects ISA.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "picovae/crc32c.hpp"
#include "picovae/kernels.hpp"
#include "picovae/vae.hpp"

namespace {

using namespace picovae;

using ModelShape = Shape<PICOVAE_SHAPE>;
constexpr std::uint64_t kSeed = 1;
constexpr std::uint32_t kDigits = 1000;
constexpr std::uint32_t kReconstructions = 100;
constexpr std::uint32_t kBatch =
    10;  // divides each count of digits; some kernels have another path for many rows than for one

// Aligned as blobs are. Empty where the file cannot be read.
class Bytes {
 public:
  explicit Bytes(const char* path) {
    std::FILE* file = std::fopen(path, "rb");
    if (file == nullptr) return;
    data_.reset(static_cast<std::byte*>(std::aligned_alloc(kBlobAlignment, kCapacity)));
    if (data_ != nullptr) size_ = std::fread(data_.get(), 1, kCapacity, file);
    std::fclose(file);
  }
  std::span<const std::byte> all() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  static constexpr std::size_t kCapacity = std::size_t{1} << 24;
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;
};

// Digits in batches of Batch, a row at a time with 1.
template <std::uint32_t Batch>
bool signs_as_header(const Vae<ModelShape, Integer>& vae, const char* isa) {
  static Arena<ModelShape, Integer, Batch> arena;
  static std::array<std::uint8_t, Batch * ModelShape::kPixels> pixels;
  const BlobHeader& header = *vae.view().header;
  const bool encoder = vae.view().has(kEncoderPart);
  std::uint32_t generated = 0, reconstructed = 0;
  for (std::uint32_t first = 0; first < kDigits; first += Batch) {
    if (vae.generate(kSeed, first, pixels.data(), arena.decoder, Batch) != Status::kOk)
      return false;
    generated = crc32c(std::as_bytes(std::span(pixels)), generated);
    if (!encoder || first >= kReconstructions) continue;
    if (vae.reconstruct(pixels.data(), pixels.data(), arena, Batch) != Status::kOk) return false;
    reconstructed = crc32c(std::as_bytes(std::span(pixels)), reconstructed);
  }
  ClassPriors priors;
  std::uint32_t classes = 0;
  if (find_classes(vae.view(), priors) == Status::kOk) {
    for (const std::uint8_t label : priors.labels()) {
      for (std::uint32_t first = 0; first < kClassSignatureDigits; first += Batch) {
        if (vae.generate_class(kSeed, label, first, pixels.data(), arena.decoder, Batch) !=
            Status::kOk)
          return false;
        classes = crc32c(std::as_bytes(std::span(pixels)), classes);
      }
    }
  }
  const std::uint32_t wanted = priors.header == nullptr ? 0 : priors.header->signature;
  const bool equal = classes == wanted && generated == header.signature &&
                     reconstructed == header.signature_reconstruct;
  std::printf("%-8s batch %2u  signature %08x", isa, static_cast<unsigned>(Batch),
              static_cast<unsigned>(generated));
  if (encoder) std::printf("  signature_reconstruct %08x", static_cast<unsigned>(reconstructed));
  if (priors.header != nullptr) {
    std::printf("  signature_classes %08x", static_cast<unsigned>(classes));
  }
  std::printf("  %s\n", equal ? "ok" : "NOT THE MODEL'S");
  return equal;
}

bool check(const Kernels& kernels, std::span<const std::byte> model) {
  Vae<ModelShape, Integer> vae;
  Status status = vae.open(model, kernels);
  if (status == Status::kOk) status = vae.verify();
  if (status != Status::kOk) {
    std::printf("%s: %s\n", kernels.name, message(status));
    return false;
  }
  const bool one = signs_as_header<1>(vae, kernels.name);
  return signs_as_header<kBatch>(vae, kernels.name) && one;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODEL ISA\n", argv[0]);
    return 2;
  }
  const Bytes model(argv[1]);
  if (model.all().empty()) {
    std::fprintf(stderr, "%s: cannot read %s\n", argv[0], argv[1]);
    return 2;
  }
  const char* selected = select_kernels().name;
  bool ok = std::strcmp(selected, argv[2]) == 0;
  if (!ok) std::printf("selected %s, expected %s\n", selected, argv[2]);
  for (const Kernels* kernels : built_kernels()) {
    if (machine_runs(kernels->isa)) ok = check(*kernels, model.all()) && ok;
  }
  return ok ? 0 : 1;
}
