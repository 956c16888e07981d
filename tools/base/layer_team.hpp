// Each layer of one image on several threads, for programs in which latency counts: to the bits of
// one thread.
#pragma once

#include <cstddef>

#include "picovae/layer_call.hpp"
#include "tools/base/threads.hpp"

namespace picovae::tools {

// A Run of Forward that splits the panels of each layer evenly over a team. A call of the Forward
// then has the whole team: only one may run at a time.
//   team  must outlive the Forward. A core for each of its threads, and each kept to its own: two
//         that share one wait for each other, and take ten times as long as one alone
class LayerTeam {
 public:
  explicit LayerTeam(Team& team) : team_(&team) {}

  void operator()(const LayerCall& call) const {
    team_->run([this, &call](unsigned member) {
      const std::size_t panels = call.panels();
      const std::size_t first = member * panels / team_->size();
      const std::size_t last = (member + 1) * panels / team_->size();
      if (first != last) call.run_panels(first, last);
    });
  }

 private:
  Team* team_;
};

}  // namespace picovae::tools
