#include "tools/train/state_list.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <type_traits>

#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

std::string key_of(std::string_view name) { return fmt::format("picovae.train.{}", name); }

// The shortest text that reads back as the same value.
std::string text_of(const StateList::Number& number) {
  return std::visit([](const auto* value) { return fmt::format("{}", *value); }, number);
}

// Whether `text` is a value of the number's type, whole; the number then has it.
bool parse(std::string_view text, double* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(*number);
}

template <typename Whole>
bool parse(std::string_view text, Whole* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc{} && end == text.data() + text.size() && *number >= 0;
}

bool parse(std::string_view text, bool* number) {
  *number = text == "true";
  return *number || text == "false";
}

}  // namespace

SafetensorsFile StateList::copy() const {
  SafetensorsFile file;
  for (const auto& [name, values] : tensors_) {
    file.tensors.push_back({key_of(name), {values.size()}, {values.begin(), values.end()}});
  }
  for (const auto& [name, number] : numbers_) file.metadata[key_of(name)] = text_of(number);
  return file;
}

void StateList::restore(const SafetensorsFile& file, std::string_view name) const {
  for (const auto& [own_name, values] : tensors_) {
    const std::string key = key_of(own_name);
    const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                    [&](const Tensor& tensor) { return tensor.name == key; });
    if (found == file.tensors.end()) {
      fail("{}: the tensor {} is missing; it is no checkpoint of this training", name, key);
    }
    if (found->data.size() != values.size()) {
      fail("{}: the tensor {} has {} values; wanted {}", name, key, found->data.size(),
           values.size());
    }
    std::copy(found->data.begin(), found->data.end(), values.begin());
  }
  for (const auto& [own_name, number] : numbers_) {
    const std::string key = key_of(own_name);
    const auto found = file.metadata.find(key);
    if (found == file.metadata.end()) {
      fail("{}: {} is missing; it is no checkpoint of this training", name, key);
    }
    const std::string& text = found->second;
    if (!std::visit([&](auto* value) { return parse(text, value); }, number)) {
      fail("{}: {} is {}; it cannot be that", name, key, quote_name(text));
    }
  }
}

}  // namespace picovae::tools
