import { dataBlock, escapeHtml, page } from "../../page.ts";
import { isObject, parseJson } from "../asl/json.ts";
import type { Json } from "../asl/types.ts";
import type { RunView, StateVisit } from "../run/view.ts";

import { layOut } from "./layout.ts";
import { graphOf } from "./model.ts";
import { toSvg } from "./svg.ts";

/** The machine as one HTML file; with a run, its states are coloured and tell their data. */
export function renderGraph(pipeline: string, definition: string, run?: RunView): string {
  const parsed = parseJson(definition);
  const graph = graphOf(isObject(parsed) ? parsed : {});
  const statuses = new Map((run?.visits ?? []).map(({ state, status }) => [state, status]));
  const status = run?.status ?? "";
  const body = [
    `<header><h1>${escapeHtml(pipeline)}</h1>${run === undefined ? "" : headline(run)}</header>`,
    '<main><div class="card machine">',
    toSvg(layOut(graph), (state) => statuses.get(state) ?? "none"),
    '</div><aside class="card" id="panel" aria-live="polite"><p class="dim">Click a state.</p></aside></main>',
    dataBlock("data", {
      definition: statesOf(parsed),
      visits: latest(run?.visits ?? []).map(forPage),
      live: status === "RUNNING",
    }),
  ].join("\n");
  return page({ title: run === undefined ? pipeline : `${pipeline} ${run.status}`, body, style, script });
}

function headline({ run, status, startedAt, endedAt, error }: RunView): string {
  const tone = status === "SUCCEEDED" ? "good" : status === "RUNNING" ? "warn" : "bad";
  const times = `${startedAt}${endedAt === undefined ? "" : ` – ${endedAt}`}`;
  return `<p><strong class="${tone}" id="status">${status}</strong> ${escapeHtml([run, times, error ?? ""].join("  ").trim())}</p>`;
}

/** Every state's own definition, by name, nested ones too. */
function statesOf(definition: Json): Record<string, Json> {
  const found: Record<string, Json> = {};
  const walk = (value: Json) => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isObject(value)) return;
    const states = value["States"];
    if (isObject(states)) Object.assign(found, states);
    Object.values(value).forEach(walk);
  };
  walk(definition);
  return found;
}

function forPage({ input, output, cause, ...visit }: StateVisit) {
  return { ...visit, input: readable(input), output: readable(output), cause: traceOf(cause) };
}

/** The stack in what Lambda reports, a line a call; any other cause as it is. */
function traceOf(cause: string | undefined): string | undefined {
  try {
    const report = parseJson(cause ?? "");
    if (isObject(report) && Array.isArray(report["trace"])) return report["trace"].map(String).join("\n");
  } catch {
    // No report.
  }
  return cause;
}

const most = 20_000;

/** JSON text, indented; as it is where AWS cut it off. */
function readable(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const shown = indent(text);
  return shown.length <= most ? shown : `${shown.slice(0, most)}\n… ${String(shown.length - most)} more characters`;
}

function indent(text: string): string {
  try {
    return JSON.stringify(parseJson(text), undefined, 2);
  } catch {
    return text;
  }
}

/** The latest visits of every state: a Distributed Map may have thousands. */
function latest(visits: readonly StateVisit[]): StateVisit[] {
  const byState = Map.groupBy(visits, ({ state }) => state);
  const kept = new Set([...byState.values()].flatMap((all) => all.slice(-mostVisits)));
  return visits.filter((visit) => kept.has(visit));
}

const mostVisits = 20;

const style = `
body { max-width: none; } header p { margin: -.6rem 0 1rem; }
main { display: grid; grid-template-columns: minmax(0, 3fr) minmax(20rem, 2fr); gap: 1rem; align-items: start; }
@media (max-width: 60rem) { main { grid-template-columns: 1fr; } }
.machine { overflow: auto; text-align: center; } aside { position: sticky; top: 1rem; max-height: calc(100vh - 2rem); overflow: auto; }
svg { max-width: 100%; height: auto; } svg text { font: 600 13px system-ui, sans-serif; fill: var(--text); pointer-events: none; }
svg text.type { font: 10.5px system-ui, sans-serif; fill: var(--dim); }
.state rect { fill: var(--card); stroke: var(--line); stroke-width: 1.5; } .state { cursor: pointer; outline: none; }
.state.container > rect { fill: var(--back); stroke-dasharray: 5 4; }
.state.succeeded > rect { stroke: var(--good); fill: color-mix(in srgb, var(--good) 13%, var(--card)); }
.state.caught > rect { stroke: var(--warn); fill: color-mix(in srgb, var(--warn) 15%, var(--card)); }
.state.failed > rect { stroke: var(--bad); fill: color-mix(in srgb, var(--bad) 14%, var(--card)); }
.state.stopped > rect { stroke: var(--dim); stroke-dasharray: 2 3; }
.state.running > rect { stroke: var(--accent); fill: color-mix(in srgb, var(--accent) 14%, var(--card)); animation: pulse 1.2s ease-in-out infinite alternate; }
@keyframes pulse { to { stroke-width: 4; } } @media (prefers-reduced-motion: reduce) { .state.running > rect { animation: none; } }
.state:focus-visible > rect, .state.chosen > rect { stroke-width: 3; }
.edge { fill: none; stroke: var(--dim); stroke-width: 1.4; } .edge.catch { stroke: var(--bad); stroke-dasharray: 4 4; opacity: .75; }
.head { fill: var(--dim); } aside h2 { margin: 0 0 .5rem; } aside h3 { font-size: .8rem; color: var(--dim); margin: .8rem 0 .25rem; text-transform: uppercase; letter-spacing: .04em; }
aside pre { max-height: 22rem; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

const script = `
const { definition, visits, live } = JSON.parse(document.getElementById("data").textContent);
const panel = document.getElementById("panel");
const part = (tag, text, kind) => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (kind) element.className = kind;
  return element;
};
const section = (title, text) => (text === undefined || text === "" ? [] : [part("h3", title), part("pre", text)]);
const tones = { succeeded: "good", caught: "warn", running: "warn", failed: "bad", stopped: "dim" };
function show(name) {
  for (const state of document.querySelectorAll(".state")) state.classList.toggle("chosen", state.dataset.state === name);
  const found = visits.filter(({ state }) => state === name);
  const told = found.flatMap((visit) => [
    part("p", [visit.status, visit.startedAt, visit.endedAt ?? "", visit.execution ?? ""].filter(Boolean).join(" · "), tones[visit.status]),
    ...(visit.retries > 0 ? [part("p", visit.retries + " retries", "warn")] : []),
    ...section("error", [visit.error, visit.cause].filter(Boolean).join("\\n")),
    ...section("input", visit.input),
    ...section("output", visit.output),
    ...section("logs", visit.logs.join("\\n")),
    ...section("events", visit.events.map(({ id, type, timestamp }) => [timestamp, "#" + id, type].join("  ")).join("\\n")),
  ]);
  panel.replaceChildren(part("h2", name), ...told, ...section("definition", JSON.stringify(definition[name], undefined, 2)));
}
for (const state of document.querySelectorAll(".state")) {
  const choose = (event) => {
    event.stopPropagation();
    location.hash = encodeURIComponent(state.dataset.state);
    show(state.dataset.state);
  };
  state.addEventListener("click", choose);
  state.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && choose(event));
}
if (location.hash.length > 1) show(decodeURIComponent(location.hash.slice(1)));
if (live) setTimeout(() => location.reload(), 1000);
`;
