#include "tools/train/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/product.hpp"
#include "tools/base/error.hpp"
#include "tools/base/threads.hpp"
#include "tools/train/adam.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/centering.hpp"
#include "tools/train/chunks.hpp"
#include "tools/train/clip.hpp"
#include "tools/train/minibatches.hpp"
#include "tools/train/rotate.hpp"
#include "tools/train/schedule.hpp"
#include "tools/train/training_state.hpp"

namespace picovae::tools {
namespace {

Centering chosen_centering(const Recipe& recipe, std::span<const std::uint8_t> images,
                           std::size_t pixels) {
  return recipe.centered ? centering_of(images, pixels, recipe.pixels) : no_centering(pixels);
}

TrainingState first_state(const Plan& plan, const Recipe& recipe, const Centering& centering) {
  Network network = initial_network(plan.dimensions, recipe.seed);
  if (recipe.centered) start_at_mean(centering, network);
  TrainingState state{
      Parameters(plan, network), AlignedFloats(plan.size), AlignedFloats(plan.size), {}};
  if (recipe.rotated) {
    for (const Layer layer : kRotatedLayers) state.rotations.emplace_back(plan.layers[layer].in);
  }
  return state;
}

Form form_of(const Centering& centering, const TrainingState& state) {
  Form form{.centering = &centering};
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    form.rotations[kRotatedLayers[i]] = &state.rotations[i];
  }
  return form;
}

}  // namespace

struct Trainer::Work {
  Work(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& chosen,
       const Kernels& kernels, unsigned threads)
      : recipe(chosen),
        samples(static_cast<std::size_t>(chosen.samples)),
        plan(dimensions),
        product(product_for(kernels.isa)),
        ops(vector_ops(kernels.isa)),
        centering(chosen_centering(chosen, images, dimensions.pixels)),
        state(first_state(plan, chosen, centering)),
        minibatches(images, dimensions.pixels, chosen.pixels, chosen.seed),
        batch(std::min(chosen.batch, minibatches.images())),
        steps_an_epoch((minibatches.images() + batch - 1) / batch),
        pass(plan, batch, {samples, chosen.beta, chosen.sticking, chosen.bound}, kernels,
             form_of(centering, state)),
        chunks(cut_into_chunks(plan)),
        rotator(state, chunks, product),
        gradient(chosen.clip > 0 ? plan.size : 0),
        squares(chunks.size()),
        team(threads) {
    const std::size_t size = std::max(kChunkRows * plan.widest(), pass.scratch_size());
    for (unsigned i = 0; i < team.size(); ++i) scratch.emplace_back(size);
  }

  // One step on the images at [first, first + count) of the epoch, shared by the team.
  void step(std::size_t first, std::size_t count);

  // A member's parts of a step.
  void draw_and_differentiate(std::size_t from, std::size_t to, float* own);
  void update_at_once(float* own);
  void differentiate_chunks();
  void update(const Chunk& chunk, const float* chunk_gradient);

  double beta_share() const;
  AdamStep next_adam_step() const;
  double clip();
  EpochLoss mean_loss() const;
  bool loss_is_finite() const;
  [[noreturn]] void fail_diverged();
  [[noreturn]] void fail_diverged(std::string_view what) const;

  Recipe recipe;
  std::size_t samples;
  Plan plan;
  ProductFn product;
  const VectorOps& ops;
  Centering centering;
  TrainingState state;

  Minibatches minibatches;
  std::size_t batch;
  std::uint64_t steps_an_epoch;
  Backpropagation pass;
  std::vector<Chunk> chunks;
  Rotator rotator;
  AlignedFloats gradient;              // laid out as the parameters, where there is a clip
  std::vector<double> squares;         // sum over each chunk's gradient
  std::vector<AlignedFloats> scratch;  // each member's own
  Team team;

  // Of the step under way.
  std::size_t first_image = 0, image_count = 0;
  AdamStep adam{};
  Counter counter;
};

