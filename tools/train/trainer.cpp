#include "tools/train/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "host/product.hpp"
#include "tools/base/default_arithmetic.hpp"
#include "tools/base/error.hpp"
#include "tools/base/threads.hpp"
#include "tools/base/vector_ops.hpp"
#include "tools/train/backpropagation.hpp"
#include "tools/train/centering.hpp"
#include "tools/train/minibatches.hpp"
#include "tools/train/optimizer.hpp"
#include "tools/train/rotation.hpp"
#include "tools/train/training_state.hpp"

namespace picovae::tools {
namespace {

Centering chosen_centering(const Recipe& recipe, std::span<const std::uint8_t> images,
                           std::size_t pixels) {
  return recipe.centered ? centering_of(images, pixels, recipe.pixels, recipe.activation)
                         : no_centering(pixels);
}

std::size_t most_samples(const Recipe& recipe) {
  return static_cast<std::size_t>(std::max(recipe.samples, recipe.samples_late));
}

TrainingState first_state(const Plan& plan, const Recipe& recipe, const Centering& centering) {
  Network network = initial_network(plan.dimensions, recipe.seed, recipe.activation);
  if (recipe.centered) start_at_mean(centering, network);
  TrainingState state{
      Parameters(plan, network), AlignedFloats(plan.size), AlignedFloats(plan.size), {}};
  if (recipe.rotated) {
    for (const Layer layer : rotated_layers(plan.dimensions)) {
      state.rotations.emplace_back(plan.layers[layer].in);
    }
  }
  return state;
}

Form form_of(const Recipe& recipe, const Centering& centering, const TrainingState& state) {
  Form form{.activation = recipe.activation, .centering = &centering};
  const auto layers = rotated_layers(state.parameters.plan().dimensions);
  for (std::size_t i = 0; i < state.rotations.size(); ++i) {
    form.rotations[layers[i]] = &state.rotations[i];
  }
  return form;
}

}  // namespace

struct Trainer::Work {
  Work(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& chosen,
       const Kernels& kernels, unsigned threads, std::size_t columns)
      : recipe(chosen),
        plan(dimensions),
        product(product_for(kernels.isa)),
        centering(chosen_centering(chosen, images, dimensions.pixels)),
        state(first_state(plan, chosen, centering)),
        minibatches(images, dimensions.pixels, chosen.pixels, chosen.seed,
                    {most_samples(chosen), chosen.antithetic}, {chosen.augment, columns}),
        batch(std::min(chosen.batch, minibatches.images())),
        steps_an_epoch((minibatches.images() + batch - 1) / batch),
        steps(static_cast<std::uint64_t>(chosen.epochs) * steps_an_epoch),
        late(first_late_step(chosen, steps)),
        augmented(last_augmented_step(chosen, steps)),
        pass(plan, batch, {most_samples(chosen), chosen.beta, chosen.sticking, chosen.bound},
             kernels, form_of(chosen, centering, state)),
        optimizer(chosen, steps, vector_ops(kernels.isa), state),
        rotator(state, product),
        team(threads) {
    for (unsigned i = 0; i < team.size(); ++i) scratch.emplace_back(optimizer.scratch_size());
  }

  // One step on the images at [first, first + count) of the epoch, shared by the team.
  void step(std::size_t first, std::size_t count);

  double beta_share() const;
  EpochLoss mean_loss() const;
  bool loss_is_finite(std::size_t count) const;
  [[noreturn]] void fail_diverged(std::size_t count);

  Recipe recipe;
  Plan plan;
  ProductFn product;
  Centering centering;
  TrainingState state;

