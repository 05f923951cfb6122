// Editing traces as the simple binary form that bench_text and the conformance harness read (bench/trace.h).
//
//   node bench/traces/convert.mjs trace.json[.gz] out.bin [copies]
//
// Traces are the JSON of github josephg/editing-traces and josephg/egwalker-paper.  With copies, the recording is
// repeated that many times, each in front of what the last one left.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const LAST = 0xffffffff;
let parts = [];
const u32 = (v) => {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(v >>> 0);
  parts.push(b);
};
const text = (s) => {
  const b = Buffer.from(s, "utf8");
  u32(b.length);
  parts.push(b);
};

// A case: txns [{agent, order, parents: [[txn, event]], patches}] and the text that comes out.
function put({ txns, end }) {
  u32(txns.length);
  for (const t of txns) {
    u32(t.agent);
    u32(t.order);
    u32(t.parents.length);
    for (const [txn, event] of t.parents) u32(txn), u32(event);
    u32(t.patches.length);
    for (const [pos, del, ins] of t.patches) u32(pos), u32(del), text(ins);
  }
  text(end);
}

function conformance(c) {
  const find = (lv) => {
    const i = c.txns.findIndex((t) => t.span[0] <= lv && lv < t.span[1]);
    return [i, lv - c.txns[i].span[0]];
  };
  return {
    txns: c.txns.map((t) => ({
      agent: t.agent.charCodeAt(0),
      order: t.seqStart + 1,
      parents: t.parents.map(find),
      patches: t.ops,
    })),
    end: c.endContent,
  };
}

// Transactions that only go on where the one before stopped become one with it, as a saved log has them.
function join(txns) {
  const followers = txns.map(() => 0);
  for (const t of txns) for (const p of t.parents) followers[p]++;
  const place = [];
  const joined = [];
  txns.forEach((t, i) => {
    const goesOn =
      t.parents.length === 1 && t.parents[0] === i - 1 && followers[i - 1] === 1 && t.agent === txns[i - 1].agent;
    if (goesOn) joined[joined.length - 1].patches.push(...t.patches);
    else joined.push({ agent: t.agent, order: 0, parents: t.parents.map((p) => [place[p], LAST]), patches: [...t.patches] });
    place.push(joined.length - 1);
  });
  return joined;
}

function repeat(txns, times) {
  const all = [];
  for (let k = 0; k < times; k++) {
    const base = k * txns.length;
    const used = new Set(txns.flatMap((t) => t.parents));
    const heads = txns.map((_, i) => i).filter((i) => !used.has(i)).map((i) => i + base - txns.length);
    for (const t of txns)
      all.push({ ...t, parents: t.parents.length || !k ? t.parents.map((p) => p + base) : heads });
  }
  return all;
}

// What a trace is as transactions, joined, and the text they end in.
export function trace(t, copies) {
  const linear = t.kind !== "concurrent";
  const txns = t.txns.map((x, i) => ({
    agent: linear ? 0 : x.agent,
    parents: linear ? (i ? [i - 1] : []) : x.parents,
    patches: x.patches,
  }));
  return { txns: join(repeat(txns, copies)), end: t.endContent.repeat(copies) };
}

export function readTrace(path) {
  const bytes = readFileSync(path);
  return JSON.parse((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("utf8"));
}

export function convert(json, copies = 1) {
  const cases = Array.isArray(json) ? json.map(conformance) : [trace(json, copies)];
  parts = [Buffer.from("TGT1")];
  u32(cases.length);
  cases.forEach(put);
  return Buffer.concat(parts);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , input, output, copies = "1"] = process.argv;
  writeFileSync(output, convert(readTrace(input), Number(copies)));
}
