// For MemorySanitizer, which does not see what the C++ library's own object code writes: the one
// such function that these fuzzers' containers call is told of here. (Its templates are compiled
// with the fuzzers: tests/stages/fuzz.sh --memory.)
#include <sanitizer/msan_interface.h>

#include <bits/stl_tree.h>

#define PICOVAE_INSERT(prefix) \
  prefix##_ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_

// Names that the linker gives (--wrap).
extern "C" {
void PICOVAE_INSERT(__real_)(bool left, std::_Rb_tree_node_base* node,  // NOLINT
                             std::_Rb_tree_node_base* parent, std::_Rb_tree_node_base& header);

void PICOVAE_INSERT(__wrap_)(bool left, std::_Rb_tree_node_base* node,  // NOLINT
                             std::_Rb_tree_node_base* parent, std::_Rb_tree_node_base& header) {
  PICOVAE_INSERT(__real_)(left, node, parent, header);
  __msan_unpoison(node, sizeof(*node));
}
}
