// The posteriors of many images, and what they say about the latents and about labels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/measure/evaluation.hpp"

namespace picovae::tools {

struct Codes {
  std::size_t count = 0, latent = 0;
  std::vector<float> mu, logvar;  // [count][latent], in real units
};

// Encodes images [count][pixels] u8. Of the options, pixels and seed decide what the model sees.
// Throws NotFinite.
Codes encode_images(const Model& model, std::span<const std::uint8_t> images,
                    const EvaluateOptions& options);

// What a latent is used for (Burda, Grosse, Salakhutdinov 2015, section 5.2 and appendix C).
struct LatentUse {
  double kl = 0;        // mean over images of its KL, nats; they add up to the ELBO's
  double activity = 0;  // variance over images of its mu

  static constexpr double kActive = 0.01;  // least activity of a latent that the decoder listens to
  bool is_active() const { return activity > kActive; }
};

// One LatentUse for each latent, in order. Throws NotFinite.
std::vector<LatentUse> measure_latents(const Codes& codes);

// The active latents, the most active one first.
std::vector<std::size_t> active_latents(const Codes& codes);

using PlanePoint = std::array<double, 2>;

// Projects mu of each code on the two directions that tell labels apart best: those with the
// largest variance between labels against the variance within them (Fisher's linear discriminants).
// Each axis is scaled to variance 1 within labels. Without labels: on the two orthogonal directions
// of the largest variance. Only active latents count; fails if there are fewer than two.
//   labels  [codes.count], at least one; or empty
std::vector<PlanePoint> project_codes(const Codes& codes, std::span<const std::uint8_t> labels);

}  // namespace picovae::tools
