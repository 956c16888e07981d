// What picovae data says of a data set: as text for people, and as JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/commands/shared/json.hpp"
#include "tools/data/faults.hpp"
#include "tools/data/look.hpp"

namespace picovae::tools {

struct HalfReport {
  std::string_view name;  // "train" or "test"
  Look look;
  std::vector<Fault> faults;
};

struct DataReport {
  std::vector<HalfReport> halves;        // those that there are, at least one
  std::vector<std::string> label_names;  // as LabeledImages has them
  std::optional<std::size_t> known;      // test images among the training images, if both are there
};

void print_report(const DataReport& report);

Json to_json(const DataReport& report);

}  // namespace picovae::tools
