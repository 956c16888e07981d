// The engine for a page: one model at a time, behind functions of numbers. page/engine.mjs calls
// them and has the same order of fields.
//
// Memory: the page asks for room, writes the model's bytes there and opens it. Everything else that
// the model needs is laid behind it, and memory grows by what that takes; another model is another
// instance of this module. Images are u8. All of z, mu and logvar are f32, whatever the model:
// those of an integer model are its fixed-point numbers.
#include <cstddef>
#include <cstdint>
#include <span>

#include "picovae/forward.hpp"
#include "picovae/kernels.hpp"
#include "picovae/signature.hpp"

#define PICOVAE_EXPORT(name) extern "C" [[clang::export_name(#name)]]

extern "C" unsigned char __heap_base;  // the linker's: the end of what the module itself needs

namespace {

using namespace picovae;

constexpr std::size_t kRows = 10;            // images that a signature may take at a time
constexpr std::uint32_t kNone = 0xffffffff;  // no threshold
constexpr std::size_t kPage = 65536;

// Memory from the end of the module on. Nothing is ever given back.
class Heap {
 public:
  // Room for `count` of T at a multiple of 64; null if the machine has no more.
  template <typename T>
  T* take(std::size_t count) {
    const std::size_t start = round_up(end_, kBlobAlignment);
    const std::size_t size = count * sizeof(T);
    if (size > std::size_t{0} - 1 - start) return nullptr;
    const std::size_t end = start + size;
    const std::size_t have = __builtin_wasm_memory_size(0) * kPage;
    if (end > have) {
      const std::size_t pages = (end - have + kPage - 1) / kPage;
      if (__builtin_wasm_memory_grow(0, pages) == static_cast<std::size_t>(-1)) return nullptr;
    }
    end_ = end;
    return reinterpret_cast<T*>(start);
  }

 private:
  std::size_t end_ = reinterpret_cast<std::size_t>(&__heap_base);
};

// What the page knows of an open model. Addresses are of arrays.
struct Description {
  std::uint32_t version, type, parts;
  std::uint32_t pixels, columns, hidden1, hidden2, latent;
  std::uint32_t size, model_id;
  std::uint32_t classes;
  const std::uint8_t* labels;  // [classes]
  std::uint8_t* image;         // [pixels]: of encode and score the input, of decode the output
  float* z;                    // [latent]
  float* mu;                   // [latent]
  float* logvar;               // [latent]
  Signatures carried, computed;
  Score score;
};

Heap heap;
std::byte* bytes;  // the model's
DynamicVae<Integer> integers;
DynamicVae<Float> floats;
Description description;
DynamicArena arena;
std::uint8_t* images;  // [kRows][pixels]
void* pixels;          // [pixels] f32, of a float model
std::int16_t* mu;      // [latent], of an integer model, and so
std::int16_t* logvar;  // [latent]

// Calls with the model that is open, or with one that says that it is not.
template <typename Call>
auto with_model(const Call& call) {
  return integers.is_open() ? call(integers) : call(floats);
}

const BlobView& view() { return integers.is_open() ? integers.view() : floats.view(); }

// z as a fixed-point latent: the nearest one, half way up.
std::int16_t nearest_latent(float z) {
  const float up = z * (1 << kNormalBits) + 0.5f;
  if (!(up > -kMaxLatent)) return -kMaxLatent;  // also if it is no number
  if (up >= kMaxLatent) return kMaxLatent;
  const auto towards_zero = static_cast<std::int32_t>(up);
  const bool is_above = static_cast<float>(towards_zero) > up;
  return static_cast<std::int16_t>(towards_zero - (is_above ? 1 : 0));
}

void to_real(const std::int16_t* q, int bits, float* real) {
  const float unit = 1.0f / static_cast<float>(1 << bits);
  for (std::size_t i = 0; i < description.latent; ++i) real[i] = static_cast<float>(q[i]) * unit;
}

Status encode(const DynamicVae<Integer>& vae) {
  const Status status = vae.encode(description.image, mu, logvar, arena);
  if (status != Status::kOk) return status;
  to_real(mu, kMuBits, description.mu);
  to_real(logvar, kLogvarBits, description.logvar);
  return status;
}

Status encode(const DynamicVae<Float>& vae) {
  auto* x = static_cast<float*>(pixels);
  for (std::size_t i = 0; i < description.pixels; ++i) {
    x[i] = static_cast<float>(description.image[i]) / 255.0f;
  }
  return vae.encode(x, description.mu, description.logvar, arena);
}

Status decode(const DynamicVae<Integer>& vae) {
  for (std::size_t i = 0; i < description.latent; ++i) mu[i] = nearest_latent(description.z[i]);
  return vae.decode(mu, description.image, arena);
}

Status decode(const DynamicVae<Float>& vae) {
  auto* y = static_cast<float*>(pixels);
  const Status status = vae.decode(description.z, y, arena);
  if (status != Status::kOk) return status;
  for (std::size_t i = 0; i < description.pixels; ++i) {
    description.image[i] = static_cast<std::uint8_t>(y[i] * 255.0f + 0.5f);
  }
  return status;
}

// Everything that an open model needs. False if there is no memory for it.
bool lay_out(const BlobHeader& header) {
  const Dimensions d = header.dimensions;
  const std::size_t row = integers.is_open() ? arena_size<Integer>(d) : arena_size<Float>(d);
  ClassPriors priors;
  const bool has_classes = find_classes(view(), priors) == Status::kOk;
  arena = {heap.take<std::byte>(kRows * row), kRows};
  images = heap.take<std::uint8_t>(kRows * d.pixels);
  pixels = heap.take<float>(d.pixels);
  mu = heap.take<std::int16_t>(d.latent);
  logvar = heap.take<std::int16_t>(d.latent);
  description = {.version = header.version,
                 .type = static_cast<std::uint32_t>(header.type),
                 .parts = header.parts,
                 .pixels = d.pixels,
                 .columns = header.columns,
                 .hidden1 = d.hidden1,
                 .hidden2 = d.hidden2,
                 .latent = d.latent,
                 .size = header.total_size,
                 .model_id = header.model_id,
                 .classes = has_classes ? priors.header->classes : 0u,
                 .labels = priors.label,
                 .image = images,
                 .z = heap.take<float>(d.latent),
                 .mu = heap.take<float>(d.latent),
                 .logvar = heap.take<float>(d.latent),
                 .carried = signatures_of(view()),
                 .computed = {},
                 .score = {}};
  // Memory grows in order: whoever got none, so did all after it.
  return description.logvar != nullptr;
}

}  // namespace

