// What the engine takes from C++20, with stand-ins for compilers of C++17: those of Arduino and
// PlatformIO. In C++20 these are the standard library's own, so that callers pass std::span.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "picovae/config.h"

#if __cplusplus >= 202002L
#include <bit>
#include <span>

#define PICOVAE_CONSTEVAL consteval
#define PICOVAE_CONSTINIT constinit

namespace picovae {

using std::as_bytes;
using std::countl_zero;
using std::span;

inline constexpr bool kIsLittleEndian = std::endian::native == std::endian::little;

}  // namespace picovae

#else

#define PICOVAE_CONSTEVAL constexpr
#if defined(__clang__)
#define PICOVAE_CONSTINIT [[clang::require_constant_initialization]]
#else
#define PICOVAE_CONSTINIT
#endif

namespace picovae {

inline constexpr bool kIsLittleEndian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

// Of a number that is not 0.
constexpr int countl_zero(std::uint32_t number) { return __builtin_clzll(number) - (64 - 32); }

// A view of elements in a row, as std::span of dynamic extent; owns nothing.
template <typename T>
class span {
 public:
  using value_type = std::remove_cv_t<T>;

  constexpr span() = default;
  constexpr span(T* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t Size>
  constexpr span(T (&array)[Size]) : data_(array), size_(Size) {}
  template <std::size_t Size>
  constexpr span(const std::array<value_type, Size>& array) : data_(array.data()), size_(Size) {}
  template <std::size_t Size>
  constexpr span(std::array<value_type, Size>& array) : data_(array.data()), size_(Size) {}
  template <typename U, typename = std::enable_if_t<std::is_convertible_v<U (*)[], T (*)[]> > >
  constexpr span(const span<U>& other) : data_(other.data()), size_(other.size()) {}

  constexpr T* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](std::size_t i) const { return data_[i]; }
  constexpr span first(std::size_t count) const { return {data_, count}; }
  constexpr span subspan(std::size_t offset) const { return {data_ + offset, size_ - offset}; }
  constexpr span subspan(std::size_t offset, std::size_t count) const {
    return {data_ + offset, count};
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

template <typename T>
span<const std::byte> as_bytes(span<T> elements) {
  return {reinterpret_cast<const std::byte*>(elements.data()), elements.size() * sizeof(T)};
}

}  // namespace picovae

#endif
