// How a network is trained: the same recipe on the same images gives the same weights.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "picovae/kernels.hpp"
#include "tools/base/names.hpp"
#include "tools/data/pixels.hpp"
#include "tools/train/objective.hpp"

namespace picovae::tools {

// The learning rate over the course of training.
enum class Schedule {
  kConstant,
  kCosine,  // down to zero along half a cosine (Loshchilov and Hutter 2016, without restarts)
};

inline constexpr std::array<Named<Schedule>, 2> kSchedules{{
    {"constant", Schedule::kConstant},
    {"cosine", Schedule::kCosine},
}};

// The members' defaults are the preset `default`: the best that is known (bench/recipes.sh).
struct Recipe {
  Activation activation = Activation::kSoftplus;  // of hidden layers
  int epochs = 30;
  std::size_t batch = 100;
  int samples = 1;       // z drawn for each image in a step
  float beta = 1;        // weight of the KL
  double kl_warmup = 0;  // epochs over which beta rises to this, linearly from 0
  Bound bound = Bound::kElbo;
  PixelMode pixels = PixelMode::kGray;
  std::uint64_t seed = 1;

  // Noise counts most in the end, when steps are small: there a second z is worth its time.
  int samples_late = 2;     // in the last steps
  double late_share = 0.5;  // which share of all steps they are
  bool antithetic = true;   // every second z is mu - sigma eps of the one before

  // Long trainings learn the images by heart unless these change (warp.hpp).
  double augment = 0;           // which share of the images is warped
  double augment_until = 0.75;  // in which share of all steps, the first ones

  // The form that the network is trained in. It folds into plain weights in the end.
  bool centered = true;  // inputs and hidden activations about zero (centering.hpp)
  bool rotated = true;   // hidden inputs along their principal axes (rotation.hpp)

  // The optimizer.
  double learning_rate = 5e-3;  // at its highest; for 30 epochs: long_rate()
  Schedule schedule = Schedule::kCosine;
  double warmup = 0.03;  // share of the steps over which the rate rises
  double beta1 = 0.95;   // decay of Adam's mean
  bool nesterov = true;  // NAdam
  double bias_rate = 1;  // rate of biases, as a multiple of that of weights
  double clip = 2;       // gradients at most this multiple of their running mean norm; 0: no limit
  bool sticking = true;  // sticking the landing (vector_ops.hpp)

  bool operator==(const Recipe&) const = default;
};

// What the deck of the course trained, with the loss of its formulas: Adam at a constant rate.
Recipe deck_recipe();

// The rate for a training of `epochs` with a recipe whose rate is `rate`: lower if there are more
// than 30. At 5e-3 training diverges after 20 epochs near the highest rate.
double long_rate(double rate, int epochs);

// The first of `steps` steps, 1, 2, ..., that draws samples_late; steps + 1 if none does.
std::uint64_t first_late_step(const Recipe& recipe, std::uint64_t steps);

// The last of `steps` steps that warps images; 0 if none does.
std::uint64_t last_augmented_step(const Recipe& recipe, std::uint64_t steps);

// The share of a training's work, 0 to 1, that is done after the first `done`, 0 to 1, of its
// steps: each z costs about what the encoder does.
double work_share(const Recipe& recipe, double done);

// The option to lower if training diverges: --lr, or another that is further above its default.
const char* option_to_lower(const Recipe& recipe);

// The recipes by name, `default` first.
std::array<Named<Recipe>, 2> presets();

// Options of a training as text, by name: in the model's metadata and in checkpoints.
using Settings = std::map<std::string, std::string>;

// All of a recipe. Numbers are read back as the same ones.
Settings settings_of(const Recipe& recipe);

}  // namespace picovae::tools
