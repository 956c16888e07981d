#include "tools/train/trainer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <vector>

#include "tools/error.hpp"
#include "tools/train/adam.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/centring.hpp"
#include "tools/train/minibatches.hpp"
#include "tools/train/parameters.hpp"
#include "tools/train/rotation.hpp"
#include "tools/train/schedule.hpp"
#include "tools/train/team.hpp"

namespace picovae::tools {
namespace {

// Rows of a layer that one thread updates at a time: their gradients stay in its cache until Adam
// has used them.
constexpr std::size_t kChunkRows = 48;

struct Chunk {
  std::size_t layer, first, last;  // rows of LayerPlan
};

// All rows of all layers, the largest chunks first: threads take one after the other, and the
// small ones at the end let them finish together.
std::vector<Chunk> cut_into_chunks(const Plan& plan) {
  std::vector<Chunk> chunks;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    for (std::size_t first = 0; first < plan.layers[l].rows(); first += kChunkRows) {
      chunks.push_back({l, first, std::min(first + kChunkRows, plan.layers[l].rows())});
    }
  }
  const auto floats = [&](const Chunk& c) {
    return (c.last - c.first) * plan.layers[c.layer].width;
  };
  std::stable_sort(chunks.begin(), chunks.end(),
                   [&](const Chunk& a, const Chunk& b) { return floats(a) > floats(b); });
  return chunks;
}

std::size_t chunk_offset(const Plan& plan, const Chunk& chunk) {
  const LayerPlan& layer = plan.layers[chunk.layer];
  return layer.offset + chunk.first * layer.width;
}

std::size_t chunk_size(const Plan& plan, const Chunk& chunk) {
  return (chunk.last - chunk.first) * plan.layers[chunk.layer].width;
}

// Every so many steps the inputs of rotated layers are observed, and the rotations renewed: for the
// first time when there is a mean, then rarely, since that takes as long as a dozen steps.
constexpr std::uint64_t kObserveEvery = 10;
constexpr std::uint64_t kFirstRenewal = 100;
constexpr std::uint64_t kRenewEvery = 250;

constexpr std::array kRotatedLayers{kEncoder1, kEncoderHeads, kDecoder1, kDecoder2};

Centring chosen_centring(const Recipe& recipe, std::span<const std::uint8_t> images,
                         std::size_t pixels) {
  return recipe.centred ? centring_of(images, pixels, recipe.pixels) : no_centring(pixels);
}

Network first_network(Dimensions dimensions, const Recipe& recipe, const Centring& centring) {
  Network network = initial_network(dimensions, recipe.seed);
  if (recipe.centred) start_at_mean(centring, network);
  return network;
}

std::vector<Rotation> chosen_rotations(const Recipe& recipe, const Plan& plan) {
  std::vector<Rotation> rotations;
  if (!recipe.rotated) return rotations;
  for (const Layer layer : kRotatedLayers) rotations.emplace_back(plan.layers[layer].in);
  return rotations;
}

Form form_of(const Centring& centring, const std::vector<Rotation>& rotations) {
  Form form{.centring = &centring};
  for (std::size_t i = 0; i < rotations.size(); ++i) {
    form.rotations[kRotatedLayers[i]] = &rotations[i];
  }
  return form;
}

}  // namespace

struct Trainer::State {
  State(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& chosen,
        const Kernels& kernels)
      : recipe(chosen),
        samples(static_cast<std::size_t>(chosen.samples)),
        plan(dimensions),
        product(kernels.product),
        ops(vector_ops(kernels.isa)),
        centring(chosen_centring(chosen, images, dimensions.pixels)),
        parameters(plan, first_network(dimensions, chosen, centring)),
        mean(plan.size),
        square(plan.size),
        rotations(chosen_rotations(chosen, plan)),
        minibatches(images, dimensions.pixels, chosen.pixels, chosen.seed),
        batch(std::min(chosen.batch, minibatches.images())),
        steps_an_epoch((minibatches.images() + batch - 1) / batch),
        pass(plan, batch, {samples, chosen.beta, chosen.sticking}, kernels,
             form_of(centring, rotations)),
        chunks(cut_into_chunks(plan)),
        norms(chunks.size()),
        team(chosen.threads) {
    const std::size_t size = std::max(kChunkRows * plan.widest(), pass.scratch_size());
    for (unsigned i = 0; i < team.size(); ++i) scratch.emplace_back(size);
    if (recipe.clip > 0) gradient = AlignedFloats(plan.size);
    for (std::size_t i = 0; i < rotations.size(); ++i) {
      const LayerPlan& layer = plan.layers[kRotatedLayers[i]];
      changes.emplace_back(rotations[i]);
      for (auto& copy : before) copy[i] = AlignedFloats(layer.in * layer.width);
    }
  }

  // One step on the images at [first, first + count) of the epoch, shared by the team.
  void step(std::size_t first, std::size_t count);

  // A member's parts of a step.
  void draw_and_differentiate(std::size_t from, std::size_t to, float* own);
  void update_at_once(float* own);
  void differentiate_chunks();
  void update_chunks();
  void update(const Chunk& chunk, const float* chunk_gradient);
  template <typename Work>
  void share_chunks(const Work& work);

