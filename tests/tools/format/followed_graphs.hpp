// Graphs of ONNX that are followed, and those that are refused.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/tools/format/onnx_models.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/format/onnx_flow.hpp"

namespace picovae::tests {

inline tools::OnnxFlow flow_of(const OnnxBuilder& builder) {
  return tools::follow_onnx(builder.model, "FILE");
}

// The message, one line about FILE.
inline std::string refusal_of(const OnnxBuilder& builder) {
  const auto message = message_of([&] { flow_of(builder); });
  CHECK(is_one_line_about(message, "FILE"));
  return message;
}

// A VAE that is understood, but for one change.
struct RefusedChange {
  const char* about;
  std::function<void(OnnxBuilder&)> change;
  const char* says;
};

inline void check_refused(const std::vector<RefusedChange>& changes) {
  for (const RefusedChange& bad : changes) {
    CAPTURE(std::string(bad.about));
    OnnxBuilder builder = whole_vae();
    bad.change(builder);
    const auto message = refusal_of(builder);
    CHECK_MESSAGE(contains(message, bad.says), message);
  }
}

}  // namespace picovae::tests
