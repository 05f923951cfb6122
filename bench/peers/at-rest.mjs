// Documents at rest with the peers: how many bytes one with its whole history takes, and how long it is until the text
// can be read from them.
import * as Y from "yjs";
import { Doc as Diamond } from "diamond-types-node";
import { LoroDoc } from "loro-crdt";

function type(patches, insert, remove) {
  for (const [pos, del, ins] of patches) {
    if (del) remove(pos, del);
    if (ins) insert(pos, ins);
  }
}

// Each peer: its package, a document with the whole trace as bytes (or null), and how its text is read from these.
const peers = [
  {
    name: "loro-crdt",
    save: (patches) => {
      const doc = new LoroDoc();
      const text = doc.getText("t");
      type(patches, (pos, ins) => text.insert(pos, ins), (pos, del) => text.delete(pos, del));
      doc.commit();
      return doc.export({ mode: "snapshot" });
    },
    open: (bytes) => {
      const doc = new LoroDoc();
      doc.import(bytes);
      return doc.getText("t").toString();
    },
  },
  {
    name: "diamond-types-node",
    save: (patches) => {
      const doc = new Diamond("author");
      type(patches, (pos, ins) => doc.ins(pos, ins), (pos, del) => doc.del(pos, del));
      const bytes = doc.toBytes();
      doc.free();
      return bytes;
    },
    open: (bytes) => {
      const doc = Diamond.fromBytes(bytes);
      const text = doc.get();
      doc.free();
      return text;
    },
  },
  {
    name: "yjs",
    // Its second format is half as long, its first twice as fast to open: each figure is the better one.
    save: (_, update) => update && { update, length: Y.convertUpdateFormatV1ToV2(update).length },
    open: ({ update }) => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, update);
      return doc.getText("t").toString();
    },
  },
];

// `update` is Yjs's of the trace, or null; median, row and version are text.mjs's.
export function atRest(trace, patches, update, whole, { median, row, version }) {
  for (const { name, save, open } of peers) {
    const bytes = save(patches, update);
    if (!bytes) continue;
    row(`bytes at rest, ${trace}`, version(name), bytes.length, "bytes");
    row(`open saved to its text, ${trace}`, version(name), median(() => open(bytes), whole));
  }
}
