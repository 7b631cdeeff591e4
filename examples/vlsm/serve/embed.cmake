# Makes OUT, a C++ file that holds the bytes of FILES (a list, separated by |) under their names.
string(REPLACE "|" ";" files "${FILES}")
set(arrays "")
set(table "")
set(index 0)
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" bytes HEX)
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND arrays "constexpr char file_${index}[] = {${bytes}'\\0'};\n")
  string(APPEND table "    {\"${name}\", {file_${index}, ${size}}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE "${OUT}" "#include \"serve/page_files.hpp\"

namespace tool::serve {
namespace {

${arrays}
constexpr PageFile files[] = {
${table}};

}  // namespace

std::span<PageFile const> page_files() { return files; }

}  // namespace tool::serve
")
