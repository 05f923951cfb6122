// to-html.ts -- HTML: a complete page without scripts, which loads nothing but the pictures it names.
//
// Text goes in escaped; a link leads only where a page may send its reader (http, https, mailto, tel).
import type { Block, Run, Shape } from "../editor/items";
import { has, linkOf, OBJECT, pictureOf, quotesOf, sharedQuotes, type Sheet } from "./sheet";

const MARKS = [["highlight", "mark"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["code", "code"]] as const;

// For whoever opens the file: readable, in light and dark.
const STYLE = `:root { color-scheme: light dark }
body { max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; font: 1.0625rem/1.6 system-ui, sans-serif }
pre { padding: 1em; overflow-x: auto; background: #8881; border-radius: 6px }
code { font: 0.9em ui-monospace, monospace }
blockquote { margin: 1em 0; padding-left: 1em; border-left: 3px solid #8886 }
li > p { margin: 0.2em 0 }
.tasks { padding-left: 0; list-style: none }
.tasks input + p { display: inline }
`;

export function toHtml(sheet: Sheet): string {
	const title = escape(sheet.title);
	return `<!doctype html>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<title>${title}</title>\n<style>\n${STYLE}</style>\n${toBody(sheet)}`;
}

/// What stands in the body.
export function toBody({ blocks, shapes }: Pick<Sheet, "blocks" | "shapes">): string {
	const page = new Page();
	blocks.forEach((block, i) => page.add(block, shapes[i]!));
	return page.end();
}

class Page {
	private readonly out: string[] = [];
	private quotes: string[] = [];
	private lists: string[] = []; // those that are open, each with an open item

	add(block: Block, shape: Shape): void {
		this.setQuotes(quotesOf(shape));
		if (!shape.list) this.closeLists(0);
		else if (shape.cont) this.closeLists(shape.indent + 1);
		else this.openItem(shape);
		const picture = pictureOf(block.format);
		if (picture) this.out.push(`<figure>${image(picture)}</figure>\n`);
		else if (shape.type === "rule") this.out.push("<hr>\n");
		else if (shape.type === "code") {
			const language = shape.language ? ` class="language-${escape(shape.language)}"` : "";
			this.out.push(`<pre><code${language}>${block.runs.map((run) => escape(run.text)).join("")}${endsInBreak(block) ? "\n" : ""}</code></pre>\n`);
		} else {
			const name = shape.type === "heading" ? `h${shape.level}` : "p";
			this.out.push(`<${name}>${block.runs.map(inline).join("")}${endsInBreak(block) ? "<br>" : ""}</${name}>\n`);
		}
	}

	end(): string {
		this.setQuotes([]);
		this.closeLists(0);
		return this.out.join("");
	}

	private closeLists(keep: number): void {
		while (this.lists.length > keep) this.out.push(this.lists.pop()!.startsWith("ordered") ? "</li></ol>\n" : "</li></ul>\n");
	}

	private setQuotes(wanted: string[]): void {
		const keep = sharedQuotes(this.quotes, wanted);
		if (keep === this.quotes.length && keep === wanted.length) return;
		this.closeLists(0);
		this.out.push("</blockquote>\n".repeat(this.quotes.length - keep), "<blockquote>\n".repeat(wanted.length - keep));
		this.quotes = wanted;
	}

	private openItem({ list, indent, start, checked }: Shape): void {
		const task = list.startsWith("task");
		this.closeLists(indent + 1);
		if (this.lists.length > indent && this.lists[indent] !== list) this.closeLists(indent);
		if (this.lists.length > indent) this.out.push("</li>\n");
		else {
			this.out.push(list.startsWith("ordered") ? (start === 1 ? "<ol>\n" : `<ol start="${start}">\n`) : task ? '<ul class="tasks">\n' : "<ul>\n");
			this.lists.push(list);
		}
		this.out.push("<li>");
		if (task) this.out.push(checked ? '<input type="checkbox" disabled checked> ' : '<input type="checkbox" disabled> ');
	}
}

function inline(run: Run): string {
	const marks = MARKS.filter(([key]) => has(run.format, key)).map(([, tag]) => tag);
	const link = linkOf(run.format);
	const picture = run.kind === 2 ? pictureOf(run.format) : null;
	const inside = picture ? image(picture).repeat(run.count) : run.kind === 2 ? OBJECT.repeat(run.count) : escape(run.text).replaceAll("\n", "<br>");
	const marked = marks.map((tag) => `<${tag}>`).join("") + inside + marks.reverse().map((tag) => `</${tag}>`).join("");
	return link ? `<a rel="noopener noreferrer nofollow" href="${escape(link)}">${marked}</a>` : marked;
}

function image({ src, alt }: { src: string; alt: string }): string {
	return `<img src="${escape(src)}" alt="${escape(alt)}">`;
}

// A reader takes the last break for the end of the line.
function endsInBreak({ runs }: Block): boolean {
	return runs.at(-1)?.text.endsWith("\n") === true;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(text: string): string {
	return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!);
}
