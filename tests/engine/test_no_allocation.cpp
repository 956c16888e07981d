// The engine never allocates: every allocator of the C library is replaced by one that counts, and
// operator new, which ends in malloc, with them.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "picovae/vae.hpp"
#include "tests/engine/packed_layer.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/pack.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PICOVAE_ADDRESS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define PICOVAE_ADDRESS_SANITIZER
#endif

#if defined(PICOVAE_ADDRESS_SANITIZER)

// The sanitizer's allocator must stay in place; it reports instead.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace {

void count_malloc(const volatile void*, std::size_t) { ++allocations; }
void count_free(const volatile void*) { ++allocations; }
const int kInstalled = __sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);

}  // namespace

#else

// glibc's own names of the functions that are replaced here.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  ++allocations;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
  ++allocations;
  __libc_free(memory);
}
}

#endif

using namespace picovae;

namespace {

// Each of an engine's five functions, `calls` times. Returns how many allocations that took.
template <typename S, typename A>
std::size_t allocations_of(const tools::BlobBytes& blob, const Kernels& kernels, int calls) {
  constexpr std::size_t kBatch = 3;
  const auto arena = std::make_unique<Arena<S, A, kBatch>>();
  const auto pixels = std::make_unique<typename A::Pixel[]>(kBatch * S::kPixels);
  const auto logits = std::make_unique<typename A::Logit[]>(kBatch * S::kPixels);
  const auto mu = std::make_unique<typename A::Latent[]>(kBatch * S::kLatent);
  const auto logvar = std::make_unique<typename A::Latent[]>(kBatch * S::kLatent);
  int failures = 0;

  const std::size_t before = allocations;
  Vae<S, A> vae;
  failures += vae.open(blob.bytes(), kernels) != Status::kOk;
  failures += vae.verify() != Status::kOk;
  for (int call = 0; call < calls; ++call) {
    const auto seed = static_cast<std::uint64_t>(call);
    const std::size_t count = 1 + static_cast<std::size_t>(call) % kBatch;
    failures += vae.generate(seed, 0, pixels.get(), arena->decoder, count) != Status::kOk;
    failures +=
        vae.encode(pixels.get(), mu.get(), logvar.get(), arena->encoder, count) != Status::kOk;
    failures += vae.decode(mu.get(), pixels.get(), arena->decoder, count) != Status::kOk;
    failures += vae.decode_logits(mu.get(), logits.get(), arena->decoder, count) != Status::kOk;
    failures += vae.reconstruct(pixels.get(), pixels.get(), *arena, count) != Status::kOk;
  }
  const std::size_t taken = allocations - before;

  CHECK(failures == 0);
  return taken;
}

template <typename S>
void check(int calls) {
  const auto s8 = tools::pack_s8(tests::random_quantized_network(S::kDimensions, 1), Layout::kHost,
                                 kEncoderPart | kDecoderPart, {});
  const auto f32 = tools::pack_float(tests::random_network(S::kDimensions, 1));
  for (const Kernels* kernels : tests::runnable_kernels(&Kernels::s8)) {
    CAPTURE(std::string(kernels->name));
    CHECK(allocations_of<S, Integer>(s8, *kernels, calls) == 0);
  }
  for (const Kernels* kernels : tests::runnable_kernels(&Kernels::f32)) {
    CAPTURE(std::string(kernels->name));
    CHECK(allocations_of<S, Float>(f32, *kernels, calls) == 0);
  }
}

}  // namespace

TEST_CASE("what counts allocations sees each of them") {
  const auto counted = [](auto allocate) {
    const std::size_t before = allocations;
    // Through a pointer that the compiler must read, so that nothing is optimized away.
    void* volatile memory = allocate();
    std::free(memory);
    return allocations - before;
  };
  CHECK(counted([] { return std::malloc(10); }) == 2);
  CHECK(counted([] { return std::calloc(10, 2); }) == 2);
  CHECK(counted([] { return std::realloc(nullptr, 10); }) == 2);
  CHECK(counted([] { return std::aligned_alloc(64, 128); }) == 2);
  CHECK(counted([] {
          void* memory = nullptr;
          return posix_memalign(&memory, 64, 128) == 0 ? memory : nullptr;
        }) == 2);
  const std::size_t before = allocations;
  int* volatile number = new int(1);
  delete number;
  CHECK(allocations - before == 2);
}

TEST_CASE("no allocation in 10,000 calls of a small model") { check<Shape<20, 7, 6, 3>>(10'000); }

TEST_CASE("no allocation in 500 calls of the default model") { check<MnistShape>(100); }
