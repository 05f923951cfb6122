// The peers of our document core on the same traces, where one author wrote them: Yjs applying one merged update,
// diamond-types (its published WASM build) typing edit by edit, and these two and Loro at rest.  Prints the peers' half of
// the rows; medians, ms of CPU time as ours are.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as Y from "yjs";
import { Doc as Diamond } from "diamond-types-node";
import { traces } from "../traces/list.mjs";
import { atRest } from "./at-rest.mjs";
import { memory } from "./memory.mjs";
import { raceTrace } from "./race.mjs";

const RUNS = 9;
const MILLION = "rustcode"; // about a million events
const LIMIT_MS = 20000; // of one figure; then fewer runs must do
const require = createRequire(import.meta.url);

function version(name) {
  let at = dirname(require.resolve(name));
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
      if (found.name === name) return `${name} ${found.version}`;
    } catch {}
    at = dirname(at);
  }
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function median(work, check) {
  const took = [];
  for (let i = 0, spent = 0; i < RUNS && spent < LIMIT_MS; i++) {
    const began = cpuMs();
    const made = work();
    took.push(cpuMs() - began);
    spent += took.at(-1);
    check(made);
  }
  return took.sort((a, b) => a - b)[took.length >> 1];
}

function row(what, peer, peer_value, unit = "ms") {
  console.log(JSON.stringify({ what: `text: ${what}`, unit, peer, peer_value }));
}

// One update that holds a whole trace, or null when typing it takes too long.
function yjsUpdate(patches) {
  const doc = new Y.Doc();
  const text = doc.getText("t");
  const end = cpuMs() + LIMIT_MS;
  let late = false;
  doc.transact(() => {
    for (const [pos, del, ins] of patches) {
      if (del) text.delete(pos, del);
      if (ins) text.insert(pos, ins);
      if ((late = cpuMs() > end)) break;
    }
  });
  return late ? null : Y.encodeStateAsUpdate(doc);
}

for (const one of traces()) {
  const { name, json } = one;
  raceTrace(one, version);
  if (name === MILLION) await memory(one, version);
  if (json.kind === "concurrent") continue;
  const patches = json.txns.flatMap((t) => t.patches);
  if (patches.some(([, , ins]) => /[\u{10000}-\u{10ffff}]/u.test(ins))) {
    console.error(`${name}: skipped, its positions are code points and Yjs counts UTF-16 units`);
    continue;
  }
  const whole = (text) => {
    if (text !== json.endContent) throw new Error(`${name}: the peer's text differs`);
  };

  const update = yjsUpdate(patches);
  if (update) {
    const merged = median(
      () => {
        const doc = new Y.Doc();
        Y.applyUpdate(doc, update);
        return doc;
      },
      (doc) => whole(doc.getText("t").toString()),
    );
    row(`merge all, ${name}`, version("yjs"), merged);
  } else {
    console.error(`${name}: skipped with Yjs, which takes too long to type it`);
  }

  const typed = median(
    () => {
      const doc = new Diamond("author");
      for (const [pos, del, ins] of patches) {
        if (del) doc.del(pos, del);
        if (ins) doc.ins(pos, ins);
      }
      return doc;
    },
    (doc) => {
      whole(doc.get());
      doc.free();
    },
  );
  row(`type one by one, ${name}`, version("diamond-types-node"), typed);
  atRest(name, patches, update, whole, { median, row, version });
}
