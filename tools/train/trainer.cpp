#include "tools/train/trainer.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "tools/error.hpp"
#include "tools/train/adam.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/minibatches.hpp"
#include "tools/train/parameters.hpp"
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

}  // namespace

struct Trainer::State {
  State(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& chosen,
        const Kernels& kernels)
      : recipe(chosen),
        samples(static_cast<std::size_t>(chosen.samples)),
        plan(dimensions),
        ops(vector_ops(kernels.isa)),
        parameters(plan, initial_network(dimensions, chosen.seed)),
        mean(plan.size),
        square(plan.size),
        minibatches(images, dimensions.pixels, chosen.pixels, chosen.seed),
        batch(std::min(chosen.batch, minibatches.images())),
        gradients(plan, batch, {samples, chosen.beta}, kernels),
        chunks(cut_into_chunks(plan)),
        team(chosen.threads) {
    const std::size_t size = std::max(kChunkRows * plan.widest(), gradients.scratch_size());
    for (unsigned i = 0; i < team.size(); ++i) scratch.emplace_back(size);
  }

  // One step on the images at [first, first + count) of the epoch, shared by the team.
  void step(std::size_t first, std::size_t count);

  // A member's parts of a step.
  void draw_and_differentiate(std::size_t from, std::size_t to, float* own);
  void update_chunks(float* gradient);
  void update(const Chunk& chunk, float* gradient);

  Recipe recipe;
  std::size_t samples;
  Plan plan;
  const VectorOps& ops;
  Parameters parameters;
  AlignedFloats mean, square;  // Adam's moments, laid out as the weights
  Minibatches minibatches;
  std::size_t batch;
  Backpropagation gradients;
  std::vector<Chunk> chunks;
  std::vector<AlignedFloats> scratch;  // each member's own
  Team team;

  int epochs_done = 0;
  std::uint64_t steps_done = 0;

  // Of the step under way.
  std::size_t first_image = 0, image_count = 0;
  AdamStep adam{};
  std::atomic<std::size_t> next_chunk = 0;
};

void Trainer::State::step(std::size_t first, std::size_t count) {
  first_image = first;
  image_count = count;
  adam = adam_step({.alpha = recipe.learning_rate}, ++steps_done);
  next_chunk = 0;
  team.run([this](unsigned member) {
    const auto share = [&](std::size_t n) { return image_count * n / team.size(); };
    draw_and_differentiate(share(member), share(member + 1), scratch[member].data());
    team.wait_for_all();
    update_chunks(scratch[member].data());
  });
}

void Trainer::State::draw_and_differentiate(std::size_t from, std::size_t to, float* own) {
  for (std::size_t i = from; i < to; ++i) {
    minibatches.draw_pixels(first_image + i, gradients.pixels(i));
    for (std::size_t s = 0; s < samples; ++s) {
      minibatches.draw_noise(first_image + i, s, samples, gradients.noise(i, s),
                             plan.dimensions.latent);
    }
  }
  gradients.run(parameters, from, to, image_count, own);
}

void Trainer::State::update_chunks(float* gradient) {
  for (;;) {
    const std::size_t next = next_chunk.fetch_add(1, std::memory_order_relaxed);
    if (next >= chunks.size()) return;
    update(chunks[next], gradient);
  }
}

void Trainer::State::update(const Chunk& chunk, float* gradient) {
  const LayerPlan& layer = plan.layers[chunk.layer];
  const std::size_t at = chunk.first * layer.width;
  const std::size_t size = (chunk.last - chunk.first) * layer.width;
  gradients.weight_gradient(chunk.layer, chunk.first, chunk.last, image_count, gradient);
  ops.adam(adam, gradient, mean.data() + layer.offset + at, square.data() + layer.offset + at,
           parameters.layer(chunk.layer) + at, size);
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
      reconstruction += s.gradients.loss(i).reconstruction;
      kl += s.gradients.loss(i).kl;
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

Network Trainer::network() const { return state_->parameters.network(); }

int Trainer::epoch() const { return state_->epochs_done; }

}  // namespace picovae::tools
