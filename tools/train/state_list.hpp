// What training changes, listed once, so that a checkpoint can hold it: tensors and numbers of the
// trainer's, by name. Noise is a function of seed and position: there is no generator to save.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tools/format/safetensors.hpp"

namespace picovae::tools {

class StateList {
 public:
  using Number = std::variant<double*, int*, std::uint64_t*, bool*>;

  // Lists something of the caller's, which outlives the list. Names are unique in it.
  void add(std::string name, std::span<float> values) {
    tensors_.push_back({std::move(name), values});
  }
  void add(std::string name, Number number) { numbers_.push_back({std::move(name), number}); }

  // The values as they are now, under names picovae.train.*: numbers are metadata, written so that
  // they are read back exactly.
  SafetensorsFile copy() const;

  // Takes all values from a copy(); anything else in `file` is passed over. Fails, naming `name`
  // (the file's), where something is missing, has another size or is no number.
  void restore(const SafetensorsFile& file, std::string_view name) const;

 private:
  struct ListedTensor {
    std::string name;
    std::span<float> values;
  };
  struct ListedNumber {
    std::string name;
    Number number;
  };

  std::vector<ListedTensor> tensors_;
  std::vector<ListedNumber> numbers_;
};

}  // namespace picovae::tools
