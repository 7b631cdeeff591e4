// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace vlsm::report {

/// What reports look like. Curves take Okabe and Ito's colors, which color-blind readers tell
/// apart, darker on white.
inline constexpr std::string_view report_style = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1c2127;--soft:#5b6570;--line:#d5dae0;
--band:#f3f5f7;
--c0:#0072b2;--c1:#d55e00;--c2:#00835f;--c3:#b4559a;--c4:#8f6a00;--c5:#3a3f45}
@media screen and (prefers-color-scheme:dark){:root{--back:#14181d;--text:#e4e8ec;--soft:#9aa5b1;
--line:#343c46;--band:#1d232a;--c0:#56b4e9;--c1:#ff8a47;--c2:#2fc99b;--c3:#e59bcd;--c4:#f0d442;
--c5:#d0d5da}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:62rem;background:var(--back);
color:var(--text);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3,caption{font-size:1rem;font-weight:600;text-align:left;margin:0 0 .5rem;padding:0}
caption{margin:0;padding-bottom:.5rem}
p{margin:.5rem 0;white-space:pre-line;max-width:46rem}.lead{font-size:1.1rem}
.note,figcaption,footer,.legend,nav{font-size:.875rem;color:var(--soft)}nav a{color:var(--c0);
margin-right:1.2em}
footer{margin-top:3rem}
.parts{display:grid;gap:1.75rem 2rem;
grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));margin-top:1rem}
.parts>*{min-width:0;max-width:100%}.wide{grid-column:1/-1}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .65rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);
white-space:pre-line;overflow-wrap:normal}
th{border-bottom:2px solid var(--soft);white-space:nowrap}.n{text-align:right;white-space:nowrap}
td:not(.n){min-width:7rem}tbody tr:nth-child(even){background:var(--band)}
figure{margin:0}.plot>svg{display:block;width:100%;max-width:40rem;height:auto}
svg text{fill:var(--soft);font:14px system-ui,sans-serif}.axis{stroke:var(--soft)}
.grid{stroke:var(--line)}.bar{fill:var(--c)}
svg .group{fill:var(--text)}svg .value{font-size:11px}
polyline,.legend line{fill:none;stroke:var(--c);stroke-width:2.25;stroke-linejoin:round}
circle{fill:var(--c);stroke:transparent;stroke-width:10}.far{fill:transparent}
.legend{list-style:none;margin:.25rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}
.legend svg{width:34px;height:10px;margin-right:.4em}
.gallery{display:grid;gap:1rem;align-items:start}.gallery img{display:block;max-width:100%;
height:auto;border-radius:3px}
.sharp{image-rendering:pixelated}figcaption{margin-top:.3rem;line-height:1.35;white-space:pre-line}
@media print{body{max-width:none;padding:0;font-size:11pt}h2,h3,caption{break-after:avoid}
nav{display:none}.parts{grid-template-columns:1fr 1fr}
table{font-size:9pt}th,td{padding:.2rem .4rem}
figure,tr,.plot{break-inside:avoid}.scroll{overflow:visible}}
)";

}  // namespace vlsm::report
