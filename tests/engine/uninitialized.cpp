// For MemorySanitizer and valgrind (tests/stages/sanitize.sh): a program of the engine alone. All
// memory that it hands to the engine comes uninitialized from the heap: what the engine branches on
// and what it hands back must have been written. MemorySanitizer wants every library watched, which
// doctest's is not; and it loses track in fixed-point arithmetic (it knows no carries), where
// valgrind does not.
//   uninitialized MODEL.pvae
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>

#include "picovae/crc32c.hpp"
#include "picovae/layout.hpp"
#include "picovae/vae.hpp"

namespace {

using namespace picovae;

constexpr std::size_t kBatch = 7;  // no kernel's multiple

int failures = 0;

void expect(bool right, const char* what, const Kernels& kernels) {
  if (right) return;
  std::fprintf(stderr, "%s: %s\n", kernels.name, what);
  ++failures;
}

// Room for `count` values at the alignment of arenas; never freed.
template <typename T>
T* uninitialized(std::size_t count = 1) {
  const std::size_t size = round_up(count * sizeof(T), kArenaAlignment);
  return static_cast<T*>(std::aligned_alloc(kArenaAlignment, size));
}

// A branch on what the values are: either tool reports it if one of them was never written.
template <typename T>
void expect_written(const T* values, std::size_t count, const char* what, const Kernels& kernels) {
  expect(crc32c(std::as_bytes(std::span(values, count))) != 0, what, kernels);
}

void run_integer(std::span<const std::byte> model, const Kernels& kernels) {
  using S = MnistShape;
  auto* vae = new (uninitialized<Vae<S, Integer>>()) Vae<S, Integer>;
  expect(vae->open(model, kernels) == Status::kOk, "open", kernels);
  expect(vae->verify() == Status::kOk, "verify", kernels);

  using BatchArena = Arena<S, Integer, kBatch>;
  auto* pixels = uninitialized<std::uint8_t>(kBatch * S::kPixels);
  auto* mu = uninitialized<std::int16_t>(kBatch * S::kLatent);
  auto* logvar = uninitialized<std::int16_t>(kBatch * S::kLatent);
  auto* logits = uninitialized<std::int16_t>(kBatch * S::kPixels);
  auto* decoded = uninitialized<std::uint8_t>(kBatch * S::kPixels);
  auto* copies = uninitialized<std::uint8_t>(kBatch * S::kPixels);
  // Vector kernels read an input's padding, to multiply it by zero.
  const auto new_arena = [&]() -> BatchArena& {
    auto* arena = uninitialized<BatchArena>();
    if (kernels.isa != Isa::kScalar) std::memset(static_cast<void*>(arena), 0xff, sizeof(*arena));
    return *arena;
  };
  Layer differs{};
  expect(vae->self_test(new_arena(), differs) == Status::kOk, "self_test", kernels);
  expect(vae->generate(1, 0, pixels, new_arena().decoder, kBatch) == Status::kOk, "generate",
         kernels);
  expect_written(pixels, kBatch * S::kPixels, "pixels of generate", kernels);
  expect(vae->encode(pixels, mu, logvar, new_arena().encoder, kBatch) == Status::kOk, "encode",
         kernels);
  expect_written(mu, kBatch * S::kLatent, "mu", kernels);
  expect_written(logvar, kBatch * S::kLatent, "logvar", kernels);
  expect(vae->decode_logits(mu, logits, new_arena().decoder, kBatch) == Status::kOk, "logits",
         kernels);
  expect_written(logits, kBatch * S::kPixels, "logits", kernels);
  expect(vae->decode(mu, decoded, new_arena().decoder, kBatch) == Status::kOk, "decode", kernels);
  expect_written(decoded, kBatch * S::kPixels, "pixels of decode", kernels);
  expect(vae->reconstruct(pixels, copies, new_arena(), kBatch) == Status::kOk, "reconstruct",
         kernels);
  expect_written(copies, kBatch * S::kPixels, "pixels of reconstruct", kernels);
}

// One layer of floats, between whose rows of inputs and behind whose outputs nothing was written.
template <typename Weight>
void run_float(Type type, Weight one, const Kernels& kernels) {
  constexpr std::size_t kIn = 37, kOut = 50, kInStride = 48, kOutStride = 64;
  const DenseFn dense = kernels.dense(type);
  if (dense == nullptr) return;
  const std::size_t size = packed_size(Layout::kHost, type, kIn, kOut);
  auto* weights = uninitialized<Weight>(size);
  for (std::size_t i = 0; i < size; ++i) weights[i] = one;
  auto* bias = uninitialized<float>(round_up(kOut, kOutputPad));
  for (std::size_t i = 0; i < round_up(kOut, kOutputPad); ++i) bias[i] = 0.5f;
  for (const auto activation :
       {Activation::kIdentity, Activation::kSoftplus, Activation::kSigmoid, Activation::kRelu}) {
    Dense layer{};
    layer.weights = weights;
    layer.bias = bias;
    layer.in = kIn;
    layer.out = kOut;
    layer.activation = activation;
    auto* x = uninitialized<float>(kBatch * kInStride);
    auto* y = uninitialized<float>(kBatch * kOutStride);
    for (std::size_t row = 0; row < kBatch; ++row) {
      for (std::size_t i = 0; i < kIn; ++i) x[row * kInStride + i] = static_cast<float>(i) / kIn;
    }
    for (const std::size_t rows : {std::size_t{1}, kBatch}) {
      dense(layer, x, kInStride, y, kOutStride, rows);
      for (std::size_t row = 0; row < rows; ++row) {
        expect_written(y + row * kOutStride, kOut, "outputs of floats", kernels);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t kMost = 1 << 22;  // bytes of a model
  std::FILE* file = argc == 2 ? std::fopen(argv[1], "rb") : nullptr;
  if (file == nullptr) {
    std::fprintf(stderr, "usage: uninitialized MODEL.pvae\n");
    return 2;
  }
  auto* bytes = uninitialized<std::byte>(kMost);
  const std::span model(bytes, std::fread(bytes, 1, kMost, file));
  std::fclose(file);
  for (const Kernels* kernels : built_kernels()) {
    if (!machine_runs(kernels->isa)) continue;
    run_integer(model, *kernels);
    run_float(Type::kF32, 0.01f, *kernels);
    run_float(Type::kF16, std::uint16_t{0x2000}, *kernels);
    run_float(Type::kBf16, std::uint16_t{0x3c00}, *kernels);
    std::printf("%s ran\n", kernels->name);
  }
  return failures == 0 ? 0 : 1;
}
