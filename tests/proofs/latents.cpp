// sigma of every logvar, and the latent of every logvar and every normal at mu's ends and middle.
#include <cmath>

#include "picovae/latent.hpp"
#include "tests/proofs/exhaustive.hpp"

using namespace picovae;
using proofs::require;

namespace {

void check_sigma() {
  std::int32_t before = 0;
  for (std::int32_t logvar = -32768; logvar <= 32767; ++logvar) {
    const std::int32_t sigma = sigma_from_logvar(logvar);
    const double exact = 4096 * std::exp(std::fmin(std::fmax(logvar / 1024.0, -12), 4) / 2);
    require(std::fabs(sigma - exact) <= 0.5 + 0.00543 * exact, "0.543 % and half a unit", logvar);
    require(exact < 0.02 * 4096 || std::fabs(sigma - exact) <= 0.011 * exact, "1.1 %", logvar);
    require(sigma >= 10 && sigma <= 30376, "10..30376, which by_z3.py takes", logvar, sigma);
    require(sigma >= before, "sigma rises", logvar);
    before = sigma;
  }
}

void check_latents(std::int16_t logvar) {
  const std::int32_t sigma = sigma_from_logvar(logvar);
  for (const std::int16_t mu : {-32768, 0, 32767}) {
    for (std::int32_t eps = -4428; eps <= 4428; ++eps) {
      const std::int32_t z =
          LatentMath<Integer>::reparameterize(mu, logvar, static_cast<std::int16_t>(eps));
      require(z >= -kMaxLatent && z <= kMaxLatent, "z is within its range", mu, logvar, eps);
      const std::int64_t exact = 1024 * std::int64_t{mu} + std::int64_t{sigma} * eps;  // of 4096
      const std::int64_t most = std::int64_t{kMaxLatent} * 4096;
      const std::int64_t off = 4096 * std::int64_t{z} - std::clamp(exact, -most, most);
      require(off >= -2560 && off <= 2560, "z is within 0.625", mu, logvar, eps);
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  check_sigma();
  proofs::for_all(proofs::threads_of(count, arguments), 65536, [](std::uint64_t i) {
    check_latents(static_cast<std::int16_t>(static_cast<std::int32_t>(i) - 32768));
  });
  proofs::passed("latents", 65536.0 * 8857 * 3);
}
