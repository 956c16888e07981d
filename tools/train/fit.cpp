#include "tools/train/fit.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "picovae/arena.hpp"
#include "picovae/classes.hpp"
#include "picovae/forward.hpp"
#include "picovae/layout.hpp"
#include "picovae/live.hpp"
#include "tools/base/error.hpp"
#include "tools/format/blob_size.hpp"
#include "tools/format/live_section.hpp"
#include "tools/measure/fit_classes.hpp"

namespace picovae::tools {
namespace {

struct Step {
  std::uint16_t hidden1, hidden2, latent;
};

// From small to large, of which each is worth its bytes (bench/sizes.py; RECIPE.md has the nats).
// Layers of pixels take most of a model, so that a wide second layer is cheap. hidden1 is a
// multiple of the eight outputs that layouts of boards pad to.
constexpr std::array<Step, 9> kSteps = {{
    {24, 64, 10},
    {48, 64, 14},
    {64, 104, 16},
    {96, 152, 20},
    {128, 184, 24},
    {160, 200, 24},
    {192, 216, 28},
    {240, 280, 32},
    {300, 300, 50},
}};

std::size_t class_bytes(std::size_t classes, std::size_t latent) {
  if (classes == 0 || classes > kMaxClasses) return 0;  // a model without classes
  return class_section_size(classes, units_that_fit(classes, latent));
}

// A few more dead pixels than those may save less than it takes to name them, at each end.
std::size_t spare_bytes(std::size_t pixels) {
  constexpr std::size_t kFew = kCortexMPanel;
  const std::size_t section = live_section_size(most_runs(pixels, kFew), kFew);
  return 2 * round_up(section + sizeof(Section), kBlobAlignment);
}

Fit fit_of(const Step& step, const FitData& data) {
  BlobHeader header{};
  header.layout = Layout::kCortexM;
  header.dimensions = {data.pixels, step.hidden1, step.hidden2, step.latent};
  header.parts = kEncoderPart | kDecoderPart;
  header.dead_inputs = data.dead_inputs;
  header.dead_outputs = data.dead_outputs;
  const SectionCounts counts{most_runs(data.pixels, data.dead_inputs),
                             most_runs(data.pixels, data.dead_outputs),
                             class_bytes(data.classes, step.latent)};
  const std::size_t blob = s8_blob_size(header, counts);
  return {header.dimensions, blob + spare_bytes(data.pixels),
          sizeof(DynamicVae<Integer>) + arena_size<Integer>(header.dimensions)};
}

}  // namespace

Fit fit_shape(std::size_t flash, const FitData& data) {
  std::optional<Fit> best;
  for (const Step& step : kSteps) {
    const Fit fit = fit_of(step, data);
    if (fit.model + kCodeBytes <= flash) best = fit;
  }
  if (best) return *best;
  const std::size_t least = fit_of(kSteps.front(), data).model + kCodeBytes;
  fail(
      "no model of {} pixels fits {} bytes of flash, code included: the smallest takes {}; give "
      "--fit {}K or more",
      data.pixels, flash, least, round_up(least, 1024) / 1024);
}

}  // namespace picovae::tools
