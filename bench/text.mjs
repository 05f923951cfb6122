// text: the document core on editing traces (bench_text.c), made up ones and those of the folder TG_TRACES names.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convert } from "./traces/convert.mjs";
import { traces } from "./traces/list.mjs";

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
} finally {
  rmSync(scratch, { recursive: true });
}
