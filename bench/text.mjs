// text: the document core on editing traces, made up ones and those of the folder TG_TRACES names: natively
// (bench_text.c) and, documents at rest, in WASM.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { row, rowMax } from "./common/row.mjs";
import { medianMs, textModule, withTrace } from "./common/text-wasm.mjs";
import { convert } from "./traces/convert.mjs";
import { traces } from "./traces/list.mjs";

const OPEN_BAR_MS = 0.4; // automerge-paper, to its text

function atRest(module, name, bytes) {
  const wasm = withTrace(module, bytes);
  if (wasm.bench_merge(1) !== 0 || wasm.bench_save() < 0) throw new Error(`${name}: cannot be saved`);
  const text = wasm.bench_same();
  wasm.bench_close();
  const open = medianMs(wasm.bench_open, () => {
    if (wasm.bench_same() !== text) throw new Error(`${name}: another text`);
    wasm.bench_close();
  });
  const what = `text: open saved to its text, ${name}`;
  if (name === "automerge-paper") rowMax(what, open, "ms", OPEN_BAR_MS);
  else row(what, open, "ms");
}

const scratch = mkdtempSync(join(tmpdir(), "tg-bench-"));
try {
  const files = traces().map(({ name, copies, json }) => {
    const path = join(scratch, name);
    writeFileSync(path, convert(json, copies));
    return path;
  });
  const run = spawnSync(join(process.env.TG_BUILD, "native/bench/bench_text"), files, {
    stdio: ["ignore", "inherit", "inherit"],
  });
  process.exitCode = run.status ?? 1;
  const module = textModule();
  for (const path of files) atRest(module, basename(path), readFileSync(path));
} finally {
  rmSync(scratch, { recursive: true });
}
