// Memory whose next byte is a page that nobody may touch: whoever reads or writes outside of it is
// stopped by the processor, and by AddressSanitizer where the guard page begins a little later.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#if defined(__SANITIZE_ADDRESS__)
#define PICOVAE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PICOVAE_ASAN 1
#endif
#endif
#if defined(PICOVAE_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace picovae::tests {

class GuardedBytes {
 public:
  // `size` bytes that start at a multiple of `alignment` and end at the guard page, or less than
  // `alignment` bytes before it. Zero at first.
  explicit GuardedBytes(std::size_t size, std::size_t alignment = 1)
      : size_(size),
        room_((size + alignment - 1) / alignment * alignment),
        pages_((room_ + page() - 1) / page() * page()) {
    void* memory =
        ::mmap(nullptr, pages_ + 2 * page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::byte*>(memory);
    // Of nothing there is nothing to open, and qemu calls that an error.
    if (pages_ != 0 && ::mprotect(memory_ + page(), pages_, PROT_READ | PROT_WRITE) != 0) {
      throw std::bad_alloc();
    }
    poison(room_ - size_);
  }
  ~GuardedBytes() {
    poison(0);
    ::munmap(memory_, pages_ + 2 * page());
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  std::span<std::byte> bytes() { return {memory_ + page() + pages_ - room_, size_}; }

  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(bytes().data());
  }

 private:
  static std::size_t page() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

  void poison([[maybe_unused]] std::size_t count) {
#if defined(PICOVAE_ASAN)
    std::byte* end = memory_ + page() + pages_;
    ASAN_UNPOISON_MEMORY_REGION(end - room_, room_);
    ASAN_POISON_MEMORY_REGION(end - count, count);
#endif
  }

  std::size_t size_;
  std::size_t room_;   // size rounded up to the alignment
  std::size_t pages_;  // bytes between the guards
  std::byte* memory_ = nullptr;
};

// An object of its own, such as an arena, before a guard page. Its bytes are 0xa5 at first.
template <typename T>
class Guarded {
 public:
  Guarded() : bytes_(sizeof(T), alignof(T)) {
    for (std::byte& b : bytes_.bytes()) b = std::byte{0xa5};
  }
  T& operator*() { return *bytes_.as<T>(); }

 private:
  GuardedBytes bytes_;
};

}  // namespace picovae::tests
