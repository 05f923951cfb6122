// Which traces the text benchmarks use: published ones from the folder TG_TRACES names, if it is set and has them, and
// always two made up here, so that there is a figure on every machine.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readTrace } from "./convert.mjs";

const published = [
  ["automerge-paper", 1],
  ["seph-blog1", 1],
  ["rustcode", 1],
  ["sveltecomponent", 1],
  ["S3", 1],
  ["A2", 1],
  ["clownschool", 1],
  ["clownschool", 25],
];

// A small generator: the same numbers everywhere.
function random(seed) {
  let s = seed >>> 0;
  return (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 4294967296) * below);
  };
}

// One author types words, jumps about, and deletes a fifth of it again.
function typed(edits) {
  const next = random(1);
  const txns = [];
  let text = "";
  let at = 0;
  for (let i = 0; i < edits; i++) {
    if (next(40) === 0) at = next(text.length + 1);
    if (at > 0 && next(5) === 0) {
      at--;
      txns.push({ patches: [[at, 1, ""]] });
      text = text.slice(0, at) + text.slice(at + 1);
    } else {
      const c = " etaoinshrdlu"[next(13)];
      txns.push({ patches: [[at, 0, c]] });
      text = text.slice(0, at) + c + text.slice(at);
      at++;
    }
  }
  return { endContent: text, txns };
}

// Two authors type at the two ends of a text and hear of each other every few keys.
function together(turns) {
  const next = random(2);
  const txns = [];
  let heads = [];
  const left = [];
  const right = [];
  for (let i = 0; i < turns; i++) {
    const parents = heads;
    const base = right.length;
    const made = [];
    for (const agent of [0, 1]) {
      const words = Array.from({ length: 1 + next(6) }, () => "abcdefgh"[next(8)]).join("");
      const pos = agent === 0 ? 0 : left.length + base;
      txns.push({ agent, parents, patches: [[pos, 0, words]] });
      made.push(words);
    }
    left.unshift(...made[0]);
    right.push(...made[1]);
    heads = [txns.length - 2, txns.length - 1];
  }
  return { kind: "concurrent", endContent: left.join("") + right.join(""), txns };
}

export function traces() {
  const all = [
    { name: "typed", copies: 1, json: typed(100000) },
    { name: "together", copies: 1, json: together(10000) },
  ];
  const folder = process.env.TG_TRACES;
  for (const [name, copies] of folder ? published : []) {
    const path = [".json.gz", ".json"].map((end) => join(folder, name + end)).find(existsSync);
    if (path) all.push({ name: copies > 1 ? `${name} x${copies}` : name, copies, json: readTrace(path) });
  }
  return all;
}
