// The physical limit, measured in the same process as what is compared with it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

#include "probe.hpp"

namespace picovae::bench {

// A level of memory, and a number of bytes that come from it when they are read over and over.
struct Level {
  const char* name;
  std::size_t bytes;
};

// L1, L2, L3 and DRAM, without the caches that the processor has not or the system keeps silent
// about.
std::vector<Level> levels();

// Memory to read, in large pages where the system gives them: what small ones cost is no limit.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes);
  const std::byte* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
};

// What one core reaches with the instructions of one ISA: the best of many short runs. Each figure
// is measured when it is first asked for, and then stays.
class Roofline {
 public:
  explicit Roofline(const Probe& probe) : probe_(probe) {}

  double multiply_adds();  // f32 operations a second; a multiply-add is two
  double dots();           // s8 operations a second
  // Bytes a second when reading that many bytes over and over, with this ISA's instructions or
  // those of one that comes after it: the widest loads are not the fastest ones from every cache.
  double bandwidth(std::size_t bytes);

 private:
  const Probe& probe_;
  double multiply_adds_ = 0, dots_ = 0;
};

// The ISA's roofline; null where it has no probe or the machine cannot run it.
Roofline* find_roofline(Isa isa);

}  // namespace picovae::bench
