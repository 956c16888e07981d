// The limit of the hardware, measured in the same process as the times compared with it.
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

// L1, L2, L3 and DRAM; without a cache that the processor lacks or the system does not report.
std::vector<Level> levels();

// Memory to read, in large pages if the system has them: the cost of small pages is not a limit of
// the hardware.
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
// is measured on first use and then kept.
class Roofline {
 public:
  explicit Roofline(const Probe& probe) : probe_(probe) {}

  double multiply_adds();  // f32 operations a second; a multiply-add is two
  double dots();           // s8 operations a second
  // Bytes a second when reading that many bytes over and over, with this ISA's instructions or
  // those of a lesser one: the widest loads are not the fastest from every cache.
  double bandwidth(std::size_t bytes);

 private:
  const Probe& probe_;
  double multiply_adds_ = 0, dots_ = 0;
};

// The ISA's roofline; null if it has no probe or the machine cannot run it.
Roofline* find_roofline(Isa isa);

}  // namespace picovae::bench