  // Between steps.
  double clip();
  void observe_inputs();
  void renew_rotations();

  Recipe recipe;
  std::size_t samples;
  Plan plan;
  ProductFn product;
  const VectorOps& ops;
  Centring centring;

  // What training changes.
  Parameters parameters;
  AlignedFloats mean, square;       // Adam's moments, laid out as the weights
  std::vector<Rotation> rotations;  // of kRotatedLayers, or none
  double mean_norm = 0;             // running mean of the gradients' norm
  int epochs_done = 0;
  std::uint64_t steps_done = 0;

  Minibatches minibatches;
  std::size_t batch;
  std::uint64_t steps_an_epoch;
  Backpropagation pass;
  std::vector<Chunk> chunks;
  std::vector<double> norms;           // squared, of each chunk's gradient
  AlignedFloats gradient;              // laid out as the weights; where there is a clip
  std::vector<AlignedFloats> scratch;  // each member's own
  Team team;

  // Of a renewal: what it does, and the values before it (weights, mean, square).
  std::vector<RotationChange> changes;
  std::array<std::array<AlignedFloats, kRotatedLayers.size()>, 3> before;

  // Of the step under way.
  std::size_t first_image = 0, image_count = 0;
  AdamStep adam{};
  std::atomic<std::size_t> next_chunk = 0;
};

void Trainer::State::step(std::size_t first, std::size_t count) {
  first_image = first;
  image_count = count;
  const auto steps = static_cast<std::uint64_t>(recipe.epochs) * steps_an_epoch;
  ++steps_done;
  const double rate =
      recipe.learning_rate * rate_share(recipe.schedule, recipe.warmup, steps_done, steps);
  adam = adam_step({.alpha = rate, .beta1 = recipe.beta1, .nesterov = recipe.nesterov}, steps_done);
  next_chunk = 0;
  team.run([this](unsigned member) {
    const auto share = [&](std::size_t n) { return image_count * n / team.size(); };
    draw_and_differentiate(share(member), share(member + 1), scratch[member].data());
    team.wait_for_all();
    if (recipe.clip > 0) {
      differentiate_chunks();
    } else {
      update_at_once(scratch[member].data());
    }
  });
  if (recipe.clip > 0) {
    adam.scale = static_cast<float>(clip());
    next_chunk = 0;
    team.run([this](unsigned) { update_chunks(); });
  }
  if (!rotations.empty()) {
    if (steps_done % kObserveEvery == 0) observe_inputs();
    if (steps_done == kFirstRenewal || steps_done % kRenewEvery == 0) renew_rotations();
  }
}

void Trainer::State::draw_and_differentiate(std::size_t from, std::size_t to, float* own) {
  for (std::size_t i = from; i < to; ++i) {
    minibatches.draw_pixels(first_image + i, pass.pixels(i));
    for (std::size_t s = 0; s < samples; ++s) {
      minibatches.draw_noise(first_image + i, s, samples, pass.noise(i, s), plan.dimensions.latent);
    }
  }
  pass.run(parameters, from, to, image_count, own);
}

// Calls work(chunk's index) for chunks that no other member has taken.
template <typename Work>
void Trainer::State::share_chunks(const Work& work) {
  for (;;) {
    const std::size_t next = next_chunk.fetch_add(1, std::memory_order_relaxed);
    if (next >= chunks.size()) return;
    work(next);
  }
}

void Trainer::State::update_at_once(float* own) {
  share_chunks([&](std::size_t i) {
    const Chunk& chunk = chunks[i];
    pass.weight_gradient(chunk.layer, chunk.first, chunk.last, image_count, own);
    update(chunk, own);
  });
}

void Trainer::State::differentiate_chunks() {
  share_chunks([&](std::size_t i) {
    const Chunk& chunk = chunks[i];
    float* to = gradient.data() + chunk_offset(plan, chunk);
    pass.weight_gradient(chunk.layer, chunk.first, chunk.last, image_count, to);
    norms[i] = ops.sum_of_squares(to, chunk_size(plan, chunk));
  });
}

void Trainer::State::update_chunks() {
  share_chunks(
      [&](std::size_t i) { update(chunks[i], gradient.data() + chunk_offset(plan, chunks[i])); });
}

// One step on a chunk; biases, the layer's last row, have a rate of their own.
void Trainer::State::update(const Chunk& chunk, const float* chunk_gradient) {
  const LayerPlan& layer = plan.layers[chunk.layer];
  const auto step_on = [&](const AdamStep& rates, std::size_t first, std::size_t last) {
    const std::size_t at = layer.offset + first * layer.width;
    ops.adam(rates, chunk_gradient + (first - chunk.first) * layer.width, mean.data() + at,
             square.data() + at, parameters.layer(chunk.layer) + first * layer.width,
             (last - first) * layer.width);
  };
  const std::size_t weights_end = std::min(chunk.last, layer.in);
  step_on(adam, chunk.first, weights_end);
  if (chunk.last > layer.in) {
    AdamStep biases = adam;
    biases.rate *= static_cast<float>(recipe.bias_rate);
    step_on(biases, layer.in, chunk.last);
  }
}

