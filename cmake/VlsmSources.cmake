# A source file for each header of INCLUDE that matches one of PATTERNS: there is no src/, the headers are all there is.
# EXTENSION says which compiler takes them; OUT gets the files.
function(vlsm_sources_of include patterns extension out)
  list(TRANSFORM patterns PREPEND "${include}/")
  file(GLOB headers RELATIVE "${include}" CONFIGURE_DEPENDS ${patterns})
  set(sources "")
  foreach(header IN LISTS headers)
    cmake_path(REPLACE_EXTENSION header LAST_ONLY "${extension}" OUTPUT_VARIABLE name)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/vlsm_sources/${name}")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${header}\"\n" @ONLY)
    list(APPEND sources "${source}")
  endforeach()
  set(${out} "${sources}" PARENT_SCOPE)
endfunction()

# The GPUs that kernels are compiled for: 80 A100, 86 RTX 30, 90 H100 and H200; 100 B200, 120 RTX 50. nvcc makes the same
# of a kernel for all GPUs of a row, so its front end runs once for each row; newer GPUs take the last one's PTX.
set(VLSM_GENCODES "arch=compute_80,code=[sm_80,sm_86,sm_90]" "arch=compute_100,code=[sm_100,sm_120,compute_100]"
    CACHE STRING "nvcc's -gencode of the CUDA kernels; one GPU compiles sooner, say arch=compute_90,code=sm_90")
