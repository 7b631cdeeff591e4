# Installs BINARY_DIR into an empty PREFIX. Headers keep their times, so what was built against an earlier copy of
# the same headers is not built again.
file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BINARY_DIR}" --prefix "${PREFIX}" RESULT_VARIABLE failed OUTPUT_QUIET)
if(failed)
  message(FATAL_ERROR "cmake --install failed")
endif()
foreach(file IN ITEMS include/vlsm/segmenter/segmenter.hpp share/cmake/vlsm/vlsmConfig.cmake share/cmake/vlsm/VlsmCompiled.cmake share/cmake/vlsm/FindLibTorch.cmake)
  if(NOT EXISTS "${PREFIX}/${file}")
    message(FATAL_ERROR "not installed: ${file}")
  endif()
endforeach()
