# LibTorch as one imported target, LibTorch::LibTorch: headers, torch_cpu and c10 (with VLSM_CUDA also torch_cuda and
# c10_cuda). TorchConfig.cmake is not used: that of PyPI's wheel demands a CUDA toolkit even for CPU code.
#
# Looked at, in this order: LibTorch_ROOT and CMAKE_PREFIX_PATH (an official LibTorch), the torch of the Python on PATH
# (an active environment), the environment that provider.cmake makes.
function(_libtorch_of_python python out)
  set(${out} "" PARENT_SCOPE)
  execute_process(
    COMMAND "${python}" -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed AND folder)
    set(${out} "${folder}" PARENT_SCOPE)
  endif()
endfunction()

set(_libtorch_hints "")
find_path(LibTorch_INCLUDE_DIR torch/csrc/api/include/torch/nn/module.h PATH_SUFFIXES include)
if(NOT LibTorch_INCLUDE_DIR)
  foreach(python IN ITEMS python3 python "${VLSM_VENV}/bin/python")
    _libtorch_of_python("${python}" folder)
    if(folder)
      list(APPEND _libtorch_hints "${folder}")
      if(NOT LibTorch_PYTHON)
        set(LibTorch_PYTHON "${python}" CACHE FILEPATH "The Python whose torch this is")
      endif()
    endif()
  endforeach()
  find_path(LibTorch_INCLUDE_DIR torch/csrc/api/include/torch/nn/module.h
            HINTS ${_libtorch_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
endif()
get_filename_component(_libtorch_root "${LibTorch_INCLUDE_DIR}" DIRECTORY)
foreach(library IN ITEMS torch_cpu c10 torch_cuda c10_cuda)
  find_library(LibTorch_${library}_LIBRARY ${library} HINTS "${_libtorch_root}/lib" NO_DEFAULT_PATH)
endforeach()
if(EXISTS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h")
  file(STRINGS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h" _libtorch_version REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" _libtorch_version "${_libtorch_version}")
  list(JOIN _libtorch_version "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_torch_cpu_LIBRARY LibTorch_c10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "set CMAKE_PREFIX_PATH to an unpacked LibTorch, or activate a Python environment that has torch")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  set(_libtorch_libraries "${LibTorch_torch_cpu_LIBRARY}" "${LibTorch_c10_LIBRARY}")
  if(VLSM_CUDA AND LibTorch_torch_cuda_LIBRARY)
    # torch_cuda registers its kernels when it is loaded; nothing refers to it by symbol.
    list(APPEND _libtorch_libraries "-Wl,--no-as-needed" "${LibTorch_torch_cuda_LIBRARY}" "${LibTorch_c10_cuda_LIBRARY}" "-Wl,--as-needed")
  endif()
  target_link_libraries(LibTorch::LibTorch INTERFACE ${_libtorch_libraries})
endif()
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_PYTHON LibTorch_torch_cpu_LIBRARY LibTorch_c10_LIBRARY LibTorch_torch_cuda_LIBRARY LibTorch_c10_cuda_LIBRARY)
