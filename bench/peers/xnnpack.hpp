// XNNPACK's operators, without threads.
#pragma once

#include <xnnpack.h>

#include <memory>
#include <stdexcept>

namespace picovae::bench::PICOVAE_PEER_FLAGS {

inline void demand(xnn_status status) {
  if (status != xnn_status_success) throw std::runtime_error("XNNPACK has no such operator");
}

struct DeleteOperator {
  void operator()(xnn_operator_t made) const { xnn_delete_operator(made); }
};
using Operator = std::unique_ptr<xnn_operator, DeleteOperator>;

// The operator that make(xnn_operator_t* made) creates.
template <typename Make>
Operator make_operator(const Make& make) {
  demand(xnn_initialize(nullptr));
  xnn_operator_t made = nullptr;
  demand(make(&made));
  return Operator(made);
}

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS
