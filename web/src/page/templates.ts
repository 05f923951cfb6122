// templates.ts -- what a new document may begin with.  Data and words for translation, in this file alone.
import { charRun, format, Kind, NONE, type Attrs, type Segment } from "../editor/items";
import type { IconName } from "./icons";

export interface Template {
	name: string;
	icon: IconName;
	title: (today: string) => string;
	blocks: readonly (readonly [kind: keyof typeof KINDS, text: string])[];
}

const KINDS: Record<"text" | "h1" | "h2" | "bullet" | "number" | "task" | "quote", Attrs> = {
	text: [],
	h1: [["type", "heading:1"]],
	h2: [["type", "heading:2"]],
	bullet: [["list", "bullet"]],
	number: [["list", "ordered"]],
	task: [["list", "task"]],
	quote: [["path", "quote"]],
};

export const templates: readonly Template[] = [
	{
		name: "Meeting notes",
		icon: "people",
		title: (today) => `Meeting, ${today}`,
		blocks: [
			["h2", "Who is here"], ["bullet", ""],
			["h2", "To talk about"], ["number", ""], ["number", ""],
			["h2", "What was said"], ["text", ""],
			["h2", "Decided"], ["bullet", ""],
			["h2", "Who does what, until when"], ["task", ""],
		],
	},
	{
		name: "To-do list",
		icon: "task",
		title: () => "To do",
		blocks: [["h2", "Today"], ["task", ""], ["h2", "This week"], ["task", ""], ["h2", "Some day"], ["task", ""]],
	},
	{
		name: "Article",
		icon: "article",
		title: () => "",
		blocks: [
			["h1", "Headline"], ["quote", "What it is about, in two sentences."],
			["text", "Begin with what happened, or with what the reader should take along."],
			["h2", "First part"], ["text", ""],
			["h2", "Second part"], ["text", ""],
			["h2", "Sources"], ["bullet", ""],
		],
	},
];

/// The items that a template begins with.
export function contentOf({ blocks }: Template): Segment[] {
	return blocks.flatMap(([kind, text]): Segment[] => {
		const marker: Segment = { kind: Kind.block, format: format(KINDS[kind]) };
		return text ? [marker, charRun(text, NONE)] : [marker];
	});
}
