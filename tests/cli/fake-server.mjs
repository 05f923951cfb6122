#!/usr/bin/env node
// A stand-in for relay, replica and static server in supervise.test.mjs: speaks their flags and admin port, and
// misbehaves as the file "<program>.mood" beside it says.
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";

const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const port = (text) => Number(text.split(",")[0].split(":").at(-1));
let mood = "";
try {
	mood = readFileSync(`${process.env.FAKE_NAME}.mood`, "utf8");
} catch {}

console.error(`pid ${process.pid}`);
if (mood === "dies at once") {
	console.error("cannot read my mind");
	process.exit(3);
}
if (process.argv[2] === "peer")
	writeFileSync(
		option("--node-file"),
		JSON.stringify({ relays: [option("--public-relay")], replica: { node: "01", box: "02", name: "fake", token: "03" } }),
	);
http.createServer((request, response) => response.end("toygrid_relay_connections 3\n")).listen(port(option("--admin")), "127.0.0.1");
if (process.argv.includes("--listen"))
	http.createServer((request, response) => response.end("page")).listen(port(option("--listen")), "127.0.0.1");
process.on("SIGTERM", () => {
	if (mood !== "will not stop") process.exit(0);
});
