// from-markdown.ts -- Markdown as pieces of HTML, which then go the way of all that is pasted.
//
// Blocks are found in one go, which is quick; what stands in them is read piece by piece, so that whoever asks can let
// the page breathe in between.
import MarkdownIt, { type Token } from "markdown-it";

const PIECE_CHARS = 8 << 10;
const SAFE_LINK = /^(https?:|mailto:|tel:)/i;
const TASK = /^\[([ xX])\](?:\s+|$)/;
const FRONT = /^---\n([^]*?\n)(?:---|\.\.\.)(?:\n|$)/;

const md = new MarkdownIt({ html: true, linkify: true });
md.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
md.core.ruler.disable(["normalize", "block"]);
md.validateLink = (address) => SAFE_LINK.test(address);
// Its last line feed goes away where all HTML is read.
const code = ({ content, info }: Token) => {
	const language = /^\s*(\S*)/.exec(info)![1]!;
	return `<pre><code${language ? ` class="language-${md.utils.escapeHtml(language)}"` : ""}>${md.utils.escapeHtml(content)}</code></pre>\n`;
};
md.renderer.rules["fence"] = md.renderer.rules["code_block"] = (tokens, at) => code(tokens[at]!);

/// HTML of some blocks after each other, in order; each comes within some milliseconds.
export function* markdownPieces(markdown: string): Generator<{ html: string; done: number }> {
	const source = markdown.replace(/\r\n?/g, "\n").replaceAll("\0", "\ufffd").replace(FRONT, front);
	const env = {};
	const tokens: Token[] = [];
	md.block.parse(source, md, env, tokens);
	let first = 0;
	let chars = 0;
	for (let i = 0; i < tokens.length; i++) {
		const token = tokens[i]!;
		chars += token.content.length;
		if (token.level > 0 || token.nesting > 0 || (chars < PIECE_CHARS && i + 1 < tokens.length)) continue;
		const state = new md.core.State("", md, env);
		state.tokens = tokens.slice(first, i + 1);
		putTasks(state.tokens);
		md.core.process(state);
		yield { html: md.renderer.render(state.tokens, md.options, env), done: (i + 1) / tokens.length };
		first = i + 1;
		chars = 0;
	}
}

// What some programs write in front is no text; nobody wants to lose it either.
function front(_all: string, lines: string): string {
	const fence = "`".repeat(Math.max(3, ...(lines.match(/`+/g) ?? []).map((run) => run.length + 1)));
	return `${fence}yaml\n${lines}${fence}\n\n`;
}

// A list with a box in front of one item at least is a list of tasks, each of its items one.
function putTasks(tokens: Token[]): void {
	const open: { list: Token; items: { item: Token; text: Token | null }[] }[] = [];
	tokens.forEach((token, i) => {
		if (token.type.endsWith("_list_open")) open.push({ list: token, items: [] });
		else if (token.type === "list_item_open") open.at(-1)!.items.push({ item: token, text: tokens[i + 1]?.type === "paragraph_open" ? tokens[i + 2]! : null });
		else if (token.type.endsWith("_list_close")) {
			const { list, items } = open.pop()!;
			if (list.type !== "bullet_list_open" || !items.some(({ text }) => text && TASK.test(text.content))) return;
			list.attrSet("data-type", "taskList");
			for (const { item, text } of items) {
				const box = text && TASK.exec(text.content);
				item.attrSet("data-type", "taskItem");
				item.attrSet("data-checked", String(box?.[1]?.toLowerCase() === "x"));
				if (box) text.content = text.content.slice(box[0].length);
			}
		}
	});
}
