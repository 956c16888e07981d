// A build that cannot pass definitions to the compiler, as of an IDE, has them in a file named
// picovae_config.h in its include path: PICOVAE_SHAPE, PICOVAE_ONLY_LAYOUT, PICOVAE_S4,
// PICOVAE_RELU. ports/package.py writes one.
#pragma once

#if defined(__has_include)
#if __has_include("picovae_config.h")
#include "picovae_config.h"
#endif
#endif