// Room for a model of so many bytes, once an instance. Returns its address, or 0: no memory.
PICOVAE_EXPORT(reserve) std::byte* reserve(std::size_t size) {
  bytes = heap.take<std::byte>(size);
  return bytes;
}

// Opens and verifies the model that was written there.
//   which  0 for the best kernels of this build, 1 for the next ...
// Returns a Status, or -1 if there is no memory to run it.
PICOVAE_EXPORT(open) int open_model(std::size_t size, std::size_t which) {
  const std::span<const std::byte> model(bytes, bytes == nullptr ? 0 : size);
  const Kernels& kernels = *built_kernels()[which];
  Status status = integers.open(model, kernels);
  if (status == Status::kWrongType) status = floats.open(model, kernels);
  if (status == Status::kOk) {
    status = with_model([](const auto& vae) { return vae.verify(); });
  }
  if (status != Status::kOk) return static_cast<int>(status);
  return lay_out(*view().header) ? static_cast<int>(Status::kOk) : -1;
}

PICOVAE_EXPORT(describe) const Description* describe() { return &description; }

// The name of a set of kernels, or 0 after the last one.
PICOVAE_EXPORT(kernels) const char* kernels_name(std::size_t which) {
  return which < built_kernels().size() ? built_kernels()[which]->name : nullptr;
}

PICOVAE_EXPORT(message) const char* status_message(int status) {
  return picovae::message(static_cast<Status>(status));
}

// The calls below return a Status.

// image -> mu, logvar.
PICOVAE_EXPORT(encode) Status encode_image() {
  return with_model([](const auto& vae) { return encode(vae); });
}

// z -> image.
PICOVAE_EXPORT(decode) Status decode_latents() {
  return with_model([](const auto& vae) { return decode(vae); });
}

// z of digit `number` of a seed: of a class, or if `label` is negative from the prior.
PICOVAE_EXPORT(draw) Status draw(int label, std::uint32_t seed, std::uint32_t number) {
  Status status = Status::kOk;
  if (label < 0) {
    normals(seed, Purpose::kPrior, 0, number, mu, description.latent);
  } else {
    ClassPriors priors;
    status = find_classes(view(), priors);
    if (status == Status::kOk) {
      status = draw_class(priors, static_cast<std::uint8_t>(label), seed, number, mu,
                          description.latent);
    }
  }
  if (status == Status::kOk) to_real(mu, kNormalBits, description.z);
  return status;
}

// image -> score. Of integer models alone.
PICOVAE_EXPORT(score) Status score_image() {
  if (floats.is_open()) return Status::kWrongType;
  return integers.score(description.image, &description.score, arena);
}

// The threshold of a Figure (score.hpp, threshold.hpp), or 0xffffffff: the model has none.
PICOVAE_EXPORT(threshold) std::uint32_t threshold(std::uint32_t figure, std::uint32_t per_mille) {
  std::uint32_t value = kNone;
  const Status status = integers.threshold(static_cast<Figure>(figure), per_mille, value);
  return status == Status::kOk ? value : kNone;
}

// Of integer models alone: the golden layers, and the signatures, a third at a time. A page stays
// alive between them.
PICOVAE_EXPORT(self_test) Status self_test() {
  Layer differs;
  return integers.self_test(arena, arena_size<Integer>(integers.dimensions()), differs);
}

//   rows  1, or 10 for the kernels' other path
PICOVAE_EXPORT(sign_digits) Status sign_digits(std::size_t rows) {
  return picovae::sign_digits(integers, {arena.bytes, rows}, images, description.computed);
}

PICOVAE_EXPORT(sign_classes) Status sign_classes(std::size_t rows) {
  return picovae::sign_classes(integers, {arena.bytes, rows}, images, description.computed);
}

PICOVAE_EXPORT(sign_scores) Status sign_scores(std::size_t rows) {
  Score scores[kRows];
  return picovae::sign_scores(integers, {arena.bytes, rows}, images, scores, description.computed);
}

// Whether what was signed is what the model carries.
PICOVAE_EXPORT(agrees) bool agrees() { return agree(description.computed, description.carried); }
