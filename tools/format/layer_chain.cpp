#include "tools/format/layer_chain.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tools/base/text.hpp"
#include "tools/format/layer_names.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kMaxDepth = 3;  // of what is recognized: 9! orders are tried at most

// All ways to put layers into places so that shapes fit.
class Search {
 public:
  using Allowed = std::function<bool(std::size_t place, std::size_t layer)>;

  // At most `most` ways are looked for.
  Search(std::span<const ForeignLayer> layers, ChainForm form, std::size_t most, Allowed allowed)
      : layers_(layers), form_(form), most_(most), allowed_(std::move(allowed)) {
    step();
  }

  const std::vector<Chain>& ways() const { return ways_; }

 private:
  void step() {
    if (chain_.size() == layers_.size()) {
      ways_.push_back(chain_);
      return;
    }
    for (std::size_t i = 0; i < layers_.size() && ways_.size() < most_; ++i) {
      if (std::find(chain_.begin(), chain_.end(), i) != chain_.end()) continue;
      if (!fits(layers_[i].dense) || !allowed_(chain_.size(), i)) continue;
      chain_.push_back(i);
      step();
      chain_.pop_back();
    }
  }

  const DenseWeights& at(std::size_t place) const { return layers_[chain_[place]].dense; }

  // In the next place.
  bool fits(const DenseWeights& layer) const {
    const auto [depth, heads] = form_;
    const std::size_t place = chain_.size();
    if (place == 0) return true;
    if (place < depth) return layer.in == at(place - 1).out;
    if (form_.is_head(place)) {
      if (layer.in != at(depth - 1).out) return false;
      return heads == 1 ? layer.out % 2 == 0 : place == depth || layer.out == at(depth).out;
    }
    const std::size_t k = place - depth - heads;  // of the decoder
    const std::size_t in = k == 0 ? at(depth).out / (heads == 1 ? 2 : 1) : at(place - 1).out;
    return layer.in == in && layer.out == at(depth - k).in;  // of the layer that it undoes
  }

  std::span<const ForeignLayer> layers_;
  ChainForm form_;
  std::size_t most_;
  Allowed allowed_;
  Chain chain_;
  std::vector<Chain> ways_;
};

// A chain of any depth that shapes allow; empty if there is none.
Chain any_chain(std::span<const ForeignLayer> layers) {
  const ChainForm form = chain_form(layers.size());
  if (form.depth == 0) return {};
  const Search search(layers, form, 1, [](std::size_t, std::size_t) { return true; });
  return search.ways().empty() ? Chain{} : search.ways()[0];
}

// How much names speak against a way: words first, then the order of numbers.
class Judge {
 public:
  Judge(std::span<const ForeignLayer> layers, ChainForm form) : form_(form) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      for (std::size_t j = 0; j < layers.size(); ++j) {
        const bool both = form.heads == 1 && form.is_head(j);
        words_[i][j] = !both && name_contradicts(layers[i].name, role_name(j, form));
        numbers_[i][j] = numbers_contradict(layers[i].name, layers[j].name);
      }
    }
  }

  std::pair<std::size_t, std::size_t> against(const Chain& chain) const {
    std::size_t words = 0, numbers = 0;
    for (std::size_t i = 0; i < chain.size(); ++i) {
      words += words_[chain[i]][i] ? 1 : 0;
      for (std::size_t j = i + 1; j < chain.size(); ++j) {
        if (form_.is_head(i) && form_.is_head(j)) continue;  // numbers do not say which is mu
        numbers += numbers_[chain[i]][chain[j]] ? 1 : 0;
      }
    }
    return {words, numbers};
  }

 private:
  static constexpr std::size_t kMost = 2 * kMostDepth + 3;
  ChainForm form_;
  std::array<std::array<bool, kMost>, kMost> words_{};    // [layer][place]
  std::array<std::array<bool, kMost>, kMost> numbers_{};  // [layer][layer that comes later]
};

}  // namespace

ChainForm chain_form(std::size_t layers) {
  const std::size_t heads = layers % 2 == 0 ? 1 : 2;
  if (layers < 4 || layers > 2 * kMaxDepth + 3) return {0, heads};
  return {(layers - 1 - heads) / 2, heads};
}

std::string chain_shape(std::span<const ForeignLayer> layers) {
  const Chain chain = any_chain(layers);
  if (chain.empty()) return "";
  const auto [depth, heads] = chain_form(layers.size());
  std::vector<std::size_t> sizes{layers[chain[0]].dense.in};
  for (std::size_t i = 0; i <= depth; ++i) sizes.push_back(layers[chain[i]].dense.out);
  if (heads == 1) sizes.back() /= 2;
  return joined(sizes, "-");
}

std::vector<Chain> possible_chains(
    std::span<const ForeignLayer> layers, ChainForm form,
    const std::function<bool(std::size_t place, std::size_t layer)>& allowed) {
  constexpr std::size_t kAll = 5040;  // 7!
  return Search(layers, form, kAll, allowed).ways();
}

std::vector<Chain> likeliest_chains(const std::vector<Chain>& possible,
                                    std::span<const ForeignLayer> layers, ChainForm form) {
  const Judge judge(layers, form);
  std::vector<Chain> likeliest;
  std::pair<std::size_t, std::size_t> least;
  for (const Chain& chain : possible) {
    const auto against = judge.against(chain);
    if (likeliest.empty() || against < least) {
      likeliest.clear();
      least = against;
    }
    if (against == least) likeliest.push_back(chain);
  }
  return likeliest;
}

std::size_t role_of(std::size_t place, ChainForm form) {
  return form.heads == 1 && place > form.depth ? place + 1 : place;
}

const NetworkLayer& layer_of(std::size_t role, ChainForm form) {
  return network_layers(form.depth == kMostDepth)[role];
}

std::string_view role_name(std::size_t place, ChainForm form) {
  return layer_of(role_of(place, form), form).name;
}

}  // namespace picovae::tools
