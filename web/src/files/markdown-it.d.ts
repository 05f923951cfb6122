// What we use of markdown-it, which comes without types.
declare module "markdown-it" {
	export interface Token {
		type: string;
		nesting: number;
		level: number;
		content: string;
		info: string;
		children: Token[] | null;
		attrSet(name: string, value: string): void;
	}
	export interface State {
		tokens: Token[];
	}
	type Rule = (tokens: Token[], at: number) => string;
	export default class MarkdownIt {
		constructor(options: { html: boolean; linkify: boolean });
		block: { parse(source: string, md: MarkdownIt, env: object, tokens: Token[]): void };
		core: { ruler: { disable(rules: string[]): void }; process(state: State): void; State: new (source: string, md: MarkdownIt, env: object) => State };
		linkify: { set(options: { fuzzyLink: boolean; fuzzyEmail: boolean }): void };
		options: object;
		renderer: { rules: Record<string, Rule>; render(tokens: Token[], options: object, env: object): string };
		utils: { escapeHtml(text: string): string };
		validateLink: (address: string) => boolean;
	}
}
