// The version of picovae, for C and for C++. These three numbers are its only source: CMake reads
// them. Until 1.0 a new minor version may change the interface; FORMAT.md has the format's own.
#pragma once

#define PICOVAE_VERSION_MAJOR 0
#define PICOVAE_VERSION_MINOR 2
#define PICOVAE_VERSION_PATCH 0

#define PICOVAE_DOTTED(major, minor, patch) #major "." #minor "." #patch
#define PICOVAE_DOTTED_VALUES(major, minor, patch) PICOVAE_DOTTED(major, minor, patch)

// "0.2.0"
#define PICOVAE_VERSION \
  PICOVAE_DOTTED_VALUES(PICOVAE_VERSION_MAJOR, PICOVAE_VERSION_MINOR, PICOVAE_VERSION_PATCH)
