/** What the report needs beside the house style of a page. */
export const reportStyle = `
.sub { color: var(--dim); margin: -.6rem 0 1.2rem; }
.facts { display: flex; flex-wrap: wrap; gap: .8rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.facts li { flex: 1 1 11rem; padding: .7rem .9rem; margin: 0; }
.facts b { display: block; font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts span { color: var(--dim); }
.card { margin: 0 0 1rem; overflow-x: auto; }
.card h3 { margin: 0 0 .2rem; font-size: 1rem; } .card h4 { margin: 1.1rem 0 .3rem; font-size: .85rem; color: var(--dim); font-weight: 600; }
.note { border-left: 3px solid var(--warn); padding: .2rem .8rem; color: var(--dim); margin: .6rem 0; }
td code { font-size: 12px; } tr.gone td { color: var(--dim); }
tbody tr:last-child td { border-bottom: 0; }
svg { display: block; width: 100%; min-width: 46rem; height: auto; font-size: 14px; font-variant-numeric: tabular-nums; }
svg text { fill: var(--text); } svg .dim, svg .head { fill: var(--dim); font-size: 12.5px; }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg .grid { stroke: var(--line); }
.bar { fill: var(--accent); } .bar.planned { fill: none; stroke: var(--accent); stroke-dasharray: 4 3; }
.fees polyline { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
.fees circle { fill: var(--good); stroke: var(--card); stroke-width: 2; }
.way { stroke: var(--line); stroke-width: 4; stroke-linecap: round; }
.mark { fill: var(--dim); stroke: var(--card); stroke-width: 1.5; }
.mark.sent, .mark.resent { fill: var(--accent); } .mark .hole { fill: var(--card); stroke: none; }
.mark.replaced { fill: var(--warn); } .mark.mined { fill: var(--good); }
.mark.reorganised, .mark.taken { stroke: var(--bad); stroke-width: 3; fill: none; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .3rem 0 0; color: var(--dim); font-size: 13px; }
.legend span { display: inline-flex; align-items: center; gap: .4rem; }
svg.key { width: 16px; min-width: 0; height: 16px; }
summary { cursor: pointer; color: var(--dim); margin-top: .8rem; }
table { font-size: 13.5px; } th, td { padding: .35rem .5rem; white-space: nowrap; } td:last-child { white-space: normal; }
@media print { body { max-width: none; } .card { break-inside: avoid; } }
`;
