// A model that runs: a file of any kind (safetensors, or a .pvae of f32 or s8) behind one interface
// in real units. Forward passes are the engine's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "picovae/blob.hpp"
#include "picovae/kernels.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

// What an image costs under a model (picovae/score.hpp), in nats, and in u8 squared.
struct ImageScore {
  double reconstruction = 0, kl = 0, entropy = 0, squares = 0;

  double neg_elbo() const { return reconstruction + kl; }
  double excess() const { return std::max(reconstruction - entropy, 0.0) + kl; }
};

// Calls take any count of images. Those that give pixels throw NotFinite if sums overflow. One
// thread at a time; clone() shares the blob and has its own arena.
class Model {
 public:
  virtual ~Model() = default;

  // Posteriors in real units.
  //   images      [count][pixels] in [0, 1]; an s8 model rounds them to u8
  //   mu, logvar  [count][latent] out
  virtual void encode(std::span<const float> images, float* mu, float* logvar) = 0;
  // The same of images [count][pixels] u8.
  virtual void encode(std::span<const std::uint8_t> images, float* mu, float* logvar) = 0;

  // Draws z ~ q(z|x).
  //   mu, logvar  [count][latent] as encode gave them
  //   eps         [count][latent] in Q3.10 (picovae::normals)
  //   z           [count][latent] out, in real units; an s8 model's are multiples of 2^-10
  virtual void sample(const float* mu, const float* logvar, std::span<const std::int16_t> eps,
                      float* z) = 0;

  // What sample() multiplies eps by: exp(logvar / 2), in the model's own arithmetic.
  virtual double sigma(float logvar) const = 0;

  // Decodes z [count][latent] to Bernoulli logits [count][pixels], both in real units.
  virtual void decode_logits(std::span<const float> z, float* logits) = 0;

  // Decodes z [count][latent] in real units to pixels [count][pixels] u8.
  virtual void decode(std::span<const float> z, std::uint8_t* pixels) = 0;

  // Digits first .. first + count - 1 of a seed to pixels [count][pixels] u8.
  virtual void generate(std::uint64_t seed, std::uint32_t first, std::size_t count,
                        std::uint8_t* pixels) = 0;

  // Digits first .. first + count - 1 of a seed and a class to pixels [count][pixels] u8. Throws
  // Error if the model has no such class.
  virtual void generate_class(std::uint64_t seed, std::uint8_t label, std::uint32_t first,
                              std::size_t count, std::uint8_t* pixels) = 0;

  // Labels of the classes that the model knows, ascending; empty if it knows none.
  virtual std::span<const std::uint8_t> classes() const = 0;

  // images [count][pixels] u8 -> pixels [count][pixels] u8, decoded from the posterior means.
  virtual void reconstruct(std::span<const std::uint8_t> images, std::uint8_t* pixels) = 0;

  // images [count][pixels] u8 -> scores [count], decoded from the posterior means.
  virtual void score(std::span<const std::uint8_t> images, ImageScore* scores) = 0;

  virtual std::unique_ptr<Model> clone() const = 0;
  virtual const BlobHeader& header() const = 0;
  const Dimensions& dimensions() const { return header().dimensions; }
  virtual const Kernels& kernels() const = 0;
};

// A model from a blob that check_blob accepted or that was packed here: it is not verified again,
// which takes longer than to draw a hundred digits. `name` is for messages. Throws Error if these
// kernels cannot run it.
std::unique_ptr<Model> make_model(BlobBytes blob, const std::string& name, const Kernels& kernels);

// An f32 model from a network.
std::unique_ptr<Model> make_model(const Network& network, const Kernels& kernels);

// make_model of load_blob.
std::unique_ptr<Model> load_model(const std::filesystem::path& path, const Kernels& kernels);

}  // namespace picovae::tools
