// start: from typing ./toygrid up (everything built) to a page that can be used, in a real browser that runs already.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { row, rowMax } from "./common/row.mjs";

const tree = fileURLToPath(new URL("../", import.meta.url));
const { chromium } = createRequire(join(tree, "web/package.json"))("playwright-core");

const freePort = () =>
	new Promise((resolve) => {
		const server = net.createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});

const data = mkdtempSync(join(tmpdir(), "tg-bench-"));
const port = await freePort();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", chromiumSandbox: false });
const page = await browser.newPage();

// What comes over the network, headers and all.
let transferred = 0;
const network = await page.context().newCDPSession(page);
await network.send("Network.enable");
network.on("Network.loadingFinished", ({ encodedDataLength }) => (transferred += encodedDataLength));

const began = performance.now();
const up = spawn(join(tree, "toygrid"), ["up", "--no-install", "--port", port, "--relay-port", await freePort(), "--data", data], {
	stdio: ["ignore", "pipe", "inherit"],
});
try {
	await new Promise((resolve, reject) => {
		let text = "";
		up.stdout.on("data", (bytes) => (text += bytes).includes("Open http") && resolve());
		up.once("close", (code) => reject(new Error(`./toygrid up ended with ${code}`)));
	});
	const asked = performance.now();
	await page.goto(`http://localhost:${port}/`, { waitUntil: "load" });
	const loaded = performance.now();
	await page.getByRole("button", { name: "New document" }).waitFor();
	const usable = performance.now();
	rowMax("up, nothing to build, until it says Open", Math.round(asked - began), "ms", 3000);
	rowMax("open page, first visit, until load", Math.round(loaded - asked), "ms", 1000);
	row("open page, first visit, transferred", transferred, "bytes");
	row("from up to the open page, ready to make a document", Math.round(usable - began), "ms");
} finally {
	up.kill("SIGTERM");
	await new Promise((resolve) => up.once("close", resolve));
	await browser.close();
	rmSync(data, { recursive: true });
}
