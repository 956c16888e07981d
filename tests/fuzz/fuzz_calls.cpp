// Calls of picovae.h in any order, on models of every kind, whole and damaged, with arenas at any
// address: what that header promises of each. Results are those of the scalar kernels.
#undef PICOVAE_SHAPE
#define PICOVAE_SHAPE 20, 7, 6, 3  // kSmall, the shape of most models
#include "picovae/picovae.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tests/fuzz/call_checks.hpp"
#include "tests/fuzz/called_model.hpp"
#include "tests/fuzz/heap_bytes.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/fuzz/rv32_on_host.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

constexpr int kMostCalls = 40;

class Session {
 public:
  explicit Session(Input& input) : input_(input) {
    for (auto& model : models_) model = any_called_model(input_);
  }

  void run() {
    for (int calls = 0; calls < kMostCalls && !input_.is_over(); ++calls) {
      Object& object = objects_[input_.size(0, 1)];
      const int choice = input_.between(0, 15);
      if (choice < 4) {
        prepare(object, choice);
      } else if (!object.is_stale) {
        call(object, choice);
      }
    }
  }

 private:
  using Z = std::array<std::int16_t, PICOVAE_LATENT>;
  using X = std::array<std::uint8_t, PICOVAE_PIXELS>;

  void prepare(Object& object, int choice) {
    if (choice == 0) {
      models_[input_.size(0, models_.size() - 1)] = any_called_model(input_);
    } else if (choice == 1) {  // the bytes of a model, changed under whoever has it open
      CalledModel& model = *object_model(object);
      const auto bytes = model.bytes.bytes();
      if (bytes.empty()) return;
      bytes[input_.size(0, bytes.size() - 1)] ^= std::byte{1};
      model.changed();
      for (Object& other : objects_) {
        if (other.model.get() == &model) other.is_stale = true;
      }
    } else if (choice == 2) {  // a copy is as good
      Object& other = objects_[&object == objects_.data() ? 1 : 0];
      other = object;
      other.steps = {};
    } else {
      open(object);
    }
  }

  std::shared_ptr<CalledModel> object_model(const Object& object) {
    return object.model ? object.model : models_[0];
  }

  void open(Object& object) {
    static const std::vector<const Kernels*> kernels = [] {
      std::vector<const Kernels*> all = runnable_kernels();
      all.insert(all.begin(), {&kScalarKernels, &kSmallKernels, &kRv32OnHost});
      return all;
    }();
    std::memset(&object.vae, input_.between(0, 255), sizeof(object.vae));
    object.model = models_[input_.size(0, models_.size() - 1)];
    object.kernels = kernels[input_.size(0, kernels.size() - 1)];
    object.steps = {};
    object.is_stale = false;
    const CalledModel& model = *object.model;
    const picovae_status status =
        picovae_open(&object.vae, model.bytes.data(), model.bytes.bytes().size(), object.kernels);
    object.is_open = status == PICOVAE_OK;
    must((status >= PICOVAE_OK && status <= PICOVAE_BAD_CLASSES) ||
             is_one_of(status,
                       {PICOVAE_BAD_LIVE_PIXELS, PICOVAE_BAD_THRESHOLDS, PICOVAE_WRONG_ACTIVATION}),
         "a documented status of", "picovae_open");
    must(model.bytes.is_aligned() || status != PICOVAE_OK, "an aligned model of", "picovae_open");
    if (!model.is_whole()) return;
    const BlobHeader& header = model.packed.header();
    const bool s8 = header.type == Type::kS8;
    const Layout needed = s8 ? object.kernels->layout : Layout::kHost;
    Faults()
        .unless(header.dimensions == kSmall, PICOVAE_WRONG_SHAPE)
        .unless(s8, PICOVAE_WRONG_TYPE)
        .unless(header.layout == needed && object.kernels->dense(header.type) != nullptr,
                PICOVAE_UNSUPPORTED_KERNEL)
        .check(status, "picovae_open");
  }

