# libvlsm_torch: the operators as a library that Python loads (torch.ops.load_library), and its test.
# Needs the full PyTorch, which the preset `python` brings.
if(NOT LibTorch_PYTHON)
  message(FATAL_ERROR "vlsm: VLSM_PYTHON needs the torch of a Python; this LibTorch (${LibTorch_INCLUDE_DIR}) has none. Use the preset python.")
endif()
vlsm_sources_of("${PROJECT_SOURCE_DIR}/include" "vlsm/ops/python/library.hpp" cpp source)
add_library(vlsm_torch MODULE "${source}")
target_link_libraries(vlsm_torch PRIVATE vlsm::vlsm)
set_target_properties(vlsm_torch PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

enable_testing()
add_test(NAME "python: the operators" COMMAND "${LibTorch_PYTHON}" "${PROJECT_SOURCE_DIR}/tests/python/test_ops.py" $<TARGET_FILE:vlsm_torch>)
add_test(NAME "python: whole models beside other engines" COMMAND "${LibTorch_PYTHON}" "${PROJECT_SOURCE_DIR}/tests/python/test_peers.py")
set_tests_properties("python: the operators" "python: whole models beside other engines" PROPERTIES LABELS python TIMEOUT 600)
