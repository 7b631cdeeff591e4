include("${CMAKE_CURRENT_LIST_DIR}/VlsmSources.cmake")

# vlsm::kernels: the CUDA kernels, compiled once by nvcc; who links it needs no nvcc for files of his own. It
# defines VLSM_KERNELS, by which ops/ launch them.
# Needs VLSM_CUDA, which is on before this file is included: a function cannot enable a language for its caller.
if(VLSM_CUDA)
  # The oldest GPU that is compiled for; CMake's own choice is one that nvcc 13 has forgotten.
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80)
  endif()
  enable_language(CUDA)
endif()
function(vlsm_add_kernels include)
  find_package(CUDAToolkit REQUIRED)
  vlsm_sources_of("${include}" "vlsm/kernels/*/launch.cuh" cu sources)
  add_library(vlsm_kernels STATIC EXCLUDE_FROM_ALL ${sources})
  add_library(vlsm::kernels ALIAS vlsm_kernels)
  target_include_directories(vlsm_kernels PUBLIC $<BUILD_INTERFACE:${include}>)
  target_compile_features(vlsm_kernels PUBLIC cxx_std_20)
  # CMake 3.25 does not know that nvcc 13 has it.
  target_compile_options(vlsm_kernels PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
  target_compile_definitions(vlsm_kernels INTERFACE VLSM_KERNELS)
  target_link_libraries(vlsm_kernels PUBLIC CUDA::cudart)
  set_target_properties(vlsm_kernels PROPERTIES CUDA_ARCHITECTURES OFF POSITION_INDEPENDENT_CODE ON)
  foreach(gencode IN LISTS VLSM_GENCODES)
    target_compile_options(vlsm_kernels PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-gencode ${gencode}>")
  endforeach()
  target_link_libraries(vlsm_compiled PUBLIC vlsm::kernels)
endfunction()