  void call(Object& object, int choice) {
    switch (choice) {
      case 4:
        return verify(object);
      case 5:
        return self_test(object);
      case 6:
        return generate_class(object);
      case 7:
        return threshold(object);
      case 8:
        return encode(object);
      case 9:
        return reconstruct(object);
      case 10:
        return score(object);
      case 11:
        return begin(object);
      case 12:
      case 13:
        return step(object);
      case 14:
        return generate(object);
      default:
        return decode(object);
    }
  }

  // ---- Memory and inputs ----

  HeapBytes arena(std::size_t size) {
    const std::uint8_t choice = input_.any<std::uint8_t>();
    return HeapBytes(size, choice < 192 ? 0 : choice - 192u);
  }
  template <typename Arena>
  static Arena* at(const HeapBytes& arena) {
    return reinterpret_cast<Arena*>(arena.data());
  }
  Z any_z() {
    Z z;
    for (std::int16_t& value : z) value = input_.any<std::int16_t>();
    return z;
  }
  X any_x() {
    X x;
    Dice dice(input_.any<std::uint8_t>());
    for (std::uint8_t& pixel : x) pixel = static_cast<std::uint8_t>(dice.between(0, 255));
    return x;
  }

  // ---- The calls ----

  void verify(const Object& object) {
    const picovae_status status = picovae_verify(&object.vae);
    if (!object.is_open) return must(status == PICOVAE_NOT_OPEN, "NOT_OPEN of", "picovae_verify");
    must(is_one_of(status,
                   {PICOVAE_OK, PICOVAE_BAD_SCALE, PICOVAE_BAD_GOLDEN, PICOVAE_BAD_SECTION_CHECKSUM,
                    PICOVAE_BAD_PADDING, PICOVAE_ACCUMULATOR_OVERFLOW}),
         "a documented status of", "picovae_verify");
    const CalledModel& model = *object.model;
    if (model.is_whole()) must(status == PICOVAE_OK, "a whole model passes", "picovae_verify");
    if (model.state == ModelState::kDamaged)
      must(status != PICOVAE_OK, "a damaged model fails", "picovae_verify");
  }

  void self_test(const Object& object) {
    const HeapBytes memory = arena(PICOVAE_DECODER_ARENA_SIZE);
    int layer = -7;
    const picovae_status status =
        picovae_self_test(&object.vae, at<picovae_decoder_arena>(memory), &layer);
    if (object.is_open && memory.is_aligned() && !object.model->is_whole()) {
      must(is_one_of(status, {PICOVAE_OK, PICOVAE_NO_GOLDEN, PICOVAE_WRONG_OUTPUT}),
           "a documented status of", "picovae_self_test");
    } else {
      faults_of(object, memory, false, false).check(status, "picovae_self_test");
    }
    const bool wrong = status == PICOVAE_WRONG_OUTPUT;
    must(wrong ? layer >= 0 && layer < kLayerCount : layer == -7, "the layer of",
         "picovae_self_test");
    check_arena(status, memory, "picovae_self_test");
  }

  void generate(const Object& object) {
    const HeapBytes memory = arena(PICOVAE_DECODER_ARENA_SIZE), pixels(PICOVAE_PIXELS);
    const auto seed = input_.any<std::uint64_t>();
    const auto number = input_.any<std::uint32_t>();
    const picovae_status status = picovae_generate(
        &object.vae, seed, number, pixels.as<std::uint8_t>(), at<picovae_decoder_arena>(memory));
    faults_of(object, memory, false, true).check(status, "picovae_generate");
    check_arena(status, memory, "picovae_generate");
    check_pixels(
        object, status, pixels,
        [&](const Reference& r, std::uint8_t* to) {
          return r.vae.generate(seed, number, to, r.arena());
        },
        "picovae_generate");
  }

