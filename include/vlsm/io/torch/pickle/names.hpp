// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string_view>

namespace vlsm::io {

/// Whether `name` ("module.attribute") belongs to what exploits call and weights never need.
/// Nothing in a pickle is ever called here; a file that names these is refused because it is an
/// attack on other readers, and its owner should know.
inline bool is_dangerous_name(std::string_view name) {
  // Roots that a user's own package is unlikely to have; where it might, only the functions count.
  constexpr std::string_view modules[] = {
      "os",       "posix",      "nt",        "posixpath", "ntpath",    "subprocess",
      "sys",      "commands",   "importlib", "runpy",     "shutil",    "socket",
      "pickle",   "_pickle",    "cPickle",   "ctypes",    "_ctypes",   "pty",
      "codeop",   "bdb",        "pdb",       "timeit",    "cProfile",  "marshal",
      "pip",      "imp",        "zipimport", "asyncio",   "threading", "multiprocessing",
      "tempfile", "webbrowser", "urllib",    "urllib2",   "http",      "httplib",
      "ftplib",   "smtplib",    "requests",  "pydoc",     "distutils", "ensurepip"};
  constexpr std::string_view builtins[] = {
      "eval",    "exec",    "execfile", "compile",    "open",    "file", "input", "__import__",
      "getattr", "setattr", "delattr",  "breakpoint", "globals", "vars", "locals"};
  constexpr std::string_view functions[] = {"io.open",
                                            "_io.open",
                                            "io.open_code",
                                            "_io.open_code",
                                            "io.FileIO",
                                            "_io.FileIO",
                                            "code.interact",
                                            "code.InteractiveInterpreter",
                                            "code.InteractiveConsole",
                                            "profile.run",
                                            "trace.Trace",
                                            "operator.attrgetter",
                                            "operator.methodcaller",
                                            "_operator.attrgetter",
                                            "_operator.methodcaller",
                                            "types.CodeType",
                                            "types.FunctionType",
                                            "numpy.load",
                                            "torch.load",
                                            "torch.serialization.load",
                                            "torch.jit.load",
                                            "torch.storage._load_from_bytes"};

  auto const has = [](auto const& list, std::string_view word) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
  };
  std::string_view const root = name.substr(0, name.find('.'));
  if (has(modules, root) || has(functions, name)) return true;
  if (root == "builtins" || root == "__builtin__") {
    std::string_view rest = name.substr(std::min(name.size(), root.size() + 1));
    return has(builtins, rest.substr(0, rest.find('.')));
  }
  return name.starts_with("torch.hub.") || name.starts_with("torch.utils.cpp_extension.");
}

}  // namespace vlsm::io
