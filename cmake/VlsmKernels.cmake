# A source file for each kernel of kernels/*.cuh: there is no src/, the headers are all there is. INCLUDE holds the
# headers, EXTENSION is cu for nvcc or cpp for the emulation of the tests; OUT gets the files.
function(vlsm_kernel_sources include extension out)
  file(GLOB kernels RELATIVE "${include}" CONFIGURE_DEPENDS "${include}/vlsm/kernels/*.cuh")
  set(sources "")
  foreach(kernel IN LISTS kernels)
    get_filename_component(name "${kernel}" NAME_WE)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/vlsm_kernels/${name}.${extension}")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${kernel}\"\n" @ONLY)
    list(APPEND sources "${source}")
  endforeach()
  set(${out} "${sources}" PARENT_SCOPE)
endfunction()

# A function cannot enable a language for its caller: VLSM_CUDA is set before this file is included.
if(VLSM_CUDA)
  # CMake's own choice for its first trial is a card that nvcc 13 has forgotten.
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80)
  endif()
  enable_language(CUDA)
endif()

# vlsm::kernels: the CUDA kernels, compiled once by nvcc; who links it needs no nvcc for files of his own. It defines
# VLSM_KERNELS, by which ops/ launch them.
function(vlsm_add_kernels include)
  find_package(CUDAToolkit REQUIRED)
  vlsm_kernel_sources("${include}" cu sources)
  add_library(vlsm_kernels STATIC EXCLUDE_FROM_ALL ${sources})
  add_library(vlsm::kernels ALIAS vlsm_kernels)
  target_include_directories(vlsm_kernels PUBLIC $<BUILD_INTERFACE:${include}>)
  target_compile_features(vlsm_kernels PUBLIC cxx_std_20)
  # CMake 3.25 does not know that nvcc 13 has it.
  target_compile_options(vlsm_kernels PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
  target_compile_definitions(vlsm_kernels INTERFACE VLSM_KERNELS)
  target_link_libraries(vlsm_kernels PUBLIC CUDA::cudart)
  # 80 A100, 86 RTX 30, 90 H100 and H200, 100 B200, 120 RTX 50.
  set_target_properties(vlsm_kernels PROPERTIES CUDA_ARCHITECTURES "80-real;86-real;90-real;100-real;120"
                        POSITION_INDEPENDENT_CODE ON)
endfunction()
