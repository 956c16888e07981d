// model_outputs MODEL COUNT IMAGES FOLDER: what picovae itself computes, for comparison with other
// runtimes, as little-endian arrays:
//   z.f32            [COUNT][latent]   of digits 0, 1, ... of seed 1
//   logits.f32       [COUNT][pixels]   of z
//   pixels.u8        [COUNT][pixels]   of z
//   far.f32          [COUNT][pixels]   logits of 8 z, where much saturates
//   eps.s16          [IMAGES][latent]  noise that eval adds to image 0, 1, ... of seed 1, Q3.10
// and, if the model has an encoder, of those pixels as images
//   mu.f32           [COUNT][latent]
//   logvar.f32       [COUNT][latent]
//   reconstructed.u8 [COUNT][pixels]
//   inverted.f32     [COUNT][latent]   mu of 255 - pixels
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "picovae/kernels.hpp"
#include "picovae/random.hpp"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/measure/model.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr std::uint64_t kSeed = 1;

std::vector<std::int16_t> draw(Purpose purpose, std::size_t count, std::size_t latent) {
  std::vector<std::int16_t> eps(count * latent);
  for (std::size_t i = 0; i < count; ++i) {
    normals(kSeed, purpose, 0, static_cast<std::uint32_t>(i), eps.data() + i * latent, latent);
  }
  return eps;
}

template <typename T>
void save(const std::filesystem::path& path, const std::vector<T>& values) {
  write_file(path, std::as_bytes(std::span(values)));
}

void save_outputs(Model& model, std::size_t count, std::size_t images,
                  const std::filesystem::path& folder) {
  const std::size_t latent = model.dimensions().latent;
  const std::size_t values = count * model.dimensions().pixels;
  std::vector<float> z;
  for (const std::int16_t eps : draw(Purpose::kPrior, count, latent)) {
    z.push_back(static_cast<float>(eps) / 1024);
  }
  std::vector<float> logits(values);
  std::vector<std::uint8_t> pixels(values);
  model.decode_logits(z, logits.data());
  model.decode(z, pixels.data());
  save(folder / "z.f32", z);
  std::vector<float> far(values);
  for (float& value : z) value *= 8;
  model.decode_logits(z, far.data());
  save(folder / "far.f32", far);
  save(folder / "logits.f32", logits);
  save(folder / "pixels.u8", pixels);
  save(folder / "eps.s16", draw(Purpose::kPosterior, images, latent));
  if ((model.header().parts & kEncoderPart) == 0) return;

  std::vector<float> mu(count * latent), logvar(count * latent);
  std::vector<std::uint8_t> reconstructed(values);
  model.encode(pixels, mu.data(), logvar.data());
  model.reconstruct(pixels, reconstructed.data());
  save(folder / "mu.f32", mu);
  save(folder / "logvar.f32", logvar);
  save(folder / "reconstructed.u8", reconstructed);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  model.encode(pixels, mu.data(), logvar.data());
  save(folder / "inverted.f32", mu);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: model_outputs MODEL COUNT IMAGES FOLDER\n", stderr);
    return 2;
  }
  try {
    const auto model = load_model(argv[1], select_kernels());
    save_outputs(*model, std::stoul(argv[2]), std::stoul(argv[3]), argv[4]);
  } catch (const Error& error) {
    std::fprintf(stderr, "model_outputs: %s\n", error.what());
    return 1;
  }
  return 0;
}
