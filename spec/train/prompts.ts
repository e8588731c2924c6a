import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execFileSync } from "node:child_process";
import { variantOf } from "./noise.ts";

/** A prompt with what is known of it; what is not known trains nothing. */
export interface Prompt {
  readonly text: string;
  /** The file it is in, whose parts are numbered. */
  readonly source: string;
  readonly complexity?: "low" | "medium" | "high";
  /** How hard among its like, 0 to 1, where that is all that is known. */
  readonly hardness?: number;
  /** Of exam questions, how likely a small and a strong model answer rightly at once. */
  readonly small?: number;
  readonly strong?: number;
  /** Of word problems, the steps of their solution. */
  readonly steps?: number;
  readonly search?: boolean;
  readonly task?: string;
  readonly intent?: string;
  readonly lang?: string;
  readonly trap?: string;
  /** How much it counts beside a prompt of our own. */
  readonly weight: number;
}

const own = new URL("../data/", import.meta.url);
const publicFile = fileURLToPath(new URL("../../../shared/routing/public-prompts.jsonl.xz", import.meta.url));

const unpacker = "xz";

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** The prompts that were written for this. */
export function ownPrompts(): Prompt[] {
  const files = readdirSync(own).filter((name) => name.endsWith(".jsonl"));
  return files
    .toSorted()
    .flatMap((name) =>
      linesOf(readFileSync(new URL(name, own), "utf8")).map((line) =>
        Object.assign(
          { source: name.replace(/(?:-\d+)?\.jsonl$/, ""), weight: 1 },
          JSON.parse(line) as Prompt,
        ),
      ),
    );
}

const variantWeight = 0.5;

/** The same prompts once more, as hasty or polite people write them. */
export function variants(prompts: readonly Prompt[]): Prompt[] {
  return prompts.map((prompt) => {
    const text = variantOf(prompt.text, Number.parseInt(hashOf(prompt.text).slice(8, 16), 16));
    return { ...prompt, text, weight: prompt.weight * variantWeight };
  });
}

interface PublicPrompt {
  readonly text: string;
  readonly source: string;
  readonly intent_label?: string;
  readonly steps?: number;
}

/** Everyday commands: what they teach is that an action is asked for. */
const acting = new Set(
  (
    "reminder_update reminder alarm timer calendar_update todo_list_update shopping_list_update order play_music next_song book_flight " +
    "book_hotel car_rental schedule_maintenance schedule_meeting transfer pay_bill make_call text share_location smart_home " +
    "freeze_account cancel_reservation restaurant_reservation pto_request uber change_volume reset_settings sync_device"
  ).split(" "),
);

const actingWeight = 0.1;
const stepsWeight = 2;

/** What a hint of each public source is taken to mean. Undefined for what did not help on prompts of other sources. */
function fromPublic({ text, source, intent_label: label = "", steps = 0 }: PublicPrompt): Prompt | undefined {
  if (source === "clinc150" && acting.has(label))
    return { text, source, intent: "tools", weight: actingWeight };
  if (source === "gsm8k-train")
    return isOneOf(text, stepsShare)
      ? { text, source, hardness: steps / stepsMost, steps, weight: 1 }
      : { text, source, hardness: Math.min(1, steps / stepsMost), weight: stepsWeight };
  return undefined;
}

const stepsMost = 8;
const stepsShare = 4;
const isOneOf = (text: string, share: number): boolean =>
  Number.parseInt(hashOf(text).slice(14, 20), 16) % share === 0;

/** Of a source with many alike so many are taken. */
const mostOf: Readonly<Record<string, number>> = { clinc150: 700, "gsm8k-train": 4_500 };

/** All public prompts of a source in an order of their own, where they lie beside the project. */
export function publicPrompts(): Prompt[] {
  if (!existsSync(publicFile)) return [];
  const text = execFileSync(unpacker, ["-dc", publicFile], { maxBuffer: 2 ** 28 }).toString("utf8");
  return linesOf(text)
    .flatMap((line) => fromPublic(JSON.parse(line) as PublicPrompt) ?? [])
    .map((prompt) => ({ prompt, key: hashOf(prompt.text) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ prompt }) => prompt);
}

/** As many of each source as teach. */
export function someOf(prompts: readonly Prompt[]): Prompt[] {
  const taken = new Map<string, number>();
  return prompts.filter(({ source }) => {
    const count = taken.get(source) ?? 0;
    taken.set(source, count + 1);
    return count < (mostOf[source] ?? 0);
  });
}

export const hashOf = (text: string): string =>
  createHash("sha256").update(text.trim().toLowerCase()).digest("hex");

/** In which part a prompt is, by its text alone, so that it stays there whatever is added. */
export function partOf({ text }: Prompt): "calibrate" | "test" {
  return Number.parseInt(hashOf(text).slice(0, 8), 16) % 2 === 0 ? "calibrate" : "test";
}

/** Which of the folds a prompt is left out of. */
export const foldOf = ({ text }: Prompt, folds: number): number =>
  Number.parseInt(hashOf(text).slice(8, 14), 16) % folds;
