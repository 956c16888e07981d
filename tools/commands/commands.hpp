// The commands of picovae: each adds itself to the command line.
#pragma once

#include <initializer_list>

namespace picovae::tools {

class CommandLine;

void add_data(CommandLine& line);
void add_train(CommandLine& line);
void add_eval(CommandLine& line);
void add_nll(CommandLine& line);
void add_quantize(CommandLine& line);
void add_classes(CommandLine& line);
void add_score(CommandLine& line);
void add_export(CommandLine& line);
void add_encode(CommandLine& line);
void add_generate(CommandLine& line);
void add_reconstruct(CommandLine& line);
void add_interpolate(CommandLine& line);
void add_map(CommandLine& line);
void add_plot(CommandLine& line);
void add_info(CommandLine& line);
void add_self_test(CommandLine& line);
void add_convert(CommandLine& line);
void add_import(CommandLine& line);

// In the order of --help.
inline constexpr auto kCommands = {
    add_data,  add_train,  add_eval,   add_nll,       add_quantize,    add_classes,
    add_score, add_export, add_encode, add_generate,  add_reconstruct, add_interpolate,
    add_map,   add_plot,   add_info,   add_self_test, add_convert,     add_import};

}  // namespace picovae::tools