// What the gradient is to be multiplied by, so that its norm is at most `clip` times the running
// mean of those before it.
double Trainer::State::clip() {
  constexpr double kMeanRate = 0.02;
  double norm = 0;
  for (const double squares : norms) norm += squares;
  norm = std::sqrt(norm);
  if (steps_done == 1) mean_norm = norm;
  const double allowed = recipe.clip * mean_norm;
  const double scale = norm > allowed ? allowed / norm : 1;
  mean_norm += kMeanRate * (norm * scale - mean_norm);
  return scale;
}

void Trainer::State::observe_inputs() {
  next_chunk = 0;
  team.run([this](unsigned member) {
    share_chunks([&](std::size_t c) {
      const Chunk& chunk = chunks[c];
      for (std::size_t i = 0; i < rotations.size(); ++i) {
        const std::size_t layer = kRotatedLayers[i];
        const std::size_t last = std::min(chunk.last, plan.layers[layer].in);
        if (chunk.layer != layer || chunk.first >= last) continue;
        const std::size_t rows = layer < kDecoder0 ? image_count : image_count * samples;
        observe(rotations[i], pass.hidden(layer), pass.hidden_stride(layer), rows, chunk.first,
                last, product, scratch[member].data());
      }
    });
  });
  for (Rotation& rotation : rotations) rotation.observed = true;
}

void Trainer::State::renew_rotations() {
  next_chunk = 0;
  team.run([this](unsigned) {
    for (std::size_t i; (i = next_chunk.fetch_add(1)) < rotations.size();) {
      const std::size_t layer = kRotatedLayers[i];
      const std::size_t at = plan.layers[layer].offset;
      renew(rotations[i], changes[i], product);
      std::copy_n(parameters.layer(layer), before[0][i].size(), before[0][i].data());
      std::copy_n(mean.data() + at, before[1][i].size(), before[1][i].data());
      std::copy_n(square.data() + at, before[2][i].size(), before[2][i].data());
    }
  });
  next_chunk = 0;
  team.run([this](unsigned) {
    share_chunks([&](std::size_t c) {
      const Chunk& chunk = chunks[c];
      for (std::size_t i = 0; i < rotations.size(); ++i) {
        const LayerPlan& layer = plan.layers[kRotatedLayers[i]];
        const std::size_t last = std::min(chunk.last, layer.in);
        if (chunk.layer != kRotatedLayers[i] || chunk.first >= last) continue;
        const auto mix = [&](const AlignedFloats& change, const AlignedFloats& from, float* to) {
          mix_rows(rotations[i], change, from.data(), layer.width, chunk.first, last, product,
                   to + chunk.first * layer.width);
        };
        mix(changes[i].weight, before[0][i], parameters.layer(chunk.layer));
        mix(changes[i].mean, before[1][i], mean.data() + layer.offset);
        mix(changes[i].square, before[2][i], square.data() + layer.offset);
      }
    });
  });
}

Trainer::Trainer(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& recipe,
                 const Kernels& kernels)
    : state_(std::make_unique<State>(dimensions, images, recipe, kernels)) {}

Trainer::~Trainer() = default;

Elbo Trainer::run_epoch(const Progress& progress) {
  State& s = *state_;
  const std::size_t images = s.minibatches.images();
  s.minibatches.start_epoch(static_cast<std::uint32_t>(s.epochs_done));
  double reconstruction = 0;
  double kl = 0;
  Elbo so_far;
  for (std::size_t done = 0; done < images;) {
    const std::size_t count = std::min(s.batch, images - done);
    s.step(done, count);
    for (std::size_t i = 0; i < count; ++i) {
      reconstruction += s.pass.loss(i).reconstruction;
      kl += s.pass.loss(i).kl;
    }
    done += count;
    const auto seen = static_cast<double>(done);
    so_far = {(reconstruction + kl) / seen, reconstruction / seen, kl / seen};
    if (!std::isfinite(so_far.neg_elbo)) {
      fail("training diverged in epoch {}: the loss is no longer a number; lower the learning rate",
           s.epochs_done + 1);
    }
    if (progress) progress(seen / static_cast<double>(images), so_far);
  }
  ++s.epochs_done;
  return so_far;
}

Network Trainer::network() const {
  const State& s = *state_;
  Parameters plain = s.parameters;
  for (std::size_t i = 0; i < s.rotations.size(); ++i) {
    const Rotation& rotation = s.rotations[i];
    if (!rotation.active()) continue;
    const LayerPlan& layer = s.plan.layers[kRotatedLayers[i]];
    mix_rows(rotation, rotation.matrix, s.parameters.layer(kRotatedLayers[i]), layer.width, 0,
             layer.in, s.product, plain.layer(kRotatedLayers[i]));
  }
  Network network = plain.network();
  fold(s.centring, network);
  return network;
}

int Trainer::epoch() const { return state_->epochs_done; }

}  // namespace picovae::tools
