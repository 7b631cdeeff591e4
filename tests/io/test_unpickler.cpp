// SPDX-License-Identifier: MIT
#include <cmath>
#include <string>
#include <variant>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/torch/pickle/unpickler.hpp"

using namespace vlsm;
using namespace vlsm::test;
using namespace std::string_literals;
using io::Pickle;

namespace {

Pickle load(std::string const& bytes) { return io::unpickle(as_bytes(bytes), "test.pt"); }

/// A value as Python would print it; objects as Class(arguments)[state].
struct Printer {
  Pickle const& pickle;
  int depth = 0;

  std::string at(io::Ref ref) const {
    return depth > 20 ? "..." : std::visit(Printer{pickle, depth + 1}, pickle.values[ref]);
  }
  std::string list(std::vector<io::Ref> const& items) const {
    std::string text;
    for (io::Ref item : items) text += (text.empty() ? "" : ", ") + at(item);
    return text;
  }
  std::string operator()(io::PickleNone) const { return "None"; }
  std::string operator()(bool value) const { return value ? "True" : "False"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return std::to_string(value); }
  std::string operator()(std::string const& value) const { return "'" + value + "'"; }
  std::string operator()(io::PickleBigInt const& value) const {
    return "int" + std::to_string(value.bytes.size());
  }
  std::string operator()(io::PickleBytes const& value) const { return "b'" + value.bytes + "'"; }
  std::string operator()(io::PickleTuple const& value) const {
    return "(" + list(value.items) + ")";
  }
  std::string operator()(io::PickleList const& value) const {
    return "[" + list(value.items) + "]";
  }
  std::string operator()(io::PickleDict const& value) const {
    std::string text;
    for (auto const& [key, item] : value.items)
      text += (text.empty() ? "" : ", ") + at(key) + ": " + at(item);
    return "{" + text + "}";
  }
  std::string operator()(io::PickleClass const& value) const { return value.name; }
  std::string operator()(io::PickleObject const& value) const {
    return at(value.callable) + at(value.arguments) +
           (value.state != 0 ? "[" + at(value.state) + "]" : "");
  }
  std::string operator()(io::PickleStorage const& value) const {
    return "storage" + at(value.key) + std::to_string(value.elements);
  }
  std::string operator()(io::PickleTensor const& value) const {
    return "tensor" + at(value.shape) + at(value.storage);
  }
};

std::string shown_pickle(std::string const& bytes) {
  Pickle const pickle = load(bytes);
  return Printer{pickle}.at(pickle.root);
}

}  // namespace

