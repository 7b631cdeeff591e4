# What the project's own tests, examples and benchmarks are compiled with; users of vlsm::vlsm are not concerned.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# What is hot runs inside LibTorch; -O3 would only make the headers compile longer.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
find_program(VLSM_CCACHE ccache)
if(VLSM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache wants to be told that precompiled headers are all right.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${VLSM_CCACHE}")
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

add_library(vlsm_development INTERFACE)
target_link_libraries(vlsm_development INTERFACE vlsm::compiled)
# g++ 12 warns of overlapping copies inside std::string where there are none (GCC bug 105651).
set(vlsm_options -Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# g++ collects garbage whenever its heap has doubled, which does not pay below a gigabyte: LibTorch's headers stay.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(vlsm_heap --param=ggc-min-heapsize=1000000)
  list(APPEND vlsm_options ${vlsm_heap})
endif()
if(VLSM_SANITIZE)
  if(VLSM_SANITIZE STREQUAL "thread")
    set(sanitizers -fsanitize=thread)
    # g++ says of any fence that this sanitizer does not see it; ours are LibTorch's.
    list(APPEND vlsm_options $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  else()
    set(sanitizers -fsanitize=address,undefined)
  endif()
  # What the sanitizers add makes g++ take members of LibTorch's optionals for uninitialized.
  list(APPEND vlsm_options ${sanitizers} -fno-sanitize-recover=undefined -fno-omit-frame-pointer
       $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(vlsm_development INTERFACE ${sanitizers})
  # With the checks in place, optimizing takes longer than it saves.
  string(REPLACE "-O2" "-O1" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
  if(VLSM_LIGHT_TESTS)
    target_compile_options(vlsm_compiled PRIVATE $<$<CONFIG:Release>:-O0>)
  endif()
endif()
target_compile_options(vlsm_development INTERFACE ${vlsm_options})
# g++ 12 takes members of LibTorch's small vectors for uninitialized.
target_compile_options(vlsm_compiled PRIVATE ${vlsm_options} $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
