// qr.ts -- QR codes as SVG.  A bundle of its own, loaded when the first code is shown.
import qrcode from "qrcode-generator";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules of margin that readers need

export function drawQr(text: string, label: string): SVGSVGElement {
	const code = qrcode(0, "M");
	code.addData(text);
	code.make();
	const n = code.getModuleCount();
	let path = "";
	for (let y = 0; y < n; y++)
		for (let x = 0; x < n; x++) if (code.isDark(y, x)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", `0 0 ${n + 2 * QUIET} ${n + 2 * QUIET}`);
	svg.setAttribute("class", "qr");
	svg.setAttribute("role", "img");
	svg.setAttribute("aria-label", label);
	const dark = document.createElementNS(SVG, "path");
	dark.setAttribute("d", path);
	svg.append(dark);
	return svg;
}
