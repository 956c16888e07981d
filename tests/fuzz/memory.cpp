// For MemorySanitizer, which does not see what the C++ library's own object code writes: of such
// functions, those that the fuzzers' code calls have what they wrote told here. (Templates are
// compiled with the fuzzers: tests/stages/fuzz.sh --memory.)
#include <bits/stl_tree.h>
#include <sanitizer/msan_interface.h>

#include <stdexcept>

// Names that the linker gives (--wrap).
#define PICOVAE_INSERT(prefix) \
  prefix##_ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_
#define PICOVAE_WHAT(prefix) prefix##_ZNKSt13runtime_error4whatEv

extern "C" {
void PICOVAE_INSERT(__real_)(bool left, std::_Rb_tree_node_base* node,
                             std::_Rb_tree_node_base* parent, std::_Rb_tree_node_base& header);
const char* PICOVAE_WHAT(__real_)(const std::runtime_error* error);

void PICOVAE_INSERT(__wrap_)(bool left, std::_Rb_tree_node_base* node,
                             std::_Rb_tree_node_base* parent, std::_Rb_tree_node_base& header) {
  PICOVAE_INSERT(__real_)(left, node, parent, header);
  __msan_unpoison(node, sizeof(*node));
}

const char* PICOVAE_WHAT(__wrap_)(const std::runtime_error* error) {
  const char* text = PICOVAE_WHAT(__real_)(error);
  __msan_unpoison_string(text);
  return text;
}
}
