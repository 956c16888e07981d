#include "tools/format/layer_names.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace picovae::tools;

}  // namespace

TEST_CASE("layers and kinds of tensors") {
  struct Case {
    const char* name;
    const char* layer;
    TensorKind kind;
  };
  const std::vector<Case> cases{{"fc1.weight", "fc1", TensorKind::kWeight},
                                {"module.fc1.bias", "fc1", TensorKind::kBias},
                                {"_orig_mod.module.net.0.weight", "net.0", TensorKind::kWeight},
                                {"dense_1/kernel:0", "dense_1", TensorKind::kWeight},
                                {"params/Dense_0/bias", "params/Dense_0", TensorKind::kBias},
                                {"W1", "1", TensorKind::kWeight},
                                {"b1", "1", TensorKind::kBias},
                                {"b_mu", "mu", TensorKind::kBias},
                                {"encoder_w2", "encoder_2", TensorKind::kWeight},
                                {"encWeight", "enc", TensorKind::kWeight},
                                {"block.b.weight", "block.b", TensorKind::kWeight},
                                {"weight", "", TensorKind::kWeight},
                                {"bn.running_mean", "bn.running_mean", TensorKind::kOther},
                                {"", "", TensorKind::kOther}};
  for (const Case& known : cases) {
    CAPTURE(known.name);
    const TensorName found = split_tensor_name(known.name);
    CHECK(found.layer == known.layer);
    CHECK(found.kind == known.kind);
  }
  CHECK(split_tensor_name("dense/kernel").is_kernel);
  CHECK(!split_tensor_name("dense.weight").is_kernel);
}

TEST_CASE("words speak for and against places") {
  for (const char* mu : {"fc_mu", "z_mean", "fcMu", "mean_layer", "encoder.mu", "loc", "muLayer"}) {
    CAPTURE(mu);
    CHECK(!name_contradicts(mu, "encoder.mu"));
    CHECK(name_contradicts(mu, "encoder.logvar"));
    CHECK(name_contradicts(mu, "decoder.0"));
  }
  for (const char* logvar : {"fc_logvar", "z_log_var", "zLogVar", "log_sigma", "std", "logvarLayer",
                             "mean_and_log_scale_of_variance_var"}) {
    CAPTURE(logvar);
    CHECK(!name_contradicts(logvar, "encoder.logvar"));
  }
  CHECK(name_contradicts("fc_logvar", "encoder.mu"));
  CHECK(name_contradicts("enc1", "decoder.0"));
  CHECK(name_contradicts("Decoder.0", "encoder.0"));
  CHECK(!name_contradicts("encoder_mean", "encoder.mu"));
  for (const char* role : {"encoder.0", "encoder.mu", "encoder.logvar", "decoder.2"}) {
    CHECK(!name_contradicts("fc21", role));
  }
}

TEST_CASE("numbers of equal words have an order") {
  CHECK(numbers_contradict("fc5", "fc2"));
  CHECK(!numbers_contradict("fc2", "fc5"));
  CHECK(numbers_contradict("fc10", "fc9"));
  CHECK(numbers_contradict("dense_1", "dense"));
  CHECK(numbers_contradict("net.0.3", "net.0.1"));
  CHECK(numbers_contradict("fc010", "fc9"));
  CHECK(numbers_contradict("fc99999999999999999999999", "fc99999999999999999999998"));
  CHECK(!numbers_contradict("fc5", "net2"));
  CHECK(!numbers_contradict("fc5", "fc5"));
  CHECK(numbers_contradict("fc10", "fc009"));
  CHECK(!numbers_contradict("fc0", "fc00"));
  CHECK(!numbers_contradict("fc00", "fc0"));
}

TEST_CASE("sigma and sigma squared") {
  for (const char* sigma : {"log_sigma", "fc_std", "logStd", "z_log_scale", "stddev"}) {
    CAPTURE(sigma);
    CHECK(says_sigma(sigma));
  }
  for (const char* square : {"logvar", "log_sigma_sq", "log_sigma2", "sigma_squared", "fc22"}) {
    CAPTURE(square);
    CHECK(!says_sigma(square));
  }
}
