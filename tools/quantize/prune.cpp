#include "tools/quantize/prune.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/live.hpp"
#include "tools/base/fixed_math.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/model.hpp"
#include "tools/quantize/pixel_statistics.hpp"

namespace picovae::tools {
namespace {

// Images [count][pixels], spread evenly over those given.
std::vector<std::uint8_t> spread(std::span<const std::uint8_t> images, std::size_t pixels,
                                 std::size_t most) {
  const std::size_t given = images.size() / pixels;
  const std::size_t count = std::min(most, given);
  std::vector<std::uint8_t> chosen;
  for (std::size_t i = 0; i < count; ++i) {
    const auto image = images.subspan(i * given / count * pixels, pixels);
    chosen.insert(chosen.end(), image.begin(), image.end());
  }
  return chosen;
}

// Chooses step by step, and measures.
class Pruner {
 public:
  Pruner(const Network& network, std::span<const std::uint8_t> images, const PruneOptions& options,
         const Kernels& kernels)
      : original_(network),
        options_(options),
        kernels_(kernels),
        pixels_(network.pixels),
        all_(statistics_of(images, pixels_)),
        images_(spread(images, pixels_, options.images)),
        before_(cost(network)) {}

  Pruned run() const {
    const Pruned drawn = kill_most(outputs_by_cost(), kOutputShare * options_.nats,
                                   {original_, {}, 0, 0}, &Pruner::kill_outputs);
    return kill_most(inputs_by_effect(), options_.nats, drawn, &Pruner::kill_inputs);
  }

 private:
  using Pixels = std::span<const std::size_t>;

  Elbo cost(const Network& network) const {
    return evaluate(*make_model(network, kernels_), images_, {.threads = options_.threads});
  }

  // Kills as many pixels, in order, as cost at most `nats`, and twice that in reconstruction: of a
  // model that was trained with a low beta, blindness may save more KL than it costs. More pixels
  // cost more.
  Pruned kill_most(const std::vector<std::size_t>& order, double nats, Pruned best,
                   void (Pruner::*kill)(Pixels, Pruned&) const) const {
    const Pruned alive = best;
    std::size_t low = 0;
    std::size_t limit = order.size();
    while (low < limit) {
      const std::size_t middle = (low + limit + 1) / 2;
      Pruned pruned = alive;
      (this->*kill)(Pixels(order).first(middle), pruned);
      const Elbo after = cost(pruned.network);
      pruned.nats = after.neg_elbo - before_.neg_elbo;
      pruned.reconstruction = after.reconstruction - before_.reconstruction;
      if (pruned.nats <= nats && pruned.reconstruction <= 2 * nats) {
        low = middle;
        best = std::move(pruned);
      } else {
        limit = middle - 1;
      }
    }
    return best;
  }

  // Pixels that may be dead outputs, the cheapest first: by what a constant costs beyond what the
  // model's own logits do.
  std::vector<std::size_t> outputs_by_cost() const {
    const std::vector<double> own = pixel_costs();
    std::vector<double> more(pixels_);
    std::vector<std::size_t> order;
    for (std::size_t p = 0; p < pixels_; ++p) {
      const Constant constant = constant_for(all_.mean[p], all_.images);
      if (constant.logit > kDeadLogit) continue;
      more[p] = constant.nats - own[p];
      order.push_back(p);
    }
    return ascending(order, more, pixels_ - 1);
  }

  // Pixels, those first whose changes reach the first hidden layer least.
  std::vector<std::size_t> inputs_by_effect() const {
    std::vector<double> effect = input_squares(original_.encoder0);
    for (std::size_t p = 0; p < pixels_; ++p) effect[p] *= all_.variance[p];
    std::vector<std::size_t> order(pixels_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return ascending(order, effect, pixels_ - 1);
  }

  static std::vector<std::size_t> ascending(std::vector<std::size_t> order,
                                            const std::vector<double>& value, std::size_t most) {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return value[a] < value[b]; });
    order.resize(std::min(order.size(), most));  // one at least is live
    return order;
  }

  // What each pixel costs under the model's own logits, on average.
  std::vector<double> pixel_costs() const {
    const std::size_t count = images_.size() / pixels_;
    std::vector<float> costs(count * pixels_);  // of each image: sums in one order
    encode_parts(*make_model(original_, kernels_), images_, {.threads = options_.threads},
                 [&](Model& own, const EncodedImages& part) {
                   std::vector<float> logits(part.x.size());
                   own.decode_logits(part.mu, logits.data());
                   float* cost = costs.data() + part.first * pixels_;
                   for (std::size_t i = 0; i < logits.size(); ++i) {
                     const double logit = logits[i];
                     cost[i] = static_cast<float>(fixed::softplus(logit) -
                                                  logit * static_cast<double>(part.x[i]));
                   }
                 });
    std::vector<double> mean(pixels_);
    for (std::size_t i = 0; i < costs.size(); ++i) {
      mean[i % pixels_] += static_cast<double>(costs[i]) / static_cast<double>(count);
    }
    return mean;
  }

  void kill_outputs(Pixels pixels, Pruned& pruned) const {
    DenseWeights& layer = pruned.network.decoder2;
    pruned.live.outputs.assign(pixels_, 1);
    for (const std::size_t p : pixels) pruned.live.outputs[p] = 0;
    for (std::size_t p = 0; p < pixels_; ++p) {
      if (pruned.live.outputs[p] != 0) continue;
      const std::int16_t logit = constant_for(all_.mean[p], all_.images).logit;
      pruned.live.dead_logits.push_back(logit);
      std::fill_n(layer.weight.begin() + static_cast<std::ptrdiff_t>(p * layer.in), layer.in, 0.0F);
      layer.bias[p] = std::ldexp(static_cast<float>(logit), -kLogitBits);
    }
  }

  // Their means go into the biases.
  void kill_inputs(Pixels pixels, Pruned& pruned) const {
    DenseWeights& layer = pruned.network.encoder0;
    pruned.live.inputs.assign(pixels_, 1);
    for (const std::size_t p : pixels) {
      pruned.live.inputs[p] = 0;
      for (std::size_t j = 0; j < layer.out; ++j) {
        float& weight = layer.weight[j * pixels_ + p];
        layer.bias[j] += weight * static_cast<float>(all_.mean[p]);
        weight = 0;
      }
    }
  }

  const Network& original_;
  PruneOptions options_;
  const Kernels& kernels_;
  std::size_t pixels_;
  PixelStatistics all_;               // of all training images
  std::vector<std::uint8_t> images_;  // to measure with
  Elbo before_;
};

}  // namespace

Pruned prune(const Network& network, std::span<const std::uint8_t> images,
             const PruneOptions& options, const Kernels& kernels) {
  if (options.nats == 0) return {network, {}, 0, 0};
  return Pruner(network, images, options, kernels).run();
}

}  // namespace picovae::tools