TEST_CASE("unpickler: numbers of every protocol") {
  CHECK(shown_pickle("(NI01\nI00\nI-5\nL7L\nF1.5\nt.") == "(None, True, False, -5, 7, 1.500000)");
  CHECK(shown_pickle("\x80\x02(J\xff\xff\xff\xffK\xffM\xff\xff\x88\x89t."s) ==
        "(-1, 255, 65535, True, False)");
  CHECK(shown_pickle(
            "\x80\x02(\x8a\x00\x8a\x01\xff\x8a\x02\xff\x7f\x8b\x03\x00\x00\x00\x00\x00\x80t."s) ==
        "(0, -1, 32767, -8388608)");
  CHECK(shown_pickle("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."s) == "-9223372036854775808");
  CHECK(shown_pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.") == "int10");
  CHECK(shown_pickle("G\x3f\xf8\x00\x00\x00\x00\x00\x00."s) == "1.500000");
}

TEST_CASE("unpickler: texts and bytes of every protocol") {
  CHECK(shown_pickle("(S'a'\nVb\nU\x01"
                     "cT\x01\0\0\0dX\x01\0\0\0e\x8c\x01"
                     "f\x8d\x01\0\0\0\0\0\0\0gt."s) == "('a', 'b', 'c', 'd', 'e', 'f', 'g')");
  CHECK(shown_pickle("(C\x01"
                     "aB\x01\0\0\0b\x8e\x01\0\0\0\0\0\0\0c\x96\x01\0\0\0\0\0\0\0dt."s) ==
        "(b'a', b'b', b'c', b'd')");
  // bytes of Python 3 in protocol 2
  CHECK(shown_pickle("c_codecs\nencode\n(X\x03\0\0\0a\xc3\xbfX\x06\0\0\0latin1tR."s) == "b'a\xff'");
}

TEST_CASE("unpickler: containers, marks and the memo") {
  CHECK(shown_pickle("(lp0\nI1\na(I2\nI3\neg0\n\x86.") == "([1, 2, 3], [1, 2, 3])");
  CHECK(shown_pickle("\x80\x04]\x94(K\x01K\x02"
                     "eh\x00\x86."s) == "([1, 2], [1, 2])");
  CHECK(shown_pickle("]r\x00\x00\x00\x80K\x01"
                     "aj\x00\x00\x00\x80\x86."s) == "([1], [1])");
  CHECK(shown_pickle("}(K\x01K\x02K\x03K\x04uK\x05)s.") == "{1: 2, 3: 4, 5: ()}");
  CHECK(shown_pickle("(I1\nI2\nd.") == "{1: 2}");
  CHECK(shown_pickle("(\x8f(K\x01\x90(K\x02\x91t.") == "([1], [2])");
  CHECK(shown_pickle("K\x01K\x02K\x03\x87.") == "(1, 2, 3)");
  CHECK(shown_pickle("K\x01\x85K\x02K\x03"
                     "00(K\x04K\x05"
                     "1(0"
                     "2\x86.") == "((1), (1))");
  CHECK(shown_pickle("\x80\x05\x95\x03\x00\x00\x00\x00\x00\x00\x00)\x94."s) == "()");
}

TEST_CASE("unpickler: torch's own names become tensors and containers") {
  std::string const storage = pickle_storage("FloatStorage", "7", 6);
  std::string const tensor = pickle_tensor(storage, 0, {2, 3}, {3, 1});
  CHECK(shown_pickle(pickle(tensor)) == "tensor(2, 3)storage'7'6");
  CHECK(shown_pickle(pickle(pickle_global("torch._utils", "_rebuild_parameter") + tensor +
                            "\x88)\x87R")) == "tensor(2, 3)storage'7'6");
  CHECK(shown_pickle(pickle(pickle_global("torch._tensor", "_rebuild_from_type_v2") + "(" +
                            pickle_global("torch._utils", "_rebuild_tensor_v2") +
                            pickle_global("torch.nn.parameter", "Parameter") + "(" + storage +
                            pickle_int(0) + pickle_ints({1}) + pickle_ints({1}) + "\x89NtNtR")) ==
        "tensor(1)storage'7'6");
  CHECK(shown_pickle("ccollections\nOrderedDict\n)RK\x01K\x02s.") == "{1: 2}");
  CHECK(shown_pickle("ccollections\nOrderedDict\n](](K\x01K\x02"
                     "e(K\x03K\x04te\x85R.") == "{1: 2, 3: 4}");
  CHECK(shown_pickle("ccollections\nOrderedDict\n)R}(K\x01K\x02ub.") == "{}");
  CHECK(shown_pickle("ctorch\nSize\n(K\x02K\x03t\x85R.") == "(2, 3)");
  CHECK(shown_pickle("ctorch\ndevice\n\x8c\x03"
                     "cpu\x85R.") == "'cpu'");
  CHECK(shown_pickle("ctorch\nfloat32\n.") == "torch.float32");
  CHECK(shown_pickle("ctorch.jit._pickle\nbuild_intlist\n](K\x01"
                     "e\x85R.") == "[1]");
}

TEST_CASE("unpickler: anything else stays a name that nobody calls") {
  CHECK(shown_pickle("cargparse\nNamespace\n)\x81}(X\x02\0\0\0lrK\x01ub."s) ==
        "argparse.Namespace()[{'lr': 1}]");
  CHECK(shown_pickle("\x8c\x07pathlib\x8c\x09PosixPath\x93\x8c\x01/\x85R.") ==
        "pathlib.PosixPath('/')");
  CHECK(shown_pickle("(cmy\nThing\nK\x01o.") == "my.Thing(1)");
  CHECK(shown_pickle("(K\x01imy\nThing\n.") == "my.Thing(1)");
  CHECK(shown_pickle("cmy\nThing\n)}\x92.") == "my.Thing()");
  CHECK(shown_pickle("cmy\nfactory\n)R)R.") == "my.factory()()");
  CHECK(shown_pickle("cmy\nlist\n)RK\x01"
                     "a(K\x02K\x03u.") == "my.list()");
  CHECK(shown_pickle("cnumpy.core.multiarray\nscalar\n)R.") == "numpy.core.multiarray.scalar()");
}

TEST_CASE("unpickler: names that only attacks use are refused, wherever they stand") {
  for (std::string const name : {"os\nsystem",
                                 "posix\nsystem",
                                 "nt\nsystem",
                                 "subprocess\nPopen",
                                 "builtins\neval",
                                 "__builtin__\nexec",
                                 "builtins\ngetattr",
                                 "builtins\n__import__",
                                 "importlib\nimport_module",
                                 "runpy\n_run_code",
                                 "os.path\njoin",
                                 "shutil\nrmtree",
                                 "socket\nsocket",
                                 "pickle\nloads",
                                 "ctypes\nCDLL",
                                 "sys\nexit",
                                 "torch\nload",
                                 "torch.storage\n_load_from_bytes",
                                 "torch.hub\nload",
                                 "_io\nopen",
                                 "operator\nattrgetter",
                                 "builtins\ngetattr.__call__"}) {
    CHECK_ERROR(load("c" + name + "\n(S'x'\ntR."), "asks to call '");
    CHECK_ERROR(load("}S'hyper_parameters'\n(S'x'\ni" + name + "\ns."), "asks to call '");
  }
  CHECK_ERROR(load("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R."), "'os.system'");
  CHECK(shown_pickle("cosprey\nNest\n.") == "osprey.Nest");
  CHECK(shown_pickle("cbuiltins\nset\n](K\x01"
                     "e\x85R.") == "[1]");
}

TEST_CASE("unpickler: broken pickles are refused with the offset") {
  CHECK_ERROR(load(""), "ends too early");
  CHECK_ERROR(load("\x80"), "ends too early");
  CHECK_ERROR(load("\x80\x06."), "newer than 5");
  CHECK_ERROR(load("NN"), "ends too early");
  CHECK_ERROR(load("."), "a value that is not there");
  CHECK_ERROR(load("NN."), "leaves values");
  CHECK_ERROR(load("N(."), "a value that is not there");
  CHECK_ERROR(load("NN\x82\x01."), "opcode 0x82 is not known");
  CHECK_ERROR(load("NN\x82\x01."), "pickle offset 2");
  CHECK_ERROR(load("\x97."), "opcode 0x97 is not known");
  CHECK_ERROR(load("P1\n."), "opcode 0x50 is not known");
  CHECK_ERROR(load("t."), "needs a mark");
  CHECK_ERROR(load("N(a."), "a value that is not there");
  CHECK_ERROR(load("NNa."), "no list");
  CHECK_ERROR(load("NNNs."), "no dict");
  CHECK_ERROR(load("}(Nu."), "no value");
  CHECK_ERROR(load("NNb."), "takes none");
  CHECK_ERROR(load("h\x05."), "memo has no entry 5");
  CHECK_ERROR(load("j\x00\x00\x00\x80."s), "memo has no entry 2147483648");
  CHECK_ERROR(load("Np-1\n."), "negative");
  CHECK_ERROR(load("q\x00."s), "a value that is not there");
  CHECK_ERROR(load("Ifive\n."), "cannot be read");
  CHECK_ERROR(load("I99999999999999999999\n."), "cannot be read");
  CHECK_ERROR(load("I5"), "inside a line");
  CHECK_ERROR(load("Sx\n."), "not in quotes");
  CHECK_ERROR(load("T\xff\xff\xff\xff."), "negative length");
  CHECK_ERROR(load("X\xff\xff\xff\xff."), "ends too early");
  CHECK_ERROR(load("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), "ends too early");
  CHECK_ERROR(load("\x95\xff\xff\xff\xff\xff\xff\xff\xff."), "a frame");
  CHECK_ERROR(load("N)R."), "no function");
  CHECK_ERROR(load("cmy\nf\nNR."), "not a tuple");
  CHECK_ERROR(load("(o."), "no class");
  CHECK_ERROR(load("NN\x93."), "not text");
  CHECK_ERROR(load("c" + std::string(5000, 'm') + "\nf\n."), "too long");
}

TEST_CASE("unpickler: storages and tensors without their parts are refused") {
  CHECK_ERROR(load("NQ."), "not a tuple");
  CHECK_ERROR(load(")Q."), "not a tuple");
  CHECK_ERROR(load("(NNNNNtQ."), "not a storage");
  CHECK_ERROR(load("(S'storage'\nNS'0'\nNI1\ntQ."), "lacks its type");
  CHECK_ERROR(load(pickle(pickle_storage("FloatStorage", "0", -1))), "lacks its type, key or size");
  CHECK_ERROR(load("(S'storage'\nctorch\nFloatStorage\nS'0'\nNNtQ."), "not an integer");
  CHECK_ERROR(load(pickle(pickle_storage("FloatStorage", "0", 1, pickle_ints({1})))), "view");
  CHECK_ERROR(load(pickle(pickle_tensor("N", 0, {1}, {1}))), "no storage");
  CHECK_ERROR(load("ctorch._utils\n_rebuild_tensor_v2\n)R."), "no storage");
  CHECK_ERROR(load("ctorch._utils\n_rebuild_parameter\n)R."), "no tensor");
}

TEST_CASE("unpickler: depth, cycles and copies cost no more than the file is long") {
  // A million nested tuples: building and destroying them must not recurse.
  CHECK(load(")" + std::string(1'000'000, '\x85') + ".").values.size() > 1'000'000);
  CHECK_ERROR(load(std::string(4'100'000, ')')), "too many values");
  CHECK_ERROR(load(std::string(1'000'000, '(')), "ends too early");
  // A list that holds itself.
  Pickle const cycle = load(
      "]q\x00h\x00"
      "a."s);
  CHECK(cycle.get<io::PickleList>(cycle.root)->items[0] == cycle.root);
  // Billion laughs: each level holds the one below twice.
  std::string laughs = "]";
  for (int i = 0; i < 60; ++i) laughs += "2\x86";
  CHECK(load(laughs + ".").values.size() < 100);
  // A long list, copied by many calls.
  std::string copies =
      "cbuiltins\nset\nq\x01"
      "0](" +
      std::string(100'000, 'N') + "e\x85q\x02(";
  for (int i = 0; i < 10'000; ++i) copies += "h\x01h\x02R";
  CHECK_ERROR(load(copies + "t."), "copies its lists too often");
}
