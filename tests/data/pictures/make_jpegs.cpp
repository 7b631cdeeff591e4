// SPDX-License-Identifier: MIT
// Writes JPEG files of all kinds that libjpeg-turbo encodes into a folder; make_jpegs.py runs it.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>
// It needs <cstdio>.
#include <jpeglib.h>

namespace {

enum class Coding { baseline, optimised, progressive, arithmetic, arithmetic_progressive, planes };

struct Kind {
  std::string name;
  int width, height, quality;
  J_COLOR_SPACE in, stored;
  bool jfif, adobe;
  std::vector<std::array<int, 2>> sampling;  // of each component: across, down
  Coding coding;
  unsigned restart;  // interval in units; 0: none
  bool letters;      // the components are called R, G, B, not 1, 2, 3
};

std::vector<std::uint8_t> picture(int width, int height, int channels) {
  std::vector<std::uint8_t> pixels;
  std::uint32_t noise = 12345;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) {
        noise = noise * 1664525u + 1013904223u;
        double const wave = std::sin(0.21 * x * (c + 1) + 0.13 * y) + (x + 2 * y) % 17 / 17.0;
        pixels.push_back(static_cast<std::uint8_t>(128 + 60 * wave + (noise >> 27)));
      }
  return pixels;
}

void write(std::string const& folder, Kind const& kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  std::FILE* const file = std::fopen((folder + "/" + kind.name + ".jpg").c_str(), "wb");
  jpeg_stdio_dest(&info, file);
  info.image_width = static_cast<JDIMENSION>(kind.width);
  info.image_height = static_cast<JDIMENSION>(kind.height);
  info.in_color_space = kind.in;
  info.input_components = kind.in == JCS_GRAYSCALE ? 1 : kind.in == JCS_CMYK ? 4 : 3;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, kind.stored);
  jpeg_set_quality(&info, kind.quality, TRUE);
  info.write_JFIF_header = kind.jfif;
  info.write_Adobe_marker = kind.adobe;
  info.restart_interval = kind.restart;
  for (int c = 0; c < info.num_components; ++c) {
    if (static_cast<std::size_t>(c) < kind.sampling.size()) {
      info.comp_info[c].h_samp_factor = kind.sampling[c][0];
      info.comp_info[c].v_samp_factor = kind.sampling[c][1];
    }
    if (kind.stored == JCS_RGB && !kind.letters) info.comp_info[c].component_id = c + 1;
  }
  jpeg_scan_info scans[4] = {};
  if (kind.coding == Coding::optimised) info.optimize_coding = TRUE;
  if (kind.coding == Coding::arithmetic || kind.coding == Coding::arithmetic_progressive)
    info.arith_code = TRUE;
  if (kind.coding == Coding::progressive || kind.coding == Coding::arithmetic_progressive)
    jpeg_simple_progression(&info);
  if (kind.coding == Coding::planes) {
    for (int c = 0; c < info.num_components; ++c)
      scans[c] = {.comps_in_scan = 1, .component_index = {c}, .Ss = 0, .Se = 63, .Ah = 0, .Al = 0};
    info.scan_info = scans;
    info.num_scans = info.num_components;
  }
  auto pixels = picture(kind.width, kind.height, info.input_components);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < kind.height; ++y) {
    JSAMPROW row = pixels.data() + static_cast<std::size_t>(y) * kind.width * info.input_components;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::fclose(file);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  struct Colors {
    char const* name;
    J_COLOR_SPACE in, stored;
    bool jfif, adobe, letters;
  };
  constexpr Colors colors[] = {
      {"gray", JCS_GRAYSCALE, JCS_GRAYSCALE, true, false, false},
      {"ycc", JCS_RGB, JCS_YCbCr, true, false, false},
      {"ycc-bare", JCS_RGB, JCS_YCbCr, false, false, false},
      {"ycc-adobe", JCS_RGB, JCS_YCbCr, false, true, false},
      {"rgb-adobe", JCS_RGB, JCS_RGB, false, true, true},
      {"rgb-letters", JCS_RGB, JCS_RGB, false, false, true},
      {"rgb-bare", JCS_RGB, JCS_RGB, false, false, false},  // taken for YCbCr by everyone
      {"cmyk-adobe", JCS_CMYK, JCS_CMYK, false, true, false},
      {"cmyk-bare", JCS_CMYK, JCS_CMYK, false, false, false},
      {"ycck-adobe", JCS_CMYK, JCS_YCCK, false, true, false},
      {"ycck-bare", JCS_CMYK, JCS_YCCK, false, false, false}};
  struct Sampling {
    char const* name;
    std::vector<std::array<int, 2>> factors;
  };
  Sampling const samplings[] = {
      {"444", {{1, 1}, {1, 1}, {1, 1}, {1, 1}}}, {"422", {{2, 1}, {1, 1}, {1, 1}, {2, 1}}},
      {"440", {{1, 2}, {1, 1}, {1, 1}, {1, 2}}}, {"420", {{2, 2}, {1, 1}, {1, 1}, {2, 2}}},
      {"411", {{4, 1}, {1, 1}, {1, 1}, {4, 1}}}, {"410", {{4, 2}, {1, 1}, {1, 1}, {1, 1}}},
      {"441", {{1, 4}, {1, 1}, {1, 1}, {1, 4}}}, {"odd", {{2, 2}, {2, 1}, {1, 2}, {2, 2}}}};
  struct Coded {
    char const* name;
    Coding coding;
    unsigned restart;
  };
  constexpr Coded codings[] = {{"base", Coding::baseline, 0},
                               {"opt", Coding::optimised, 3},
                               {"prog", Coding::progressive, 0},
                               {"arith", Coding::arithmetic, 0},
                               {"arith-prog", Coding::arithmetic_progressive, 2},
                               {"planes", Coding::planes, 0}};
  constexpr int sizes[][2] = {{37, 29}, {16, 24}, {1, 1}, {50, 3}, {5, 41}, {64, 17}, {9, 8}};
  constexpr int qualities[] = {75, 30, 95, 100, 60};
  int made = 0;
  for (auto const& color : colors)
    for (auto const& sampling : samplings)
      for (auto const& coded : codings) {
        bool const gray = color.stored == JCS_GRAYSCALE;
        int const channels = gray ? 1 : color.in == JCS_CMYK ? 4 : 3;
        if (gray && sampling.factors[0] != std::array{1, 1}) continue;
        int units = 0;  // blocks of a unit; JPEG allows ten
        for (int c = 0; c < channels; ++c) units += sampling.factors[c][0] * sampling.factors[c][1];
        // All codings of the usual colors; of the others one each in turn.
        bool const usual = std::string(color.name) == "ycc" || gray;
        if (units > 10 || (!usual && (made % 2 != 0 && coded.coding != Coding::baseline))) {
          if (units <= 10) ++made;
          continue;
        }
        int const* const size = sizes[made % 7];
        Kind const kind{std::string(color.name) + "-" + sampling.name + "-" + coded.name,
                        size[0],
                        size[1],
                        qualities[made % 5],
                        color.in,
                        color.stored,
                        color.jfif,
                        color.adobe,
                        {sampling.factors.begin(), sampling.factors.begin() + channels},
                        coded.coding,
                        coded.restart,
                        color.letters};
        write(arguments[1], kind);
        ++made;
      }
}
