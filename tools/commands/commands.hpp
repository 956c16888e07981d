// The commands of picovae: each adds itself to the command line and does its work in the callback.
#pragma once

#include "tools/commands/command.hpp"

namespace picovae::tools {

void add_train(CLI::App& app);
void add_eval(CLI::App& app);
void add_nll(CLI::App& app);
void add_quantize(CLI::App& app);
void add_classes(CLI::App& app);
void add_export(CLI::App& app);
void add_encode(CLI::App& app);
void add_generate(CLI::App& app);
void add_reconstruct(CLI::App& app);
void add_interpolate(CLI::App& app);
void add_plot(CLI::App& app);
void add_map(CLI::App& app);
void add_info(CLI::App& app);
void add_self_test(CLI::App& app);

inline constexpr auto kCommands = {add_train,       add_eval,        add_nll,    add_quantize,
                                   add_classes,     add_export,      add_encode, add_generate,
                                   add_reconstruct, add_interpolate, add_map,    add_plot,
                                   add_info,        add_self_test};

}  // namespace picovae::tools
