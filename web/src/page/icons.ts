// icons.ts -- the page's icons: strokes on a 24 by 24 grid.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
	logo: "M4 4h7v7H4z M13 4h7v7h-7z M4 13h7v7H4z M16.5 13.5v6 M13.5 16.5h6",
	back: "M15 5l-7 7 7 7",
	plus: "M12 5v14 M5 12h14",
	file: "M6 3h8l4 4v14H6z M14 3v4h4 M9 12h6 M9 16h4",
	trash: "M4 7h16 M9 7V4h6v3 M6 7l1 13h10l1-13 M10 11v5 M14 11v5",
	close: "M6 6l12 12 M18 6L6 18",
	share: "M4 12v7h16v-7 M12 15V4 M8 8l4-4 4 4",
	copy: "M9 9h11v11H9z M5 15H4V4h11v1",
	check: "M5 12.5l4.5 4.5L19 7",
	qr: "M4 4h6v6H4z M14 4h6v6h-6z M4 14h6v6H4z M14 14h2v2h-2z M18 18h2v2h-2z M18 14h2 M14 18v2",
	pencil: "M4 20l1-4L16 5l3 3L8 19z",
	eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z M12 9.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6z",
	device: "M4 5h16v11H4z M9 20h6 M12 16v4",
	replica: "M5 4h14v6H5z M5 14h14v6H5z M8 7h.01 M8 17h.01",
	undo: "M8 5L4 9l4 4 M4 9h10a5.5 5.5 0 010 11h-3",
	redo: "M16 5l4 4-4 4 M20 9H10a5.5 5.5 0 000 11h3",
	bold: "M7 5h6a3.5 3.5 0 010 7H7z M7 12h7a3.5 3.5 0 010 7H7z",
	italic: "M10 5h7 M7 19h7 M14 5l-4 14",
	strike: "M5 12h14 M16.5 8c-.4-1.900-2-3-4.500-3-2.700 0-4.500 1.300-4.500 3.300 0 1 .4 1.800 1.200 2.400 M7.500 16c.4 1.900 2.100 3 4.600 3 2.800 0 4.500-1.400 4.500-3.400 0-.5-.1-.9-.3-1.300",
	highlight: "M5 20h14 M8 16l-1-4 8.500-8 4 4L11 16z M7 12l4 4",
	code: "M8 7l-5 5 5 5 M16 7l5 5-5 5",
	link: "M10 14a4 4 0 005.700 0l3.300-3.300a4 4 0 00-5.700-5.700L12 6.300 M14 10a4 4 0 00-5.700 0L5 13.300A4 4 0 0010.700 19l1.300-1.300",
	bullet: "M9 6h11 M9 12h11 M9 18h11 M4.500 6h.01 M4.500 12h.01 M4.500 18h.01",
	ordered: "M10 6h10 M10 12h10 M10 18h10 M4 4.500l1.500-.5v4.500 M3.800 14.200c.2-.8 2.400-1 2.400.4 0 1-2.400 1.600-2.400 2.900h2.500",
	task: "M4 5h5v5H4z M13 7.500h7 M4 14h5v5H4z M13 16.500h7 M5.500 16.500l1 1 2-2.300",
	indent: "M4 5h16 M4 19h16 M11 10h9 M11 14h9 M4 9l3 3-3 3",
	outdent: "M4 5h16 M4 19h16 M11 10h9 M11 14h9 M7 9l-3 3 3 3",
	quote: "M5 17c3-1 4.500-3 4.500-6V7H4.500v5H8 M14.500 17c3-1 4.500-3 4.500-6V7h-5v5h3.500",
	codeBlock: "M4 5h16v14H4z M9.500 9.500L7 12l2.500 2.500 M14.500 9.500L17 12l-2.500 2.500",
	rule: "M4 12h16",
	search: "M10.500 4a6.500 6.500 0 100 13 6.500 6.500 0 000-13z M15.300 15.300L20 20",
	up: "M6 15l6-6 6 6",
	down: "M6 9l6 6 6-6",
	right: "M9 6l6 6-6 6",
	outline: "M4 6h16 M8 12h12 M8 18h12 M4 12h.01 M4 18h.01",
	more: "M5 12a.5.5 0 101 0 .5.5 0 00-1 0z M11.500 12a.5.5 0 101 0 .5.5 0 00-1 0z M18 12a.5.5 0 101 0 .5.5 0 00-1 0z",
	keyboard: "M3 6h18v12H3z M7 10h.01 M12 10h.01 M17 10h.01 M8 14h8",
	count: "M4 7h16 M4 12h16 M4 17h9",
	paragraph: "M6 6h12 M12 6v13",
	heading1: "M4 6v12 M4 12h8 M12 6v12 M16.500 10.500L19 9v9",
	heading2: "M4 6v12 M4 12h8 M12 6v12 M16 11c.3-1.600 1.300-2 2.200-2 1.200 0 2.300.8 2.300 2.200 0 2.300-4.500 4-4.500 6.800h4.700",
	heading3: "M4 6v12 M4 12h8 M12 6v12 M16.300 9.800c1.800-1.500 4.200-.7 4.200 1.400 0 1.300-1 2.100-2.500 2.100 1.700 0 2.700.9 2.700 2.300 0 2.400-3 3.300-4.700 1.500",
	heading4: "M4 6v12 M4 12h8 M12 6v12 M19.500 18V9l-3.500 6.200h5",
	heading5: "M4 6v12 M4 12h8 M12 6v12 M20.500 9h-3.700l-.4 3.800c1.300-.9 4.600-.7 4.600 2.200 0 3.100-3.600 3.700-5 2.100",
	heading6: "M4 6v12 M4 12h8 M12 6v12 M20 9c-2.600.4-4 2.700-4 5.600 0 4.600 5 4.300 5 .7 0-2.900-3.800-3.200-4.900-.6",
	download: "M12 4v11 M8 11l4 4 4-4 M5 19.500h14",
	upload: "M12 15.500V4.500 M8 8.500l4-4 4 4 M5 19.500h14",
	print: "M7 8V4h10v4 M7 17H4V8h16v9h-3 M7 14h10v6H7z",
	pin: "M9 4h6l-.700 6 3.200 3.500H6.500L9.700 10z M12 13.500V20",
	tag: "M4 12V4h8l8.500 8.500-8 8z M8 8h.01",
	people: "M9 5a3.200 3.200 0 100 6.400A3.200 3.200 0 009 5z M3 19c.3-3.200 2.500-5 6-5s5.700 1.800 6 5 M16 5.300a3.200 3.200 0 010 5.800 M18 14.600c1.800.7 2.800 2.200 3 4.400",
	article: "M4 5h16v14H4z M7.500 9h9 M7.500 12.500h9 M7.500 16h5",
	alert: "M12 4l9 16H3z M12 10v4 M12 17h.01",
} as const;

export type IconName = keyof typeof PATHS;

/// An icon, hidden from screen readers: its button says what it does.
export function icon(name: IconName): SVGSVGElement {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", PATHS[name]);
	svg.append(path);
	return svg;
}
