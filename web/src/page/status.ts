// status.ts -- the chip that tells the truth: connected or not, and how many devices hold one's last change.
import { SessionRole, type Device, type Durability, type OpenDocument, type State } from "../app/state";
import { h, mark, refill, say } from "./dom";
import { icon } from "./icons";
import { texts } from "./texts";

const t = texts.status;

export class Status {
	private readonly dot = h("span", { class: "status-dot", "aria-hidden": "true" });
	private readonly word = h("span", { class: "status-word" });
	private readonly safety = h("span", { class: "status-safety" });
	private readonly short = h("span", { class: "status-short", "aria-hidden": "true" });
	private readonly button = h("button", { class: "status", type: "button", "aria-haspopup": "true", popovertarget: "status-details" }, this.dot, this.word, this.safety, this.short);
	private readonly details = h("div", { class: "popover", id: "status-details", popover: "auto" });
	readonly container = h("div", { class: "status-box" }, this.button, this.details);

	update(state: State): void {
		const { connection, open } = state;
		const durability = open?.durability ?? null;
		const word = t[connection];
		const safety = state.storageFull ? t.full : safetyOf(durability);
		mark(this.button, "data-state", state.storageFull ? "bad" : connection);
		mark(this.button, "data-safe", String(durability?.safe ?? 0));
		say(this.word, word);
		say(this.safety, safety);
		// Room for one word: the bad news first.
		say(this.short, state.storageFull ? t.full : connection !== "live" ? word : durability && durability.safe > 1 ? t.short(durability.safe) : safety || word);
		const holders = durability?.devices.filter((device) => device.holds).map((device) => device.name) ?? [];
		mark(this.button, "title", holders.length > 0 ? `${word} · ${safety}: ${[t.here, ...holders].join(", ")}` : `${word}${safety ? ` · ${safety}` : ""}`);
		const wrote = durability?.wrote === true;
		refill(
			this.details,
			h("h2", {}, t.title),
			h("p", { class: "muted" }, connection === "live" ? t.liveHint : connection === "connecting" ? t.connectingHint : t.offlineHint, state.connectionDetail ? ` ${state.connectionDetail}` : ""),
			durability && durability.unsent > 0 && h("p", { class: "muted" }, t.unsent(durability.unsent)),
			h("p", { class: "muted" }, wrote ? t.intro : t.nothingYet),
			durability &&
				h(
					"ul",
					{ class: "devices" },
					device(t.here, "device", wrote ? !state.storageFull && durability.safe > 0 : null, false),
					...durability.devices.map((d) => device(deviceName(d, open!), d.role === SessionRole.replica ? "replica" : "device", wrote ? d.holds : null, d.temporary)),
				),
			wrote && durability?.devices.length === 0 && h("p", { class: "muted" }, t.alone),
		);
	}
}

// Who has written nothing yet has nothing to keep safe.
function safetyOf(durability: Durability | null): string {
	if (!durability?.wrote) return "";
	return durability.safe === 0 ? t.saving : t.safe(durability.safe);
}

// Somebody who only reads along has told their name by presence alone.
function deviceName(device: Device, { people }: OpenDocument): string {
	if (device.role === SessionRole.replica) return device.name && device.name !== "replica" ? device.name : t.replica;
	return device.name || [...people.values()].find((person) => person.device === device.id && person.name)?.name || t.unnamed;
}

// holds: null where there is nothing of one's own to hold.
function device(name: string, symbol: "device" | "replica", holds: boolean | null, temporary: boolean): HTMLElement {
	const state = holds === null ? "" : !holds ? t.lacks : temporary ? t.temporary : t.holds;
	return h("li", { "data-holds": String(holds) }, icon(symbol), h("span", { class: "device-name" }, name), h("span", { class: "device-state" }, state, holds === true && icon("check")));
}
