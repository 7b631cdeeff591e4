#include "demo_report.hpp"
namespace tool { void write_demo_report(std::filesystem::path const&, Model&, ModelInfo const&, vlsm::Encode const&, DemoFigures const&) {} }