void Trainer::Work::step(std::size_t first, std::size_t count) {
  first_image = first;
  image_count = count;
  pass.set_beta(static_cast<float>(recipe.beta * beta_share()));
  ++state.steps;
  adam = next_adam_step();
  counter.start(chunks.size());
  team.run([this](unsigned member) {
    const auto share = [&](std::size_t n) { return image_count * n / team.size(); };
    draw_and_differentiate(share(member), share(member + 1), scratch[member].data());
    team.wait_for_all();
    if (!loss_is_finite()) return;  // every member sees the same
    if (recipe.clip > 0) {
      differentiate_chunks();
    } else {
      update_at_once(scratch[member].data());
    }
  });
  if (!loss_is_finite()) fail_diverged();
  if (recipe.clip > 0) {
    adam.scale = static_cast<float>(clip());
    counter.start(chunks.size());
    team.run([this](unsigned) {
      counter.share([&](std::size_t i) { update(chunks[i], gradient.data() + chunks[i].offset); });
    });
  }
  rotator.after_step(pass, image_count, samples, team, scratch);
}

// Of the step after those that are done.
double Trainer::Work::beta_share() const {
  const double warmup_steps = recipe.kl_warmup * static_cast<double>(steps_an_epoch);
  const auto step = static_cast<double>(state.steps);
  return step < warmup_steps ? step / warmup_steps : 1;
}

AdamStep Trainer::Work::next_adam_step() const {
  const auto steps = static_cast<std::uint64_t>(recipe.epochs) * steps_an_epoch;
  const double share = rate_share(recipe.schedule, recipe.warmup, state.steps, steps);
  return adam_step(
      {.alpha = recipe.learning_rate * share, .beta1 = recipe.beta1, .nesterov = recipe.nesterov},
      state.steps);
}

void Trainer::Work::draw_and_differentiate(std::size_t from, std::size_t to, float* own) {
  for (std::size_t i = from; i < to; ++i) {
    minibatches.draw_pixels(first_image + i, pass.pixels(i));
    for (std::size_t s = 0; s < samples; ++s) {
      minibatches.draw_noise(first_image + i, s, samples, pass.noise(i, s), plan.dimensions.latent);
    }
  }
  pass.forward(state.parameters, from, to, image_count);
  pass.backward(state.parameters, from, to, image_count, own);
}

void Trainer::Work::update_at_once(float* own) {
  counter.share([&](std::size_t i) {
    const Chunk& chunk = chunks[i];
    pass.weight_gradient(chunk.layer, chunk.first, chunk.last, image_count, own);
    update(chunk, own);
  });
}

void Trainer::Work::differentiate_chunks() {
  counter.share([&](std::size_t i) {
    const Chunk& chunk = chunks[i];
    float* to = gradient.data() + chunk.offset;
    pass.weight_gradient(chunk.layer, chunk.first, chunk.last, image_count, to);
    squares[i] = ops.sum_of_squares(to, chunk.size);
  });
}

// One step on a chunk; biases, the layer's last row, have a rate of their own.
void Trainer::Work::update(const Chunk& chunk, const float* chunk_gradient) {
  const LayerPlan& layer = plan.layers[chunk.layer];
  const auto step_on = [&](const AdamStep& rates, std::size_t first, std::size_t last) {
    const std::size_t at = layer.offset + first * layer.width;
    ops.adam(rates, chunk_gradient + (first - chunk.first) * layer.width, state.mean.data() + at,
             state.square.data() + at, state.parameters.layer(chunk.layer) + first * layer.width,
             (last - first) * layer.width);
  };
  step_on(adam, chunk.first, std::min(chunk.last, layer.in));
  if (chunk.last > layer.in) {
    AdamStep biases = adam;
    biases.rate *= static_cast<float>(recipe.bias_rate);
    step_on(biases, layer.in, chunk.last);
  }
}

double Trainer::Work::clip() {
  double sum = 0;
  for (const double square : squares) sum += square;
  if (!std::isfinite(sum)) fail_diverged();
  return clip_scale(recipe.clip, std::sqrt(sum), state.steps, state.mean_norm);
}

