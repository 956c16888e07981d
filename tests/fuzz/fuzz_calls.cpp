// Calls of picovae.h in any order, on models of every kind, whole and damaged, with arenas at any
// address: what that header promises of each. Results are those of the scalar kernels.
#undef PICOVAE_SHAPE
#define PICOVAE_SHAPE 20, 7, 6, 3  // kSmall, the shape of most models
#include "picovae/picovae.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/engine/runnable_kernels.hpp"
#include "tests/fuzz/call_checks.hpp"
#include "tests/fuzz/called_model.hpp"
#include "tests/fuzz/decoder_calls.hpp"
#include "tests/fuzz/encoder_calls.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/model_calls.hpp"
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
    call_open(object);
  }

  void call(Object& object, int choice) {
    switch (choice) {
      case 4:
        return call_verify(object);
      case 5:
        return call_self_test(input_, object);
      case 6:
        return call_generate_class(input_, object);
      case 7:
        return call_threshold(input_, object);
      case 8:
        return call_encode(input_, object);
      case 9:
        return call_reconstruct(input_, object);
      case 10:
        return call_score_image(input_, object);
      case 11:
        return call_decode_begin(input_, object);
      case 12:
      case 13:
        return call_decode_step(input_, object);
      case 14:
        return call_generate(input_, object);
      default:
        return call_decode(input_, object);
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
