#include "tools/format/layer_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <utility>
#include <vector>

#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

// A run of letters; a capital after a small letter begins another: "fcMu" has two.
struct Word {
  std::size_t begin, size;
  std::string text;  // in lower case
};

std::vector<Word> words_of(std::string_view name) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_letter(name[i])) continue;
    const bool goes_on = i > 0 && is_letter(name[i - 1]);
    if (!goes_on || (is_upper(name[i]) && !is_upper(name[i - 1]))) words.push_back({i, 0, ""});
    ++words.back().size;
    words.back().text += lower_case(name.substr(i, 1));
  }
  return words;
}

using Endings = std::span<const std::string_view>;

constexpr auto kMean = std::to_array<std::string_view>({"mu", "mean", "loc"});
constexpr auto kVariance = std::to_array<std::string_view>({"var", "variance", "sq", "squared"});
constexpr auto kSigma = std::to_array<std::string_view>({"sigma", "std", "dev", "scale"});

bool any_ends(const std::vector<Word>& words, Endings endings) {
  return std::any_of(words.begin(), words.end(), [&](const Word& word) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return word.text.ends_with(ending); });
  });
}

bool any_begins(const std::vector<Word>& words, std::string_view beginning) {
  return std::any_of(words.begin(), words.end(),
                     [&](const Word& word) { return word.text.starts_with(beginning); });
}

// Numbers of any length, as text without leading zeros.
std::vector<std::string> numbers_of(std::string_view name) {
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_digit(name[i])) continue;
    if (i == 0 || !is_digit(name[i - 1])) numbers.emplace_back();
    if (numbers.back() == "0") numbers.back().clear();
    numbers.back() += name[i];
  }
  return numbers;
}

bool is_less(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::string_view without_wrappers(std::string_view name) {
  for (bool more = true; more;) {
    more = false;
    for (const std::string_view prefix : {"module.", "_orig_mod."}) {
      if (!name.starts_with(prefix)) continue;
      name.remove_prefix(prefix.size());
      more = true;
    }
  }
  return name;
}

TensorKind kind_of(std::string_view word) {
  constexpr auto kKinds =
      std::to_array<std::pair<std::string_view, TensorKind>>({{"weight", TensorKind::kWeight},
                                                              {"weights", TensorKind::kWeight},
                                                              {"kernel", TensorKind::kWeight},
                                                              {"w", TensorKind::kWeight},
                                                              {"bias", TensorKind::kBias},
                                                              {"biases", TensorKind::kBias},
                                                              {"b", TensorKind::kBias}});
  for (const auto& [known, kind] : kKinds) {
    if (known == word) return kind;
  }
  return TensorKind::kOther;
}

constexpr std::string_view kBetween = "./_:";

// `name` without the word, and without what then separates nothing.
std::string take_out(std::string_view name, const Word& word) {
  std::string_view before = name.substr(0, word.begin);
  std::string_view after = name.substr(word.begin + word.size);
  while (!after.empty() && kBetween.find(after.front()) != kBetween.npos) after.remove_prefix(1);
  while (after.empty() && !before.empty() && kBetween.find(before.back()) != kBetween.npos) {
    before.remove_suffix(1);
  }
  return std::string(before) + std::string(after);
}

}  // namespace

TensorName split_tensor_name(std::string_view name) {
  name = without_wrappers(name);
  if (name.ends_with(":0")) name.remove_suffix(2);  // TensorFlow's, of a variable's only value
  const auto words = words_of(name);
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const TensorKind kind = kind_of(word->text);
    if (kind != TensorKind::kOther) return {take_out(name, *word), kind, word->text == "kernel"};
  }
  return {std::string(name), TensorKind::kOther, false};
}

bool name_contradicts(std::string_view name, std::string_view role) {
  const auto words = words_of(name);
  if (any_begins(words, role.starts_with("encoder") ? "dec" : "enc")) return true;
  const bool mu = any_ends(words, kMean);
  const bool logvar = any_ends(words, kVariance) || any_ends(words, kSigma);
  return (mu && !logvar && role != "encoder.mu") || (logvar && !mu && role != "encoder.logvar");
}

bool numbers_contradict(std::string_view first, std::string_view second) {
  const auto same = [](const Word& a, const Word& b) { return a.text == b.text; };
  const auto words_a = words_of(first);
  const auto words_b = words_of(second);
  if (!std::equal(words_a.begin(), words_a.end(), words_b.begin(), words_b.end(), same)) {
    return false;
  }
  const auto a = numbers_of(first);
  const auto b = numbers_of(second);
  return std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end(), is_less);
}

bool says_sigma(std::string_view name) {
  const auto words = words_of(name);
  if (!any_ends(words, kSigma) || any_ends(words, kVariance)) return false;
  const std::string lower = lower_case(name);
  return lower.find("sigma2") == lower.npos && lower.find("sigma_2") == lower.npos;
}

}  // namespace picovae::tools
