// The four functions that compilers call even in freestanding code.
#include <cstddef>

// Their loops must not become calls of themselves. And with -flto they must stay although nothing
// calls them yet: compilers call them after the linker has chosen.
#if defined(__clang__)
#define PICOVAE_FOR_COMPILERS [[gnu::used, clang::no_builtin]]
#else
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#define PICOVAE_FOR_COMPILERS [[gnu::used]]
#endif

extern "C" {

PICOVAE_FOR_COMPILERS void* memcpy(void* __restrict to, const void* __restrict from,
                                   std::size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  for (std::size_t i = 0; i < size; ++i) out[i] = in[i];
  return to;
}

PICOVAE_FOR_COMPILERS void* memmove(void* to, const void* from, std::size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (out < in) {
    for (std::size_t i = 0; i < size; ++i) out[i] = in[i];
  } else {
    for (std::size_t i = size; i-- > 0;) out[i] = in[i];
  }
  return to;
}

PICOVAE_FOR_COMPILERS void* memset(void* to, int value, std::size_t size) {
  auto* out = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(value);
  return to;
}

PICOVAE_FOR_COMPILERS int memcmp(const void* a, const void* b, std::size_t size) {
  const auto* left = static_cast<const unsigned char*>(a);
  const auto* right = static_cast<const unsigned char*>(b);
  for (std::size_t i = 0; i < size; ++i) {
    if (left[i] != right[i]) return left[i] - right[i];
  }
  return 0;
}

// Clang calls these instead (Run-time ABI for the Arm architecture, 4.3.4). The digit is the
// alignment that the caller guarantees.
void* __aeabi_memcpy(void*, const void*, std::size_t) noexcept __attribute__((alias("memcpy")));
void* __aeabi_memcpy4(void*, const void*, std::size_t) noexcept __attribute__((alias("memcpy")));
void* __aeabi_memcpy8(void*, const void*, std::size_t) noexcept __attribute__((alias("memcpy")));
void* __aeabi_memmove(void*, const void*, std::size_t) noexcept __attribute__((alias("memmove")));
void* __aeabi_memmove4(void*, const void*, std::size_t) noexcept __attribute__((alias("memmove")));
void* __aeabi_memmove8(void*, const void*, std::size_t) noexcept __attribute__((alias("memmove")));

void __aeabi_memset(void* to, std::size_t size, int value) noexcept { memset(to, value, size); }
void __aeabi_memset4(void*, std::size_t, int) noexcept __attribute__((alias("__aeabi_memset")));
void __aeabi_memset8(void*, std::size_t, int) noexcept __attribute__((alias("__aeabi_memset")));
void __aeabi_memclr(void* to, std::size_t size) noexcept { memset(to, 0, size); }
void __aeabi_memclr4(void*, std::size_t) noexcept __attribute__((alias("__aeabi_memclr")));
void __aeabi_memclr8(void*, std::size_t) noexcept __attribute__((alias("__aeabi_memclr")));

}  // extern "C"
