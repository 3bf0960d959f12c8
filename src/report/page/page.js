// SPDX-License-Identifier: Apache-2.0
//
// Lays out the page: the map of hosts and levels, the evidence of the selected square, the filters, and the changes
// since another report. All of it comes from the JSON in the element "data".
"use strict";
const {report, comparison, version} = JSON.parse(document.getElementById("data").textContent);
const VERDICTS = {works: ["✓", "works"], "refused as expected": ["⊘", "refused"], surprise: ["!", "surprise"],
                  "not applicable": ["–", "not applicable"], error: ["✕", "error"], lost: ["?", "lost"]};
const cells = report.hosts.flatMap(host => host.cells);
const levels = [...new Set(cells.map(cell => cell.asked))];
const changedSubjects = new Set((comparison?.changes ?? []).map(change => change.subject));

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
const shown = value => value ?? "(absent)";
const className = verdict => VERDICTS[verdict][1].replace(" ", "-");
// Only the policy refused: the kernel accepted the level, and the guest ran at it.
const alone = cell => cell.verdict === "refused as expected" && cell.run?.outcome === "ended"
  && cell.set?.outcome === "taken" && !cell.policy.legal
  && (cell.negotiated === null || cell.negotiated.level === cell.asked);

// The place of the refusal, or the level that was seen, in a few words that fit into a square.
function smallPrint(cell) {
  if (cell.verdict === "works") return (cell.guest === "linux" ? "linux " : "") + (cell.seen?.cpu_version ?? "");
  if (cell.verdict === "surprise") return cell.disagrees ?? "";
  if (cell.verdict !== "refused as expected") return "";
  if (cell.set === null) return "policy";
  if (alone(cell)) return "policy alone";
  if (cell.run?.outcome === "level refused") return "RUN " + (cell.run.failure || "refused");
  return cell.set.outcome === "taken" ? "guest's kernel" : "SET refused";
}

// A list of facts, without null ones.
function facts(entries) {
  const list = element("dl");
  for (const [name, value] of entries) {
    if (value === null || value === undefined || value === "") continue;
    list.append(element("dt", {}, name), element("dd", {}, String(value)));
  }
  return list;
}
function changesOf(subject) {
  return (comparison?.changes ?? []).filter(change => change.subject === subject)
    .map(change => ["changed", `${change.fact || "all"}: ${shown(change.before)} → ${shown(change.after)}`]);
}

let chosen = null;
function show(button, title, ...content) {
  chosen?.setAttribute("aria-expanded", "false");
  chosen = button;
  chosen.setAttribute("aria-expanded", "true");
  document.getElementById("details").replaceChildren(element("h2", {}, title), ...content);
}
function showCell(button, cell) {
  const run = cell.run && [cell.run.outcome, cell.run.evidence || cell.run.failure].filter(Boolean).join(": ");
  const errno = cell.set?.errno ? `, errno ${cell.set.errno}` : "";
  const set = cell.set && `${cell.set.outcome}${errno}; reads back ${cell.set.readback ?? "nothing"}`;
  const agreed = cell.negotiated
    && `${cell.negotiated.level ?? "no level"}; the guest's kernel lists ${cell.negotiated.guest_list}`;
  const policy = cell.policy
    && `${cell.policy.legal ? "legal" : "refused"}, ${cell.policy.rule}: ${cell.policy.evidence}`;
  show(button, `${cell.asked}: ${cell.verdict}`,
    element("p", {}, cell.reason),
    facts([["policy", policy], ["set", set], ["negotiated", agreed], ["KVM_RUN", run],
           ["guest saw", cell.seen?.cpu_version], ["physical PVR", cell.seen?.pvr],
           ["AT_PLATFORM", cell.seen?.platform],
           ["expected", cell.expected], ["disagrees", cell.disagrees], ["guest", cell.guest],
           ["forced", cell.forced ? "yes: the kernel is asked even if the policy refuses" : null],
           ...changesOf(cell.id), ["cell", cell.id]]),
    ...(cell.log.length ? [element("pre", {}, cell.log.join("\n"))] : []));
}
function showHost(button, host) {
  const verdict = host.host?.verdict;
  show(button, host.id,
    host.host ? facts([["platform", verdict.platform], ["KVM", verdict.kvm],
                       ["level", `${verdict.level}: ${verdict.level_reason}`], ["silicon", verdict.silicon],
                       ["legal", `${verdict.lowest_legal} to ${verdict.highest_legal}`],
                       ["kernel", host.host.facts.system.kernel_release], ["page size", verdict.page_size],
                       ["AT_PLATFORM", host.host.facts.system.at_platform],
                       ...host.notes.map(note => ["note", note]),
                       ...host.host.doubts.map(doubt => ["doubt", doubt.sentence]), ...changesOf(host.id)])
              : element("p", {}, `Nothing is known about it: ${host.cells[0]?.reason ?? "no result came back"}.`));
}

