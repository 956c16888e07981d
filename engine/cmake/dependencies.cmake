# picovae_require(PACKAGE GROUP [ARGUMENTS...]): find_package that reports, for all that are missing at once, the groups
# of tools/install_packages.sh that have them. Call picovae_report_missing() after the last one.
macro(picovae_require package group)
  find_package(${package} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    list(APPEND PICOVAE_MISSING ${package})
    list(APPEND PICOVAE_MISSING_GROUPS ${group})
  endif()
endmacro()

macro(picovae_report_missing)
  if(PICOVAE_MISSING)
    list(REMOVE_DUPLICATES PICOVAE_MISSING_GROUPS)
    list(JOIN PICOVAE_MISSING ", " missing)
    list(JOIN PICOVAE_MISSING_GROUPS " " groups)
    message(FATAL_ERROR "Missing libraries: ${missing}. On Debian: tools/install_packages.sh ${groups}")
  endif()
endmacro()
