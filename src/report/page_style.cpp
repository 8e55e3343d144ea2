#include "report/sections.hpp"

namespace hwflow::report {

std::string_view page_style() {
  return R"css(
:root{--ink:#1c2330;--soft:#5a6474;--line:#d9dee6;--paper:#fff;--card:#f5f7fa;--accent:#1f5fbf;
--base:#c2500a;--pick:#a3195b;--seen:#9aa5b4;--good:#16713c;--grid:#e6eaf0;
--c0:#33527a;--c1:#e08214;--c2:#5aa469;--c3:#b8487a;--c4:#7a6bb7;--c5:#c9b037;--c6:#4aa8b8;--c7:#8a8f98}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ef;--soft:#9aa6b8;--line:#363e4b;--paper:#14181f;
--card:#1d232d;--accent:#7db0ff;--base:#ff9d57;--pick:#ff7ab3;--seen:#6a7585;--good:#63d08f;--grid:#262d38;
--c0:#6f96cc;--c1:#f0a04b;--c2:#7cc48b;--c3:#dd7ba6;--c4:#a79be0;--c5:#dcc860;--c6:#74c8d6;--c7:#a3a9b3}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:28px 24px 60px;color:var(--ink);background:var(--paper);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:27px;margin:0 0 2px}h2{font-size:20px;margin:40px 0 10px;border-bottom:1px solid var(--line);
padding-bottom:4px}h3{font-size:16px;margin:22px 0 6px}
p{margin:6px 0 10px;max-width:85ch}.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(215px,1fr));gap:12px;margin:16px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:22px;white-space:nowrap;line-height:1.25;color:var(--accent);font-variant-numeric:tabular-nums}
.card span{color:var(--soft);font-size:13px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:18px}
figure{margin:12px 0;break-inside:avoid;min-width:0;overflow-x:auto}figure svg{width:100%;height:auto;display:block}
figcaption{color:var(--soft);font-size:13px;max-width:100ch}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;margin:2px 0 6px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:5px;vertical-align:-1px}
.legend svg.key{display:inline;width:14px;vertical-align:-2px}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:8px 0 14px;min-width:60%}
th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line);vertical-align:bottom}
th:first-child,td:first-child,.left{text-align:left}.wrap{white-space:normal}tr.pick td:first-child{color:var(--pick);font-weight:600}
tr.base td:first-child{color:var(--base)}td small{display:block;white-space:normal;max-width:30ch;color:var(--soft);font-weight:400;line-height:1.3}
details{border:1px solid var(--line);border-radius:8px;margin:10px 0;padding:0 14px}
details[open]{padding-bottom:8px}summary{cursor:pointer;padding:9px 0;font-weight:600}
details details{margin:4px 0;border-radius:6px}details details summary{font-weight:400;padding:4px 0}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:10px 12px;overflow-x:auto;
font:12.5px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;margin:6px 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:8px 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
code{font:12.5px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
svg text{font-family:system-ui,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--ink)}
.tick,.label{font-size:11px}.axis{font-size:12px}.small{font-size:10px}.name{font-size:12px}.cell{font-size:10px}
svg .tick,svg .small{fill:var(--soft)}svg .cell{fill:#10233f}svg .cell.dark{fill:#fff}
.grid{stroke:var(--grid)}.grid.minor{stroke-opacity:.5}.frame{stroke:var(--soft)}
.seen{fill:var(--seen);fill-opacity:.45}.front{fill:var(--accent)}
.front-line{fill:none;stroke:var(--accent);stroke-width:1.3;stroke-opacity:.6}
.front-error{stroke:var(--accent);stroke-opacity:.45}.base-error{stroke:var(--base)}.base{fill:var(--base)}
.pick{fill:var(--pick);stroke:var(--paper);stroke-width:1.2}
svg .label{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
svg .base-text{fill:var(--base)}svg .pick-text{fill:var(--pick);font-weight:600}svg .roof-text{fill:var(--soft)}
.leader{stroke:var(--soft);stroke-width:.7}.roof{stroke:var(--ink);stroke-width:1.6}.roof.minor{stroke-opacity:.3;stroke-dasharray:4 3}
.crisp{shape-rendering:crispEdges}.outline{fill:none;stroke:var(--soft);stroke-dasharray:3 2}
.c0{fill:var(--c0);background:var(--c0)}.c1{fill:var(--c1);background:var(--c1)}.c2{fill:var(--c2);background:var(--c2)}
.c3{fill:var(--c3);background:var(--c3)}.c4{fill:var(--c4);background:var(--c4)}.c5{fill:var(--c5);background:var(--c5)}
.c6{fill:var(--c6);background:var(--c6)}.c7{fill:var(--c7);background:var(--c7)}
.l0,.l1,.l2,.l3{fill:none;stroke-width:1.6}.l0{stroke:var(--c1)}.l1{stroke:var(--c2)}.l2{stroke:var(--accent)}.l3{stroke:var(--c3)}.own{stroke-width:1.1;stroke-dasharray:4 3;stroke-opacity:.75}.p0{fill:var(--c1)}.p1{fill:var(--c2)}.p2{fill:var(--accent)}.p3{fill:var(--c3)}
.m0,.m1,.m2,.m3,.m4,.m5,.m6,.m7{fill:none;stroke-width:1.6}.m0{stroke:var(--c0)}.m1{stroke:var(--c1)}.m2{stroke:var(--c2)}.m3{stroke:var(--c3)}
.m4{stroke:var(--c4)}.m5{stroke:var(--c5)}.m6{stroke:var(--c6)}.m7{stroke:var(--c7)}
.b1{fill:#e8f1fb}.b2{fill:#cfe2f6}.b3{fill:#a9ccee}.b4{fill:#7fb3e3}.b5{fill:#4f8fcb}.b6{fill:#3a78b5}.b7{fill:#2a639d}
.grid-cell{fill:var(--card);stroke:var(--grid)}
.b8{fill:#1d4f83}.b9{fill:#3b3f46}
circle:hover,polygon:hover{stroke:var(--ink);stroke-width:2}
@media print{:root{--ink:#000;--soft:#444;--line:#ccc;--paper:#fff;--card:#f7f7f7;--accent:#1f5fbf;--base:#c2500a;
--pick:#a3195b;--seen:#9aa5b4;--grid:#e6eaf0}body{max-width:none;padding:0;font-size:11pt}pre{white-space:pre-wrap}
details:not([open]){display:none}h2{break-after:avoid}}
)css";
}

}  // namespace hwflow::report
