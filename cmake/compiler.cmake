# Flags for our own targets; what we link gets none of them.
find_program(HWFLOW_CCACHE ccache)
if(HWFLOW_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${HWFLOW_CCACHE}")
endif()
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_library(hwflow_flags INTERFACE)
target_include_directories(hwflow_flags INTERFACE "${PROJECT_SOURCE_DIR}/src")
target_compile_options(hwflow_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(HWFLOW_WERROR)
  target_compile_options(hwflow_flags INTERFACE -Werror)
endif()
if(HWFLOW_SANITIZE)
  target_compile_options(hwflow_flags INTERFACE "-fsanitize=${HWFLOW_SANITIZE}"
                                                -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC warns of its own <functional> and <regex> when it instruments them.
    target_compile_options(hwflow_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_link_options(hwflow_flags INTERFACE "-fsanitize=${HWFLOW_SANITIZE}")
endif()