  Minibatches minibatches;
  std::size_t batch;
  std::uint64_t steps_an_epoch;
  std::uint64_t steps;      // of the whole training
  std::uint64_t late;       // the first of them that draws samples_late
  std::uint64_t augmented;  // the last of them that warps images
  Backpropagation pass;
  Optimizer optimizer;
  Rotator rotator;
  std::vector<AlignedFloats> scratch;  // one for each member
  Team team;
};

void Trainer::Work::step(std::size_t first, std::size_t count) {
  pass.set_beta(static_cast<float>(recipe.beta * beta_share()));
  ++state.steps;
  pass.set_samples(
      static_cast<std::size_t>(state.steps < late ? recipe.samples : recipe.samples_late));
  optimizer.start_step();
  team.run([&](unsigned member) {
    const std::size_t from = count * member / team.size();
    const std::size_t to = count * (member + 1) / team.size();
    for (std::size_t i = from; i < to; ++i) {
      if (state.steps <= augmented) {
        minibatches.draw_augmented_pixels(first + i, pass.pixels(i));
      } else {
        minibatches.draw_pixels(first + i, pass.pixels(i));
      }
      minibatches.draw_noise(first + i, pass.samples(), plan.dimensions.latent, pass.noise_stride(),
                             pass.noise(i, 0));
    }
    pass.forward(state.parameters, from, to, count);
    pass.backward(state.parameters, from, to, count);
    team.wait_for_all();
    if (!loss_is_finite(count)) return;  // every member sees the same
    optimizer.differentiate(pass, count, scratch[member].data());
  });
  if (!loss_is_finite(count) || !optimizer.finish_step(team)) fail_diverged(count);
  rotator.after_step(pass, count, pass.samples(), team, scratch);
}

// Of the step after those that are done.
double Trainer::Work::beta_share() const {
  const double warmup_steps = recipe.kl_warmup * static_cast<double>(steps_an_epoch);
  const auto step = static_cast<double>(state.steps);
  return step < warmup_steps ? step / warmup_steps : 1;
}

// Of the epoch under way.
EpochLoss Trainer::Work::mean_loss() const {
  const auto images = static_cast<double>(state.images);
  const double reconstruction = state.reconstruction_sum / images;
  const double kl = state.kl_sum / images;
  return {{(state.reconstruction_sum + state.kl_sum) / images, reconstruction, kl},
          state.loss_sum / images};
}

// Of the `count` images of the step under way.
bool Trainer::Work::loss_is_finite(std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(pass.loss(i).loss + pass.loss(i).kl)) return false;
  }
  return true;
}

// Before the weights of the step under way are changed: names the first of them that is not finite,
// else the first of their gradients.
void Trainer::Work::fail_diverged(std::size_t count) {
  std::string what = "the loss";
  if (const auto weight = first_not_finite(state.parameters.network())) {
    what = *weight;
  } else {
    Parameters gradient = state.parameters;
    for (std::size_t l = 0; l < kLayerCount; ++l) {
      if (!has_layer(plan.dimensions, l)) continue;
      pass.weight_gradient(l, 0, plan.layers[l].rows(), count, gradient.layer(l));
    }
    const auto by_weight = first_not_finite(gradient.network());
    if (by_weight) what = "the gradient of " + *by_weight;
  }
  fail("training diverged in epoch {}, step {}: {} is no longer finite; lower {}", state.epochs + 1,
       state.steps, what, option_to_lower(recipe));
}

Trainer::Trainer(Dimensions dimensions, std::span<const std::uint8_t> images, const Recipe& recipe,
                 const Kernels& kernels, unsigned threads, std::size_t columns)
    : work_([&] {
        const DefaultArithmetic arithmetic;  // of its threads, too
        return std::make_unique<Work>(dimensions, images, recipe, kernels, threads, columns);
      }()) {}

Trainer::~Trainer() = default;

EpochLoss Trainer::run_epoch(const Progress& progress) {
  const DefaultArithmetic arithmetic;
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
  const DefaultArithmetic arithmetic;
  Network network = unrotated(work_->state, work_->product).network();
  network.activation = work_->recipe.activation;
  fold(work_->centering, network);
  return network;
}

int Trainer::epoch() const { return work_->state.epochs; }

bool Trainer::is_between_epochs() const { return work_->state.images == 0; }

SafetensorsFile Trainer::state() const { return to_safetensors(work_->state); }

void Trainer::restore(const SafetensorsFile& file, std::string_view name) {
  TrainingState& state = work_->state;
  tools::restore(state, file, name);
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
