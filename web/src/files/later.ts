// later.ts -- what is loaded with the first file that is written or read.  A bundle of its own.
export { markdownPieces } from "./from-markdown";
export { toHtml } from "./to-html";
export { toMarkdown } from "./to-markdown";
export { toText } from "./to-text";