  void generate_class(const Object& object) {
    const std::uint8_t* labels = nullptr;
    const std::size_t count = picovae_classes(&object.vae, &labels);
    must((count == 0) == (labels == nullptr) && count <= 64, "the labels of", "picovae_classes");
    must(std::adjacent_find(labels, labels + count, std::greater_equal<>()) == labels + count,
         "ascending labels of", "picovae_classes");
    must(object.is_open || count == 0, "no classes of a closed model of", "picovae_classes");
    const HeapBytes memory = arena(PICOVAE_DECODER_ARENA_SIZE), pixels(PICOVAE_PIXELS);
    const auto seed = input_.any<std::uint16_t>();
    const auto label = static_cast<std::uint8_t>(input_.between(0, 7));
    const bool known = std::count(labels, labels + count, label) != 0;
    const picovae_status status = picovae_generate_class(
        &object.vae, seed, label, 9, pixels.as<std::uint8_t>(), at<picovae_decoder_arena>(memory));
    faults_of(object, memory, false, true)
        .unless(count != 0, PICOVAE_NO_CLASSES)
        .unless(known || count == 0, PICOVAE_NO_SUCH_CLASS)
        .check(status, "picovae_generate_class");
    check_arena(status, memory, "picovae_generate_class");
    check_pixels(
        object, status, pixels,
        [&](const Reference& r, std::uint8_t* to) {
          return r.vae.generate_class(seed, label, 9, to, r.arena());
        },
        "picovae_generate_class");
  }

  void decode(const Object& object) {
    const HeapBytes memory = arena(PICOVAE_DECODER_ARENA_SIZE), pixels(PICOVAE_PIXELS);
    const HeapBytes logits(PICOVAE_PIXELS * sizeof(std::int16_t));
    const Z z = any_z();
    auto* scratch = at<picovae_decoder_arena>(memory);
    const picovae_status status =
        picovae_decode(&object.vae, z.data(), pixels.as<std::uint8_t>(), scratch);
    faults_of(object, memory, false, true).check(status, "picovae_decode");
    check_arena(status, memory, "picovae_decode");
    check_pixels(
        object, status, pixels,
        [&](const Reference& r, std::uint8_t* to) { return r.vae.decode(z.data(), to, r.arena()); },
        "picovae_decode");
    const picovae_status second =
        picovae_decode_logits(&object.vae, z.data(), logits.as<std::int16_t>(), scratch);
    must(second == status, "the same status of", "picovae_decode_logits");
    if (second != PICOVAE_OK) {
      must(logits.is_untouched(), "no output without kOk of", "picovae_decode_logits");
    } else if (has_reference(object)) {
      const Reference r = reference_of(object);
      std::vector<std::int16_t> expected(PICOVAE_PIXELS);
      r.vae.decode_logits(z.data(), expected.data(), r.arena());
      must(std::memcmp(expected.data(), logits.data(), 2 * expected.size()) == 0, "the logits of",
           "picovae_decode_logits");
    }
  }

  void begin(Object& object) {
    Steps& steps = object.steps;
    steps.arena = std::make_shared<HeapBytes>(arena(PICOVAE_DECODER_ARENA_SIZE));
    steps.pixels = std::make_shared<HeapBytes>(PICOVAE_PIXELS);
    const Z z = any_z();
    const picovae_status status =
        picovae_decode_begin(&object.vae, z.data(), steps.pixels->as<std::uint8_t>(),
                             at<picovae_decoder_arena>(*steps.arena), &steps.state);
    faults_of(object, *steps.arena, false, true).check(status, "picovae_decode_begin");
    check_arena(status, *steps.arena, "picovae_decode_begin");
    steps.begun = status == PICOVAE_OK;
    if (!steps.begun) return;
    const HeapBytes memory(PICOVAE_DECODER_ARENA_SIZE);
    steps.expected.resize(PICOVAE_PIXELS);
    must(picovae_decode(&object.vae, z.data(), steps.expected.data(),
                        at<picovae_decoder_arena>(memory)) == PICOVAE_OK,
         "what can begin runs:", "picovae_decode");
  }

  void step(Object& object) {
    Steps& steps = object.steps;
    const int done = picovae_decode_step(&object.vae, &steps.state, input_.size(0, 40));
    if (!steps.begun) {
      must(done == 1, "1 where there is nothing to do of", "picovae_decode_step");
      must(!steps.pixels || steps.pixels->is_untouched(), "no output without a begin of",
           "picovae_decode_step");
    } else if (done == 1) {
      must(std::memcmp(steps.pixels->data(), steps.expected.data(), steps.expected.size()) == 0,
           "the pixels of", "picovae_decode_step");
    }
  }