// Of the epoch under way.
EpochLoss Trainer::Work::mean_loss() const {
  const auto images = static_cast<double>(state.images);
  const double reconstruction = state.reconstruction_sum / images;
  const double kl = state.kl_sum / images;
  return {{(state.reconstruction_sum + state.kl_sum) / images, reconstruction, kl},
          state.loss_sum / images};
}

// Of the step under way.
bool Trainer::Work::loss_is_finite() const {
  for (std::size_t i = 0; i < image_count; ++i) {
    if (!std::isfinite(pass.loss(i).loss + pass.loss(i).kl)) return false;
  }
  return true;
}

void Trainer::Work::fail_diverged(std::string_view what) const {
  fail("training diverged in epoch {}, step {}: {} is no longer finite; lower --lr",
       state.epochs + 1, state.steps, what);
}

// Before the weights of the step under way are changed: names the first of them that is not finite,
// else the first of their gradients.
void Trainer::Work::fail_diverged() {
  const auto weight = first_not_finite(state.parameters.network());
  if (weight) fail_diverged(*weight);
  Parameters by_weight = state.parameters;
  for (const Chunk& chunk : chunks) {
    pass.weight_gradient(chunk.layer, chunk.first, chunk.last, image_count,
                         by_weight.values().data() + chunk.offset);
  }
  const auto gradient_name = first_not_finite(by_weight.network());
  fail_diverged(gradient_name ? "the gradient of " + *gradient_name : "the loss");
}

Trainer::Trainer(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& recipe,
                 const Kernels& kernels, unsigned threads)
    : work_(std::make_unique<Work>(dimensions, images, recipe, kernels, threads)) {}

Trainer::~Trainer() = default;

EpochLoss Trainer::run_epoch(const Progress& progress) {
  Work& w = *work_;
  const std::size_t images = w.minibatches.images();
  w.minibatches.start_epoch(static_cast<std::uint32_t>(w.state.epochs));
  while (w.state.images < images) {
    const auto first = static_cast<std::size_t>(w.state.images);
    const std::size_t count = std::min(w.batch, images - first);
    w.step(first, count);
    for (std::size_t i = 0; i < count; ++i) {
      w.state.reconstruction_sum += w.pass.loss(i).reconstruction;
      w.state.kl_sum += w.pass.loss(i).kl;
      w.state.loss_sum += w.pass.loss(i).loss;
    }
    w.state.images += count;
    const double done = static_cast<double>(w.state.images) / static_cast<double>(images);
    if (progress) progress(done, w.mean_loss());
  }
  const EpochLoss loss = w.mean_loss();
  ++w.state.epochs;
  w.state.images = 0;
  w.state.reconstruction_sum = w.state.kl_sum = w.state.loss_sum = 0;
  return loss;
}

Network Trainer::network() const {
  Network network = Rotator::unrotated(work_->state, work_->product).network();
  fold(work_->centering, network);
  return network;
}

int Trainer::epoch() const { return work_->state.epochs; }

bool Trainer::is_between_epochs() const { return work_->state.images == 0; }

SafetensorsFile Trainer::state() const { return list_of(work_->state).copy(); }

void Trainer::restore(const SafetensorsFile& file, std::string_view name) {
  TrainingState& state = work_->state;
  list_of(state).restore(file, name);
  complete(state);
  const std::uint64_t batch = work_->batch;
  const std::uint64_t images = work_->minibatches.images();
  const bool whole_steps = state.images % batch == 0 || state.images == images;
  const std::uint64_t steps = static_cast<std::uint64_t>(state.epochs) * work_->steps_an_epoch +
                              (state.images + batch - 1) / batch;
  if (state.epochs > work_->recipe.epochs || state.images > images || !whole_steps ||
      state.steps != steps) {
    fail("{}: is after {} epochs, {} images and {} steps, which cannot be", name, state.epochs,
         state.images, state.steps);
  }
}

}  // namespace picovae::tools
