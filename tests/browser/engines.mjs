// engines.mjs -- an empty page in each browser that the tests drive, for what is only computed in it.
//
// Chromium is driven by playwright, Firefox ESR by puppeteer over WebDriver BiDi: playwright speaks to Firefox only in
// builds of its own.  Both give pages with `evaluate(function, argument)` and `addScriptTag({ content })`.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../web/build.mjs", import.meta.url))("playwright-core");

export const engines = ["Chromium", "Firefox"];

/// Firefox, driven by puppeteer; `options` as its launch() takes them.
export async function launchFirefox(options = {}) {
	const { default: puppeteer } = await import("puppeteer-core");
	return puppeteer.launch({
		browser: "firefox",
		executablePath: process.env.TG_FIREFOX ?? "/usr/bin/firefox-esr",
		headless: true,
		...options,
	});
}

/// { page, close() } in the engine of this name.
export async function openPage(engine) {
	const browser =
		engine === "Firefox"
			? await launchFirefox()
			: await chromium.launch({
					executablePath: process.env.TG_CHROMIUM ?? "/usr/bin/chromium",
					args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
				});
	return { page: await browser.newPage(), close: () => browser.close() };
}
