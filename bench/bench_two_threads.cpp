// One image at a time on one thread and on two (tools/base/layer_team.hpp), in turn, each thread on
// a core of its own. Prints microseconds of a decode; fails if the pixels differ.
//   bench_two_threads engine/models/mnist_s8.pvae model.safetensors
#include <fmt/core.h>

#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <vector>

#include "picovae/forward.hpp"
#include "picovae/random.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/layer_team.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr std::size_t kSamples = 5000, kDecodesOfSample = 20;

// Left to itself the scheduler may have both threads on one core for good.
void keep_apart(Team& team) {
#if defined(__linux__)
  team.run([](unsigned member) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(member, &cores);
    sched_setaffinity(0, sizeof(cores), &cores);
  });
#else
  static_cast<void>(team);
#endif
}

void check(Status status) {
  if (status != Status::kOk) fail("{}", message(status));
}

// A model with its input, its output and the time that it took.
template <typename A, typename Run>
class Decoder {
 public:
  Decoder(Run run, const BlobBytes& blob) : vae_(run) {
    check(vae_.open(blob.bytes(), chosen_kernels()));
    const Dimensions sizes = vae_.dimensions();
    memory_.resize(decoder_arena_size<A>(sizes));
    pixels_.resize(sizes.pixels);
    std::vector<std::int16_t> normal(sizes.latent);
    normals(1, Purpose::kPrior, 0, 0, normal.data(), normal.size());
    for (const std::int16_t value : normal) z_.push_back(LatentMath<A>::from_normal(value));
  }

  void sample() {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kDecodesOfSample; ++i) {
      check(vae_.decode(z_.data(), pixels_.data(), {memory_.data(), 1}));
    }
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
    times_.push_back(time.count() / kDecodesOfSample);
  }

  const std::vector<typename A::Pixel>& pixels() const { return pixels_; }

  // Of a decode: a tenth of the samples took at most this.
  double tenth() {
    const auto at = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 10);
    std::nth_element(times_.begin(), at, times_.end());
    return *at;
  }

 private:
  DynamicVae<A, Run> vae_;
  AlignedVector<std::byte> memory_;
  std::vector<typename A::Latent> z_;
  std::vector<typename A::Pixel> pixels_;
  std::vector<double> times_;
};

template <typename A>
void compare(const std::filesystem::path& path, const BlobBytes& blob, Team& team) {
  Decoder<A, CallingThread> one({}, blob);
  Decoder<A, LayerTeam> two(LayerTeam(team), blob);
  for (std::size_t i = 0; i < kSamples; ++i) {
    one.sample();
    two.sample();
  }
  if (one.pixels() != two.pixels()) fail("{}: two threads draw another digit", path.string());
  fmt::print("{:5} {:8.2f} {:8.2f} {:6.2f}  {}\n", type_name(blob.header().type), one.tenth(),
             two.tenth(), one.tenth() / two.tenth(), path.string());
}

void run(const std::vector<std::filesystem::path>& models) {
  if (models.empty()) fail("no model is given");
  Team team(2);
  keep_apart(team);
  fmt::print("{:5} {:>8} {:>8} {:>6}  us, tenth percentile of {}; {}\n", "type", "one", "two",
             "ratio", kSamples, chosen_kernels().name);
  for (const auto& path : models) {
    const BlobBytes blob = load_blob(path);
    if (blob.header().type == Type::kS8) {
      compare<Integer>(path, blob, team);
    } else {
      compare<Float>(path, blob, team);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_two_threads: {}\n", error.what());
    return 1;
  }
}