function square(cell, level) {
  const [mark, word] = VERDICTS[cell.verdict];
  const classes = ["cell", className(cell.verdict), alone(cell) && "alone", cell.asked === level && "own",
                   changedSubjects.has(cell.id) && "changed"].filter(Boolean).join(" ");
  const button = element("button", {class: classes, "data-verdict": cell.verdict, "data-cell": cell.id,
    "aria-expanded": "false", "aria-controls": "details", "aria-label": `${cell.id}: ${cell.verdict}`,
    onclick: () => showCell(button, cell)}, `${mark} ${word}`, element("small", {}, smallPrint(cell) || "\u00a0"));
  return button;
}
function row(host) {
  const parts = host.id.match(/^host\.([^.]+)\.compat\.([^.]+)(?:\.api\.([^.]+))?(?:\.kernel\.([^.]+))?$/);
  const title = parts[1] === parts[2] ? parts[1] : `${parts[2]} on ${parts[1]}`;
  const kernel = host.host?.facts.system.kernel_release ?? parts[4] ?? "";
  const api = parts[3] ?? host.host?.verdict.kvm;
  const button = element("button",
    {"aria-expanded": "false", "aria-controls": "details", onclick: () => showHost(button, host)},
    title + (changedSubjects.has(host.id) ? " (changed)" : ""),
    element("small", {}, [api, kernel].filter(Boolean).join(" · ")));
  return element("tr", {"data-host": host.id}, element("th", {scope: "row"}, button),
    ...levels.map(level => element("td", {},
      ...host.cells.filter(cell => cell.asked === level).map(cell => square(cell, parts[2])))));
}

document.getElementById("map").append(
  element("thead", {}, element("tr", {}, ...["host", ...levels].map(name => element("th", {scope: "col"}, name)))),
  element("tbody", {}, ...report.hosts.map(row)));

// Filters: without a pressed one, everything is shown.
const filters = new Set();
function applyFilters() {
  for (const button of document.querySelectorAll("[data-verdict]"))
    button.classList.toggle("dim", filters.size > 0 && !filters.has(button.dataset.verdict));
  for (const line of document.querySelectorAll("[data-host]"))
    line.hidden = filters.size > 0 && line.querySelector("[data-verdict]:not(.dim)") === null;
}
for (const [verdict, [mark, word]] of Object.entries(VERDICTS)) {
  const count = cells.filter(cell => cell.verdict === verdict).length;
  if (count === 0) continue;
  const toggle = () => {
    filters.has(verdict) ? filters.delete(verdict) : filters.add(verdict);
    button.setAttribute("aria-pressed", String(filters.has(verdict)));
    applyFilters();
  };
  const button = element("button",
    {class: className(verdict), "aria-pressed": "false", "data-filter": verdict, onclick: toggle},
    `${mark} ${word} ${count}`);
  document.getElementById("filters").append(button);
}

const good = cells.every(cell => ["works", "refused as expected", "not applicable"].includes(cell.verdict));
document.getElementById("summary").append(
  `${report.hosts.length} ${report.hosts.length === 1 ? "host" : "hosts"}, ${cells.length} cells. `,
  element("b", {}, good ? "Everything is as the rules for these hosts predict."
                        : "Not everything is as the rules for these hosts predict."),
  element("span", {class: "faint"}, ` Written by parley ${version}.`));

// The kernels and the hypervisor.
const software = new Set(report.hosts.flatMap(host =>
  [host.host && `Linux ${host.host.facts.system.kernel_release}`, ...host.notes]).filter(Boolean));
document.getElementById("kernels").append([...software].sort().join(" · "));

if (comparison !== null) {
  const section = document.getElementById("changes");
  section.hidden = false;
  section.append(element("h2", {}, `Changes since ${comparison.before}`));
  section.append(comparison.changes.length === 0 ? element("p", {}, "None.") : element("table", {},
    element("thead", {}, element("tr", {},
      ...["cell or host", "fact", "before", "now"].map(name => element("th", {scope: "col"}, name)))),
    element("tbody", {}, ...comparison.changes.map(change => element("tr", {},
      element("td", {}, change.subject), element("td", {}, change.fact || "all"),
      element("td", {class: "mono"}, shown(change.before)), element("td", {class: "mono"}, shown(change.after)))))));
}
