# cmake -DBUILD=FOLDER -P check.cmake: clang parses all headers of include/vlsm at once, and g++ the headers of ops/ and
# their tests as a program that links vlsm::kernels does. BUILD is a configured build: where LibTorch lies stands there.
cmake_minimum_required(VERSION 3.25)
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
load_cache("${root}/${BUILD}" READ_WITH_PREFIX "" LibTorch_INCLUDE_DIR Stb_INCLUDE_DIR)
set(flags -std=c++20 -fsyntax-only -Wall -Wextra -Werror "-I${root}/include" "-I${root}/tests"
  -isystem "${LibTorch_INCLUDE_DIR}" -isystem "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include" -isystem "${Stb_INCLUDE_DIR}")

function(compile what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "vlsm: ${what}: does not compile")
  endif()
  message(STATUS "${what}: compiles")
endfunction()

find_program(clang NAMES clang++-14 clang++)
if(clang)
  file(GLOB_RECURSE headers RELATIVE "${root}/include" "${root}/include/vlsm/*.hpp")
  # Made into a library for Python by TORCH_LIBRARY, which one program may hold once.
  list(FILTER headers EXCLUDE REGEX "ops/python/")
  set(text "")
  foreach(header IN LISTS headers)
    string(APPEND text "#include \"${header}\"\n")
  endforeach()
  set(all "${root}/${BUILD}/all_headers.cpp")
  file(WRITE "${all}" "${text}")
  compile("clang: all headers" "${clang}" ${flags} -Wno-unused-function "${all}")
else()
  message(STATUS "clang: skipped: no clang++")
endif()

# The runtime's headers come with the toolkit, or with wheels: of the runtime, and of nvcc, which alone has crt/.
get_filename_component(site "${LibTorch_INCLUDE_DIR}/../.." ABSOLUTE)
file(GLOB wheels "${site}/nvidia/*/include")
find_path(cuda crt/host_config.h HINTS ${wheels} /usr/local/cuda/include ENV CUDA_PATH PATH_SUFFIXES include NO_CACHE)
if(cuda AND EXISTS "${cuda}/cuda_runtime_api.h")
  foreach(test IN ITEMS test_dice test_film test_add_norm test_fusion_attention test_on_device)
    compile("VLSM_KERNELS: ${test}" g++ ${flags} -Wno-restrict -DVLSM_KERNELS -isystem "${cuda}"
            "-DVLSM_TEST_DATA=\"\"" "-DVLSM_SHARED=\"\"" "${root}/tests/ops/${test}.cpp")
  endforeach()
else()
  message(STATUS "VLSM_KERNELS: skipped: no CUDA toolkit")
endif()
