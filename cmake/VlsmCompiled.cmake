include("${CMAKE_CURRENT_LIST_DIR}/VlsmSources.cmake")

# vlsm::compiled: vlsm::vlsm, but what takes long to compile and is the same in every program (readers, tokenizers,
# pictures: the headers below impl/) is compiled once, in the project that uses it. INCLUDE holds the headers.
function(vlsm_add_compiled include)
  vlsm_sources_of("${include}" "vlsm/*/impl/*.hpp;vlsm/*/*/impl/*.hpp" cpp sources)
  add_library(vlsm_compiled STATIC EXCLUDE_FROM_ALL ${sources})
  add_library(vlsm::compiled ALIAS vlsm_compiled)
  target_compile_definitions(vlsm_compiled PUBLIC VLSM_COMPILED)
  target_link_libraries(vlsm_compiled PUBLIC vlsm::vlsm)
endfunction()
