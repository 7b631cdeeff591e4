# The API reference, target `docs`: Doxygen reads the headers, the README and the pages of docs/, and fails on a warning.
# Two diagrams are drawn from the code by Graphviz. Result: html/index.html below VLSM_DOCS_DIR.
find_package(Doxygen REQUIRED COMPONENTS dot)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(VLSM_DOCS_DIR "${PROJECT_BINARY_DIR}")
configure_file("${PROJECT_SOURCE_DIR}/docs/Doxyfile.in" "${VLSM_DOCS_DIR}/Doxyfile" @ONLY)
add_custom_target(docs
  COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/headers/folders.py" "${PROJECT_SOURCE_DIR}/include" --dot
          > "${VLSM_DOCS_DIR}/folders.dot"
  COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/docs/reference/slots.py" "${PROJECT_SOURCE_DIR}/include"
          > "${VLSM_DOCS_DIR}/slots.dot"
  # Pages of headers that are gone would stay.
  COMMAND "${CMAKE_COMMAND}" -E rm -rf "${VLSM_DOCS_DIR}/html"
  COMMAND Doxygen::doxygen "${VLSM_DOCS_DIR}/Doxyfile"
  COMMAND "${CMAKE_COMMAND}" -E echo "vlsm: the reference begins at ${VLSM_DOCS_DIR}/html/index.html"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  COMMENT "API reference"
  VERBATIM)