  void encode(const Object& object) {
    const HeapBytes memory = arena(PICOVAE_ENCODER_ARENA_SIZE);
    const HeapBytes mu(2 * PICOVAE_LATENT), logvar(2 * PICOVAE_LATENT);
    const X x = any_x();
    const picovae_status status =
        picovae_encode(&object.vae, x.data(), mu.as<std::int16_t>(), logvar.as<std::int16_t>(),
                       at<picovae_encoder_arena>(memory));
    faults_of(object, memory, true, false).check(status, "picovae_encode");
    check_arena(status, memory, "picovae_encode");
    if (status != PICOVAE_OK) {
      must(mu.is_untouched() && logvar.is_untouched(), "no output without kOk of",
           "picovae_encode");
    } else if (has_reference(object)) {
      const Reference r = reference_of(object);
      Z expected_mu, expected_logvar;
      r.vae.encode(x.data(), expected_mu.data(), expected_logvar.data(), r.arena());
      must(std::memcmp(mu.data(), expected_mu.data(), sizeof(Z)) == 0 &&
               std::memcmp(logvar.data(), expected_logvar.data(), sizeof(Z)) == 0,
           "the posterior of", "picovae_encode");
    }
  }

  void reconstruct(const Object& object) {
    const HeapBytes memory = arena(sizeof(picovae_arena)), pixels(PICOVAE_PIXELS);
    const X x = any_x();
    const bool in_place = input_.flag();  // pixels may be x
    X both = x;
    std::uint8_t* to = in_place ? both.data() : pixels.as<std::uint8_t>();
    const picovae_status status = picovae_reconstruct(
        &object.vae, in_place ? both.data() : x.data(), to, at<picovae_arena>(memory));
    faults_of(object, memory, true, true).check(status, "picovae_reconstruct");
    check_arena(status, memory, "picovae_reconstruct");
    if (in_place) {
      if (status != PICOVAE_OK) must(both == x, "no output without kOk of", "picovae_reconstruct");
      std::copy(both.begin(), both.end(), pixels.as<std::uint8_t>());
      if (status != PICOVAE_OK) return;
    }
    check_pixels(
        object, status, pixels,
        [&](const Reference& r, std::uint8_t* expected) {
          return r.vae.reconstruct(x.data(), expected, r.arena());
        },
        "picovae_reconstruct");
  }

  void score(const Object& object) {
    const HeapBytes memory = arena(sizeof(picovae_arena)), out(sizeof(picovae_score));
    const X x = any_x();
    const picovae_status status = picovae_score_image(
        &object.vae, x.data(), out.as<picovae_score>(), at<picovae_arena>(memory));
    faults_of(object, memory, true, true).check(status, "picovae_score_image");
    check_arena(status, memory, "picovae_score_image");
    if (status != PICOVAE_OK) {
      must(out.is_untouched(), "no output without kOk of", "picovae_score_image");
    } else if (has_reference(object)) {
      const Reference r = reference_of(object);
      Score expected{};
      r.vae.score(x.data(), &expected, r.arena());
      must(std::memcmp(&expected, out.data(), sizeof(expected)) == 0, "the score of",
           "picovae_score_image");
    }
  }

  void threshold(const Object& object) {
    const HeapBytes out(sizeof(std::uint32_t));
    constexpr picovae_figure kFigures[] = {PICOVAE_EXCESS, PICOVAE_NEG_ELBO, PICOVAE_SQUARES};
    const picovae_status status = picovae_threshold(
        &object.vae, input_.of(kFigures), static_cast<std::uint32_t>(input_.size(0, 1001)),
        out.as<std::uint32_t>());
    if (!object.is_open) {
      must(status == PICOVAE_NOT_OPEN, "NOT_OPEN of", "picovae_threshold");
    } else {
      must(is_one_of(status, {PICOVAE_OK, PICOVAE_NO_THRESHOLDS}), "a documented status of",
           "picovae_threshold");
    }
    if (status != PICOVAE_OK) {
      must(out.is_untouched(), "no output without kOk of", "picovae_threshold");
    }
  }

  Input& input_;
  std::array<std::shared_ptr<CalledModel>, 3> models_;
  std::array<Object, 2> objects_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Session(input).run();
  return 0;
}
